"""A restricted unpickler: interprets a pickle as data and never runs it.

Python's own unpickler imports and calls whatever a file names. This one knows
a short list of opcodes, the caller's short list of names, and builds nothing
but numbers, text, tuples, lists, dictionaries and what the caller's own
functions return. It walks over the whole pickle before it interprets any of
it. Nothing is imported, no attribute is read or set, no method of an object
from the file is called.

Opcodes: https://docs.python.org/3.11/library/pickletools.html
"""

from __future__ import annotations

import dataclasses
import io
import pickletools
import struct
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple

from backbones.foreign_weights.weights_error import WeightsError, printable

_ALLOWED_OPCODES = frozenset({
    'PROTO', 'FRAME', 'STOP', 'MARK', 'NONE', 'NEWTRUE', 'NEWFALSE', 'BININT',
    'BININT1', 'BININT2', 'LONG1', 'BINFLOAT', 'BINUNICODE', 'SHORT_BINUNICODE',
    'BINSTRING', 'SHORT_BINSTRING', 'EMPTY_TUPLE', 'TUPLE', 'TUPLE1', 'TUPLE2',
    'TUPLE3', 'EMPTY_LIST', 'APPEND', 'APPENDS', 'EMPTY_DICT', 'SETITEM',
    'SETITEMS', 'BINPUT', 'LONG_BINPUT', 'BINGET', 'LONG_BINGET', 'MEMOIZE',
    'GLOBAL', 'STACK_GLOBAL', 'REDUCE', 'BUILD', 'BINPERSID'
})

# A checkpoint that logs a loss per step has some hundred thousand.
_MAX_OPCODES = 5_000_000
_MAX_INTEGER_BITS = 128
_MAX_PROBLEMS = 10


@dataclasses.dataclass(frozen=True)
class Name:
    """A name that a pickle may mention: "torch.FloatStorage".

    `make` turns the tuple of a call's arguments into a value; None: it may not
    be called. `value` is for the caller.
    """

    name: str
    make: Optional[Callable[[tuple], Any]] = None
    value: Any = None


@dataclasses.dataclass(frozen=True)
class Inert:
    """Stands for a value that is not needed and was not made."""

    what: str


def run_pickle(stream: io.BytesIO, names: Mapping[str, Name],
               storage_of: Callable[[Any], Any]) -> Any:
    """Interprets the pickle that begins at the stream's position.

    The stream then stands behind it. `names` are the only names that the pickle
    may mention, `storage_of` makes the value of a persistent id. WeightsError
    for anything else, and for a damaged pickle.
    """
    start = stream.tell()
    _check_opcodes(stream, names)
    stream.seek(start)
    try:
        return _Machine(names, storage_of).run(_opcodes(stream))
    except (IndexError, KeyError) as error:
        raise WeightsError('the pickle is damaged: it takes values that it '
                           'did not put down') from error


def _opcodes(stream: io.BytesIO) -> Iterator[Tuple[str, Any]]:
    """Name and argument of every opcode; WeightsError where there is none."""
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            yield opcode.name, argument
    except (ValueError, OverflowError, struct.error) as error:
        # The text may quote the file, or numbers of any length.
        raise WeightsError(
            f'the pickle is damaged: {printable(str(error), 120)}') from error


def _check_opcodes(stream: io.BytesIO, names: Mapping[str, Name]) -> None:
    """Walks over the pickle; WeightsError lists what may not be in it."""
    problems: Dict[str, None] = {}
    for count, (opcode, argument) in enumerate(_opcodes(stream)):
        if count >= _MAX_OPCODES:
            raise WeightsError(
                f'expected at most {_MAX_OPCODES} opcodes in the pickle')
        if len(problems) > 1000:
            break
        if opcode not in _ALLOWED_OPCODES:
            problems[f'opcode {opcode}'] = None
        elif opcode == 'GLOBAL' and _dotted(argument) not in names:
            problems[f'name {_shown(_dotted(argument))}'] = None
        elif opcode == 'LONG1' and argument.bit_length() > _MAX_INTEGER_BITS:
            problems[f'an integer of {argument.bit_length()} bits'] = None
    if problems:
        raise _refused(list(problems))


def _refused(problems: List[str]) -> WeightsError:
    lines = [f'  {problem}' for problem in problems[:_MAX_PROBLEMS]]
    if len(problems) > _MAX_PROBLEMS:
        lines.append(f'  and {len(problems) - _MAX_PROBLEMS} more')
    return WeightsError(
        'a weights file needs tensors, text, numbers, tuples, lists and '
        'dictionaries; this pickle also asks for\n' + '\n'.join(lines) +
        '\nA pickle can run any program with these, so it is refused and '
        'nothing of it was run. If you trust the file, load it with PyTorch '
        'where its classes are at hand and save the state_dict() alone.')


def _dotted(argument: str) -> str:
    """pickletools gives "module name"."""
    return argument.replace(' ', '.', 1)


def _shown(text: str) -> str:
    return f"'{printable(text)}'"


class _Machine:
    """The stack and the memo of one pickle."""

    def __init__(self, names: Mapping[str, Name],
                 storage_of: Callable[[Any], Any]) -> None:
        self._names = names
        self._storage_of = storage_of
        self._stack: List[Any] = []
        self._marks: List[List[Any]] = []
        self._memo: Dict[int, Any] = {}

    def run(self, opcodes: Iterator[Tuple[str, Any]]) -> Any:
        for opcode, argument in opcodes:
            if opcode == 'STOP':
                if len(self._stack) != 1 or self._marks:
                    raise WeightsError('the pickle is damaged: expected one '
                                       'value at its end')
                return self._stack.pop()
            self._step(opcode, argument)
        raise WeightsError('the pickle is damaged: it does not end')

    def _step(self, opcode: str, argument: Any) -> None:
        stack = self._stack
        if opcode in ('PROTO', 'FRAME'):
            pass
        elif opcode == 'MARK':
            self._marks.append(stack)
            self._stack = []
        elif opcode == 'NONE':
            stack.append(None)
        elif opcode in ('NEWTRUE', 'NEWFALSE'):
            stack.append(opcode == 'NEWTRUE')
        elif opcode in ('BININT', 'BININT1', 'BININT2', 'LONG1', 'BINFLOAT',
                        'BINUNICODE', 'SHORT_BINUNICODE', 'BINSTRING',
                        'SHORT_BINSTRING'):
            stack.append(argument)
        elif opcode == 'EMPTY_TUPLE':
            stack.append(())
        elif opcode in ('TUPLE1', 'TUPLE2', 'TUPLE3'):
            count = int(opcode[-1])
            if len(stack) < count:
                raise IndexError
            stack[-count:] = [tuple(stack[-count:])]
        elif opcode == 'TUPLE':
            items = self._pop_to_mark()
            self._stack.append(tuple(items))
        elif opcode == 'EMPTY_LIST':
            stack.append([])
        elif opcode == 'APPEND':
            self._append([stack.pop()])
        elif opcode == 'APPENDS':
            self._append(self._pop_to_mark())
        elif opcode == 'EMPTY_DICT':
            stack.append({})
        elif opcode == 'SETITEM':
            value, key = stack.pop(), stack.pop()
            self._set_items([key, value])
        elif opcode == 'SETITEMS':
            self._set_items(self._pop_to_mark())
        elif opcode in ('BINPUT', 'LONG_BINPUT'):
            self._memo[argument] = stack[-1]
        elif opcode == 'MEMOIZE':
            self._memo[len(self._memo)] = stack[-1]
        elif opcode in ('BINGET', 'LONG_BINGET'):
            stack.append(self._memo[argument])
        elif opcode == 'GLOBAL':
            stack.append(self._names[_dotted(argument)])
        elif opcode == 'STACK_GLOBAL':
            self._stack_global()
        elif opcode == 'REDUCE':
            self._reduce()
        elif opcode == 'BUILD':
            self._build()
        elif opcode == 'BINPERSID':
            stack.append(self._storage_of(stack.pop()))
        else:
            raise WeightsError(f'opcode {opcode} is not allowed')

    def _pop_to_mark(self) -> List[Any]:
        items = self._stack
        self._stack = self._marks.pop()
        return items

    def _append(self, items: List[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not list:
            raise WeightsError('the pickle appends to something that is no '
                               'list')
        target.extend(items)

    def _set_items(self, items: List[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not dict or len(items) % 2:
            raise WeightsError('the pickle sets items of something that is no '
                               'dictionary')
        set_pairs(target, zip(items[::2], items[1::2]))

    def _stack_global(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if type(name) is not str or type(module) is not str:
            raise WeightsError('the pickle names something without text')
        dotted = f'{module}.{name}'
        if dotted not in self._names:
            raise _refused([f'name {_shown(dotted)}'])
        self._stack.append(self._names[dotted])

    def _reduce(self) -> None:
        arguments, name = self._stack.pop(), self._stack.pop()
        if type(name) is not Name or name.make is None:
            raise WeightsError('the pickle calls something that is no '
                               'function of a weights file')
        if type(arguments) is not tuple:
            raise WeightsError(f'the pickle calls {name.name} without a tuple '
                               'of arguments')
        self._stack.append(name.make(arguments))

    def _build(self) -> None:
        """State of an object: only where it can be dropped unseen."""
        self._stack.pop()
        target = self._stack[-1]
        if type(target) not in (dict, Inert):
            raise WeightsError('the pickle sets the state of something that '
                               'is neither a dictionary nor a number')


def set_pairs(target: Dict[Any, Any], pairs: Any) -> None:
    """Adds pairs to a dictionary; WeightsError for a key that comes twice."""
    for key, value in pairs:
        if type(key) not in (str, int):
            raise WeightsError('the pickle has a dictionary with keys that '
                               'are neither text nor integers')
        if key in target:
            shown = _shown(key) if type(key) is str else str(key)
            raise WeightsError(f'the pickle gives the key {shown} twice')
        target[key] = value
