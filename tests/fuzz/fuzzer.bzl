"""One fuzzing harness: a test of its corpus, or a libFuzzer program."""

load("//third_party:cc.bzl", "bild_cc_program_test")

def bild_fuzzer(name, deps, tags = []):
    """Declares `<name>_corpus_test` from `<name>_fuzzer.cc` and `corpus/<name>/`.

    With --config=fuzz the same target is a libFuzzer program, which
    tests/fuzz/run.sh builds and starts.
    """
    corpus = native.glob(["corpus/%s/*" % name])
    if not corpus:
        fail("bild_fuzzer '%s': corpus/%s is empty; a harness needs inputs to begin with" % (name, name))
    bild_cc_program_test(
        name = name + "_corpus_test",
        size = "small",
        srcs = [
            name + "_fuzzer.cc",
            "require.h",
        ] + select({
            "//third_party:fuzz": [],
            "//conditions:default": ["corpus_main.cc"],
        }),
        # -runs=0: libFuzzer replays the folder and ends.
        args = ["-runs=0", "%s/corpus/%s" % (native.package_name(), name)],
        data = corpus,
        linkopts = select({
            "//third_party:fuzz": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        # One file with --config=fuzz: a program that fuzzes goes on while the
        # next one is built.
        linkstatic = select({
            "//third_party:fuzz": True,
            "//conditions:default": False,
        }),
        tags = tags,
        deps = deps + ["//bild/base:atomic_file"],
    )
