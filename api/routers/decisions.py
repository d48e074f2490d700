"""Reviews, introductions and dated events: appended, never changed."""

from typing import Any

from fastapi import APIRouter

from api.dependencies import Ctx
from api.lanes import LaneRoute
from api.routers.answers import Event, Introduction, IntroductionTrack, Review, Reviews
from api.routers.requests import EventDraft, IntroductionDraft, Judgement, MissedPartner
from api.usecases import reviews
from corpus import records

router = APIRouter(route_class=LaneRoute)


@router.get("/issues/{issue_id}/reviews", response_model=Reviews, tags=["reviews"])
def list_reviews(ctx: Ctx, issue_id: str) -> dict[str, Any]:
    """All judgements about an issue's candidates."""
    track = reviews.track(ctx, issue_id)
    return {"latest": track.latest, "history": track.history, "reasons": reviews.REASONS}


@router.post("/issues/{issue_id}/reviews", response_model=Review | None, tags=["reviews"])
def judge(ctx: Ctx, issue_id: str, said: Judgement) -> records.Review | None:
    """Grades a suggestion, or takes the grade back; the answer is the judgement that counts now."""
    if said.grade is None:
        reviews.take_back(ctx, issue_id, said.organisation)
        return None
    return reviews.grade(ctx, issue_id, said.organisation, said.grade, said.reason, said.comment, said.ranking)


@router.post("/issues/{issue_id}/missed", response_model=Review, tags=["reviews"])
def add_missed(ctx: Ctx, issue_id: str, said: MissedPartner) -> records.Review:
    """Notes a partner that the list did not hold."""
    return reviews.add_missed(ctx, issue_id, said.organisation, said.comment)


@router.get("/issues/{issue_id}/introductions", response_model=list[IntroductionTrack], tags=["introductions"])
def list_introductions(ctx: Ctx, issue_id: str) -> tuple[reviews.IntroductionTrack, ...]:
    """Introductions of an issue, each with its events."""
    return reviews.track(ctx, issue_id).introductions


@router.post("/issues/{issue_id}/introductions", response_model=Introduction, tags=["introductions"])
def introduce(ctx: Ctx, issue_id: str, made: IntroductionDraft) -> records.Introduction:
    """Records that both sides were brought together."""
    return reviews.introduce(ctx, issue_id, made.organisation, made.introduced_on, made.note)


@router.post("/introductions/{introduction_id}/events", response_model=Event, tags=["introductions"])
def add_event(ctx: Ctx, introduction_id: int, happened: EventDraft) -> records.StageEvent:
    """Records a dated step."""
    return reviews.add_event(ctx, introduction_id, happened.stage, happened.happened_on, happened.note)


@router.post("/introductions/{introduction_id}/void", response_model=Introduction, tags=["introductions"])
def void_introduction(ctx: Ctx, introduction_id: int) -> records.Introduction:
    """The introduction was recorded by mistake; it stays on record, and neither it nor its events count."""
    return reviews.void_introduction(ctx, introduction_id)


@router.post("/events/{event_id}/void", status_code=204, tags=["introductions"])
def void_event(ctx: Ctx, event_id: int) -> None:
    """The step was recorded by mistake; it stays on record and no longer counts."""
    reviews.void_event(ctx, event_id)
