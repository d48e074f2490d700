"""What the user says about columns (``--map [SHEET:]項目=列``, the mapping form), checked against what there is."""

import re
from collections.abc import Sequence
from itertools import islice

from corpus.readers.base import ItemOverride, UnreadableFile
from corpus.readers.formats.sheets import Sheet, column_index, column_letter
from corpus.readers.layout.heading_search import Heading
from corpus.readers.layout.meanings import Item, heading_key
from matcher.folding import nfkc

_LETTERS = re.compile("[A-Za-z]{1,3}")
_PERSONAL = re.compile(r"[@＠]|[0-9０-９]{3}|.{30}", re.DOTALL)  # what a heading that may be told again does not hold
_MOST_LABELS = 100


def _applies(override: ItemOverride, sheet: Sheet) -> bool:
    return override.sheet in ("", sheet.name)


def check_names(sheets: Sequence[Sheet], items: Sequence[Item], overrides: Sequence[ItemOverride]) -> None:
    """Every override must name an item and a sheet that exist, else ``UnreadableFile`` lists them."""
    known = [item.name for item in items]
    names = [sheet.name for sheet in sheets]
    for override in overrides:
        if override.item not in known:
            raise UnreadableFile(
                f"列の指定にある「{override.item}」という項目はありません。使える項目は、{'、'.join(known)}です。"
            )
        if override.sheet and override.sheet not in names:
            there = "、".join(f"「{name}」" for name in names if name) or "なし（CSVなど）"
            raise UnreadableFile(
                f"列の指定にある「{override.sheet}」というシートはありません。このファイルのシートは、{there}です。"
            )


def check_columns(headings: Sequence[tuple[Sheet, Heading]], overrides: Sequence[ItemOverride]) -> None:
    """A column may be missing from some sheets, not from all to which the override applies."""
    for override in overrides:
        concerned = [pair for pair in headings if _applies(override, pair[0])]
        if override.column and all(_column_of(*pair, override) is None for pair in concerned):
            there = "、".join(dict.fromkeys(label for pair in concerned for label in _labels(*pair)))
            raise UnreadableFile(
                f"「{override.item}」の列として指定された「{override.column}」がありません。"
                + (f"このファイルにある列は、{there}です。" if there else "見出しの行が見つかりません。")
            )


def _labels(sheet: Sheet, heading: Heading) -> list[str]:
    """A row of which fewer than two cells are known headings may be a row of persons: of it only letters are told."""
    texts = {column: one_line(heading.text(column)) for column in heading.pieces}
    sure = len(heading.items) > 1
    return [
        f"{column_letter(column)}列" + (f"「{text}」" if sure and not _PERSONAL.search(text) else "")
        for column, text in islice(texts.items(), _MOST_LABELS)
    ]


def _column_of(sheet: Sheet, heading: Heading, override: ItemOverride) -> int | None:
    """A column by its heading as written, in one or all of its rows, else by its letter; None when there is no such."""
    wanted = heading_key(override.column)
    readings = [
        [column for column in heading.pieces if one_line(heading.text(column)) == override.column.strip()],
        [column for column in heading.pieces if heading_key(heading.text(column)) == wanted],
        [column for column, texts in heading.pieces.items() if wanted in map(heading_key, texts)],
    ]
    columns = next((columns for columns in readings if columns and wanted), [])
    if len(columns) > 1:
        letters = "、".join(f"{column_letter(column)}列" for column in columns)
        raise UnreadableFile(
            f"「{override.item}」の列として指定された「{override.column}」という見出しは、{letters}にあります。"
            f"「{override.item}={column_letter(columns[0])}」のように、列の記号で指定してください。"
        )
    return columns[0] if columns else _column_by_letter(sheet, override.column)


def _column_by_letter(sheet: Sheet, column: str) -> int | None:
    letters = nfkc(column).strip().removesuffix("列")
    if not _LETTERS.fullmatch(letters):
        return None
    index = column_index(letters)
    return index if index < max(map(len, sheet.rows), default=0) else None


def with_overrides(sheet: Sheet, heading: Heading, overrides: Sequence[ItemOverride]) -> dict[str, int]:
    """Item -> column. An override takes its column from whatever item was guessed; an empty column drops the item."""
    held = dict(heading.items)
    for override in overrides:
        if not _applies(override, sheet):
            continue
        column = _column_of(sheet, heading, override) if override.column else None
        if column is not None or not override.column:
            held = {name: at for name, at in held.items() if name != override.item and at != column}
        if column is not None:
            held[override.item] = column
    return held


def wanted_headings(overrides: Sequence[ItemOverride]) -> list[Item]:
    """The headings named by overrides as further spellings, so that the heading row is found by them; no letters."""
    return [
        Item(name=override.item, spellings=(override.column,), exact=True)
        for override in overrides
        if override.column and not _LETTERS.fullmatch(override.column)
    ]


def one_line(text: str) -> str:
    """A heading as written, without the line breaks that only fit it into its cell."""
    return "".join(map(str.strip, re.split(r"[\r\n]", text)))
