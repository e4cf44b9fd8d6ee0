"""LibTorch as an external repository: the wheels by name, version and hash."""

load("//third_party:versions.bzl", "LIBTORCH_WHEELS")

# Tags of the wheels above; pip must be told, because it may run under another Python.
_PLATFORMS = ["manylinux_2_%d_x86_64" % minor for minor in (28, 27, 26, 25, 24, 17)] + ["manylinux2014_x86_64"]

# What a C++ build reads of torch/include. LibTorch's copy of fmt stays out: with
# Debian's library behind it, it compiles and then does not link.
_HEADER_FOLDERS = ["ATen", "c10", "torch"]

_TORCH_LIBRARIES = ["libc10.so", "libtorch_cpu.so", "libgomp.so.1", "libc10_cuda.so", "libtorch_cuda.so"]
_CUDA_RUNTIME_LIBRARIES = ["libcudart.so.13", "libcupti.so.13"]

def _advice(output):
    if "No module named pip" in output:
        return "python3 has no pip. In Debian: apt-get install -y --no-install-recommends python3-pip (./bazelw does it)."
    if "DO NOT MATCH THE HASHES" in output:
        return ("What the package index gave is not the file that third_party/versions.bzl pins. Nothing of it was " +
                "kept. Find out which of the two is wrong before you go on.")
    return ("A package index that pip can reach is needed once, for 540 MB, and 2 GB of space under the user's " +
            "cache folder.")

def _run(repository_ctx, arguments, what):
    result = repository_ctx.execute(arguments, timeout = 3600)
    if result.return_code != 0:
        output = (result.stdout + result.stderr)[-3000:]
        fail("\n".join([
            "LibTorch: %s failed." % what,
            output.strip(),
            _advice(output),
            "Or point LIBTORCH_SITE_PACKAGES at a folder that holds an unpacked 'torch' %s and 'nvidia' side by side." %
            LIBTORCH_WHEELS[0][1],
        ]))

def _cache_folder(repository_ctx):
    environment = repository_ctx.os.environ
    if environment.get("XDG_CACHE_HOME"):
        return environment["XDG_CACHE_HOME"] + "/bild"
    if not environment.get("HOME"):
        fail("LibTorch: neither HOME nor XDG_CACHE_HOME is set, so there is no place to keep the wheels. Set one.")
    return environment["HOME"] + "/.cache/bild"

def _fetch(repository_ctx):
    """Downloads and unpacks into the user's cache folder, once; returns the folder."""
    key = "-".join([wheel[2][:12] for wheel in LIBTORCH_WHEELS])
    root = _cache_folder(repository_ctx) + "/libtorch/" + LIBTORCH_WHEELS[0][1] + "-" + key
    complete = repository_ctx.path(root + "/complete")
    if complete.exists:
        return root
    requirements = "".join([
        "%s==%s --hash=sha256:%s\n" % wheel
        for wheel in LIBTORCH_WHEELS
    ])
    repository_ctx.file("requirements.txt", requirements)
    repository_ctx.report_progress("downloading torch %s (540 MB)" % LIBTORCH_WHEELS[0][1])
    platforms = []
    for platform in _PLATFORMS:
        platforms += ["--platform", platform]
    wheels = str(repository_ctx.path("wheels"))
    _run(repository_ctx, [
        "python3", "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "download", "--quiet",
        "--no-deps", "--require-hashes", "--only-binary=:all:", "--python-version=3.11",
        "--implementation=cp", "--abi=cp311", "--abi=none",
    ] + platforms + ["--dest", wheels, "--requirement", str(repository_ctx.path("requirements.txt"))], "the download")
    repository_ctx.report_progress("unpacking torch")

    # Unpacked beside its final place and renamed, so that a build that is
    # killed here leaves no half of a library behind.
    _run(repository_ctx, ["bash", "-c", """
set -euo pipefail
root=$1; wheels=$2
mkdir -p "$(dirname "$root")"
staging=$(mktemp -d "$root.XXXXXX")
trap 'rm -rf "$staging"' EXIT
for wheel in "$wheels"/*.whl; do
  python3 - "$wheel" "$staging" <<'PYTHON'
import sys, zipfile
wheel, target = sys.argv[1:]
archive = zipfile.ZipFile(wheel)
keep = ("torch/include/", "torch/lib/", "nvidia/")
archive.extractall(target, [n for n in archive.namelist() if n.startswith(keep) and "libtorch_python" not in n])
PYTHON
done
touch "$staging/complete"
chmod 755 "$staging"
if [[ ! -e $root/complete ]]; then  # Else another clone was faster.
  rm -rf "$root"
  mv -T "$staging" "$root"
fi
rm -rf "$wheels"
""", "unpack", root, wheels], "unpacking")
    return root

def _libtorch_repository_impl(repository_ctx):
    given = repository_ctx.os.environ.get("LIBTORCH_SITE_PACKAGES")
    root = given or _fetch(repository_ctx)
    for needed in ["torch/include/ATen/ATen.h", "torch/lib/libtorch_cpu.so", "nvidia/cu13/lib/libcudart.so.13"]:
        if not repository_ctx.path(root + "/" + needed).exists:
            fail(("LibTorch: '%s' was not found under '%s'. Expected an unpacked torch %s wheel with the nvidia " +
                  "wheels beside it. %s") % (
                needed,
                root,
                LIBTORCH_WHEELS[0][1],
                "Set LIBTORCH_SITE_PACKAGES to such a folder or unset it to download." if given else "Remove that folder and build again.",
            ))
    for folder in _HEADER_FOLDERS:
        repository_ctx.symlink(root + "/torch/include/" + folder, "torch/include/" + folder)

    # In the wheels the CUDA runtime lies two folders away and is found by a path
    # relative to libtorch_cpu.so, which Bazel's link farm does not keep. All side
    # by side they find one another.
    for library in _TORCH_LIBRARIES:
        repository_ctx.symlink(root + "/torch/lib/" + library, "lib/" + library)
    for library in _CUDA_RUNTIME_LIBRARIES:
        repository_ctx.symlink(root + "/nvidia/cu13/lib/" + library, "lib/" + library)
    repository_ctx.symlink(Label("//third_party/libtorch:libtorch.BUILD"), "BUILD.bazel")

libtorch_repository = repository_rule(
    implementation = _libtorch_repository_impl,
    environ = ["LIBTORCH_SITE_PACKAGES", "XDG_CACHE_HOME", "HOME"],
    doc = "torch's wheel as a C++ library, from the package index or from an unpacked copy.",
)
