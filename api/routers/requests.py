"""What the JSON interface takes."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from corpus.records import Grade, IssueStatus, ReleaseLevel, Stage


class Schema(BaseModel):
    """Reads from records by attribute; unknown keys that are sent in are refused rather than lost."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")


class AskText(Schema):
    """A free text to find organisations for; it is not stored."""

    text: str = Field(min_length=1, max_length=32_767)
    k: int = Field(default=10, ge=1, le=100)
    prefecture: str = ""
    city: str = ""


class IssueDraft(Schema):
    """What a person may write of an issue: a title and one of problem, situation, purpose."""

    title: str
    department: str = ""
    fiscal_year: int | None = Field(default=None, ge=1868, le=2200)
    purpose: str = ""
    situation: str = ""
    problem: str = ""
    partner_sought: str = ""
    idea: str = ""
    note: str = ""
    prefecture: str = ""
    city: str = ""
    area: str = ""
    fields: frozenset[int] = frozenset()
    seeks_partner: bool = True
    release_level: ReleaseLevel = ReleaseLevel.SECTION


class IssueChange(IssueDraft):
    """``version`` is the one that was read; another one in store is a conflict (409)."""

    version: int


class StatusChange(Schema):
    """Closing or reopening."""

    version: int
    status: IssueStatus


class Judgement(Schema):
    """A grade of one suggestion; ``grade`` null takes the last one back. ``ranking`` is the list's number."""

    organisation: str
    grade: Grade | None
    reason: str = ""
    comment: str = ""
    ranking: int | None = None


class MissedPartner(Schema):
    """A partner that the list did not hold."""

    organisation: str
    comment: str = ""


class IntroductionDraft(Schema):
    """Both sides brought together on a day."""

    organisation: str
    introduced_on: date
    note: str = ""


class EventDraft(Schema):
    """A dated step after an introduction."""

    stage: Stage
    happened_on: date
    note: str = ""
