"""What a file of any format becomes first: sheets of text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# What no keyboard types: controls (tab and line breaks apart), user-defined characters (外字), the replacement mark.
STRANGE_CHARACTER = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet as text: ``rows[0]`` is row 1, rows may differ in length, "" is an empty cell.

    Numbers are written without ".0", dates as 2024-05-27, error cells as "#REF!"; a formula without a stored result is
    its own text ("=B2&C2"). A merged cell has its value at the top left only.
    """

    name: str  # "" for CSV
    rows: list[list[str]]
    merged: tuple[
        tuple[int, int, int, int], ...
    ] = ()  # first row, first column, last row, last column; from 0, inclusive, sorted
    hidden: bool = False
    formulas: Mapping[tuple[int, int], str] = field(default_factory=dict)  # (row, column) from 0 -> "=B2&C2"


@dataclass(slots=True, kw_only=True)
class CellFacts:
    """What the library that reads values leaves out, gathered by an own pass over a sheet before it is opened.

    ``rows`` counts the rows with a value; ``height`` and ``width`` reach to the last value; positions count from 0.
    """

    rows: int = 0
    height: int = 0
    width: int = 0
    texts: dict[tuple[int, int], str] = field(default_factory=dict)  # error cells and formulas without a stored result
    formulas: dict[tuple[int, int], str] = field(default_factory=dict)


def column_letter(index: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA."""
    letters = ""
    while index >= 0:
        index, rest = divmod(index, 26)
        letters = chr(65 + rest) + letters
        index -= 1
    return letters


def column_index(letters: str) -> int:
    """The reverse of ``column_letter``; small letters will do."""
    index = 0
    for letter in letters.upper():
        index = index * 26 + ord(letter) - 64
    return index - 1
