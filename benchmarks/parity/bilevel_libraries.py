#!/usr/bin/env python3
"""What one bi-level step costs with higher, TorchOpt and betty, beside ours.

    pip install torch==2.11.0 higher torchopt betty-ml    # Python 3.10, in an environment of its own
    ./bazelw build //benchmarks/micro:step_cost
    python3 benchmarks/parity/bilevel_libraries.py [--turns=3] [--rounds=8]

First every library's gradient of phi is held against the truth, in float64 and
float32 on small patches: autograd through the update, which itself is held
against central differences. A library that is off is still timed.

Then, float32, one thread, everything pinned to one core: all Python steps once
in each round, in rotating order, and after every turn of so many rounds the
suite's step_cost, which does the same with its own plain step, floor and `bild`.
Times are processor time. A ratio is formed within a round and within a program:
Python's steps to Python's plain step and floor, ours to ours. Printed: median
(quartiles), for ours the median of each over the turns; the most bytes
that live CPU tensors took above what was there before the step, to the floor's.

The steps are in bilevel_steps.py, with what each of them does.

Exit codes: 0 done, 1 the truth fails its check or step_cost fails, 2 usage, or
a package is missing.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import bilevel_steps
    from torch import Tensor

PACKAGES = {"torch": "torch", "higher": "higher", "torchopt": "torchopt", "betty": "betty-ml"}  # By module.
INSTALL = "pip install torch==2.11.0 higher torchopt betty-ml, and which versions: docs/performance.md"
CHECK_CROP_PX = 24
EXACT = 1e-9  # Relative, in float64.
TRUTH_TOLERANCE = 1e-5  # Of central differences, which step over kinks.


def prepare_process() -> int:
    """One core, one thread, no GPU, and malloc as step_cost has it. Returns the core."""
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})  # Child processes inherit it.
    os.environ.update(OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="", TORCH_CPP_LOG_LEVEL="ERROR", KINETO_LOG_LEVEL="5")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # glibc; by number: M_MMAP_MAX, M_TRIM_THRESHOLD, M_TOP_PAD.
        for option, value in ((-4, 0), (-1, -1), (-2, 256 << 20)):
            mallopt(option, value)
    return core


def import_steps() -> None:
    """Imports bilevel_steps as a global of this module; exits with 2 where a package is missing."""
    missing = [package for module, package in PACKAGES.items() if importlib.util.find_spec(module) is None]
    if missing:
        sys.stderr.write(f"not installed: {', '.join(missing)}. {INSTALL}\n")
        sys.exit(2)
    try:
        global bilevel_steps, torch
        import torch
        import bilevel_steps
    except (ImportError, AttributeError) as error:
        sys.stderr.write(f"a library does not load: {error}. {INSTALL}\n")
        sys.exit(2)


def validation_loss(case: bilevel_steps.Case, phi: dict[str, Tensor]) -> Tensor:
    """J_v after one SGD step whose weights come from `phi`: what phi minimises, as one expression."""
    training, validation = case.training, case.validation
    logits = torch.func.functional_call(case.network, phi, (training.hazy, training.clear))
    weights = torch.softmax((logits - logits.mean()) / logits.std(), 0)
    theta = dict(case.net.named_parameters())
    inner = weights @ bilevel_steps.patch_losses(case.net(training.hazy), training.clear)
    slopes = torch.autograd.grad(inner, list(theta.values()), create_graph=True)
    moved = {name: value - case.learning_rate * slope for (name, value), slope in zip(theta.items(), slopes)}
    return bilevel_steps.patch_losses(torch.func.functional_call(case.net, moved, (validation.hazy,)), validation.clear).mean()


def flat(tensors: list[Tensor]) -> Tensor:
    """One float64 vector."""
    return torch.cat([tensor.detach().flatten().double() for tensor in tensors])


def true_gradient(case: bilevel_steps.Case) -> tuple[Tensor, float]:
    """Of phi, by autograd, and by how much its length differs from central differences along it."""
    phi = {name: value.detach().clone().requires_grad_() for name, value in case.network.named_parameters()}
    slopes = torch.autograd.grad(validation_loss(case, phi), list(phi.values()))
    length = float(flat(list(slopes)).norm())
    ends = []
    for step in (1e-6, -1e-6):
        moved = {name: value.detach() + step / length * slope for (name, value), slope in zip(phi.items(), slopes)}
        ends.append(float(validation_loss(case, moved).detach()))
    return flat(list(slopes)), abs((ends[0] - ends[1]) / 2e-6 / length - 1.0)


def relative_error(value: Tensor, truth: Tensor) -> float:
    """Of Euclidean norms."""
    return float((value - truth).norm() / truth.norm())


def check_gradients(flags: argparse.Namespace, learning_rate: float) -> list[str]:
    """Rows of the first table."""
    def make(dtype: object) -> bilevel_steps.Case:
        return bilevel_steps.make_case(flags.dim, flags.blocks, flags.batch, flags.batch, CHECK_CROP_PX, dtype, learning_rate)

    truth, difference = true_gradient(make(torch.float64))
    print(f"step size {learning_rate:g}: the truth differs from central differences by {difference:.1e}")
    if not difference < TRUTH_TOLERANCE:
        sys.exit(f"at most {TRUTH_TOLERANCE:g} was expected: the truth is not to be trusted")
    rows = []
    for name, make_step in bilevel_steps.BILEVEL_STEPS.items():
        errors, cosines = [], []
        for dtype in (torch.float64, torch.float32):
            step = make_step(make(dtype))
            step.run()
            gradient = flat([step.phi_gradient()])
            errors.append(relative_error(gradient, truth))
            cosines.append(float(gradient @ truth / gradient.norm() / truth.norm()))
        verdict = "exact" if errors[0] < EXACT else "**off**"
        rows.append(f"| {name} | {learning_rate:g} | {errors[0]:.1e} | {errors[1]:.1e} | {cosines[0]:.5f} | {verdict} |")
    return rows


def live_mib(run: Callable[[], None]) -> float:
    """Most MiB of CPU tensors above those at the start, by the allocator's own reports."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True, acc_events=True) as profile:
        run()
    changes = [(event.start_ns(), event.nbytes()) for event in profile.profiler.kineto_results.events() if event.name() == "[memory]"]
    live = most = 0
    for _, change in sorted(changes, key=lambda entry: entry[0]):
        live += change
        most = max(most, live)
    return most / 2**20


def spread(values: list[float], digits: int) -> str:
    """Median (quartiles)."""
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{median:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def run_step_cost(flags: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Counters of `floor` and `bild`."""
    command = [
        flags.program, "--threads=1", "--clock=cpu", f"--backbone=ffa[dim={flags.dim},blocks={flags.blocks}]",
        f"--batch={flags.batch}", f"--crop_px={flags.crop_px}", f"--rounds={flags.rounds}", "--warmup_rounds=1",
        "--benchmark_filter=step/.*/(floor|bild)$", "--benchmark_format=json",
    ]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if answer.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {answer.returncode}; its own message stands above")
    return {entry["name"].rsplit("/", 1)[1]: entry for entry in json.loads(answer.stdout)["benchmarks"]}


def our_row(name: str, turns: list[dict[str, float]]) -> str:
    """Of step_cost's counters."""
    def median(counter: str) -> float:
        return statistics.median(turn[counter] for turn in turns)

    def cell(counter: str) -> str:
        return f"{median(counter):.2f} ({median(counter + '_low'):.2f}–{median(counter + '_high'):.2f})"

    return f"| {name} | {median('ms'):.0f} | {cell('ratio_to_plain')} | {cell('ratio_to_floor')} | {median('live_ratio'):.2f} |"


def measure(flags: argparse.Namespace) -> list[str]:
    """Rows of the second table."""
    case = bilevel_steps.make_case(
        flags.dim, flags.blocks, flags.batch, flags.batch, flags.crop_px, torch.float32, flags.learning_rates[0]
    )
    makers = bilevel_steps.REFERENCE_STEPS | bilevel_steps.BILEVEL_STEPS
    steps = {name: make_step(case.own_copy()) for name, make_step in makers.items()}
    names = list(steps)
    for step in steps.values():
        step.run()
    seconds: dict[str, list[float]] = {name: [] for name in names}
    ours: list[dict[str, dict[str, float]]] = []
    for turn in range(flags.turns):
        for i in range(turn * flags.rounds, (turn + 1) * flags.rounds):
            first = i % len(names)
            for name in names[first:] + names[:first]:
                gc.collect()  # One step's cycles are not another's time.
                start = time.process_time()
                steps[name].run()
                seconds[name].append(time.process_time() - start)
        ours.append(run_step_cost(flags))

    live = {name: live_mib(step.run) for name, step in steps.items()}
    rows = []
    for name in names:
        to_plain, to_floor = (
            spread([value / base for value, base in zip(seconds[name], seconds[reference])], 2) for reference in ("plain", "floor")
        )
        rows.append(f"| {name} | {1e3 * statistics.median(seconds[name]):.0f} | {to_plain} | {to_floor} | {live[name] / live['floor']:.2f} |")
    rows.append(our_row("**ours**: floor", [turn["floor"] for turn in ours]))
    rows.append(our_row("**ours**: `bild`", [turn["bild"] for turn in ours]))
    return rows


def step_sizes(text: str) -> list[float]:
    """Of a flag: numbers between commas."""
    return [float(piece) for piece in text.split(",")]


def main() -> int:
    """Reads the flags, prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="bazel-bin/benchmarks/micro/step_cost", help="the built program")
    parser.add_argument("--turns", type=int, default=3, help="runs of step_cost, and turns of Python rounds")
    parser.add_argument("--rounds", type=int, default=8, help="rounds in a turn, of both; 2 or more")
    parser.add_argument("--dim", type=int, default=16, help="FFA-Net's width, a multiple of 16")
    parser.add_argument("--blocks", type=int, default=2, help="blocks of a group")
    parser.add_argument("--batch", type=int, default=8, help="training patches, and validation patches; 3 or more")
    parser.add_argument("--crop_px", type=int, default=64, help="side of a patch, px")
    parser.add_argument("--learning_rates", type=step_sizes, default=[1e-4, 0.1],
                        help="inner step sizes for the gradient check; the first is timed")
    flags = parser.parse_args()
    if not Path(flags.program).is_file():
        parser.error(f"no program '{flags.program}': ./bazelw build //benchmarks/micro:step_cost")
    if flags.turns < 1 or flags.rounds < 2 or flags.batch < 3 or flags.crop_px < 1 or flags.blocks < 1:
        parser.error("expected --turns of 1, --rounds of 2, --batch of 3, --crop_px and --blocks of 1, or more")
    if flags.dim < 16 or flags.dim % 16 != 0:
        parser.error(f"--dim={flags.dim}: expected a multiple of 16")
    if not all(size > 0.0 for size in flags.learning_rates):
        parser.error("--learning_rates: expected positive numbers")

    core = prepare_process()
    import_steps()
    torch.set_num_threads(1)
    versions = ", ".join(f"{package} {metadata.version(package)}" for package in PACKAGES.values())
    print(f"Python {sys.version.split()[0]}, {versions}, {torch.backends.cpu.get_cpu_capability()}, core {core}, "
          f"{flags.turns} turns of {flags.rounds} rounds\n")
    rows = [row for size in flags.learning_rates for row in check_gradients(flags, size)]
    print("\n| step | inner step size | error, float64 | error, float32 | cosine | |\n| :-- | --: | --: | --: | --: | :-- |")
    print("\n".join(rows), flush=True)
    rows = measure(flags)
    print("\n| step | ms | ratio to plain | ratio to the floor | live, to the floor |\n| :-- | --: | --: | --: | --: |")
    print("\n".join(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
