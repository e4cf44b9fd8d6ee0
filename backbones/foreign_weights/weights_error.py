"""What is wrong with a weights file, and how what it holds is shown."""

from __future__ import annotations

from typing import Sequence


class WeightsError(Exception):
    """What is wrong with a file, for the user to read."""


def printable(text: str, limit: int = 80) -> str:
    """Text of a file, in ASCII and short whatever the file holds."""
    short = text if len(text) <= limit else text[:limit] + '...'
    # backslashreplace leaves control characters, which could move the cursor.
    ascii_text = short.encode('ascii', 'backslashreplace').decode()
    return ''.join(
        character if character.isprintable() else f'\\x{ord(character):02x}'
        for character in ascii_text)


def shape_text(shape: Sequence[object]) -> str:
    return '[' + ', '.join(number_text(count) for count in shape) + ']'


def number_text(number: object) -> str:
    """A number of a file, short whatever the file holds."""
    if type(number) is int and number.bit_length() > 64:
        return f'(a number of {number.bit_length()} bits)'
    return str(number) if type(number) in (int, float, bool) else '?'
