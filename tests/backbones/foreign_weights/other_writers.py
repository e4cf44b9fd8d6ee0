"""Writes .caffemodel and level 5 .mat files from their formats' definitions."""

from __future__ import annotations

import struct
import zlib
from typing import Sequence


def varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(encoded) + bytes([value])


def number_field(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def bytes_field(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def blob(values: Sequence[float], shape: Sequence[int]) -> bytes:
    """A BlobProto as Caffe writes it since 2014: packed data and dims."""
    dims = b''.join(varint(count) for count in shape)
    return bytes_field(7, bytes_field(1, dims)) + bytes_field(
        5, struct.pack(f'<{len(values)}f', *values))


def old_blob(values: Sequence[float], shape: Sequence[int]) -> bytes:
    """A BlobProto with four dimensions and one field per number."""
    dims = b''.join(
        number_field(field, count) for field, count in enumerate(shape, 1))
    return dims + b''.join(
        varint(5 << 3 | 5) + struct.pack('<f', value) for value in values)


def layer(name: str, *blobs: bytes) -> bytes:
    """A field of NetParameter with a LayerParameter."""
    content = bytes_field(1, name.encode()) + bytes_field(2, b'Convolution')
    return bytes_field(
        100, content + b''.join(bytes_field(7, one) for one in blobs))


def old_layer(name: str, *blobs: bytes) -> bytes:
    """A field of NetParameter with a V1LayerParameter; 4 is CONVOLUTION."""
    content = bytes_field(4, name.encode()) + number_field(5, 4)
    return bytes_field(
        2, content + b''.join(bytes_field(6, one) for one in blobs))


MATLAB_HEADER = (b'MATLAB 5.0 MAT-file, written by a test'.ljust(124) +
                 b'\x00\x01IM')


def element(kind: int, content: bytes) -> bytes:
    """Padded to 8 bytes; in its tag where it fits and is not empty."""
    if 0 < len(content) <= 4:
        return struct.pack('<HH', kind, len(content)) + content.ljust(4, b'\0')
    return struct.pack('<II', kind, len(content)) + content + (
        b'\0' * (-len(content) % 8))


def variable(name: str, shape: Sequence[int], content: bytes,
             array_class: int = 7, stored_as: int = 7) -> bytes:
    """An miMATRIX; class 7 is single, stored as miSINGLE (7)."""
    return element(
        14,
        element(6, struct.pack('<II', array_class, 0)) +
        element(5, struct.pack(f'<{len(shape)}i', *shape)) +
        element(1, name.encode()) + element(stored_as, content))


def compressed(content: bytes) -> bytes:
    packed = zlib.compress(content)
    return struct.pack('<II', 15, len(packed)) + packed
