"""Reads the numeric arrays of a MATLAB level 5 MAT-file.

A header of 128 bytes, then elements: a tag (type, bytes), data, padding to 8
bytes; an element of at most 4 bytes may stand in its tag. A variable is an
element of type miMATRIX, usually inside a zlib-compressed one. Layout from
"MAT-File Format", MathWorks, 2024, chapter 1.
"""

from __future__ import annotations

import math
import struct
import zlib
from typing import Dict, Iterator, List, Tuple

from backbones.foreign_weights.strided_tensor import (ELEMENT_BYTES, Storage,
                                                      StridedTensor)
from backbones.foreign_weights.weights_error import WeightsError, shape_text

MATLAB_START = b'MATLAB 5.0 MAT-file'

_HEADER_BYTES = 128
_INT8, _INT32, _UINT32 = 1, 5, 6
_MATRIX, _COMPRESSED = 14, 15

# Array classes and the data type in which each is stored, unless MATLAB found
# that a smaller one holds the same numbers; those are not read.
_CLASSES = {6: ('F64', 9), 7: ('F32', 7)}
_COMPLEX_FLAG = 0x0800

_MAX_VARIABLES = 10_000
_MAX_DIMENSIONS = 8
# Far more than any net here has.
_MAX_VARIABLE_BYTES = 2**30


def read_matlab_file(data: bytes) -> Dict[str, StridedTensor]:
    """Every variable of class single or double, by name.

    MATLAB stores the first index fastest: a tensor's strides say so, and no
    number is moved. WeightsError for what is no such file, and for variables of
    another class.
    """
    if not data.startswith(MATLAB_START) or len(data) < _HEADER_BYTES:
        raise WeightsError('expected a MATLAB level 5 MAT-file')
    if data[126:128] != b'IM':
        raise WeightsError('expected a little-endian MAT-file')
    tensors: Dict[str, StridedTensor] = {}
    elements = _elements(memoryview(data)[_HEADER_BYTES:], 'the file')
    for count, (kind, body) in enumerate(elements):
        if count >= _MAX_VARIABLES:
            raise WeightsError(f'expected at most {_MAX_VARIABLES} variables')
        if kind == _COMPRESSED:
            kind, body = _decompressed(body)
        if kind != _MATRIX:
            raise WeightsError(f'expected a variable in the MAT-file, found an '
                               f'element of type {kind}')
        name, tensor = _variable(body)
        if name in tensors:
            raise WeightsError(f"the variable '{name}' stands in the file "
                               'twice')
        tensors[name] = tensor
    return tensors


def _elements(data: memoryview,
              where: str) -> Iterator[Tuple[int, memoryview]]:
    """Type and data of each element."""
    position = 0
    while position < len(data):
        if len(data) - position < 8:
            raise WeightsError(f'{where} is cut short within a tag')
        kind, size = struct.unpack_from('<II', data, position)
        begin = position + 8
        if kind >> 16:
            # The small form: type and size share the first four bytes.
            kind, size = kind & 0xffff, kind >> 16
            begin = position + 4
            if size > 4:
                raise WeightsError(f'{where}: a small element claims {size} '
                                   'bytes')
        if size > len(data) - begin:
            raise WeightsError(f'{where} is cut short: an element claims '
                               f'{size} bytes, {len(data) - begin} are left')
        yield kind, data[begin:begin + size]
        if begin == position + 4:
            position += 8
        else:
            # Compressed elements are not padded.
            position = begin + size + (0 if kind == _COMPRESSED else -size % 8)


def _decompressed(body: memoryview) -> Tuple[int, memoryview]:
    """The one element in a compressed one; its claim limits the memory."""
    try:
        stream = zlib.decompressobj()
        tag = stream.decompress(body, 8)
        if len(tag) != 8:
            raise WeightsError('a compressed variable is cut short')
        kind, size = struct.unpack('<II', tag)
        if kind >> 16 or size > _MAX_VARIABLE_BYTES:
            raise WeightsError(f'a compressed variable claims {size} bytes')
        content = stream.decompress(stream.unconsumed_tail, size + 1)
    except zlib.error as error:
        raise WeightsError('a compressed variable is damaged') from error
    if len(content) != size or not stream.eof:
        raise WeightsError(f'a compressed variable claims {size} bytes and '
                           'holds another number')
    return kind, memoryview(content)


def _variable(body: memoryview) -> Tuple[str, StridedTensor]:
    parts: List[Tuple[int, memoryview]] = []
    for part in _elements(body, 'a variable'):
        parts.append(part)
        if len(parts) > 4:
            break
    if len(parts) < 3 or [parts[i][0] for i in range(3)
                          ] != [_UINT32, _INT32, _INT8]:
        raise WeightsError('a variable does not begin with flags, dimensions '
                           'and a name')
    flags, dimensions, name_bytes = (bytes(part[1]) for part in parts[:3])
    if len(flags) != 8 or len(dimensions) % 4 or (
            len(dimensions) > 4 * _MAX_DIMENSIONS):
        raise WeightsError('the flags or dimensions of a variable are damaged')
    if not name_bytes.isascii() or not name_bytes.decode('latin-1'
                                                         ).isprintable():
        raise WeightsError('the name of a variable is no ASCII text')
    name = name_bytes.decode('ascii')
    shape = struct.unpack(f'<{len(dimensions) // 4}i', dimensions)
    first_flags, = struct.unpack_from('<I', flags)
    dtype, stored_as = _CLASSES.get(first_flags & 0xff, ('', 0))
    if not dtype or first_flags & _COMPLEX_FLAG:
        raise WeightsError(f"the variable '{name}': expected real numbers of "
                           f'class single or double, found class '
                           f'{first_flags & 0xff}')
    if len(parts) != 4 or parts[3][0] != stored_as:
        raise WeightsError(
            f"the variable '{name}' is stored in another type than its class; "
            "save it with save(..., '-v6')")
    numbers = parts[3][1]
    if min(shape, default=0) < 0 or (len(numbers) !=
                                     math.prod(shape) * ELEMENT_BYTES[dtype]):
        raise WeightsError(f"the variable '{name}': {len(numbers)} bytes do "
                           f'not fit the shape {shape_text(shape)} of {dtype}')
    strides = [1]
    for count in shape[:-1]:
        strides.append(strides[-1] * count)
    storage = Storage(dtype, math.prod(shape), numbers)
    return name, StridedTensor(storage, tuple(shape),
                               tuple(strides[:len(shape)]))
