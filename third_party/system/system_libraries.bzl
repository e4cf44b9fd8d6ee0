"""What Debian 12 provides, checked before anything is compiled."""

load("//third_party:versions.bzl", "DEBIAN_LIBRARIES", "DEBIAN_TOOLS")

def _fail_for_missing(packages):
    fail("\n".join([
        "These Debian packages are missing: %s. Install them with" % ", ".join(packages),
        "",
        "    apt-get install -y --no-install-recommends %s" % " ".join(packages),
        "",
        "as root, or call ./bazelw instead of bazel, which does it (and asks before it uses root).",
    ]))

def _system_libraries_repository_impl(repository_ctx):
    missing = [
        package
        for probe, package in DEBIAN_LIBRARIES
        if not repository_ctx.path(probe).exists
    ]
    if missing:
        _fail_for_missing(missing)
    repository_ctx.symlink("/usr/include/opencv4", "include/opencv4")
    repository_ctx.symlink(Label("//third_party/system:system_libraries.BUILD"), "BUILD.bazel")

system_libraries_repository = repository_rule(
    implementation = _system_libraries_repository_impl,
    local = True,
    doc = "Fails with the line that installs what is missing; otherwise links with what is there.",
)

def _debian_rules_repository_impl(repository_ctx):
    probes = [probe for probe, package in DEBIAN_TOOLS if package == repository_ctx.attr.package]
    workspace_file = repository_ctx.path(probes[0])
    if not workspace_file.exists:
        _fail_for_missing([repository_ctx.attr.package])
    for entry in workspace_file.dirname.readdir():
        repository_ctx.symlink(entry, entry.basename)

debian_rules_repository = repository_rule(
    implementation = _debian_rules_repository_impl,
    attrs = {"package": attr.string(mandatory = True)},
    local = True,
    doc = "Bazel rules that a Debian package holds, found by their WORKSPACE file.",
)
