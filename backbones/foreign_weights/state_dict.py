"""Finds the state_dict in what torch.save() wrote."""

from __future__ import annotations

from typing import Any, Dict, List, Set, Tuple

from backbones.foreign_weights.strided_tensor import StridedTensor
from backbones.foreign_weights.weights_error import WeightsError, printable

# Deeper than that lie optimiser states.
_DEPTH = 2

# What wrappers of a net put before every name.
_PREFIXES = ('module.', '_orig_mod.')


def find_state_dict(value: Any, entry: str) -> Tuple[Dict[str, Any], str]:
    """The dictionary of tensors and the entry in which it lies ('': the top).

    A checkpoint often wraps it: {'model': ..., 'epoch': 3}. The one entry that
    holds tensors is taken; where there are several, `entry` ('params_ema',
    'nets.generator') says which. WeightsError otherwise, with the choices.
    """
    found = _dictionaries(value, '', _DEPTH, set())
    choices = ', '.join(f"'{printable(path)}'" for path in found) or 'none'
    if entry:
        if entry not in found:
            raise WeightsError(f"there is no entry '{entry}' that holds "
                               f'tensors. Entries that do: {choices}')
        return found[entry], entry
    if '' in found:
        return found[''], ''
    if len(found) != 1:
        raise WeightsError('expected one dictionary of tensors in the file, '
                           f'found {len(found)}: {choices}. Choose with '
                           '--entry=' if found else
                           'the file holds no dictionary of tensors')
    return next((state, path) for path, state in found.items())


def _dictionaries(value: Any, path: str, depth: int,
                  seen: Set[int]) -> Dict[str, Dict[str, Any]]:
    """Every dictionary with a tensor directly in it, by dotted path.

    A pickle may put one dictionary in a million places: each is looked at once.
    """
    if type(value) is not dict or id(value) in seen:
        return {}
    seen.add(id(value))
    if any(type(key) is not str for key in value):
        return {}
    if any(type(item) is StridedTensor for item in value.values()):
        return {path: value}
    found: Dict[str, Dict[str, Any]] = {}
    if depth > 0:
        for key, item in value.items():
            found.update(
                _dictionaries(item, f'{path}.{key}' if path else key,
                              depth - 1, seen))
    return found


def strip_prefixes(names: List[str]) -> Tuple[Dict[str, str], str]:
    """New name -> old name, and the prefix that all names had in common.

    DataParallel puts "module." before every name, torch.compile() "_orig_mod.".
    A prefix that only some names have is part of their names.
    """
    prefix = ''
    while names:
        step = next((step for step in _PREFIXES if all(
            name.startswith(prefix + step) for name in names)), '')
        if not step:
            break
        prefix += step
    return {name[len(prefix):]: name for name in names}, prefix
