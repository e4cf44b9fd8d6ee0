"""Every version and hash that the suite pins."""

# LibTorch is the PyTorch wheel used as a C++ library. libtorch_cpu.so needs two
# small CUDA runtime libraries even where there is no GPU.
LIBTORCH_WHEELS = [
    # (distribution, version, sha256 of the x86_64 wheel)
    ("torch", "2.11.0", "7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a"),
    ("nvidia-cuda-runtime", "13.0.96", "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548"),
    ("nvidia-cuda-cupti", "13.0.85", "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8"),
]

# What Debian 12 provides: (file that proves it, package that brings it). ./bazelw
# reads these two lists before there is a Bazel: keep one pair a line. A name
# without a slash is a command, wherever PATH finds it.
DEBIAN_TOOLS = [
    ("bazel", "bazel-bootstrap"),
    ("/usr/share/bazel/rules/java/WORKSPACE", "bazel-rules-java"),
    ("/usr/share/bazel/rules/proto/WORKSPACE", "bazel-rules-proto"),
    ("g++", "g++"),
    ("git", "git"),
    ("/usr/bin/python3", "python3"),
    ("pip3", "python3-pip"),
]

DEBIAN_LIBRARIES = [
    ("/usr/include/absl/status/statusor.h", "libabsl-dev"),
    ("/usr/include/fmt/format.h", "libfmt-dev"),
    ("/usr/include/gtest/gtest.h", "libgtest-dev"),
    ("/usr/include/gmock/gmock.h", "libgmock-dev"),
    ("/usr/include/benchmark/benchmark.h", "libbenchmark-dev"),
    ("/usr/include/nlohmann/json.hpp", "nlohmann-json3-dev"),
    ("/usr/include/opencv4/opencv2/imgcodecs.hpp", "libopencv-dev"),
    ("/usr/include/jpeglib.h", "libjpeg-dev"),
    ("/usr/include/libdeflate.h", "libdeflate-dev"),
    ("/usr/include/boost/math/distributions/students_t.hpp", "libboost-math-dev"),
    ("/usr/include/openssl/evp.h", "libssl-dev"),
    ("/usr/bin/gnuplot", "gnuplot-nox"),
]
