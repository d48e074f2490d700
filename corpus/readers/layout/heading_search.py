"""Which rows of a sheet are the heading of its table, by what their texts mean."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from corpus.readers.formats.sheets import Sheet
from corpus.readers.layout.meanings import Meanings

_SEARCHED = 40  # rows from the top in which a heading may begin
_WIDEST = 400  # columns of a table; what stands further to the right is no heading
_TALLEST = 3  # rows of a heading, unless merged cells say more
_PRICE_OF_ROW = 0.7  # what a further heading row must bring in recognised items


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """Rows ``top`` to ``bottom`` (exclusive) read as a heading: the texts of each column and the items found.

    ``score`` sums the likeness of the items; those that belong to a block or number the rows count half.
    """

    top: int = 0
    bottom: int = 0
    pieces: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    items: Mapping[str, int] = field(default_factory=dict)  # item -> column
    score: float = 0.0

    def text(self, column: int) -> str:
        """The heading of a column as written, its rows joined with a space."""
        return " ".join(self.pieces.get(column, ()))


def best_heading(sheet: Sheet, meanings: Meanings, least: int = 2) -> Heading | None:
    """The rows in which most items are recognised, at least ``least``; ties go to fewer rows, then to the topmost."""
    best, best_value = None, 0.0
    for top in range(min(_SEARCHED, len(sheet.rows))):
        if len(set(filter(str.strip, sheet.rows[top][:_WIDEST]))) < 2:
            continue
        needed = _rows_needed(sheet, top)
        for height in range(needed, max(needed, _TALLEST) + 1):
            heading = _read_heading(sheet, top, top + height, meanings)
            value = heading.score - _PRICE_OF_ROW * (height - needed)
            if len(heading.items) >= least and value > best_value and not meanings.content.isdisjoint(heading.items):
                best, best_value = heading, value
    return best


def _rows_needed(sheet: Sheet, top: int) -> int:
    """A heading cell merged over several rows makes the heading as tall; more than five rows are no heading."""
    merged = _merged_from(sheet, top)
    bottoms = [bottom for _, left, bottom, _ in merged if bottom - top < 5 and text_at(sheet, top, left)]
    return max(bottoms, default=top) - top + 1


def _read_heading(sheet: Sheet, top: int, bottom: int, meanings: Meanings) -> Heading:
    pieces = _pieces(sheet, top, bottom)
    found = sorted(
        (-value, column, name) for column, texts in pieces.items() for name, value in meanings.best(texts).items()
    )
    items: dict[str, int] = {}
    score = 0.0
    for value, column, name in found:
        if name not in items and column not in items.values():
            items[name] = column
            score -= value if name in meanings.content else value / 2
    return Heading(top=top, bottom=bottom, pieces=pieces, items=items, score=score)


def _pieces(sheet: Sheet, top: int, bottom: int) -> dict[int, tuple[str, ...]]:
    """The texts above each column, from the top down; a cell merged over several columns stands above each of them."""
    lines = [_spread(sheet, row) for row in range(top, min(bottom, len(sheet.rows)))]
    for upper, lower in pairwise(lines):
        _spread_groups(upper, lower)
    columns = sorted({column for line in lines for column in line})
    return {column: tuple(dict.fromkeys(line[column] for line in lines if column in line)) for column in columns}


def _spread(sheet: Sheet, row: int) -> dict[int, str]:
    line = {column: text.strip() for column, text in enumerate(sheet.rows[row][:_WIDEST]) if text.strip()}
    for _, left, _, right in _merged_from(sheet, row):
        if left in line:
            line.update(dict.fromkeys(range(left + 1, min(right, left + 50) + 1), line[left]))
    return line


def _merged_from(sheet: Sheet, row: int) -> Sequence[tuple[int, int, int, int]]:
    """The merged cells whose first row this is, at most as many as there can be in a table."""
    first = bisect_left(sheet.merged, (row,))
    return sheet.merged[first : min(bisect_left(sheet.merged, (row + 1,)), first + _WIDEST)]


def _spread_groups(upper: dict[int, str], lower: dict[int, str]) -> None:
    """In a file without merged cells (CSV) a group stands above its first column only: 現在の状況 | (empty)."""
    for column in sorted(lower):
        if column not in upper and column - 1 in upper and column - 1 in lower:
            upper[column] = upper[column - 1]


def first_full_row(sheet: Sheet, meanings: Meanings) -> Heading | None:
    """For a table whose headings mean nothing to us, when the user has said which column is which."""
    if heading := best_heading(sheet, meanings, least=1):
        return heading
    top = next((index for index, row in enumerate(sheet.rows) if len(list(filter(str.strip, row))) > 1), None)
    if top is None:
        return None
    return _read_heading(sheet, top, top + _rows_needed(sheet, top), meanings)


def text_at(sheet: Sheet, row: int, column: int) -> str:
    """The text of a cell, empty where the row is shorter."""
    if row >= len(sheet.rows) or column >= len(sheet.rows[row]):
        return ""
    return sheet.rows[row][column].strip()
