"""Tensors as weights files hold them: a block of bytes, read with strides.

Nothing is copied until a tensor's own bytes are asked for, so a file whose
tensors claim more than it holds costs no memory.
"""

from __future__ import annotations

import array
import dataclasses
import itertools
import math
import struct
from typing import Optional, Sequence, Tuple

from backbones.foreign_weights.weights_error import WeightsError, shape_text

# Bytes of one element, by the type's name in a safetensors file.
ELEMENT_BYTES = {
    'BOOL': 1,
    'U8': 1,
    'I8': 1,
    'I16': 2,
    'I32': 4,
    'I64': 8,
    'F16': 2,
    'BF16': 2,
    'F32': 4,
    'F64': 8,
}

_MAX_DIMENSIONS = 64


@dataclasses.dataclass
class Storage:
    """A block of elements, little-endian. `data` may come after the claim."""

    dtype: str
    numel: int
    data: Optional[memoryview] = None


@dataclasses.dataclass(frozen=True)
class StridedTensor:
    """A window into a storage; shape, strides and offset count elements."""

    storage: Storage
    shape: Tuple[int, ...]
    strides: Tuple[int, ...]
    offset: int = 0

    @property
    def dtype(self) -> str:
        return self.storage.dtype

    @property
    def numel(self) -> int:
        return math.prod(self.shape)

    def flipped(self, axis: int) -> StridedTensor:
        """The same elements with one axis reversed."""
        strides = list(self.strides)
        strides[axis] = -strides[axis]
        offset = self.offset + (self.shape[axis] - 1) * self.strides[axis]
        return StridedTensor(self.storage, self.shape, tuple(strides), offset)

    def to_bytes(self) -> bytes:
        """The elements in C order. WeightsError if the storage has no data."""
        size = ELEMENT_BYTES[self.dtype]
        if self.storage.data is None:
            raise WeightsError('the file does not hold the data of this tensor')
        if self.numel == 0:
            return b''
        data = self.storage.data
        # The last axes that lie in one piece are copied at once.
        run = 1
        outer = len(self.shape)
        while outer > 0 and (self.shape[outer - 1] == 1
                             or self.strides[outer - 1] == run):
            run *= self.shape[outer - 1]
            outer -= 1
        steps = [
            range(0, count * stride, stride) if stride else [0] * count
            for count, stride in zip(self.shape[:outer], self.strides[:outer])
        ]
        pieces = []
        for index in itertools.product(*steps):
            begin = (self.offset + sum(index)) * size
            pieces.append(data[begin:begin + run * size])
        return b''.join(pieces)


def contiguous_strides(shape: Sequence[int]) -> Tuple[int, ...]:
    strides = []
    step = 1
    for count in reversed(shape):
        strides.append(step)
        step *= count
    return tuple(reversed(strides))


def contiguous_tensor(dtype: str, shape: Sequence[int],
                      data: bytes) -> StridedTensor:
    """A tensor over its own bytes, in C order."""
    numel = math.prod(shape)
    if len(data) != numel * ELEMENT_BYTES[dtype]:
        raise WeightsError(
            f'expected {numel * ELEMENT_BYTES[dtype]} bytes for '
            f'{shape_text(shape)} of {dtype}, found {len(data)}')
    return StridedTensor(Storage(dtype, numel, memoryview(data)), tuple(shape),
                         contiguous_strides(shape))


def checked_tensor(storage: Storage, shape: Sequence[object],
                   strides: Sequence[object], offset: object) -> StridedTensor:
    """A tensor from numbers that a file claims, or WeightsError.

    No element may lie outside the storage, and a tensor may not have more
    elements than its storage (an expanded tensor, or a lie).
    """
    numbers = [offset, *shape, *strides]
    if any(type(number) is not int for number in numbers):
        raise WeightsError('expected whole numbers for shape, strides and '
                           'offset of a tensor')
    if len(shape) != len(strides) or len(shape) > _MAX_DIMENSIONS:
        raise WeightsError(
            f'expected as many strides as dimensions and at most '
            f'{_MAX_DIMENSIONS}, found {len(shape)} dimensions and '
            f'{len(strides)} strides')
    if min(numbers) < 0 or max(numbers) >= 2**63:
        raise WeightsError('expected numbers from 0 to 2^63 - 1 for shape, '
                           'strides and offset of a tensor')
    last = offset + sum(
        (count - 1) * stride for count, stride in zip(shape, strides))
    numel = math.prod(shape)
    if numel > storage.numel or (numel > 0 and last >= storage.numel):
        raise WeightsError(
            f'a tensor of shape {shape_text(shape)}, strides '
            f'{shape_text(strides)} and offset {offset} does not lie in its '
            f'storage of {storage.numel} elements')
    return StridedTensor(storage, tuple(shape), tuple(strides), offset)


def to_float32(dtype: str, data: bytes) -> bytes:
    """Little-endian float32 from another floating type; F64 is rounded."""
    if dtype == 'F32':
        return data
    if dtype == 'F16':
        values = struct.unpack(f'<{len(data) // 2}e', data)
        return struct.pack(f'<{len(values)}f', *values)
    if dtype == 'BF16':
        # The upper half of a float32.
        wide = bytearray(2 * len(data))
        wide[2::4] = data[0::2]
        wide[3::4] = data[1::2]
        return bytes(wide)
    if dtype == 'F64':
        # Beyond the range of float32 this gives infinities, which the caller's
        # check for finite numbers finds.
        return array.array('f', float_values('F64', data)).tobytes()
    raise WeightsError(f'{dtype} is no floating type')


def float_values(dtype: str, data: bytes) -> array.array:
    """The numbers in little-endian F32 or F64 data."""
    values = array.array({'F32': 'f', 'F64': 'd'}[dtype])
    values.frombytes(data)
    return values
