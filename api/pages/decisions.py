"""What a coordinator decides about an issue's candidates, and what came of it. Every route ends on the issue's page."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse

from api.dependencies import Ctx
from api.pages.forms import day_from
from api.pages.rendering import see
from api.usecases import reviews
from corpus.records import Grade, Stage

router = APIRouter(prefix="/issues/{issue_id}")
Typed = Annotated[str, Form()]


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
    """適, 可 or 不適. ``ranking`` is empty for an organisation that no list showed."""
    shown = int(ranking) if ranking.isascii() and ranking.isdigit() else None
    reviews.grade(ctx, issue_id, organisation, grade, reason, comment.strip(), shown)
    return see(f"/issues/{issue_id}?done=graded#c-{organisation}")


@router.post("/reviews/take-back")
def take_back(ctx: Ctx, issue_id: str, organisation: Typed) -> RedirectResponse:
    """The judgement no longer counts."""
    reviews.take_back(ctx, issue_id, organisation)
    return see(f"/issues/{issue_id}?done=taken-back#candidates")


@router.post("/missed")
def add_missed(ctx: Ctx, issue_id: str, organisation: Typed, comment: Typed = "") -> RedirectResponse:
    """A partner the list should have held."""
    reviews.add_missed(ctx, issue_id, organisation, comment.strip())
    return see(f"/issues/{issue_id}?done=missed#missed")


@router.post("/introductions")
def introduce(ctx: Ctx, issue_id: str, organisation: Typed, on: Typed, note: Typed = "") -> RedirectResponse:
    """Both sides were brought together."""
    introduction = reviews.introduce(ctx, issue_id, organisation, day_from(on, "on"), note.strip())
    return see(f"/issues/{issue_id}?done=introduced#introduction-{introduction.id}")


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
    return see(f"/issues/{issue_id}?done=event#introduction-{introduction_id}")


@router.post("/events/{event_id}/void")
def void_event(ctx: Ctx, issue_id: str, event_id: int) -> RedirectResponse:
    """A step that was recorded by mistake."""
    reviews.void_event(ctx, event_id)
    return see(f"/issues/{issue_id}?done=voided#track")
