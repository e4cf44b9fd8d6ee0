"""The libraries that Debian 12 provides, checked before anything is compiled."""

load("//third_party:versions.bzl", "DEBIAN_LIBRARIES")

def _system_libraries_repository_impl(repository_ctx):
    missing = [
        package
        for probe, package in DEBIAN_LIBRARIES
        if not repository_ctx.path(probe).exists
    ]
    if missing:
        fail("These Debian packages are missing. Install them with:\n\n    apt-get install -y %s\n\nor let " %
             " ".join(missing) + "./bazelw do it (it asks before it uses root).")
    repository_ctx.symlink("/usr/include/opencv4", "include/opencv4")
    repository_ctx.symlink(Label("//third_party/system:system_libraries.BUILD"), "BUILD.bazel")

system_libraries_repository = repository_rule(
    implementation = _system_libraries_repository_impl,
    local = True,
    doc = "Fails with the line that installs what is missing; otherwise links with what is there.",
)
