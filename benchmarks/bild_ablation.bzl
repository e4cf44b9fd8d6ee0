"""One ablation program and one smoke test per sweep."""

load(":bild_benchmark.bzl", "benchmark_program")

def bild_ablation(name):
    """Declares `<name>` and `<name>_ci_test`.

    Args:
      name: an ablation of //benchmarks:ablations.
    """
    benchmark_program(
        name = name,
        dataset = "its",
        backbone = "aodnet",
        ablation = name,
    )
