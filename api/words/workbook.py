"""Candidates as a workbook: one row per issue and candidate, with the words of both sides. Owns XlsxWriter."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import xlsxwriter

FIRST_LINE = "これは候補です。選ぶのは人です。"
SAMPLE = "サンプル"
_MOST_CHARACTERS = 32_767  # of a cell, by the file format; a longer text would be dropped without a word
_CUT = "…(長いためここまで)"


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateRow:
    """One line of the sheet, in words. ``rank`` None: the issue has no candidate.

    ``notice`` is about the issue's list as a whole and stands on its first line.
    """

    issue_id: str
    department: str
    issue_title: str
    issue_sample: bool
    issue_quote: str
    rank: int | None
    name: str = ""
    kind: str = ""
    organisation_sample: bool = False
    band: str = ""
    notice: str = ""
    organisation_quote: str = ""
    near: str = ""
    case: str = ""
    area: str = ""
    fields: str = ""
    missing: str = ""
    organisation_id: str = ""
    model: str = ""


_COLUMNS: tuple[tuple[str, int], ...] = (  # heading and width in characters
    ("担当課", 16),
    ("業務名", 26),
    ("課題の側の言葉", 46),
    ("順位", 6),
    ("候補の団体", 26),
    ("種別", 14),
    ("手がかり", 14),
    ("お知らせ", 46),
    ("団体の側の言葉", 46),
    ("近い言葉(課題 ≈ 団体)", 26),
    ("過去の事例", 30),
    ("地域", 30),
    ("共通する分野", 20),
    ("団体の紹介に見当たらない言葉", 26),
    (SAMPLE, 12),
    ("課題の番号", 16),
    ("団体の番号", 16),
    ("並べた仕組み", 18),
)
_HEADING_ROW = 2
_CELL = {"text_wrap": True, "valign": "top", "border": 1, "border_color": "#B3B3B3"}


def candidate_workbook(title: str, rows: Sequence[CandidateRow]) -> bytes:
    """The .xlsx file. Whatever begins with ``=`` stays text: a sheet from outside must not compute here."""
    memory = BytesIO()
    safe = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(memory, safe) as book:
        sheet = book.add_worksheet("候補")
        sheet.write_string(0, 0, FIRST_LINE, book.add_format({"bold": True, "font_size": 12}))
        sheet.write_string(1, 0, _fitting(title))
        _write_headings(book, sheet)
        text = book.add_format(_CELL)
        for number, row in enumerate(rows, start=_HEADING_ROW + 1):
            for column, value in enumerate(_cells(row)):
                _write(sheet, number, column, value, text)
        _prepare_for_reading(sheet, _HEADING_ROW + len(rows))
    return memory.getvalue()


def _write_headings(book: Any, sheet: Any) -> None:
    heading = book.add_format({**_CELL, "bold": True, "bg_color": "#E8F1FE"})
    for column, (name, width) in enumerate(_COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(_HEADING_ROW, column, name, heading)


def _write(sheet: Any, row: int, column: int, value: str | int | None, style: Any) -> None:
    if isinstance(value, int):
        sheet.write_number(row, column, value, style)
    elif value:
        sheet.write_string(row, column, _fitting(value), style)
    else:
        sheet.write_blank(row, column, None, style)


def _prepare_for_reading(sheet: Any, last_row: int) -> None:
    """The heading and the issue stay in sight; filters; on paper all columns fit the page's width."""
    sheet.freeze_panes(_HEADING_ROW + 1, 2)
    sheet.autofilter(_HEADING_ROW, 0, last_row, len(_COLUMNS) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEADING_ROW)


def _cells(row: CandidateRow) -> tuple[str | int | None, ...]:
    return (
        row.department,
        row.issue_title,
        row.issue_quote,
        row.rank,
        row.name,
        row.kind,
        row.band,
        row.notice,
        row.organisation_quote,
        row.near,
        row.case,
        row.area,
        row.fields,
        row.missing,
        _sample_words(row),
        row.issue_id,
        row.organisation_id,
        row.model,
    )


def _sample_words(row: CandidateRow) -> str:
    """Which side is invented, if any."""
    if row.issue_sample and row.organisation_sample:
        return "課題と団体がサンプル"
    if row.issue_sample:
        return "課題がサンプル"
    return "団体がサンプル" if row.organisation_sample else ""


def _fitting(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - len(_CUT)] + _CUT
