"""What every reader takes and gives."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from corpus.records.cases import Case
from corpus.records.issues import Issue
from corpus.records.organisations import Organisation

Record = Issue | Organisation | Case
Progress = Callable[[int], None]  # called now and then with the number of rows read so far


class Kind(StrEnum):
    """What a file holds."""

    INVENTORY = "inventory"
    ISSUES = "issues"
    ORGANISATIONS = "organisations"
    NPO_PORTAL = "npo-portal"
    CASES = "cases"


class Severity(StrEnum):
    """An error keeps the row out, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something a clerk should look at. ``row`` counts from 1 as a spreadsheet shows it, 0 = the whole sheet.

    ``column`` is the letter and heading (``E 課題``) or empty; ``message`` is a whole Japanese sentence.
    """

    sheet: str
    row: int
    column: str
    severity: Severity
    found: str
    expected: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedColumn:
    """A column recognised (``item`` set) or left unused (``item`` empty)."""

    sheet: str
    item: str  # canonical 項目, e.g. 業務名
    column: str  # letter: A, B, … AA
    heading: str  # as written, both rows joined with a space


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemOverride:
    """``--map [SHEET:]項目=列``: ``column`` is a letter or a heading as written; ``sheet`` empty = every sheet."""

    item: str
    column: str
    sheet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What the caller knows beside the file. ``kind`` None = recognise it. Defaults fill cells that are empty."""

    kind: Kind | None = None
    overrides: tuple[ItemOverride, ...] = ()
    department: str = ""
    fiscal_year: int | None = None
    prefecture: str = ""
    city: str = ""
    max_rows: int = 200_000
    max_bytes: int = 500_000_000  # unpacked


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadResult:
    """``records`` in file order, without rows that have an error. ``skipped`` = the number of those rows.

    ``ignored`` = rows that are no data: blank, 記入例, notes.
    """

    kind: Kind
    records: tuple[Record, ...]
    mapping: tuple[MappedColumn, ...]
    problems: tuple[Problem, ...]
    skipped: int = 0
    ignored: int = 0


class UnreadableFile(Exception):
    """The file as a whole cannot be read; the text is a Japanese sentence for the user, saying what would be right.

    ``kind_may_help``: it opened, and would be read if its kind were named.
    """

    def __init__(self, message: str, *, kind_may_help: bool = False) -> None:
        super().__init__(message)
        self.kind_may_help = kind_may_help
