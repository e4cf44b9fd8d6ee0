"""One benchmark program and one smoke test per (dataset, backbone)."""

load("//third_party:cc.bzl", "bild_cc_binary", "bild_cc_program_test")

def bild_benchmark(name, dataset, backbone, ci_size = "medium"):
    """Declares `<name>` and `<name>_ci_test`.

    Args:
      name: must be "<dataset>_<backbone>", so that a target can be typed from memory.
      dataset: a benchmark dataset of //datasets:catalog.
      backbone: a net of //backbones:catalog.
      ci_size: Bazel test size of the synthetic CPU run.
    """
    if name != dataset + "_" + backbone:
        fail("bild_benchmark '%s': expected the name '%s_%s'" % (name, dataset, backbone))
    common = dict(
        srcs = ["benchmark_target.cc"],
        data = [":recipes"],
        local_defines = [
            'BILD_DATASET=\\"%s\\"' % dataset,
            'BILD_BACKBONE=\\"%s\\"' % backbone,
        ],
        deps = [
            ":benchmark_main",
            ":benchmark_target",
        ],
    )
    bild_cc_binary(
        name = name,
        tags = ["benchmark"],
        visibility = ["//tests/benchmarks:__subpackages__"],
        **common
    )
    bild_cc_program_test(
        name = name + "_ci_test",
        size = ci_size,
        args = ["--profile=ci"],
        tags = ["smoke"],
        **common
    )
