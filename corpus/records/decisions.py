"""What people decided and what came of it: reviews of suggestions, introductions and their dated steps."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Grade(StrEnum):
    """A coordinator's judgement of one suggestion."""

    SUITABLE = "suitable"  # 適
    POSSIBLE = "possible"  # 可
    UNSUITABLE = "unsuitable"  # 不適


class Stage(StrEnum):
    """Dated steps after an introduction, in their usual order."""

    AGREED = "agreed"  # 双方が会うことに合意
    CONSULTATION = "consultation"  # 相談
    DISCUSSION = "discussion"  # 協議の場
    STARTED = "started"  # 実践開始
    ENDED = "ended"  # 終了


GRADE_LABELS = {Grade.SUITABLE: "適", Grade.POSSIBLE: "可", Grade.UNSUITABLE: "不適"}
STAGE_LABELS = {
    Stage.AGREED: "会うことに双方が合意",
    Stage.CONSULTATION: "相談",
    Stage.DISCUSSION: "協議の場",
    Stage.STARTED: "実践開始",
    Stage.ENDED: "終了",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a person says of an organisation as a partner for an issue. ``grade`` None takes back what was said.

    ``ranking`` is the number of the list that showed it; ``missed``: a partner that the list did not hold.
    """

    issue: str
    organisation: str
    grade: Grade | None
    reason: str = ""
    comment: str = ""
    missed: bool = False
    ranking: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """How a list showed an organisation, so far as it can be read; as it is by default without a list."""

    model: str = ""
    rank: int | None = None
    score: float | None = None
    band: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A judgement, append-only: the newest of an (issue, organisation) pair counts. ``grade`` None takes it back.

    ``missed`` marks a partner the list did not hold; then ``rank`` is None. ``score``, ``band`` and ``model`` are what
    was shown. ``actor``, here and below, is the opaque id of who recorded it, "" where nobody knows.
    """

    id: int
    issue: str
    organisation: str
    grade: Grade | None
    reason: str
    comment: str
    missed: bool
    model: str
    rank: int | None
    score: float | None
    band: str
    ranking: int | None
    recorded_at: datetime
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """An issue's department and an organisation brought together on a day.

    A ``voided`` one stays on record; neither it nor its events count.
    """

    id: int
    issue: str
    organisation: str
    introduced_on: date
    note: str
    recorded_at: datetime
    actor: str = ""
    voided: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEvent:
    """Something that happened after an introduction. ``voided`` events stay on record and do not count."""

    id: int
    introduction: int
    stage: Stage
    happened_on: date
    note: str
    recorded_at: datetime
    actor: str = ""
    voided: bool = False
