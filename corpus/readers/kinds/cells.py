"""One row under reading: its texts, checked, and the problems found in them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from corpus import activity_fields, dates
from corpus.readers.base import Problem, Severity
from corpus.readers.formats.sheets import STRANGE_CHARACTER, shortened
from corpus.readers.kinds.items import PERSONAL
from corpus.readers.layout.tablerows import Cell, Row

MAX_CELL = 32_767  # characters; the most that Excel keeps in a cell
_ERROR_VALUE = re.compile(r"#(REF!|N/A|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!|FIELD!|BLOCKED!|GETTING_DATA)")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # no database and no UTF-8 file takes them
_LIST_SEPARATOR = re.compile(r"[、，,;；\n]")
_BRACKET = re.compile(r"[（(）)]")
_EMPTY = Cell("", "", "")


def _is_suspect(text: str) -> bool:
    """A quick look that nearly every text passes."""
    if text.isprintable() and text[0] != "#" and len(text) <= MAX_CELL:
        return "\ufffd" in text
    return True


def split_list(text: str) -> tuple[str, ...]:
    """Names parted by 、 , ; or line ends; a separator inside brackets belongs to its name. Repeats are dropped."""
    parts, start, bracket = [], 0, 0
    for separator in _LIST_SEPARATOR.finditer(text):
        at = separator.start()
        if bracket <= at:
            following = _BRACKET.search(text, at)
            bracket = following.start() if following else len(text)
        if bracket == len(text) or text[bracket] in "（(":  # the next one closes where the separator stands inside
            parts.append(text[start:at])
            start = at + 1
    named = (part.strip() for part in [*parts, text[start:]])
    return tuple(dict.fromkeys(part for part in named if part))


def paragraphs(texts: Iterable[str]) -> str:
    """The texts that say something, one below the other, none twice."""
    return "\n".join(dict.fromkeys(text for text in texts if text))


class CheckedRow:
    """The texts of a row by item. What is wrong is kept in ``problems``; ``failed`` says that the row must stay out."""

    def __init__(self, sheet: str, row: Row) -> None:
        self.sheet = sheet
        self.row = row
        self.problems: list[Problem] = []
        self.failed = False
        self._texts: dict[str, str] = {}

    def has(self, items: Iterable[str]) -> bool:
        """Whether any of the items holds more than blanks."""
        cells = self.row.cells
        return any(item in cells and cells[item].text.strip() for item in items)

    def text(self, item: str) -> str:
        """The cell as written, without blanks around it; "" when empty, absent or not storable."""
        text = self._texts.get(item)
        if text is None:
            cell = self.row.cells.get(item, _EMPTY)
            text = cell.text.strip()
            if cell.formula or (text and _is_suspect(text)):
                text = self._checked(item, cell, text)
            self._texts[item] = text
        return text

    def texts(self, items: Mapping[str, Sequence[str]], **more: str) -> dict[str, Any]:
        """Column of a record -> the texts of its items, one below the other, and then what ``more`` has for it."""
        return {name: paragraphs((*map(self.text, among), more.get(name, ""))) for name, among in items.items()}

    def _checked(self, item: str, cell: Cell, text: str) -> str:
        label = self.label(item)
        if _ERROR_VALUE.fullmatch(text):
            message = f"{label}が計算のエラー「{text}」になっています。もとの文字を入れてください。"
            self.error(item, text, "文字", message)
            return ""
        if text and cell.formula.strip() == text:
            message = f"{label}に、計算結果のない式があります。式を文字に置き換えてください。"
            self.error(item, shortened(text), "文字", message)
            return ""
        if len(text) > MAX_CELL:
            message = f"{label}が{len(text):,}文字あります。{MAX_CELL:,}文字までに短くしてください。"
            self.error(item, f"{len(text):,}文字", f"{MAX_CELL:,}文字まで", message)
            return ""
        if bad := _UNSTORABLE.search(text):
            code = f"U+{ord(bad[0]):04X}"
            message = f"{label}に、保存できない文字（{code}）があります。その文字を消してください。"
            self.error(item, code, "ふつうの文字", message)
            return ""
        self._warn_about(item, cell, text)
        return text

    def _warn_about(self, item: str, cell: Cell, text: str) -> None:
        label = self.label(item)
        if cell.formula and not text:
            message = f"{label}の式には結果がないため、空欄として取り込みます。式を文字に置き換えてください。"
            self.warn(item, shortened(cell.formula), "文字", message)
        elif cell.formula:
            message = f"{label}は式で作られています。最後に計算された文字をそのまま取り込みます。"
            self.warn(item, shortened(cell.formula), "文字", message)
        if odd := STRANGE_CHARACTER.search(text):
            code = f"U+{ord(odd[0]):04X}"
            message = f"{label}に、外字など読めないおそれのある文字（{code}）があります。正しい文字に直してください。"
            self.warn(item, code, "ふつうの文字", message)

    def date(self, item: str, *, required: bool = False) -> date | None:
        """The day a cell names; None when empty or unreadable, the latter an error if ``required``, else a warning."""
        text = self.text(item)
        if not text:
            return None
        label = self.label(item)
        message = f"{label}を日付として読めません。令和6年5月27日、R6.5.27、2024/5/27のように書いてください。"
        try:
            day = dates.parse_date(text)
        except ValueError as wrong:
            day, message = None, f"{label}を日付として読めません。{wrong}"
        if day is None:
            report = self.error if required else self.warn
            report(item, shortened(text), "日付（例 令和6年5月27日）", message)
        return day

    def fiscal_year(self, item: str) -> int | None:
        """The fiscal year a cell names, as ``fiscal_year_in`` reads it; a text that names none is a warning."""
        text = self.text(item)
        if not text:
            return None
        year = fiscal_year_in(text)
        if year is None:
            message = f"{self.label(item)}を年度として読めません。令和6年度、R6、2024のように書いてください。"
            self.warn(item, shortened(text), "年度（例 令和6年度）", message)
        return year

    def fields(self, item: str) -> frozenset[int]:
        """The activity fields a cell names; a text that names none is a warning."""
        text = self.text(item)
        codes = activity_fields.parse_fields(text) if text else frozenset()
        if text and not codes:
            expected = "1から20の番号、または環境、子どもの健全育成などの名前"
            message = f"{self.label(item)}を活動分野として読めません。{expected}で書いてください。"
            self.warn(item, shortened(text), expected, message)
        return codes

    def label(self, item: str) -> str:
        """Where the cell stands, to begin a sentence with: 9行目の「課題・阻害要因」."""
        cell = self.row.cells.get(item, _EMPTY)
        return f"{self.row.number}行目の「{cell.heading or item}」"

    def error(self, item: str, found: str, expected: str, message: str) -> None:
        """Note what keeps the row out."""
        self.failed = True
        self._note(Severity.ERROR, item, found, expected, message)

    def warn(self, item: str, found: str, expected: str, message: str) -> None:
        """Note what should be looked at."""
        self._note(Severity.WARNING, item, found, expected, message)

    def _note(self, severity: Severity, item: str, found: str, expected: str, message: str) -> None:
        if item in PERSONAL and found:
            found = "（連絡先の欄のため表示しません）"
        self.problems.append(
            Problem(
                sheet=self.sheet,
                row=self.row.number,
                column=self.row.cells.get(item, _EMPTY).place or item,
                severity=severity,
                found=found,
                expected=expected,
                message=message,
            )
        )


def fiscal_year_in(text: str) -> int | None:
    """The fiscal year of 令和6年度, of the first year of a span, or of a day; None when ``text`` names none."""
    first = re.split(r"[~〜～]|から|[-－–—](?!\d)", text, maxsplit=1)[0].strip()
    if (year := dates.parse_fiscal_year(first)) is not None:
        return year
    try:
        day = dates.parse_date(first)
    except ValueError:  # a day that does not exist names no year either; the caller reports the text
        return None
    return dates.fiscal_year_of(day) if day else None
