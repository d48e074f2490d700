"""Finding the table in a sheet: which rows are the heading, and which column holds which 項目."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from corpus.readers.base import ItemOverride, MappedColumn
from corpus.readers.formats.sheets import Sheet, column_letter, shortened
from corpus.readers.layout.heading_search import Heading, best_heading, first_full_row, text_at
from corpus.readers.layout.meanings import Item, Meanings, Role
from corpus.readers.layout.overrides import check_columns, check_names, one_line, wanted_headings, with_overrides
from corpus.readers.layout.tablerows import Cell, Column, Row, data_rows, split_label

_INSTRUCTIONS = re.compile(
    r"(?:記入|記載|入力|作成)(?:上の)?(?:例|要領|方法|見本|説明|の手引き?|マニュアル|注意)"
    r"|^\W*(?:例|説明|書き方|使い方|見本|サンプル|凡例|はじめに|マニュアル)\W*$"
)
_LONGEST_TOLD = 200  # characters of a heading, which every problem below it repeats
_OTHER_LABEL = re.compile("(?:日|者|員|名|番号|内線|電話|連絡先|[:：])$")  # 記入日, 作成者 …: not what 部署名 | says


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table found in a sheet. ``score`` grows with the number and certainty of the headings recognised."""

    sheet: Sheet
    mapping: tuple[MappedColumn, ...]  # every column with a heading, from the left
    columns: tuple[Column, ...]  # those that hold an item
    preamble: Mapping[str, Cell]  # CONTEXT items found above the table
    title: tuple[str, ...]  # all texts above the table, to look for 令和６年度
    first_row: int  # index of the first row below the heading, from 0
    score: float

    def rows(self) -> Iterator[Row]:
        """The rows of data, without blank rows, 記入例, notes and repeated headings."""
        labels = {cell.heading: item for item, cell in self.preamble.items()}
        return data_rows(self.sheet, self.first_row, self.columns, labels)

    @property
    def rows_below(self) -> int:
        """How many rows follow the heading, data or not."""
        return max(0, len(self.sheet.rows) - self.first_row)


def find_tables(sheets: Sequence[Sheet], items: Sequence[Item], overrides: Sequence[ItemOverride] = ()) -> list[Table]:
    """The table of each sheet that has one; hidden sheets, and sheets of instructions beside others, are passed over.

    An override that names an unknown 項目 or sheet, or a column that no sheet has, raises ``UnreadableFile``.
    """
    check_names(sheets, items, overrides)
    visible = [sheet for sheet in sheets if not sheet.hidden]
    headings = _headings(visible, items, overrides)
    kept = [pair for pair in headings if not _INSTRUCTIONS.search(pair[0].name)] or headings
    check_columns(kept or [(sheet, Heading()) for sheet in visible], overrides)
    return [_table(sheet, heading, items, overrides) for sheet, heading in kept]


def _headings(
    sheets: Sequence[Sheet], items: Sequence[Item], overrides: Sequence[ItemOverride]
) -> list[tuple[Sheet, Heading]]:
    """The heading of each sheet that has one. Where none has, overrides may still make one of the first full row."""
    meanings = Meanings([*items, *wanted_headings(overrides)])
    found = [(sheet, heading) for sheet in sheets if (heading := best_heading(sheet, meanings))]
    if found or not any(override.column for override in overrides):
        return found
    return [(sheet, heading) for sheet in sheets if (heading := first_full_row(sheet, meanings))]


def _table(sheet: Sheet, heading: Heading, items: Sequence[Item], overrides: Sequence[ItemOverride]) -> Table:
    held = with_overrides(sheet, heading, overrides)
    item_at = {column: name for name, column in held.items()}
    columns = sorted({*heading.pieces, *item_at})
    return Table(
        sheet=sheet,
        mapping=tuple(
            MappedColumn(
                sheet=sheet.name,
                item=item_at.get(column, ""),
                column=column_letter(column),
                heading=shortened(one_line(heading.text(column)), _LONGEST_TOLD),
            )
            for column in columns
        ),
        columns=tuple(_column(item, held[item.name], heading) for item in items if item.name in held),
        preamble=_preamble(sheet, heading.top, items),
        title=tuple(text.strip() for row in sheet.rows[: heading.top] for text in row if text.strip()),
        first_row=heading.bottom,
        score=heading.score,
    )


def _column(item: Item, index: int, heading: Heading) -> Column:
    return Column(
        item=item.name,
        index=index,
        letter=column_letter(index),
        heading=shortened(one_line(heading.text(index)), _LONGEST_TOLD),
        content=item.role in (Role.NAME, Role.TEXT),
        carried=item.role is Role.CONTEXT,
        name=item.role is Role.NAME,
    )


def _preamble(sheet: Sheet, top: int, items: Sequence[Item]) -> dict[str, Cell]:
    """部署名 | 健康づくり課, or 部署名：健康づくり課 in one cell, above the heading; the first of each item counts."""
    meanings = Meanings([item for item in items if item.role is Role.CONTEXT])
    found: dict[str, Cell] = {}
    for row in range(top):
        for column, text in enumerate(sheet.rows[row]):
            label, value = split_label(text)
            for name in sorted(meanings.exactly(label) - found.keys()):
                if cell := _labelled(sheet, row, column, label, value, meanings):
                    found[name] = cell
    return found


def _labelled(sheet: Sheet, row: int, column: int, label: str, value: str, meanings: Meanings) -> Cell | None:
    """The value in the label's own cell, or in the next filled cell to its right unless that is a label itself."""
    at = column
    if not value:
        at = next((at for at in range(column + 1, len(sheet.rows[row])) if text_at(sheet, row, at)), column)
        value = text_at(sheet, row, at)
        if at == column or meanings.exactly(value) or _OTHER_LABEL.search(value):
            return None
    return Cell(value, column_letter(at), label, sheet.formulas.get((row, at), ""))
