#!/usr/bin/env bash
# tests/fuzz/run.sh NAME [SECONDS [LIBFUZZER_OPTION...]]
# tests/fuzz/run.sh NAME FILE...
#
# Builds the harness tests/fuzz/NAME_fuzzer.cc with clang 14, libFuzzer and the
# address and undefined-behaviour sanitizers. The first form fuzzes for SECONDS
# (60), from tests/fuzz/corpus/NAME and what earlier runs have found; the second
# replays inputs. Needs the Debian packages clang-14 and libclang-rt-14-dev.
#
# New inputs lie in ~/.cache/bild/fuzz/NAME/corpus (or $BILD_FUZZ_DIR/NAME/corpus),
# findings beside that folder. Exit code 0: no finding.
set -euo pipefail

usage() {
  sed -n '2,3s/^# //p' tests/fuzz/run.sh >&2
  echo 'NAME is one of:' >&2
  for harness in tests/fuzz/*_fuzzer.cc; do
    harness=${harness##*/}
    echo "  ${harness%_fuzzer.cc}" >&2
  done
  exit 2
}

name=${1:-}
shift $(($# > 0))
files=()
if [[ $# -gt 0 && ! $1 =~ ^[0-9]+$ ]]; then
  for file in "$@"; do files+=("$(realpath -- "$file")"); done
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[[ -n $name && -e tests/fuzz/${name}_fuzzer.cc ]] || usage
if ! command -v clang-14 >/dev/null; then
  echo 'run.sh: clang-14 is missing: apt-get install clang-14 libclang-rt-14-dev' >&2
  exit 1
fi

./bazelw build --config=fuzz "//tests/fuzz:${name}_corpus_test"
program=bazel-fuzz-bin/tests/fuzz/${name}_corpus_test
if ((${#files[@]})); then exec "$program" "${files[@]}"; fi

seconds=${1:-60}
shift $(($# > 0))
folder=${BILD_FUZZ_DIR:-$HOME/.cache/bild/fuzz}/$name
mkdir -p "$folder/corpus"
exec "$program" -max_total_time="$seconds" -max_len=4096 -timeout=10 \
  -print_final_stats=1 -artifact_prefix="$folder/" "$@" \
  "$folder/corpus" "tests/fuzz/corpus/$name"
