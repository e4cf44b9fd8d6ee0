"""The suite's Python rules: Python 3 and its standard library, nothing else.

Every BUILD file loads its rules from here, so a newer Bazel (where the native
rules move away) changes this file alone.
"""

def bild_py_library(name, **kwargs):
    native.py_library(name = name, srcs_version = "PY3", **kwargs)

def bild_py_binary(name, **kwargs):
    native.py_binary(name = name, python_version = "PY3", srcs_version = "PY3", **kwargs)

def bild_py_test(name, size = "small", **kwargs):
    native.py_test(name = name, size = size, python_version = "PY3", srcs_version = "PY3", **kwargs)
