"""Matches what a file holds against what a net expects, all or nothing."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from typing import Any, Dict, List, Tuple

from backbones.foreign_weights.strided_tensor import (StridedTensor,
                                                      float_values, to_float32)
from backbones.foreign_weights.tensor_table import ExpectedTensor, TensorTable
from backbones.foreign_weights.weights_error import (WeightsError, printable,
                                                     shape_text)

# Counts the batches that batch norm has seen. With a fixed momentum, which all
# these nets have, nothing reads it.
_BATCH_COUNTER = 'num_batches_tracked'

_MAX_LISTED = 10


@dataclasses.dataclass(frozen=True)
class ConvertedTensor:
    """One tensor of the output: float32, C order, little-endian."""

    old_name: str
    kind: str
    name: str
    shape: Tuple[int, ...]
    source_dtype: str
    data: bytes

    def report(self) -> Dict[str, Any]:
        return {
            'name': self.name,
            'old_name': self.old_name,
            'kind': self.kind,
            'shape': list(self.shape),
            'source_dtype': self.source_dtype,
            'dtype': 'F32',
            'sha256': hashlib.sha256(self.data).hexdigest(),
            # Of the float32 values, without rounding on the way.
            'sum': math.fsum(float_values('F32', self.data)),
        }


def match_tensors(
    sources: Dict[str, Tuple[str, Any]],
    table: TensorTable,
    cast: bool,
    list_all: bool,
) -> Tuple[List[ConvertedTensor], List[str]]:
    """The net's tensors, and the old names of batch counters left out.

    `sources`: new name -> (old name, tensor or what else stood there). With
    `cast`, F16, BF16 and F64 become float32. WeightsError lists every missing,
    extra, misshapen, wrong-dtype and non-finite tensor.
    """
    problems: Dict[str, List[str]] = {
        'missing': [],
        'in the file, not in the net': [],
        'of another shape': [],
        'of another type than F32': [],
        'not finite': [],
    }
    converted: List[ConvertedTensor] = []
    for expected in table.tensors:
        if expected.name not in sources:
            problems['missing'].append(
                f'{expected.name} {shape_text(expected.shape)}')
            continue
        old, tensor = sources[expected.name]
        result = _convert(old, tensor, expected, cast, problems)
        if result is not None:
            converted.append(result)
    known = {expected.name for expected in table.tensors}
    dropped: List[str] = []
    for new, (old, tensor) in sources.items():
        if new in known:
            continue
        if new.split('.')[-1] == _BATCH_COUNTER:
            dropped.append(old)
        else:
            problems['in the file, not in the net'].append(
                f'{printable(old, 120)} {_described(tensor)}')
    if any(problems.values()):
        raise WeightsError(_text(problems, table, list_all))
    return converted, dropped


def _convert(old: str, tensor: Any, expected: ExpectedTensor, cast: bool,
             problems: Dict[str, List[str]]) -> Any:
    """One tensor, or None and a line in every list that it belongs to."""
    shown = printable(old, 120)
    if type(tensor) is not StridedTensor:
        problems['of another type than F32'].append(f'{shown} is no tensor')
        return None
    is_good = True
    if tensor.shape != expected.shape:
        problems['of another shape'].append(
            f'{shown}: expected {shape_text(expected.shape)}, found '
            f'{shape_text(tensor.shape)}')
        is_good = False
    is_float = tensor.dtype in ('F16', 'BF16', 'F32', 'F64')
    if tensor.dtype != 'F32' and not (cast and is_float):
        problems['of another type than F32'].append(
            f'{shown} is {tensor.dtype}' +
            (' (--cast converts it)' if is_float else ''))
        is_good = False
    # A tensor of another shape may be of any size, and is not read.
    if tensor.shape != expected.shape or not is_float:
        return None
    data = to_float32(tensor.dtype, tensor.to_bytes())
    values = float_values('F32', data)
    bad = sum(not math.isfinite(value) for value in values)
    if bad:
        problems['not finite'].append(f'{shown}: {bad} of {len(values)} values')
        is_good = False
    if not is_good:
        return None
    return ConvertedTensor(old, expected.kind, expected.name, expected.shape,
                           tensor.dtype, data)


def _text(problems: Dict[str, List[str]], table: TensorTable,
          list_all: bool) -> str:
    lines = [f"the file does not match the net '{table.backbone}' "
             f'({len(table.tensors)} tensors). Nothing was written.']
    is_cut = False
    for kind, names in problems.items():
        if not names:
            continue
        lines.append(f'{len(names)} {kind}:')
        shown = names if list_all else names[:_MAX_LISTED]
        lines += [f'  {name}' for name in shown]
        if len(shown) < len(names):
            lines.append(f'  and {len(names) - len(shown)} more')
            is_cut = True
    lines.append('Is it a file of this net, with these options?'
                 f"{' --list_all shows every line.' if is_cut else ''}")
    return '\n'.join(lines)


def _described(value: Any) -> str:
    if type(value) is StridedTensor:
        return f'{shape_text(value.shape)} {value.dtype}'
    return '(no tensor)'
