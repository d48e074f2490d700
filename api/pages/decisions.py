"""What a coordinator decides about an issue's candidates, and what came of it. Every route ends on the issue's page."""

from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse

from api.dependencies import Ctx
from api.lanes import LaneRoute
from api.pages.forms import day_from, number_from
from api.pages.rendering import see
from api.usecases import reviews
from api.usecases.suggestions import recorded_now
from corpus.records import Grade, Stage

router = APIRouter(route_class=LaneRoute, prefix="/issues/{issue_id}")
Typed = Annotated[str, Form()]
_DIGEST = 64  # characters; a number has ten at most


@router.post("/reviews")
def grade(
    ctx: Ctx,
    issue_id: str,
    organisation: Typed,
    grade: Annotated[Grade, Form()],
    reason: Typed = "",
    comment: Typed = "",
    ranking: Typed = "",
) -> RedirectResponse:
    """適, 可 or 不適. ``ranking`` is empty where no list showed the organisation, a digest where none was recorded."""
    is_digest = len(ranking) == _DIGEST
    shown = recorded_now(ctx, issue_id, ranking) if is_digest else number_from(ranking)
    reviews.grade(ctx, issue_id, organisation, grade, reason, comment.strip(), shown)
    return _back(issue_id, "graded", f"c-{organisation}")


@router.post("/reviews/take-back")
def take_back(ctx: Ctx, issue_id: str, organisation: Typed) -> RedirectResponse:
    """The judgement no longer counts."""
    reviews.take_back(ctx, issue_id, organisation)
    return _back(issue_id, "taken-back", f"c-{organisation}")


@router.post("/missed")
def add_missed(ctx: Ctx, issue_id: str, organisation: Typed, comment: Typed = "") -> RedirectResponse:
    """A partner the list should have held."""
    reviews.add_missed(ctx, issue_id, organisation, comment.strip())
    return _back(issue_id, "missed", f"c-{organisation}")


@router.post("/introductions")
def introduce(ctx: Ctx, issue_id: str, organisation: Typed, on: Typed, note: Typed = "") -> RedirectResponse:
    """Both sides were introduced to each other."""
    introduction = reviews.introduce(ctx, issue_id, organisation, day_from(on, "on"), note.strip())
    return _back(issue_id, "introduced", f"introduction-{introduction.id}")


@router.post("/introductions/{introduction_id}/events")
def add_event(
    ctx: Ctx,
    issue_id: str,
    introduction_id: int,
    stage: Annotated[Stage, Form()],
    on: Typed,
    note: Typed = "",
) -> RedirectResponse:
    """A dated step."""
    reviews.add_event(ctx, introduction_id, stage, day_from(on, "on"), note.strip())
    return _back(issue_id, "event", f"introduction-{introduction_id}")


@router.post("/introductions/{introduction_id}/void")
def void_introduction(ctx: Ctx, issue_id: str, introduction_id: int) -> RedirectResponse:
    """An introduction that was recorded by mistake."""
    reviews.void_introduction(ctx, introduction_id)
    return _back(issue_id, "introduction-voided", f"introduction-{introduction_id}")


@router.post("/events/{event_id}/void")
def void_event(ctx: Ctx, issue_id: str, event_id: int) -> RedirectResponse:
    """A step that was recorded by mistake."""
    reviews.void_event(ctx, event_id)
    return _back(issue_id, "voided", f"event-{event_id}")


def _back(issue_id: str, done: str, place: str) -> RedirectResponse:
    """To ``place`` on the issue's page, where the sentence of ``done`` stands too; to its top when that is gone."""
    return see(f"/issues/{issue_id}?{urlencode({'done': done, 'at': place})}#{quote(place)}")
