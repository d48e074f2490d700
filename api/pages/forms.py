"""What browsers send, turned into what use cases take. An input is named as on the page, so that an error finds it."""

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from api.errors import Detail, Invalid
from api.shapes import having, shape_of
from api.usecases.given import check_text, year_given_or_none
from corpus.activity_fields import label
from corpus.clock import today
from corpus.dates import fiscal_year_label, fiscal_year_of, parse_date
from corpus.records.issues import RELEASE_LABELS, Issue, IssueDraft, ReleaseLevel
from corpus.values import LARGEST_NUMBER, MAX_DEPARTMENT, MAX_PLACE

# Browsers send CR LF whatever was typed; kept, it would make every saved issue differ from its sheet.
_Words = Annotated[str, AfterValidator(lambda text: text.replace("\r\n", "\n"))]
_TEXTS = tuple(name for name, (kind, _) in shape_of(IssueDraft).items() if kind is str)


@having(dict.fromkeys(_TEXTS, (_Words, "")))
class IssueForm(BaseModel):
    """The form of an issue as typed; an unticked box is not sent at all."""

    version: int = Field(default=0, ge=0, le=LARGEST_NUMBER)
    fiscal_year: str = ""
    fields: list[int] = []
    seeks_partner: str = ""
    release_level: ReleaseLevel = ReleaseLevel.SECTION

    @classmethod
    def of(cls, issue: Issue) -> "IssueForm":
        """The stored texts, ready to be changed."""
        texts = {name: getattr(issue, name) for name in _TEXTS}
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
        texts = {name: getattr(self, name) for name in _TEXTS}
        return IssueDraft(
            **texts,
            fiscal_year=year_given_or_none(self.fiscal_year, "fiscal_year"),
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
            **stored.model_dump(include={*_TEXTS, "fiscal_year"}),
            "fields": "、".join(map(label, stored.fields)),
            "seeks_partner": "協働の相手を求めている" if stored.seeks_partner else "協働の相手を求めていない",
            "release_level": RELEASE_LABELS[stored.release_level],
        }
        return {name: text for name, text in words.items() if getattr(mine, name) != getattr(theirs, name)}


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
