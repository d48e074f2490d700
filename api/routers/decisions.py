"""Reviews, introductions and dated events: appended, never changed."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter

from api.dependencies import Asker, Ctx
from api.lanes import LaneRoute
from api.routers.schema import Schema, Sent
from api.usecases import collection, reviews
from corpus.records import decisions
from corpus.records.decisions import Grade, Stage

router = APIRouter(route_class=LaneRoute)


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


class Review(Schema):
    """A judgement as stored, with what was shown when it was made."""

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
    actor: str


class Reviews(Schema):
    """``latest``: organisation id -> what counts now; ``history`` newest first; ``reasons``: code -> words."""

    latest: dict[str, Review]
    history: list[Review]
    reasons: Mapping[str, str]


class Event(Schema):
    """A step as stored; a voided one does not count."""

    id: int
    introduction: int
    stage: Stage
    happened_on: date
    note: str
    recorded_at: datetime
    actor: str
    voided: bool


class Introduction(Schema):
    """An introduction as stored; of a voided one no event counts."""

    id: int
    issue: str
    organisation: str
    introduced_on: date
    note: str
    recorded_at: datetime
    actor: str
    voided: bool


class IntroductionTrack(Schema):
    """An introduction and what came of it."""

    introduction: Introduction
    events: list[Event]


@router.get("/issues/{issue_id}/reviews", response_model=Reviews, tags=["reviews"])
def list_reviews(ctx: Ctx, viewer: Asker, issue_id: str) -> dict[str, Any]:
    """All judgements about an issue's candidates."""
    with ctx.read(viewer) as s:
        track = reviews.track(s, collection.issue(s, issue_id))
    return {"latest": track.latest, "history": track.history, "reasons": reviews.REASONS}


@router.post("/issues/{issue_id}/reviews", response_model=Review | None, tags=["reviews"])
def judge(ctx: Ctx, viewer: Asker, issue_id: str, said: Judgement) -> decisions.Review | None:
    """Grades a suggestion, or takes the grade back; the answer is the judgement that counts now."""
    judgement = reviews.checked(decisions.Judgement(issue=issue_id, **said.model_dump()))
    with ctx.write(viewer) as s:
        if judgement.grade is not None:
            return reviews.judge(s, judgement)
        reviews.take_back(s, issue_id, said.organisation)
    return None


@router.post("/issues/{issue_id}/missed", response_model=Review, tags=["reviews"])
def add_missed(ctx: Ctx, viewer: Asker, issue_id: str, said: MissedPartner) -> decisions.Review:
    """Notes a partner that the list did not hold."""
    judgement = reviews.checked(reviews.missed(issue_id, said.organisation, said.comment))
    with ctx.write(viewer) as s:
        return reviews.judge(s, judgement)


@router.get("/issues/{issue_id}/introductions", response_model=list[IntroductionTrack], tags=["introductions"])
def list_introductions(ctx: Ctx, viewer: Asker, issue_id: str) -> tuple[reviews.IntroductionTrack, ...]:
    """Introductions of an issue, each with its events."""
    with ctx.read(viewer) as s:
        return reviews.track(s, collection.issue(s, issue_id)).introductions


@router.post("/issues/{issue_id}/introductions", response_model=Introduction, tags=["introductions"])
def introduce(ctx: Ctx, viewer: Asker, issue_id: str, made: IntroductionDraft) -> decisions.Introduction:
    """Records that both sides were brought together."""
    reviews.check_fact(made.introduced_on, made.note)
    with ctx.write(viewer) as s:
        return reviews.introduce(s, issue_id, made.organisation, made.introduced_on, made.note)


@router.post("/introductions/{introduction_id}/events", response_model=Event, tags=["introductions"])
def add_event(ctx: Ctx, viewer: Asker, introduction_id: int, happened: EventDraft) -> decisions.StageEvent:
    """Records a dated step."""
    reviews.check_fact(happened.happened_on, happened.note)
    with ctx.write(viewer) as s:
        return reviews.add_event(s, introduction_id, happened.stage, happened.happened_on, happened.note)


@router.post("/introductions/{introduction_id}/void", response_model=Introduction, tags=["introductions"])
def void_introduction(ctx: Ctx, viewer: Asker, introduction_id: int) -> decisions.Introduction:
    """The introduction was recorded by mistake; it stays on record, and neither it nor its events count."""
    with ctx.write(viewer) as s:
        return reviews.void_introduction(s, introduction_id)


@router.post("/events/{event_id}/void", status_code=204, tags=["introductions"])
def void_event(ctx: Ctx, viewer: Asker, event_id: int) -> None:
    """The step was recorded by mistake; it stays on record and no longer counts."""
    with ctx.write(viewer) as s:
        reviews.void_event(s, event_id)
