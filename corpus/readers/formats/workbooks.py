"""Workbooks (.xlsx, .xls) to sheets of text. The only file that knows calamine."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Sequence
from typing import TypeVar

from python_calamine import (
    CalamineSheet,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

from corpus.readers.base import ReadOptions, UnreadableFile
from corpus.readers.formats import biff, ooxml
from corpus.readers.formats.sheets import MOST_CELLS, CellFacts, Sheet, TooManyError, shortened
from corpus.readers.formats.unpacking import check_rows, check_unpacked

_T = TypeVar("_T")
_LONGEST_NAME = 255  # characters of a sheet's name; Excel takes 31

_LOCKED = "「{name}」はパスワードで保護されているため読めません。パスワードを外して保存し直してください。"
_BROKEN = (
    "「{name}」は壊れているか、Excelブックとして正しくないため読めません。"
    "Excelで開いて別の名前で保存し直したものをお使いください。"
)
_TOO_WIDE = (
    "「{name}」の{sheet}は、{row:,}行目・{column:,}列目にまで値があり、広すぎて読めません。"
    "表から離れたところにある値を消して保存し直してください。"
)
_TOO_MANY = (
    "「{name}」は{found}あり、多すぎて読めません。必要な表だけを新しいファイルに貼り付けて保存し直してください。"
)
_NO_WORKBOOK = (
    "「{name}」は古い形式のOffice文書ですが、Excelブックではありません。Excelブック（.xlsx）かCSVを選んでください。"
)


def read_xlsx(name: str, data: bytes, archive: zipfile.ZipFile, options: ReadOptions) -> list[Sheet]:
    """The sheets of an .xlsx; sizes must have been checked by the directory before."""
    scanned = _trying(name, lambda: ooxml.scan_workbook(archive))
    facts = [each for _, each in scanned]
    _check_size(name, [f"シート「{shortened(sheet)}」" for sheet, _ in scanned], facts, options)
    return _trying(name, lambda: _sheets(data, facts))


def read_xls(name: str, data: bytes, options: ReadOptions) -> list[Sheet]:
    """The sheets of an .xls, or a sentence about what the container holds instead."""
    if zipfile.is_zipfile(io.BytesIO(data)):  # the library would open what nobody has looked at
        raise UnreadableFile(_BROKEN.format(name=name))
    container = _trying(name, lambda: biff.Container(data))
    if "EncryptedPackage" in container.names:
        raise UnreadableFile(_LOCKED.format(name=name))
    stream = next((stream for stream in ("Workbook", "Book") if stream in container.names), None)
    if stream is None:
        raise UnreadableFile(_NO_WORKBOOK.format(name=name))
    book = _trying(name, lambda: container.read(stream))
    if _trying(name, lambda: biff.is_locked(book)):
        raise UnreadableFile(_LOCKED.format(name=name))
    facts = _trying(name, lambda: biff.scan_book(book))
    _check_size(name, [f"{number}枚目のシート" for number in range(1, len(facts) + 1)], facts, options)
    return _trying(name, lambda: _sheets(data, facts))


def _check_size(name: str, sheets: Sequence[str], facts: Sequence[CellFacts], options: ReadOptions) -> None:
    """Of all sheets together, since all are held at once; a sheet is counted as often as the book names it."""
    check_rows(name, sum(each.rows for each in facts), options)
    size = max(sum(each.size for each in facts), sum(each.referenced for each in facts))
    check_unpacked(name, size, size, options)
    cells = 0
    for sheet, each in zip(sheets, facts, strict=True):
        cells += each.height * each.width
        if cells > MOST_CELLS:
            raise UnreadableFile(_TOO_WIDE.format(name=name, sheet=sheet, row=each.height, column=each.width))


def _trying(name: str, step: Callable[[], _T]) -> _T:
    """Whatever a broken book makes the parsers raise becomes one sentence."""
    try:
        return step()
    except PasswordError as error:
        raise UnreadableFile(_LOCKED.format(name=name)) from error
    except TooManyError as error:
        raise UnreadableFile(_TOO_MANY.format(name=name, found=error)) from error
    except (KeyboardInterrupt, SystemExit, MemoryError, UnreadableFile):
        raise
    except BaseException as error:  # a panic of the Rust library is no Exception
        raise UnreadableFile(_BROKEN.format(name=name)) from error


def _sheets(data: bytes, facts: Sequence[CellFacts]) -> list[Sheet]:
    with load_workbook(io.BytesIO(data)) as book:
        about = book.sheets_metadata
        # The library finds a sheet by its name: of two with one name it would read the first twice.
        if len({one.name for one in about}) < len(about) or len(about) != len(facts):
            raise ooxml.BrokenWorkbookError("two sheets of one name, or other sheets than were looked at")
        if any(len(one.name) > _LONGEST_NAME for one in about):
            raise ooxml.BrokenWorkbookError("a name that no office program takes")
        return [
            _sheet(book.get_sheet_by_index(index), facts[index], hidden=one.visible != SheetVisibleEnum.Visible)
            for index, one in enumerate(about)
            if one.typ == SheetTypeEnum.WorkSheet
        ]


def _sheet(sheet: CalamineSheet, facts: CellFacts, *, hidden: bool) -> Sheet:
    rows: list[list[str]] = []
    if sheet.start is not None:
        margin = [""] * sheet.start[1]  # rows are given from the first of the sheet, columns from the first filled one
        rows = [margin + [_as_text(value) for value in row] for row in sheet.iter_rows()]
    for (row, column), text in facts.texts.items():
        _put(rows, row, column, text)
    merged = tuple((*first, *last) for first, last in sorted(sheet.merged_cell_ranges or ()))
    return Sheet(name=sheet.name, rows=rows, merged=merged, hidden=hidden, formulas=facts.formulas)


def _put(rows: list[list[str]], row: int, column: int, text: str) -> None:
    rows.extend([] for _ in range(row + 1 - len(rows)))
    rows[row].extend([""] * (column + 1 - len(rows[row])))
    rows[row][column] = text


def _as_text(value: object) -> str:
    """A typed value as a person would type it; a day without a time is a date."""
    match value:
        case str():
            return value
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case dt.datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case dt.time():
            return f"{value:%H:%M}"
        case dt.timedelta():
            minutes = round(value.total_seconds() / 60)
            return f"{minutes // 60}:{minutes % 60:02}"
    return str(value)
