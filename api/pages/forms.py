"""What browsers send, turned into what use cases take. An input is named as on the page, so that an error finds it."""

import re
from collections.abc import Iterable
from datetime import date

from pydantic import BaseModel, Field, field_validator

from api.errors import Detail, Invalid
from api.settings import Settings
from api.usecases.collection import IssueDraft
from api.usecases.given import check_text, place_given, year_given
from corpus.activity_fields import label
from corpus.clock import today
from corpus.dates import fiscal_year_label, fiscal_year_of, parse_date
from corpus.readers.base import ItemOverride, Kind, ReadOptions
from corpus.records import RELEASE_LABELS, Issue, ReleaseLevel
from corpus.values import LARGEST_NUMBER, MAX_DEPARTMENT, MAX_PLACE
from matcher.records import Area

TEXT_FIELDS = ("title", "department", "purpose", "situation", "problem", "partner_sought", "idea", "note")
PLACE_FIELDS = ("prefecture", "city", "area")


class IssueForm(BaseModel):
    """The form of an issue as typed; an unticked box is not sent at all."""

    version: int = Field(default=0, ge=0, le=LARGEST_NUMBER)
    title: str = ""
    department: str = ""
    fiscal_year: str = ""
    purpose: str = ""
    situation: str = ""
    problem: str = ""
    partner_sought: str = ""
    idea: str = ""
    note: str = ""
    prefecture: str = ""
    city: str = ""
    area: str = ""
    fields: list[int] = []
    seeks_partner: str = ""
    release_level: ReleaseLevel = ReleaseLevel.SECTION

    @field_validator(*TEXT_FIELDS)
    @classmethod
    def _with_plain_line_ends(cls, text: str) -> str:
        """Browsers send CR LF whatever was typed; kept, it would make every saved issue differ from its sheet."""
        return text.replace("\r\n", "\n")

    @classmethod
    def of(cls, issue: Issue) -> "IssueForm":
        """The stored texts, ready to be changed."""
        texts = {name: getattr(issue, name) for name in (*TEXT_FIELDS, *PLACE_FIELDS)}
        return cls(
            **texts,
            version=issue.version,
            fiscal_year=fiscal_year_label(issue.fiscal_year) if issue.fiscal_year is not None else "",
            fields=sorted(issue.fields),
            seeks_partner="yes" if issue.seeks_partner else "",
            release_level=issue.release_level,
        )

    def draft(self) -> IssueDraft:
        """Raises Invalid when the year cannot be read."""
        texts = {name: getattr(self, name) for name in (*TEXT_FIELDS, *PLACE_FIELDS)}
        return IssueDraft(
            **texts,
            fiscal_year=fiscal_year_from(self.fiscal_year, "fiscal_year"),
            fields=frozenset(self.fields),
            seeks_partner=bool(self.seeks_partner),
            release_level=self.release_level,
        )

    def shown_again(self) -> "IssueForm":
        """As it was typed, but for what is longer than any place, department or year: nobody can mend that."""
        limits = {"department": MAX_DEPARTMENT, "fiscal_year": MAX_PLACE, "prefecture": MAX_PLACE, "city": MAX_PLACE}
        return self.model_copy(update={name: getattr(self, name)[:limit] for name, limit in limits.items()})

    def other_than(self, stored: "IssueForm") -> dict[str, str]:
        """Input -> what ``stored`` says there, in words, wherever it says something else. Raises as ``draft``."""
        mine, theirs = self.draft(), stored.draft()
        words = {
            **stored.model_dump(include={*TEXT_FIELDS, *PLACE_FIELDS, "fiscal_year"}),
            "fields": "、".join(map(label, stored.fields)),
            "seeks_partner": "協働の相手を求めている" if stored.seeks_partner else "協働の相手を求めていない",
            "release_level": RELEASE_LABELS[stored.release_level],
        }
        return {name: text for name, text in words.items() if getattr(mine, name) != getattr(theirs, name)}


def fiscal_year_from(text: str, name: str) -> int | None:
    """令和6, R6 or 2024; None for nothing typed. Raises Invalid."""
    return year_given(text, name) if text.strip() else None


def day_from(text: str, name: str) -> date:
    """A day in any usual spelling, 和暦 included. Raises Invalid."""
    try:
        day = parse_date(check_text(text, MAX_PLACE, name))
    except ValueError as error:
        raise Invalid(str(error), (Detail(name, str(error)),)) from error
    if day is None:
        sentence = "日付は「令和6年5月27日」「2024-05-27」のように書いてください。"
        raise Invalid(sentence, (Detail(name, sentence),))
    return day


def number_from(text: str) -> int | None:
    """The number of a row as a hidden input holds it; None for none at all, and -1, which no row has, for any other."""
    if not text:
        return None
    return int(text) if re.fullmatch("[0-9]{1,10}", text) else -1


def this_fiscal_year() -> int:
    """The running fiscal year in Japan."""
    return fiscal_year_of(today())


def reading_from(sent: Iterable[tuple[str, str]], settings: Settings) -> ReadOptions:
    """How a file shall be read, from the parts of an address; corrections are ``map:SHEET:項目=列``. Raises Invalid."""
    pairs = [(name, value.strip()) for name, value in sent]
    plain = dict(pairs)
    department = check_text(plain.get("department", ""), MAX_DEPARTMENT, "department")
    place = place_given(plain.get("prefecture", ""), plain.get("city", "")) or Area()
    return ReadOptions(
        kind=_kind_from(plain.get("kind", "")),
        overrides=_overrides_from(pairs),
        department=department,
        fiscal_year=fiscal_year_from(plain.get("year", ""), "year"),
        prefecture=place.prefecture or "",
        city=f"{place.city or ''}{place.ward or ''}",
        max_rows=settings.max_rows,
        max_bytes=settings.max_unpacked_bytes,
    )


def _kind_from(text: str) -> Kind | None:
    if text in ("", "auto"):
        return None
    try:
        return Kind(text)
    except ValueError as error:
        sentence = "ファイルの種類を、選択肢から選び直してください。"
        raise Invalid(sentence, (Detail("kind", sentence),)) from error


def _overrides_from(pairs: Iterable[tuple[str, str]]) -> tuple[ItemOverride, ...]:
    """``map:4月:課題`` = ``E``; an empty letter frees the 項目. Raises Invalid when two want one column."""
    overrides = []
    claimed: dict[tuple[str, str], str] = {}
    for name, column in pairs:
        if not name.startswith("map:"):
            continue
        sheet, _, item = name.removeprefix("map:").rpartition(":")  # a sheet's name may hold a colon, an item's never
        if column and claimed.setdefault((sheet, column), item) != item:
            first = claimed[sheet, column]
            sentence = f"{column} 列が「{first}」と「{item}」の両方に選ばれています。どちらか一つにしてください。"
            raise Invalid(sentence, (Detail("mapping", sentence),))
        overrides.append(ItemOverride(item=item, column=column, sheet=sheet))
    return tuple(overrides)
