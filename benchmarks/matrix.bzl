"""The lists that the benchmark targets are made of."""

# Names of //datasets:catalog that a benchmark trains on.
DATASETS = [
    "its",
    "nhhaze",
    "ohaze",
    "ots",
]

# Names of //backbones:catalog.
BACKBONES = [
    "aodnet",
    "dehazenet",
    "ffa",
    "griddehazenet",
    "msbdn",
]

# Sweeps of //benchmarks:ablations.
ABLATIONS = [
    "ablation_alpha",
    "ablation_controls",
    "ablation_engines",
    "ablation_label_fault",
    "ablation_markov",
    "ablation_validation",
]
