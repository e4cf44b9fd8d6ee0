"""Reads the weights in a .caffemodel file, without Caffe or protobuf.

The file is one NetParameter message of protocol buffers. Of it, only the
layers that have blobs are looked at. Field numbers, from Caffe's caffe.proto:

  NetParameter      layers = 2 (V1LayerParameter), layer = 100
  V1LayerParameter  name = 4, blobs = 6
  LayerParameter    name = 1, blobs = 7
  BlobProto         num, channels, height, width = 1 to 4, data = 5,
                    shape = 7 (BlobShape: dim = 1), double_data = 8
"""

from __future__ import annotations

import dataclasses
import math
from typing import Dict, Iterator, List, Tuple, Union

from backbones.foreign_weights.strided_tensor import (ELEMENT_BYTES,
                                                      StridedTensor,
                                                      contiguous_tensor)
from backbones.foreign_weights.weights_error import WeightsError, shape_text

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

_MAX_LAYERS = 10_000
_MAX_DIMENSIONS = 8


@dataclasses.dataclass(frozen=True)
class _LayerFields:
    name: int
    blobs: int


_NET_LAYERS = {2: _LayerFields(name=4, blobs=6), 100: _LayerFields(1, 7)}


def read_caffe_file(data: bytes) -> Dict[str, StridedTensor]:
    """"conv1.weight" and "conv1.bias" for every layer "conv1" with blobs.

    Channels stay in the order in which the file has them. WeightsError for what
    is no such message.
    """
    tensors: Dict[str, StridedTensor] = {}
    layers = 0
    for field, wire, value in _fields(memoryview(data), 'the net'):
        if field not in _NET_LAYERS or wire != _BYTES:
            continue
        layers += 1
        if layers > _MAX_LAYERS:
            raise WeightsError(f'expected at most {_MAX_LAYERS} layers')
        name, blobs = _layer(value, _NET_LAYERS[field])
        if len(blobs) > 2:
            raise WeightsError(f"the layer '{name}' has {len(blobs)} blobs; "
                               'expected a weight and a bias')
        for blob, part in zip(blobs, ('weight', 'bias')):
            key = f'{name}.{part}'
            if key in tensors:
                raise WeightsError(f"the layer '{name}' stands in the file "
                                   'twice')
            tensors[key] = _blob(blob, key)
    if layers == 0:
        raise WeightsError('expected a .caffemodel file; it has no layers')
    return tensors


def _fields(message: memoryview, where: str
            ) -> Iterator[Tuple[int, int, Union[int, memoryview]]]:
    """Number, wire type and value of each field of a message."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position, where)
        field, wire = tag >> 3, tag & 7
        if field == 0 or wire not in (_VARINT, _FIXED64, _BYTES, _FIXED32):
            raise WeightsError(f'{where}: expected a field of protocol '
                               f'buffers, found the tag {tag}')
        if wire == _VARINT:
            value, position = _varint(message, position, where)
            yield field, wire, value
            continue
        size = {_FIXED64: 8, _FIXED32: 4}.get(wire)
        if size is None:
            size, position = _varint(message, position, where)
        if size > len(message) - position:
            raise WeightsError(
                f'{where} is cut short: a field claims {size} bytes, '
                f'{len(message) - position} are left')
        yield field, wire, message[position:position + size]
        position += size


def _varint(message: memoryview, position: int, where: str) -> Tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        if position >= len(message):
            raise WeightsError(f'{where} is cut short within a number')
        byte = message[position]
        position += 1
        value |= (byte & 0x7f) << shift
        if byte < 0x80:
            return value, position
    raise WeightsError(f'{where}: a number has more than 10 bytes')


def _layer(message: memoryview,
           numbers: _LayerFields) -> Tuple[str, List[memoryview]]:
    name = ''
    blobs: List[memoryview] = []
    for field, wire, value in _fields(message, 'a layer'):
        if wire != _BYTES:
            continue
        if field == numbers.name:
            try:
                name = bytes(value).decode('ascii')
            except UnicodeDecodeError as error:
                raise WeightsError("a layer's name is no ASCII text") from error
        elif field == numbers.blobs:
            blobs.append(value)
    if blobs and not name.isprintable():
        raise WeightsError("a layer's name is no printable text")
    return name, blobs


def _blob(message: memoryview, key: str) -> StridedTensor:
    shape: List[int] = []
    legacy: Dict[int, int] = {}
    pieces: Dict[str, List[bytes]] = {'F32': [], 'F64': []}
    for field, wire, value in _fields(message, f"the blob '{key}'"):
        if field == 7 and wire == _BYTES:
            shape += _dimensions(value, key)
        elif field in (1, 2, 3, 4) and wire == _VARINT:
            legacy[field] = value
        elif field == 5 and wire in (_BYTES, _FIXED32):
            pieces['F32'].append(bytes(value))
        elif field == 8 and wire in (_BYTES, _FIXED64):
            pieces['F64'].append(bytes(value))
    if legacy and not shape:
        shape = [legacy.get(field, 1) for field in (1, 2, 3, 4)]
        # The old form gives a bias four dimensions: 1, 1, 1, n.
        if key.endswith('.bias') and shape[:3] == [1, 1, 1]:
            shape = shape[3:]
    if pieces['F32'] and pieces['F64']:
        raise WeightsError(f"the blob '{key}' has numbers of two types")
    dtype = 'F64' if pieces['F64'] else 'F32'
    if len(shape) > _MAX_DIMENSIONS or max(shape, default=0) >= 2**31:
        raise WeightsError(f"the blob '{key}' has the shape "
                           f'{shape_text(shape[:_MAX_DIMENSIONS])}')
    values = b''.join(pieces[dtype])
    expected = math.prod(shape) * ELEMENT_BYTES[dtype]
    if len(values) != expected:
        raise WeightsError(
            f"the blob '{key}': expected {expected} bytes for the shape "
            f'{shape_text(shape)}, found {len(values)}')
    return contiguous_tensor(dtype, shape, values)


def _dimensions(message: memoryview, key: str) -> List[int]:
    where = f"the shape of the blob '{key}'"
    dimensions: List[int] = []
    for field, wire, value in _fields(message, where):
        if field != 1:
            continue
        if wire == _VARINT:
            dimensions.append(value)
            continue
        if wire != _BYTES:
            raise WeightsError(f'{where} holds no whole numbers')
        position = 0
        while position < len(value) and len(dimensions) <= _MAX_DIMENSIONS:
            number, position = _varint(value, position, where)
            dimensions.append(number)
    return dimensions
