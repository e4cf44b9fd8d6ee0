"""The suite's C++ rules: strict warnings for our own code, in one place.

Every BUILD file loads its rules from here, so a newer Bazel (where the native
rules move away) changes this file alone.
"""

_WARNINGS = [
    "-Wall",
    "-Wextra",
    "-Wshadow",
    "-Wconversion",
    "-Wno-sign-conversion",  # int64_t sizes index std::vector everywhere.
]

# Third-party headers come in with -isystem and stay quiet.
_COPTS = _WARNINGS + select({
    "//third_party:werror": ["-Werror"],
    "//conditions:default": [],
})

def bild_cc_library(name, copts = [], **kwargs):
    native.cc_library(name = name, copts = _COPTS + copts, **kwargs)

def bild_cc_binary(name, copts = [], **kwargs):
    native.cc_binary(name = name, copts = _COPTS + copts, **kwargs)

def bild_cc_test(name, size = "small", copts = [], deps = [], **kwargs):
    native.cc_test(
        name = name,
        size = size,
        copts = _COPTS + copts,
        deps = deps + ["//third_party:googletest_main"],
        **kwargs
    )

def bild_cc_program_test(name, copts = [], **kwargs):
    """A program with a main of its own that passes when it exits 0."""
    native.cc_test(name = name, copts = _COPTS + copts, **kwargs)
