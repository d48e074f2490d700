"""What the JSON interface takes."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, FailFast, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from corpus.activity_fields import FIELDS
from corpus.records import Grade, IssueStatus, ReleaseLevel, Stage
from corpus.values import LARGEST_NUMBER, MAX_TEXT, is_storable

_MOST_KEYS = 100
Version = Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]


class Schema(BaseModel):
    """Reads from records by attribute; unknown keys that are sent in are refused rather than lost."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")


class Sent(Schema):
    """A body. No text in it may be longer than any column, or hold what is no character."""

    @model_validator(mode="before")
    @classmethod
    def _of_few_keys(cls, sent: object) -> object:
        """Else every unknown one would be told in an answer many times as long as what was sent."""
        if isinstance(sent, dict) and len(sent) > _MOST_KEYS:
            raise PydanticCustomError("too_many", "too many")
        return sent

    @field_validator("*", mode="before")
    @classmethod
    def _of_characters(cls, value: object) -> object:
        if isinstance(value, str) and not is_storable(value):
            raise PydanticCustomError("unstorable", "not text")
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise PydanticCustomError("string_too_long", "too long", {"max_length": MAX_TEXT})
        return value


class AskText(Sent):
    """A free text to find organisations for; it is not stored."""

    text: str = Field(min_length=1, max_length=MAX_TEXT)
    k: int = Field(default=10, ge=1, le=100)
    prefecture: str = ""
    city: str = ""


class IssueTexts(Schema):
    """What a person may write of an issue."""

    title: str
    department: str = ""
    fiscal_year: int | None = None
    purpose: str = ""
    situation: str = ""
    problem: str = ""
    partner_sought: str = ""
    idea: str = ""
    note: str = ""
    prefecture: str = ""
    city: str = ""
    area: str = ""
    fields: Annotated[frozenset[int], Field(max_length=len(FIELDS)), FailFast()] = frozenset()
    seeks_partner: bool = True
    release_level: ReleaseLevel = ReleaseLevel.SECTION


class IssueDraft(IssueTexts, Sent):
    """A new issue: a title and one of problem, situation, purpose."""


class IssueChange(IssueDraft):
    """``version`` is the one that was read; another one in store is a conflict (409)."""

    version: Version


class StatusChange(Sent):
    """Closing or reopening."""

    version: Version
    status: IssueStatus


class Judgement(Sent):
    """A grade of one suggestion; ``grade`` null takes the last one back. ``ranking`` is the list's number."""

    organisation: str
    grade: Grade | None
    reason: str = ""
    comment: str = ""
    ranking: int | None = None


class MissedPartner(Sent):
    """A partner that the list did not hold."""

    organisation: str
    comment: str = ""


class IntroductionDraft(Sent):
    """Both sides brought together on a day."""

    organisation: str
    introduced_on: date
    note: str = ""


class EventDraft(Sent):
    """A dated step after an introduction."""

    stage: Stage
    happened_on: date
    note: str = ""
