"""What a pickle of PyTorch may mention, and what each name stands for here.

The names are those that torch.save() writes for tensors, parameters, plain
containers, and the NumPy numbers that training scripts log beside them. None of
them is PyTorch's own function.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Tuple

from backbones.foreign_weights.pickle_machine import Inert, Name, set_pairs
from backbones.foreign_weights.strided_tensor import (Storage, StridedTensor,
                                                      checked_tensor)
from backbones.foreign_weights.weights_error import WeightsError

_STORAGES = {
    'BoolStorage': 'BOOL',
    'ByteStorage': 'U8',
    'CharStorage': 'I8',
    'ShortStorage': 'I16',
    'IntStorage': 'I32',
    'LongStorage': 'I64',
    'HalfStorage': 'F16',
    'BFloat16Storage': 'BF16',
    'FloatStorage': 'F32',
    'DoubleStorage': 'F64',
}

# Values of a training log, never needed: NumPy's scalars and their parts.
_INERT = ('numpy.core.multiarray.scalar', 'numpy._core.multiarray.scalar',
          'numpy.dtype', '_codecs.encode')


def _expect_arguments(name: str, arguments: tuple, least: int,
                      most: int) -> None:
    if not least <= len(arguments) <= most:
        raise WeightsError(f'the pickle calls {name} with {len(arguments)} '
                           f'arguments; expected {least} to {most}')


def _ordered_dict(arguments: tuple) -> Dict[Any, Any]:
    """OrderedDict(), or as Python 2 writes it OrderedDict([[key, value]])."""
    _expect_arguments('collections.OrderedDict', arguments, 0, 1)
    result: Dict[Any, Any] = {}
    for pairs in arguments:
        if type(pairs) is not list or any(
                type(pair) not in (list, tuple) or len(pair) != 2
                for pair in pairs):
            raise WeightsError('the pickle makes a dictionary from something '
                               'that is no list of pairs')
        set_pairs(result, pairs)
    return result


def _size(arguments: tuple) -> tuple:
    _expect_arguments('torch.Size', arguments, 1, 1)
    if type(arguments[0]) not in (tuple, list):
        raise WeightsError('the pickle makes a size from something that is no '
                           'tuple')
    return tuple(arguments[0])


def _tensor(arguments: tuple) -> StridedTensor:
    """(storage, offset, size, stride, requires_grad, hooks, metadata)."""
    _expect_arguments('torch._utils._rebuild_tensor_v2', arguments, 4, 7)
    storage, offset, shape, strides = arguments[:4]
    if type(storage) is not Storage:
        raise WeightsError('the pickle makes a tensor without a storage')
    if type(shape) is not tuple or type(strides) is not tuple:
        raise WeightsError('the pickle makes a tensor whose shape or strides '
                           'are no tuple')
    return checked_tensor(storage, shape, strides, offset)


def _parameter(arguments: tuple) -> StridedTensor:
    """(tensor, requires_grad, hooks)."""
    _expect_arguments('torch._utils._rebuild_parameter', arguments, 1, 3)
    if type(arguments[0]) is not StridedTensor:
        raise WeightsError('the pickle makes a parameter without a tensor')
    return arguments[0]


def _inert(name: str) -> Callable[[tuple], Inert]:
    return lambda arguments: Inert(name)


def _all_names() -> Dict[str, Name]:
    names = [
        Name('collections.OrderedDict', _ordered_dict),
        Name('torch.Size', _size),
        Name('torch._utils._rebuild_tensor', _tensor),
        Name('torch._utils._rebuild_tensor_v2', _tensor),
        Name('torch._utils._rebuild_parameter', _parameter),
    ]
    names += [Name(name, _inert(name)) for name in _INERT]
    names += [
        Name(f'torch.{storage}', value=dtype)
        for storage, dtype in _STORAGES.items()
    ]
    return {name.name: name for name in names}


TORCH_NAMES = _all_names()


def storage_claim(persistent_id: Any) -> Tuple[str, str, int]:
    """Key, dtype and number of elements of a storage that a pickle refers to.

    The persistent id is ('storage', torch.FloatStorage, key, location, numel),
    in the legacy format with a sixth part, which is None but for storages that
    are views of others.
    """
    if type(persistent_id) is not tuple or len(persistent_id) not in (5, 6):
        raise WeightsError('the pickle refers to something that is no storage')
    kind, storage_type, key, location, numel = persistent_id[:5]
    view: Optional[Any] = persistent_id[5] if len(persistent_id) == 6 else None
    if kind != 'storage' or type(storage_type) is not Name or (
            storage_type.value is None):
        raise WeightsError('the pickle refers to something that is no storage '
                           'of a known type')
    if type(key) is not str or not key.isascii() or not key.isalnum() or (
            len(key) > 64):
        raise WeightsError('the key of a storage must be ASCII letters and '
                           'digits, as PyTorch writes it')
    if type(location) is not str:
        raise WeightsError('the location of a storage must be text')
    if type(numel) is not int or not 0 <= numel < 2**63:
        raise WeightsError('the size of a storage must be a whole number from '
                           '0 to 2^63 - 1')
    if view is not None:
        raise WeightsError('a storage that is a view of another is not read; '
                           'save the state_dict() again with a PyTorch of at '
                           'least 1.6')
    return key, storage_type.value, numel
