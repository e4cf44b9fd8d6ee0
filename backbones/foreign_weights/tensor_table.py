"""The tensors that a net expects, asked of the suite's own catalogue."""

from __future__ import annotations

import dataclasses
import pathlib
import subprocess
from typing import List, Tuple

from backbones.foreign_weights.weights_error import WeightsError


class UsageError(Exception):
    """What is wrong with a command line, for the user to read."""


@dataclasses.dataclass(frozen=True)
class ExpectedTensor:
    kind: str  # "parameter", or "buffer" for a statistic of batch norm.
    name: str
    shape: Tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class TensorTable:
    backbone: str  # As it stands in every row: "ffa[blocks=20]".
    tensors: Tuple[ExpectedTensor, ...]


def read_tensor_table(backbone: str) -> TensorTable:
    """The table of a net, as the program //backbones:tensor_table prints it.

    UsageError where the catalogue has no such net or option.
    """
    program = pathlib.Path(__file__).parent.parent / 'tensor_table'
    try:
        done = subprocess.run([str(program), f'--backbone={backbone}'],
                              capture_output=True, check=False, text=True)
    except OSError as error:
        raise WeightsError(f"'{program}' does not start ({error.strerror}). "
                           'Start convert_weights with `bazel run`.') from error
    if done.returncode == 2:
        raise UsageError(done.stderr.strip())
    if done.returncode != 0:
        raise WeightsError(f"'{program}' failed: {done.stderr.strip()[-400:]}")
    return parse_tensor_table(done.stdout)


def parse_tensor_table(text: str) -> TensorTable:
    first, *lines = text.splitlines()
    tensors: List[ExpectedTensor] = []
    for line in lines:
        kind, name, shape = line.split('\t')
        tensors.append(
            ExpectedTensor(kind, name,
                           tuple(int(count) for count in shape.split('x'))))
    return TensorTable(first.partition('=')[2], tuple(tensors))
