"""What a coordinator decides about an issue's candidates, and what came of it. Every route ends on the issue's page."""

from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse

from api.dependencies import Asker, Ctx
from api.lanes import LaneRoute
from api.pages.forms import day_from, number_from
from api.pages.rendering import see
from api.usecases import collection, reviews, suggestions
from corpus.records.decisions import Grade, Judgement, Stage
from corpus.store.rankings import ListToShow

router = APIRouter(route_class=LaneRoute, prefix="/issues/{issue_id}")
Typed = Annotated[str, Form()]
_DIGEST = 64  # characters; a number has ten at most


@router.post("/reviews")
def judge(
    ctx: Ctx,
    viewer: Asker,
    issue_id: str,
    organisation: Typed,
    grade: Annotated[Grade, Form()],
    reason: Typed = "",
    comment: Typed = "",
    ranking: Typed = "",
) -> RedirectResponse:
    """適, 可 or 不適. ``ranking`` is empty where no list showed the organisation, a digest where none was recorded."""
    is_digest = len(ranking) == _DIGEST
    judgement = Judgement(
        issue=issue_id,
        organisation=organisation,
        grade=grade,
        reason=reason,
        comment=comment.strip(),
        ranking=None if is_digest else number_from(ranking),
    )
    reviews.checked(judgement)
    shown = _list_shown(ctx, viewer, issue_id, ranking) if is_digest else None
    with ctx.write(viewer) as s:
        reviews.judge(s, judgement, shown)
    return _back(issue_id, "graded", f"c-{organisation}")


def _list_shown(ctx: Ctx, viewer: Asker, issue_id: str, shown_as: str) -> ListToShow | None:
    with ctx.read(viewer) as s:
        asking = suggestions.ask_with_issue(s, ctx.indexes, collection.issue(s, issue_id))
        return suggestions.not_recorded_yet(asking, shown_as)


@router.post("/reviews/take-back")
def take_back(ctx: Ctx, viewer: Asker, issue_id: str, organisation: Typed) -> RedirectResponse:
    """The judgement no longer counts."""
    with ctx.write(viewer) as s:
        reviews.take_back(s, issue_id, organisation)
    return _back(issue_id, "taken-back", f"c-{organisation}")


@router.post("/missed")
def add_missed(ctx: Ctx, viewer: Asker, issue_id: str, organisation: Typed, comment: Typed = "") -> RedirectResponse:
    """A partner the list should have held."""
    judgement = reviews.checked(reviews.missed(issue_id, organisation, comment.strip()))
    with ctx.write(viewer) as s:
        reviews.judge(s, judgement)
    return _back(issue_id, "missed", f"c-{organisation}")


@router.post("/introductions")
def introduce(
    ctx: Ctx, viewer: Asker, issue_id: str, organisation: Typed, on: Typed, note: Typed = ""
) -> RedirectResponse:
    """Both sides were introduced to each other."""
    day = day_from(on, "on")
    reviews.check_fact(day, note.strip())
    with ctx.write(viewer) as s:
        introduction = reviews.introduce(s, issue_id, organisation, day, note.strip())
    return _back(issue_id, "introduced", f"introduction-{introduction.id}")


@router.post("/introductions/{introduction_id}/events")
def add_event(
    ctx: Ctx,
    viewer: Asker,
    issue_id: str,
    introduction_id: int,
    stage: Annotated[Stage, Form()],
    on: Typed,
    note: Typed = "",
) -> RedirectResponse:
    """A dated step."""
    day = day_from(on, "on")
    reviews.check_fact(day, note.strip())
    with ctx.write(viewer) as s:
        reviews.add_event(s, introduction_id, stage, day, note.strip())
    return _back(issue_id, "event", f"introduction-{introduction_id}")


@router.post("/introductions/{introduction_id}/void")
def void_introduction(ctx: Ctx, viewer: Asker, issue_id: str, introduction_id: int) -> RedirectResponse:
    """An introduction that was recorded by mistake."""
    with ctx.write(viewer) as s:
        reviews.void_introduction(s, introduction_id)
    return _back(issue_id, "introduction-voided", f"introduction-{introduction_id}")


@router.post("/events/{event_id}/void")
def void_event(ctx: Ctx, viewer: Asker, issue_id: str, event_id: int) -> RedirectResponse:
    """A step that was recorded by mistake."""
    with ctx.write(viewer) as s:
        reviews.void_event(s, event_id)
    return _back(issue_id, "voided", f"event-{event_id}")


def _back(issue_id: str, done: str, place: str) -> RedirectResponse:
    """To ``place`` on the issue's page, where the sentence of ``done`` stands too; to its top when that is gone."""
    return see(f"/issues/{issue_id}?{urlencode({'done': done, 'at': place})}#{quote(place)}")
