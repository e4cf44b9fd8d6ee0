"""Writes files as torch.save() does, from the format's definition alone.

Pickles are put together opcode by opcode, so that tests can also write what no
PyTorch ever would.
"""

from __future__ import annotations

import dataclasses
import io
import math
import struct
import zipfile
from typing import Dict, Optional, Sequence, Tuple

LEGACY_MAGIC = b'\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.'
LEGACY_PROTOCOL = b'\x80\x02M\xe9\x03.'

_BYTES = {'F32': 4, 'F64': 8, 'F16': 2, 'BF16': 2, 'I64': 8, 'U8': 1}
_STORAGE = {
    'F32': 'FloatStorage',
    'F64': 'DoubleStorage',
    'F16': 'HalfStorage',
    'BF16': 'BFloat16Storage',
    'I64': 'LongStorage',
    'U8': 'ByteStorage',
}


@dataclasses.dataclass
class Written:
    """A tensor to write: its storage's bytes and the window into them."""

    data: bytes
    shape: Sequence[int]
    dtype: str = 'F32'
    strides: Optional[Sequence[int]] = None
    offset: int = 0
    # Lies, for tests of what is refused; by default the truth.
    claimed_numel: Optional[int] = None
    key: Optional[str] = None

    @property
    def numel(self) -> int:
        if self.claimed_numel is not None:
            return self.claimed_numel
        return len(self.data) // _BYTES[self.dtype]


def floats(values: Sequence[float], shape: Sequence[int]) -> Written:
    assert len(values) == math.prod(shape)
    return Written(struct.pack(f'<{len(values)}f', *values), shape)


def text(value: str) -> bytes:
    encoded = value.encode('utf-8')
    return b'X' + struct.pack('<I', len(encoded)) + encoded


def integer(value: int) -> bytes:
    if 0 <= value < 256:
        return b'K' + bytes([value])
    if -2**31 <= value < 2**31:
        return b'J' + struct.pack('<i', value)
    size = value.bit_length() // 8 + 1
    return b'\x8a' + bytes([size]) + value.to_bytes(size, 'little', signed=True)


def name(module: str, attribute: str) -> bytes:
    return f'c{module}\n{attribute}\n'.encode()


def sequence(*items: bytes) -> bytes:
    return b'(' + b''.join(items) + b't'


def call(function: bytes, *arguments: bytes) -> bytes:
    return function + sequence(*arguments) + b'R'


def dictionary(items: Dict[str, bytes]) -> bytes:
    """As OrderedDict() and SETITEMS."""
    return name('collections', 'OrderedDict') + b')R' + _pairs(items)


def plain_dictionary(items: Dict[str, bytes]) -> bytes:
    return b'}' + _pairs(items)


def _pairs(items: Dict[str, bytes]) -> bytes:
    pairs = b''.join(text(key) + value for key, value in items.items())
    return b'(' + pairs + b'u'


def storage(key: str, tensor: Written, is_legacy: bool) -> bytes:
    parts = [
        text('storage'),
        name('torch', _STORAGE[tensor.dtype]),
        text(key),
        text('cuda:0'),
        integer(tensor.numel)
    ]
    if is_legacy:
        parts.append(b'N')
    return sequence(*parts) + b'Q'


def tensor_value(key: str, tensor: Written, is_legacy: bool) -> bytes:
    strides = tensor.strides
    if strides is None:
        strides = [
            math.prod(tensor.shape[axis + 1:])
            for axis in range(len(tensor.shape))
        ]
    return call(name('torch._utils', '_rebuild_tensor_v2'),
                storage(key, tensor, is_legacy), integer(tensor.offset),
                sequence(*(integer(count) for count in tensor.shape)),
                sequence(*(integer(step) for step in strides)), b'\x89',
                name('collections', 'OrderedDict') + b')R')


def state_pickle(tensors: Dict[str, Written], is_legacy: bool,
                 entry: str = '', beside: Optional[Dict[str, bytes]] = None
                 ) -> bytes:
    """The state_dict, in the entry of that name with others beside it."""
    state = dictionary({
        key: tensor_value(_key(index, tensor), tensor, is_legacy)
        for index, (key, tensor) in enumerate(tensors.items())
    })
    if entry:
        state = plain_dictionary({**(beside or {}), entry: state})
    return b'\x80\x02' + state + b'.'


def zip_file(tensors: Dict[str, Written], entry: str = '',
             beside: Optional[Dict[str, bytes]] = None) -> bytes:
    entries = {
        'archive/data.pkl': state_pickle(tensors, False, entry, beside),
        'archive/version': b'3\n'
    }
    for index, tensor in enumerate(tensors.values()):
        entries[f'archive/data/{_key(index, tensor)}'] = tensor.data
    return archive(list(entries.items()))


def archive(entries: Sequence[Tuple[str, bytes]],
            compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w', compression) as written:
        for path, content in entries:
            written.writestr(zipfile.ZipInfo(path), content, compression)
    return stream.getvalue()


def legacy_file(tensors: Dict[str, Written], entry: str = '',
                beside: Optional[Dict[str, bytes]] = None) -> bytes:
    return legacy_start() + state_pickle(tensors, True, entry,
                                         beside) + legacy_end(tensors)


def legacy_start() -> bytes:
    machine = plain_dictionary({
        'protocol_version': integer(1001),
        'little_endian': b'\x88'
    })
    return LEGACY_MAGIC + LEGACY_PROTOCOL + b'\x80\x02' + machine + b'.'


def legacy_end(tensors: Dict[str, Written]) -> bytes:
    """The list of keys, and every storage once, sorted as PyTorch does."""
    stored = {
        _key(index, tensor): tensor
        for index, tensor in enumerate(tensors.values())
    }
    keys = sorted(stored)
    listed = b'\x80\x02](' + b''.join(text(key) for key in keys) + b'e.'
    return listed + b''.join(
        struct.pack('<q', stored[key].numel) + stored[key].data
        for key in keys)


def _key(index: int, tensor: Written) -> str:
    return tensor.key if tensor.key is not None else str(9400 + index)
