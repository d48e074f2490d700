"""The rows below a heading: which are data, and what merged and empty cells take from above."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from corpus.readers.formats.sheets import Sheet, column_letter
from matcher.folding import nfkc

_EXAMPLE = r"(?:(?:記入|記載|入力|作成)?(?:例|見本)|サンプル)\s*+\d*+"
_LONGEST_EXAMPLES = 12  # rows below the heading within which the form itself begins
_OPEN, _CLOSE = r"[(\[【〔<〈《「]", r"[)\]】〕>〉》」]"
_EXAMPLE_CELL = re.compile(rf"(?:(?:{_OPEN}|※)\s*+)?{_EXAMPLE}\s*+(?:{_CLOSE}|:)?")
_EXAMPLE_START = re.compile(
    rf"{_OPEN}\s*+{_EXAMPLE}\s*+{_CLOSE}|※?(?:記入|記載|入力)例(?:[:\s]|\d|$)|※?例\s*+(?:\d*+[:)\s]|(?<=\s))"
)
_EXAMPLE_ANYWHERE = re.compile(rf"(?:(?:{_OPEN}|※)\s*+)?(?:記入|記載|入力)例\s*+(?:{_CLOSE}|:)?")
_FORM_BEGINS = re.compile(
    r"(?<!\W)\W*+(?:(?:記入|記載|入力)欄|(?:ここ|これ)から.{0,4}(?:記入|記載|入力).*+|以下に.{0,4}(?:記入|入力).*+)\W*+"
)
_HINT = re.compile(rf"\A(?:{_OPEN}[^{_CLOSE[1:-1]}]*{_CLOSE}|.*(?:ください|下さい)。?)", re.DOTALL)
_SUM = re.compile(r"(?:[合小総]\s*+)?計")
_NOTE_CELL = re.compile(r"[(\[【]?(?:※|\*|注意?|注記|備考|留意事項)\s*\d*[)\]】:.]?")
_NOTE_START = re.compile(r"[(\[【]?(?:※|\*|(?:注意?|注記|備考|留意事項)\s*\d*[)\]】:.\s])")
_LABEL_END = re.compile(r"(?<!\s)(?:\s*+[:：]\s*+|\s++(?=\S{2}))")
_SENTENCE = re.compile(r"。|ください|下さい|です|ます$|こと$|以上$|^(?:合|小|総)?計")
_DITTO = frozenset({"〃", "″", "”", "々", "同上", "同じ", '"'})


class Cell(NamedTuple):
    """``formula`` is what the cell computes (``=B2&C2``), or empty; without a stored result it is also the text."""

    text: str
    column: str  # letter
    heading: str  # as written, rows joined with a space
    formula: str = ""

    @property
    def place(self) -> str:
        """``E 課題``, as ``Problem.column`` wants it."""
        return f"{self.column} {self.heading}".strip()


class Row(NamedTuple):
    """One row of data: every mapped item is in ``cells``, empty or not. ``number`` as the spreadsheet shows it."""

    number: int
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A mapped column. ``content``: its text alone makes a row of data (not so №, 部署, 年度)."""

    item: str
    index: int
    letter: str
    heading: str
    content: bool
    carried: bool  # an empty cell takes the value above
    name: bool  # names the row


def data_rows(sheet: Sheet, first: int, columns: Sequence[Column], labels: Mapping[str, str]) -> Iterator[Row]:
    """The rows of data from row index ``first`` on, without blank rows, 記入例, notes and repeated headings.

    ``labels`` are those above the heading, with their items: 部署名 | 環境課 further down begins a block of 環境課,
    whose rows get a cell for it.
    """
    filled_down = _FilledDown(sheet, first, {column.index for column in columns})
    judge = _Judge(sheet, first, columns)
    carried: dict[str, str] = {}
    block: dict[str, Cell] = {}
    for index in range(first, len(sheet.rows)):
        own, below = sheet.rows[index], filled_down.at(index)
        if again := _labelled(own, labels):
            block |= again
            continue
        verdict = judge.verdict(index, below)
        if verdict == _OTHER:
            continue
        cells = {column.item: _cell(sheet, index, own, below, column, carried) for column in columns}
        if verdict == _DATA:
            yield Row(index + 1, block | cells if block else cells)


def split_label(text: str) -> tuple[str, str]:
    """部署名：環境課 as label and value; ("部署名", "") for a label alone."""
    label, _, value = _LABEL_END.sub("\n", text.strip(), count=1).partition("\n")
    return label, value.strip()


def _labelled(row: list[str], labels: Mapping[str, str]) -> dict[str, Cell]:
    """What a row that begins with one of the labels says; its value stands in the same cell or in the next filled."""
    filled = _filled(row) if labels else []
    label, value = split_label(row[filled[0]]) if filled else ("", "")
    if label not in labels or not (value or len(filled) > 1):
        return {}
    column = filled[0] if value else filled[1]
    return {labels[label]: Cell(value or row[column].strip(), column_letter(column), label)}


def _cell(
    sheet: Sheet, index: int, own: list[str], below: Mapping[int, str], column: Column, carried: dict[str, str]
) -> Cell:
    text = own[column.index] if column.index < len(own) else ""
    if not text:
        text = below.get(column.index, "")
    if column.carried:
        if not text.strip() or text.strip() in _DITTO:
            text = carried.get(column.item, text)
        carried[column.item] = text
    formula = sheet.formulas.get((index, column.index), "") if sheet.formulas else ""
    return Cell(text, column.letter, column.heading, formula)


class _FilledDown:
    """The cells merged downwards, column by column; where they overlap, which no program writes, the lowest counts."""

    def __init__(self, sheet: Sheet, first: int, columns: set[int]) -> None:
        self._tops: dict[int, list[int]] = {}
        self._cells: dict[int, list[tuple[int, str]]] = {}  # last row and text, beside their tops
        for top, left, bottom, _ in sheet.merged:  # sorted by their tops
            if left in columns and top < bottom >= first and top < len(sheet.rows):
                text = sheet.rows[top][left] if left < len(sheet.rows[top]) else ""
                self._tops.setdefault(left, []).append(top)
                self._cells.setdefault(left, []).append((bottom, text))

    def at(self, row: int) -> dict[int, str]:
        """Column index -> text of the cell merged over it from above."""
        found = {}
        for column, tops in self._tops.items():
            nearest = bisect_left(tops, row) - 1
            if nearest >= 0 and self._cells[column][nearest][0] >= row:
                found[column] = self._cells[column][nearest][1]
        return found


_DATA, _CONTEXT, _OTHER = "data", "context", "other"


class _Judge:
    """Says what a row is: data, a row that only sets the block's 部署 or 年度, or something else."""

    def __init__(self, sheet: Sheet, first: int, columns: Sequence[Column]) -> None:
        self._rows = sheet.rows
        self._first = first
        self._form_begins = self._start_of_form(first)
        self._content = frozenset(column.index for column in columns if column.content)
        self._name = min((column.index for column in columns if column.name), default=-1)
        self._above = {_contents(row) for row in sheet.rows[:first]} - {()}
        self._notes_from = self._start_of_notes(first)

    def verdict(self, index: int, below: Mapping[int, str]) -> str:
        row = self._rows[index]
        filled = _filled(row)
        if index < self._form_begins or self._is_example(row, filled, below):
            return _OTHER
        if self._content.isdisjoint(filled):
            return _CONTEXT
        if index >= self._notes_from or _is_note(row, filled) or _contents(row) in self._above:
            return _OTHER
        if _SUM.fullmatch(_plain(row[filled[0]])) or (index == self._first and _is_hint(row, filled)):
            return _OTHER
        return _DATA

    def _is_example(self, row: list[str], filled: list[int], below: Mapping[int, str]) -> bool:
        """例 alone in one of the cells that lead the row, 【記入例】… in the cell that names it, or 記入例 anywhere."""
        if any(_EXAMPLE_CELL.fullmatch(_plain(text)) for column, text in below.items() if column < self._name):
            return True
        for column in [column for column in filled if column <= self._name] or filled[:2]:
            text = row[column]
            if "例" in text or "見本" in text or "サンプル" in text:
                text = _plain(text)
                if _EXAMPLE_CELL.fullmatch(text) or _EXAMPLE_START.match(text):
                    return True
        short = (row[column] for column in filled if len(row[column]) < 10)
        return any("例" in text and _EXAMPLE_ANYWHERE.fullmatch(_plain(text)) for text in short)

    def _start_of_form(self, first: int) -> int:
        """The row index below a lone 【記入欄】 or ここから記入; above it, up to the heading, stand examples."""
        for index in range(first, min(first + _LONGEST_EXAMPLES, len(self._rows))):
            filled = _filled(self._rows[index])
            if len(filled) == 1 and _FORM_BEGINS.fullmatch(_plain(self._rows[index][filled[0]])):
                return index + 1
        return first

    def _start_of_notes(self, first: int) -> int:
        """The row index from which, below a blank row, only lone texts follow, the first a sentence or a sum."""
        end = len(self._rows)
        start = end
        for index in range(end - 1, first - 1, -1):
            filled = _filled(self._rows[index])
            if len(filled) > 1 or (filled and filled[0] > max(self._name, 0)):
                break
            if not filled:
                start = index
        following = (
            self._rows[index][filled[0]] for index in range(start, end) if (filled := _filled(self._rows[index]))
        )
        text = next(following, "")
        return start if len(text) > 40 or _SENTENCE.search(text.strip()) or _NOTE_START.match(_plain(text)) else end


def _is_note(row: list[str], filled: list[int]) -> bool:
    """A row of one text that starts with ※ or 注, or of such a mark and one text."""
    if len(filled) > 2:
        return False
    text = _plain(row[filled[0]])
    return bool(_NOTE_CELL.fullmatch(text)) if len(filled) == 2 else bool(_NOTE_START.match(text + " "))


def _is_hint(row: list[str], filled: list[int]) -> bool:
    """A row right below the heading that says how to fill each column in: （業務の名称を書いてください。）."""
    return len(filled) > 1 and all(_HINT.fullmatch(_plain(row[column])) for column in filled)


def _plain(text: str) -> str:
    return nfkc(text).strip()


def _filled(row: list[str]) -> list[int]:
    return [column for column, text in enumerate(row) if text and not text.isspace()]


def _contents(row: list[str]) -> tuple[tuple[int, str], ...]:
    return tuple((column, row[column].strip()) for column in _filled(row))
