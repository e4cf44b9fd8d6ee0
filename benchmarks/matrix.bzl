"""The two lists that the benchmark targets are made of."""

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
