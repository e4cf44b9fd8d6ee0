"""Reads what torch.save() writes, without PyTorch.

Two formats. Since PyTorch 1.6 a ZIP archive of stored (never compressed)
entries: NAME/data.pkl, and NAME/data/KEY with the raw bytes of each storage.
Before that, one stream: three small pickles (a magic number, the protocol
1001, facts about the machine), the pickle of the object, the pickle of a list
of storage keys, and for each key an int64 count and the raw bytes.
"""

from __future__ import annotations

import io
import struct
import zipfile
from typing import Any, Dict, List, Tuple

from backbones.foreign_weights.pickle_machine import run_pickle
from backbones.foreign_weights.strided_tensor import ELEMENT_BYTES, Storage
from backbones.foreign_weights.torch_names import TORCH_NAMES, storage_claim
from backbones.foreign_weights.weights_error import WeightsError, printable

_LEGACY_MAGIC = 0x1950a86a20f9469cfc6c
_LEGACY_PROTOCOL = 1001
_MAX_ENTRIES = 100_000

ZIP_START = b'PK\x03\x04'
PICKLE_START = b'\x80'


def read_torch_file(data: bytes) -> Tuple[Any, str]:
    """The object in a file's bytes, and which format it was.

    Tensors come as StridedTensor, storages keep windows into `data` or copies
    no larger. WeightsError for anything that is not exactly such a file.
    """
    if data.startswith(ZIP_START):
        return _read_zip(data), 'PyTorch, ZIP archive'
    if data.startswith(PICKLE_START):
        return _read_legacy(data), 'PyTorch, legacy stream'
    raise WeightsError('expected a file of torch.save()')


def _read_zip(data: bytes) -> Any:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read_archive(archive, len(data))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError,
            RuntimeError, struct.error, EOFError, OSError, ValueError,
            OverflowError, KeyError, IndexError) as error:
        text = printable(str(error) or type(error).__name__, 120)
        raise WeightsError(f'the ZIP archive is damaged: {text}') from error


def _read_archive(archive: zipfile.ZipFile, file_bytes: int) -> Any:
    entries = _checked_entries(archive, file_bytes)
    pickles = [name for name in entries if name.endswith('/data.pkl')]
    if len(pickles) != 1 or pickles[0].count('/') != 1:
        raise WeightsError(f'expected one entry NAME/data.pkl in the archive, '
                           f'found {len(pickles)}')
    folder = pickles[0][:-len('data.pkl')]
    if folder + 'constants.pkl' in entries:
        raise WeightsError(
            'the archive is a TorchScript program, not a weights file. Load '
            'it with torch.jit.load() and save its state_dict()')
    if folder + 'byteorder' in entries:
        order = archive.read(entries[folder + 'byteorder'])
        if order != b'little':
            raise WeightsError('expected little-endian numbers; the archive '
                               'says that its are not')
    storages: Dict[str, Storage] = {}

    def storage_of(persistent_id: Any) -> Storage:
        key, dtype, numel = storage_claim(persistent_id)
        if key not in storages:
            storages[key] = _storage(archive, entries,
                                     f'{folder}data/{key}', dtype, numel)
        return _same_claim(storages[key], key, dtype, numel)

    pickle_bytes = archive.read(entries[pickles[0]])
    stream = io.BytesIO(pickle_bytes)
    value = run_pickle(stream, TORCH_NAMES, storage_of)
    if stream.tell() != len(pickle_bytes):
        raise WeightsError('data.pkl goes on behind its end')
    return value


def _checked_entries(archive: zipfile.ZipFile,
                     file_bytes: int) -> Dict[str, zipfile.ZipInfo]:
    """The entries by name, none of which can be larger than the file is."""
    infos = archive.infolist()
    if len(infos) > _MAX_ENTRIES:
        raise WeightsError(f'expected at most {_MAX_ENTRIES} entries in the '
                           f'archive, found {len(infos)}')
    entries: Dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        shown = printable(info.filename)
        parts = info.filename.split('/')
        if '..' in parts or '' in parts[:-1] or '\\' in info.filename:
            raise WeightsError(f"the archive has an entry '{shown}', which "
                               'leads out of it')
        if info.filename in entries:
            raise WeightsError(f"the archive has the entry '{shown}' twice")
        if info.compress_type != zipfile.ZIP_STORED or (
                info.compress_size != info.file_size):
            raise WeightsError(
                f"the entry '{shown}' is compressed; PyTorch stores entries as "
                'they are. It was packed by something else: unpack it first if '
                'the weights file lies within')
        entries[info.filename] = info
    claimed = sum(info.file_size for info in infos)
    if claimed > file_bytes:
        raise WeightsError(f'the entries of the archive claim {claimed} bytes '
                           f'in a file of {file_bytes}')
    return entries


def _storage(archive: zipfile.ZipFile, entries: Dict[str, zipfile.ZipInfo],
             entry: str, dtype: str, numel: int) -> Storage:
    if entry not in entries:
        raise WeightsError(f"the archive has no entry '{entry}', to which its "
                           'pickle refers')
    expected = numel * ELEMENT_BYTES[dtype]
    found = entries[entry].file_size
    if found != expected:
        raise WeightsError(f"expected {expected} bytes for {numel} elements of "
                           f"{dtype} in '{entry}', found {found}")
    return Storage(dtype, numel, memoryview(archive.read(entries[entry])))


def _same_claim(storage: Storage, key: str, dtype: str,
                numel: int) -> Storage:
    if storage.dtype != dtype or storage.numel != numel:
        raise WeightsError(
            f"the pickle refers to the storage '{key}' as {numel} elements of "
            f'{dtype} and as {storage.numel} of {storage.dtype}')
    return storage


def _read_legacy(data: bytes) -> Any:
    stream = io.BytesIO(data)
    _check_legacy_start(stream)
    storages: Dict[str, Storage] = {}

    def storage_of(persistent_id: Any) -> Storage:
        key, dtype, numel = storage_claim(persistent_id)
        claimed = numel * ELEMENT_BYTES[dtype]
        if claimed > len(data):
            raise WeightsError(f"the storage '{key}' claims {claimed} bytes in "
                               f'a file of {len(data)}')
        storages.setdefault(key, Storage(dtype, numel))
        return _same_claim(storages[key], key, dtype, numel)

    value = run_pickle(stream, TORCH_NAMES, storage_of)
    keys = run_pickle(stream, {}, _no_storage)
    _fill_legacy_storages(memoryview(data), stream.tell(), keys, storages)
    return value


def _check_legacy_start(stream: io.BytesIO) -> None:
    if run_pickle(stream, {}, _no_storage) != _LEGACY_MAGIC:
        raise WeightsError(
            'expected a file of torch.save(): the pickle does not begin with '
            "PyTorch's magic number. Other pickles are not read")
    if run_pickle(stream, {}, _no_storage) != _LEGACY_PROTOCOL:
        raise WeightsError(f'expected the protocol {_LEGACY_PROTOCOL} of '
                           'torch.save()')
    machine = run_pickle(stream, {}, _no_storage)
    if type(machine) is not dict or machine.get('little_endian') is not True:
        raise WeightsError('expected little-endian numbers; the file does not '
                           'say that its are')


def _no_storage(persistent_id: Any) -> Storage:
    raise WeightsError('the pickle refers to a storage where there is none')


def _fill_legacy_storages(data: memoryview, position: int, keys: Any,
                          storages: Dict[str, Storage]) -> None:
    if type(keys) is not list or any(type(key) is not str for key in keys) or (
            len(set(keys)) != len(keys)):
        raise WeightsError('expected a list of different storage keys')
    unknown: List[str] = [key for key in keys if key not in storages]
    missing = [key for key in storages if key not in keys]
    if unknown or missing:
        raise WeightsError(
            f'the file holds {len(unknown)} storages to which no tensor refers '
            f'and lacks {len(missing)} to which one does')
    for key in keys:
        storage = storages[key]
        if len(data) - position < 8:
            raise WeightsError(f"the file is cut short before the storage "
                               f"'{key}'")
        count, = struct.unpack_from('<q', data, position)
        position += 8
        if count != storage.numel:
            raise WeightsError(f"the storage '{key}' holds {count} elements; "
                               f'the pickle says {storage.numel}')
        size = count * ELEMENT_BYTES[storage.dtype]
        if len(data) - position < size:
            raise WeightsError(
                f"the file is cut short: the storage '{key}' claims {size} "
                f'bytes, {len(data) - position} are left')
        storage.data = data[position:position + size]
        position += size
    if position != len(data):
        raise WeightsError(f'the file goes on for {len(data) - position} bytes '
                           'behind its last storage')
