"""Writes files whole or not at all."""

from __future__ import annotations

import errno
import os
from typing import List, Sequence, Tuple

from backbones.foreign_weights.weights_error import WeightsError


def write_files(files: Sequence[Tuple[str, bytes]], overwrite: bool) -> None:
    """Writes all files, each under its name only when it lies on the disk.

    They take their names in the order given. Without `overwrite` an existing
    file is WeightsError and none of the new ones stays.
    """
    temporary: List[str] = []
    placed: List[str] = []
    try:
        for path, content in files:
            temporary.append(_write_temporary(path, content))
        for (path, _), source in zip(files, temporary):
            if overwrite:
                os.replace(source, path)
            else:
                _place_new(source, path)
                placed.append(path)
        for folder in {os.path.dirname(path) or '.' for path, _ in files}:
            _sync_folder(folder)
        placed = []
    except OSError as error:
        raise WeightsError(f"'{error.filename}' cannot be written: "
                           f'{error.strerror}') from error
    finally:
        for path in temporary + placed:
            if os.path.lexists(path):
                os.unlink(path)


def refuse_existing(paths: Sequence[str]) -> None:
    """Before the work: WeightsError where a file is already there."""
    existing = [path for path in paths if os.path.lexists(path)]
    if existing:
        names = ', '.join(f"'{path}'" for path in existing)
        raise WeightsError(f'{names}: already there. --overwrite replaces '
                           'files.')


def _write_temporary(path: str, content: bytes) -> str:
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f'.{name}.{os.getpid()}.partial')
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL,
                             0o666)
        try:
            with os.fdopen(descriptor, 'wb') as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    return temporary


def _place_new(source: str, path: str) -> None:
    """Gives the file its name unless another took it in the meantime."""
    try:
        os.link(source, path)
    except FileExistsError:
        refuse_existing([path])
        raise
    except OSError as error:
        # A file system without hard links.
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK):
            raise
        refuse_existing([path])
        os.rename(source, path)


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
