#!/usr/bin/env python3
"""PSNR and SSIM beside scikit-image: the same numbers, and how much faster.

    pip install numpy scikit-image          # in an environment of its own
    ./bazelw build //benchmarks/micro:metrics_speed
    python3 benchmarks/parity/metrics.py [--rounds=15] [--sizes=620x460,1600x1200]

Both work in float64 on the same pair of arrays, on one thread, both pinned to
the same core, in turns: A B, B A, A B, ... A round's ratio is scikit-image's
time over ours. Printed per size and window: the median of both times, the
median ratio with the smallest and largest, and by how much the values differ
(more than 1e-9 is an error). Arrays are in memory; nothing is read or decoded
while a clock runs.

Exit codes: 0 done, 1 the values differ or the program fails, 2 usage.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import skimage
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

TOLERANCE = 1e-9
SSIM_ARGUMENTS: dict[str, dict[str, object]] = {
    "default": {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False},
    "grid-bild": {"win_size": 7},
}


def picture_pair(width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Restored and clear in [0, 1], [height, width, 3]: waves, edges and noise."""
    random = np.random.default_rng(7)
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    waves = 0.5 + 0.25 * np.sin(x / 17.0 + c) * np.cos(y / 23.0) + 0.15 * ((x // 32 + y // 32) % 2)
    clear = np.clip(waves + 0.02 * random.standard_normal(waves.shape), 0.0, 1.0)
    restored = np.clip(0.9 * clear + 0.05 + 0.03 * random.standard_normal(waves.shape), 0.0, 1.0)
    return np.ascontiguousarray(restored), np.ascontiguousarray(clear)


def time_scikit_image(restored: np.ndarray, clear: np.ndarray, profile: str) -> tuple[float, float, float]:
    """Seconds, PSNR in dB, SSIM."""
    start = time.perf_counter()
    psnr_db = peak_signal_noise_ratio(clear, restored, data_range=1.0)
    ssim = structural_similarity(clear, restored, data_range=1.0, channel_axis=2, **SSIM_ARGUMENTS[profile])
    return time.perf_counter() - start, float(psnr_db), float(ssim)


class OurProgram:
    """metrics_speed, held open, one answer per line."""

    def __init__(self, program: Path, file: Path, width: int, height: int, profile: str) -> None:
        self._process = subprocess.Popen(
            [str(program), str(file), str(height), str(width), profile],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )

    def time(self) -> tuple[float, float, float]:
        """Seconds, PSNR in dB, SSIM."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().split()
        if len(answer) != 3:
            sys.exit("metrics_speed gave no answer; its own message stands above")
        return float(answer[0]), float(answer[1]), float(answer[2])

    def close(self) -> None:
        """Ends it by closing its input."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def compare(program: Path, width: int, height: int, profile: str, rounds: int) -> str:
    """One row of the table."""
    restored, clear = picture_pair(width, height)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pair.f64"
        file.write_bytes(restored.tobytes() + clear.tobytes())
        ours = OurProgram(program, file, width, height, profile)
        ours.time()
        time_scikit_image(restored, clear, profile)
        our_seconds: list[float] = []
        their_seconds: list[float] = []
        for i in range(rounds):
            if i % 2 == 0:
                theirs, mine = time_scikit_image(restored, clear, profile), ours.time()
            else:
                mine, theirs = ours.time(), time_scikit_image(restored, clear, profile)
            our_seconds.append(mine[0])
            their_seconds.append(theirs[0])
        ours.close()
    difference = max(abs(mine[1] - theirs[1]), abs(mine[2] - theirs[2]))
    if difference > TOLERANCE:
        sys.exit(f"{width}x{height}, {profile}: the values differ by {difference:.3g}: ours {mine[1:]}, scikit-image {theirs[1:]}")
    ratios = [theirs_s / ours_s for theirs_s, ours_s in zip(their_seconds, our_seconds)]
    return (f"| {width}×{height} | `{profile}` | {1e3 * statistics.median(their_seconds):.1f} "
            f"| {1e3 * statistics.median(our_seconds):.1f} | {statistics.median(ratios):.1f} "
            f"| {min(ratios):.1f} to {max(ratios):.1f} | {difference:.1e} |")


def main() -> int:
    """Reads the flags, pins the process, prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="bazel-bin/benchmarks/micro/metrics_speed", help="the built program")
    parser.add_argument("--rounds", type=int, default=15, help="measurements of each")
    parser.add_argument("--sizes", default="620x460,1600x1200", help="WIDTHxHEIGHT between commas")
    flags = parser.parse_args()
    program = Path(flags.program)
    if not program.is_file():
        parser.error(f"no program '{program}': ./bazelw build //benchmarks/micro:metrics_speed")
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})  # Child processes inherit it.
    print(f"scikit-image {skimage.__version__}, NumPy {np.__version__}, both on core {core}, {flags.rounds} rounds in turns\n")
    print("| size | profile | scikit-image (ms) | ours (ms) | ratio, median | ratio, range | values differ by |")
    print("| :-- | :-- | --: | --: | --: | --: | --: |")
    for size in flags.sizes.split(","):
        width, height = (int(side) for side in size.split("x"))
        for profile in SSIM_ARGUMENTS:
            print(compare(program, width, height, profile, flags.rounds), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
