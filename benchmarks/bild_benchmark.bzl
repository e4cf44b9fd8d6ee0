"""One benchmark program and one smoke test per (dataset, backbone)."""

load("//third_party:cc.bzl", "bild_cc_binary", "bild_cc_program_test")

def benchmark_program(name, dataset, backbone, ablation = "", ci_size = "medium"):
    """Declares `<name>` and `<name>_ci_test`: the one program under a name of its own.

    Args:
      name: what the user types.
      dataset: a benchmark dataset of //datasets:catalog.
      backbone: a net of //backbones:catalog.
      ablation: a sweep of //benchmarks:ablations, or "".
      ci_size: Bazel test size of the synthetic CPU run.
    """
    common = dict(
        srcs = ["benchmark_target.cc"],
        data = [":recipes"],
        local_defines = [
            'BILD_DATASET=\\"%s\\"' % dataset,
            'BILD_BACKBONE=\\"%s\\"' % backbone,
            'BILD_ABLATION=\\"%s\\"' % ablation,
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

def bild_benchmark(name, dataset, backbone):
    """Declares `<name>` and `<name>_ci_test`.

    Args:
      name: must be "<dataset>_<backbone>", so that a target can be typed from memory.
      dataset: a benchmark dataset of //datasets:catalog.
      backbone: a net of //backbones:catalog.
    """
    if name != dataset + "_" + backbone:
        fail("bild_benchmark '%s': expected the name '%s_%s'" % (name, dataset, backbone))
    benchmark_program(name = name, dataset = dataset, backbone = backbone)
