"""``read_file``: the one way in, from a file's bytes to records, the guessed mapping and row-numbered problems."""

import re
from collections.abc import Iterator, Sequence

from corpus.readers.base import Kind, Problem, Progress, ReadOptions, ReadResult, Severity, UnreadableFile
from corpus.readers.formats.files import open_sheets
from corpus.readers.formats.sheets import Sheet
from corpus.readers.formats.unpacking import unpacked
from corpus.readers.kinds.catalogue import KINDS
from corpus.readers.kinds.cells import CheckedRow
from corpus.readers.kinds.collecting import RecordCollector
from corpus.readers.kinds.jsonl import is_jsonl, read_jsonl
from corpus.readers.kinds.surroundings import surroundings_of
from corpus.readers.layout.headings import Table, find_tables
from corpus.readers.layout.meanings import Meanings

_WIDEST = 400  # columns of a row in which known headings are looked for
_EXAMPLE_SHEET = re.compile(r"記入例|記載例|入力例|記入見本|見本")


def read_file(name: str, data: bytes, options: ReadOptions, progress: Progress | None = None) -> ReadResult:
    """Everything ``data`` holds, by its content; ``name`` is used in sentences only.

    ``progress`` hears of every thousandth row. Raises ``UnreadableFile`` for a file that holds nothing we know.
    """
    content = unpacked(name, data, options)
    if is_jsonl(content):
        return read_jsonl(name, content, options, progress)
    sheets = open_sheets(name, content, options)
    kind, tables = _recognised(name, sheets, options)
    collection = RecordCollector(progress)
    collection.note(_unread(sheets, tables))
    for table in tables:
        _collect(kind, table, options, collection)
    return collection.result(kind, tuple(column for table in tables for column in table.mapping))


def _collect(kind: Kind, table: Table, options: ReadOptions, collection: RecordCollector) -> None:
    convert, around = KINDS[kind].convert, surroundings_of(table, options)
    others = table.rows_below
    for row in table.rows():
        checked = CheckedRow(table.sheet.name, row)
        collection.add(checked, convert(checked, around))
        others -= 1
    collection.ignored += others


def _recognised(name: str, sheets: Sequence[Sheet], options: ReadOptions) -> tuple[Kind, list[Table]]:
    """The asked kind, else the one whose headings fit best; ties in the order of ``KINDS``."""
    if options.kind is not None:
        tables = find_tables(sheets, KINDS[options.kind].items, options.overrides)
        fitting = [table for table in tables if _holds(table, KINDS[options.kind].needed)]
        if not fitting:
            raise _unknown(name, options.kind, sheets)
        return options.kind, fitting
    best, best_score = None, 0.0
    for kind in _kinds_with({override.item for override in options.overrides}):
        tables = find_tables(sheets, KINDS[kind].items, options.overrides)
        fitting = [table for table in tables if _holds(table, KINDS[kind].needed + KINDS[kind].telling)]
        score = sum(table.score for table in fitting)
        if fitting and (best is None or score > best_score):  # where only overrides tell the columns, the score is 0
            best, best_score = (kind, fitting), score
    if best is None:
        raise _unknown(name, None, sheets)
    return best


def _kinds_with(items: set[str]) -> list[Kind]:
    """The kinds that have all of these items; where none has, the one whose refusal says so to most users."""
    known = {kind: {item.name for item in KINDS[kind].items} for kind in KINDS}
    return [kind for kind in KINDS if items <= known[kind]] or [Kind.INVENTORY]


def _holds(table: Table, groups: Sequence[Sequence[str]]) -> bool:
    items = {column.item for column in table.columns}
    return all(not items.isdisjoint(group) for group in groups)


def _unknown(name: str, kind: Kind | None, sheets: Sequence[Sheet]) -> UnreadableFile:
    known = "、".join(f"「{item}」" for item in _known_headings(kind, sheets))
    found = f"分かった見出しは{known}だけです。" if known else "知っている見出しの行がありません。"
    return UnreadableFile(_what_is_needed(name, kind, found), kind_may_help=any(_readable_as(sheets)))


def _what_is_needed(name: str, kind: Kind | None, found: str) -> str:
    if kind is None:
        return (
            f"「{name}」が何の表か分かりません。{found}業務の棚卸なら「業務名」と「課題」「現状」「目的」のどれか、"
            "団体の名簿なら「団体名」と「活動内容」など、投稿された課題なら「題名」「本文」「日付」、"
            "事例なら「事例名」「協働の相手」「効果」の見出しを入れてください。"
        )
    needed = "と".join("か".join(f"「{item}」" for item in group) for group in KINDS[kind].needed)
    return (
        f"「{name}」は{KINDS[kind].label}として読めません。{found}"
        f"{needed}の見出しを入れるか、どの列に当たるかを指定してください。"
    )


def _known_headings(kind: Kind | None, sheets: Sequence[Sheet]) -> list[str]:
    """The items that the best of a sheet's first rows names, in our words: any other cell may be a person's."""
    meanings = [Meanings(KINDS[one].items) for one in ([kind] if kind else Kind)]
    rows = (row[:_WIDEST] for sheet in sheets for row in sheet.rows[:20])
    named = [sorted({name for cell in row for each in meanings for name in each.exactly(cell)}) for row in rows]
    return max(named, key=len, default=[])[:12]


def _readable_as(sheets: Sequence[Sheet]) -> Iterator[Kind]:
    """The kinds that the file could be read as by its own headings, were it only said which."""
    for kind, about in KINDS.items():
        if any(_holds(table, about.needed) for table in find_tables(sheets, about.items)):
            yield kind


def _unread(sheets: Sequence[Sheet], tables: Sequence[Table]) -> list[Problem]:
    """A warning for each sheet that looks like a table and was not read, so that no department is lost unseen."""
    read = {id(table.sheet) for table in tables}
    left = [sheet for sheet in sheets if id(sheet) not in read and _looks_like_a_table(sheet)]
    return [_unread_warning(sheet) for sheet in left if not _EXAMPLE_SHEET.search(sheet.name)]


def _looks_like_a_table(sheet: Sheet) -> bool:
    return sum(sum(bool(cell.strip()) for cell in row) >= 3 for row in sheet.rows) >= 3


def _unread_warning(sheet: Sheet) -> Problem:
    if sheet.hidden:
        message = (
            f"シート「{sheet.name}」は非表示のため読みませんでした。取り込むときは、表示してから保存してください。"
        )
    else:
        message = (
            f"シート「{sheet.name}」は見出しが分からないため読みませんでした。取り込むときは、見出しを直してください。"
        )
    return Problem(
        sheet=sheet.name,
        row=0,
        column="",
        severity=Severity.WARNING,
        found="読まなかったシート",
        expected="表示されていて、見出しのあるシート",
        message=message,
    )
