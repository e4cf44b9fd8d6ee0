"""What Debian 12 provides, checked before anything is compiled."""

load("//third_party:versions.bzl", "DEBIAN_LIBRARIES", "DEBIAN_TOOLS")

def _is_there(repository_ctx, probe):
    if "/" in probe:
        return repository_ctx.path(probe).exists
    return repository_ctx.which(probe) != None

def _system_libraries_repository_impl(repository_ctx):
    missing = [
        package
        for probe, package in DEBIAN_TOOLS + DEBIAN_LIBRARIES
        if not _is_there(repository_ctx, probe)
    ]
    if missing:
        fail("\n".join([
            "These Debian packages are missing: %s. Install them with" % ", ".join(missing),
            "",
            "    apt-get install -y --no-install-recommends %s" % " ".join(missing),
            "",
            "as root, or call ./bazelw instead of bazel, which does it (and asks before it uses root).",
        ]))
    repository_ctx.symlink("/usr/include/opencv4", "include/opencv4")
    repository_ctx.symlink(Label("//third_party/system:system_libraries.BUILD"), "BUILD.bazel")

system_libraries_repository = repository_rule(
    implementation = _system_libraries_repository_impl,
    local = True,
    doc = "Fails with the line that installs what is missing; otherwise links with what is there.",
)
