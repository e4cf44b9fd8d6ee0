"""Declares every external repository. Nothing else in the tree fetches anything."""

load("//third_party/libtorch:libtorch.bzl", "libtorch_repository")
load("//third_party/system:system_libraries.bzl", "debian_rules_repository", "system_libraries_repository")

def bild_repositories():
    """The repositories of the suite, and those that Bazel 4 insists on."""
    libtorch_repository(name = "libtorch")
    system_libraries_repository(name = "system_libraries")

    # Bazel resolves these names for any C++ build, though nothing of ours uses
    # Java or protocol buffers. Debian ships the first two as packages; the
    # others need no more than the labels that Bazel asks for.
    debian_rules_repository(name = "rules_java", package = "bazel-rules-java")
    debian_rules_repository(name = "rules_proto", package = "bazel-rules-proto")
    native.local_repository(name = "rules_cc", path = "third_party/bazel/rules_cc")
    native.local_repository(name = "remote_coverage_tools", path = "third_party/bazel/remote_coverage_tools")

    native.register_toolchains("//third_party/python:toolchain")
