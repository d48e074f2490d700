"""What a file of any format becomes first: sheets of text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# What no keyboard types: controls (tab and line breaks apart), user-defined characters (外字), the replacement mark.
STRANGE_CHARACTER = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd]")

MOST_LINES = 1_048_576  # of a file of text, blank ones too
TOO_MANY_LINES = (
    "「{name}」は、空の行も数えると{limit:,}行を超えています。"
    "空の行を除くか、いくつかのファイルに分けて保存し直してください。"
)
MOST_CELLS = 12_000_000  # 200,000 rows of 60 columns; laid out at 40 bytes each
MOST_SHEETS = 1_000
LAST_ROW, LAST_COLUMN = 1_048_575, 16_383  # from 0; no spreadsheet program goes further


class TooManyError(Exception):
    """A workbook has more of something than can be read; the text says of what, to go before あり."""


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
    ``size`` is what the sheet takes when unpacked, ``referenced`` what its cells take from texts beside it, in bytes.
    """

    size: int = 0
    referenced: int = 0
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


def shortened(text: str, length: int = 40) -> str:
    """``text`` on one line, its end replaced by … beyond ``length`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[:length] + "…"
