#!/usr/bin/env python3
"""Training patches beside PyTorch's DataLoader with Pillow: how much faster.

    python3 -m venv venv && venv/bin/pip install torch pillow numpy
    ./bazelw build //benchmarks/micro:loader_speed
    ./bazelw run //datasets:pack -- --dataset=pair --data_root=DIR --output=CACHE
    venv/bin/python benchmarks/parity/loader.py --data_root=DIR --cache=CACHE

DIR holds hazy/ and clear/ as --dataset=pair has them (docs/datasets.md). Both
sides read the same files, cut windows of --crop px at random places, the same
for hazy and clear, flip and turn them, and hand out float32 batches in [0, 1].
PyTorch's side opens each picture with Pillow, crops it there, and makes a
tensor through NumPy; pictures are decoded anew each time on both sides, and
files lie in the system's cache after the first round.

Both are pinned to the same core, with no worker beside it (--workers=0: nobody
pays for handing tensors between processes), and take turns: A B C, C B A, ...
Times are those of the processor, so that other work on the machine counts for
nobody. Printed: patches a second, and the ratios' median, smallest and largest.

Exit codes: 0 done, 1 a program fails or the patches are not alike, 2 usage.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator

import numpy as np
import PIL
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

PICTURES = {".png", ".jpg", ".jpeg", ".bmp"}
# Means of different random windows of the same pictures.
MEANS_MAY_DIFFER_BY = 0.05


def list_pairs(root: Path) -> list[tuple[Path, Path]]:
    """(hazy, clear) by the same stem, or the longest clear stem before a '_'."""
    clear = {path.stem: path for path in (root / "clear").iterdir() if path.suffix.lower() in PICTURES}
    pairs = []
    for path in sorted((root / "hazy").iterdir()):
        if path.suffix.lower() not in PICTURES:
            continue
        stem = path.stem
        while stem and stem not in clear:
            stem = stem.rpartition("_")[0]
        if not stem:
            sys.exit(f"'{path}': no clear picture")
        pairs.append((path, clear[stem]))
    return pairs


class PatchDataset(Dataset):
    """A random window of a pair, flipped and turned."""

    def __init__(self, pairs: list[tuple[Path, Path]], crop: int) -> None:
        self._pairs = pairs
        self._crop = crop

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        pictures = []
        for path in self._pairs[index]:
            with Image.open(path) as picture:
                pictures.append(picture.convert("RGB"))
        width, height = pictures[0].size
        x = int(torch.randint(width - self._crop + 1, ()))
        y = int(torch.randint(height - self._crop + 1, ()))
        is_flipped = bool(torch.randint(2, ()))
        turns = int(torch.randint(4, ()))
        patches = []
        for picture in pictures:
            values = np.asarray(picture.crop((x, y, x + self._crop, y + self._crop)))
            if is_flipped:
                values = values[:, ::-1]
            values = np.ascontiguousarray(np.rot90(values, turns).transpose(2, 0, 1))
            patches.append(torch.from_numpy(values).float().div_(255))
        return patches[0], patches[1]


class TheirLoader:
    """PyTorch's DataLoader, epoch after epoch."""

    def __init__(self, pairs: list[tuple[Path, Path]], crop: int, batch: int, workers: int) -> None:
        self._loader = DataLoader(PatchDataset(pairs, crop), batch_size=batch, shuffle=True, drop_last=True,
                                  num_workers=workers, persistent_workers=workers > 0)
        self._batches = self._endless()

    def _endless(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        while True:
            yield from self._loader

    def measure(self, count: int) -> tuple[float, float, float]:
        """Wall seconds, seconds of the processor, mean of the hazy values."""
        wall = 0.0
        processor = 0.0
        total = 0.0
        for _ in range(count):
            start, start_processor = time.perf_counter(), time.process_time()
            hazy, _ = next(self._batches)
            wall += time.perf_counter() - start
            processor += time.process_time() - start_processor
            total += float(hazy.mean())
        return wall, processor, total / count


class OurLoader:
    """loader_speed, held open, one answer per line."""

    def __init__(self, program: Path, root: Path, cache: str, flags: argparse.Namespace) -> None:
        self._process = subprocess.Popen(
            [str(program), "pair", str(root), cache, str(flags.crop), str(flags.batch), str(flags.workers)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    def measure(self, count: int) -> tuple[float, float, float]:
        """Wall seconds, seconds of the processor, mean of the hazy values."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(f"{count}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # It ended; there is no answer.
        answer = self._process.stdout.readline().split()
        if len(answer) != 3:
            sys.exit("loader_speed gave no answer; its own message stands above")
        return float(answer[0]), float(answer[1]), float(answer[2])

    def close(self) -> None:
        """Ends it by closing its input."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def main() -> int:
    """Reads the flags, pins the process, prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="bazel-bin/benchmarks/micro/loader_speed", help="the built program")
    parser.add_argument("--data_root", required=True, help="a folder with hazy/ and clear/")
    parser.add_argument("--cache", default="", help="the folder that this set was packed into")
    parser.add_argument("--crop", type=int, default=240, help="side of a patch, px")
    parser.add_argument("--batch", type=int, default=8, help="patches in a batch")
    parser.add_argument("--batches", type=int, default=8, help="batches in a measurement")
    parser.add_argument("--rounds", type=int, default=15, help="measurements of each")
    parser.add_argument("--workers", type=int, default=0,
                        help="of both; above 0 wall times are compared, since PyTorch's are processes")
    flags = parser.parse_args()
    program = Path(flags.program)
    if not program.is_file():
        parser.error(f"no program '{program}': ./bazelw build //benchmarks/micro:loader_speed")
    root = Path(flags.data_root).resolve()
    pairs = list_pairs(root)
    cores = sorted(os.sched_getaffinity(0))
    if flags.workers == 0:
        cores = cores[-1:]
        os.sched_setaffinity(0, cores)  # Child processes inherit it.
    torch.set_num_threads(1)

    loaders: dict[str, TheirLoader | OurLoader] = {
        "PyTorch": TheirLoader(pairs, flags.crop, flags.batch, flags.workers),
        "ours, files": OurLoader(program, root, "-", flags),
    }
    if flags.cache:
        loaders["ours, cache"] = OurLoader(program, root, str(Path(flags.cache).resolve()), flags)
    seconds: dict[str, list[float]] = {name: [] for name in loaders}
    means: dict[str, list[float]] = {name: [] for name in loaders}
    clock = 1 if flags.workers == 0 else 0
    for turn in range(-1, flags.rounds):
        names = list(loaders) if turn % 2 == 0 else list(reversed(loaders))
        for name in names:
            measured = loaders[name].measure(flags.batches)
            if turn < 0:
                continue  # The files come into the system's cache.
            seconds[name].append(measured[clock])
            means[name].append(measured[2])
    for loader in loaders.values():
        if isinstance(loader, OurLoader):
            loader.close()

    patches = flags.batches * flags.batch
    suffixes = ", ".join(sorted({path.suffix for pair in pairs for path in pair}))
    print(f"torch {torch.__version__}, Pillow {PIL.__version__}; {len(pairs)} pairs ({suffixes}), crop {flags.crop}, "
          f"batches of {flags.batch}; cores {cores}, {flags.workers} workers, {flags.rounds} rounds of {patches} patches\n")
    print("| loader | patches/s, median | times PyTorch, median | range |")
    print("| :-- | --: | --: | --: |")
    for name, times in seconds.items():
        ratios = [theirs / own for theirs, own in zip(seconds["PyTorch"], times)]
        spread = "" if name == "PyTorch" else f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"| {name} | {patches / statistics.median(times):.0f} | {statistics.median(ratios):.2f} | {spread} |")
    middle = statistics.mean(means["PyTorch"])
    for name, values in means.items():
        if abs(statistics.mean(values) - middle) > MEANS_MAY_DIFFER_BY:
            sys.exit(f"{name}: mean of the hazy patches {statistics.mean(values):.3f}, PyTorch's {middle:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
