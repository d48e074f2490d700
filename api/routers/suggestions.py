"""Candidates with their reasons, in every direction."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from api.dependencies import Asker, Ctx
from api.lanes import RANKING, LaneRoute, lane
from api.routers.schema import Schema, Sent
from api.usecases import collection, suggestions
from api.usecases.suggestions import CandidateList, Inquiry, as_json
from api.words.reasons import list_message
from corpus.session import Session
from corpus.values import MAX_TEXT

router = APIRouter(route_class=LaneRoute, tags=["suggestions"])
Count = Annotated[int, Query(ge=1, le=100)]


class AskText(Sent):
    """A free text to find organisations for; it is not stored."""

    text: str = Field(min_length=1, max_length=MAX_TEXT)
    k: int = Field(default=10, ge=1, le=100)
    prefecture: str = ""
    city: str = ""


class Contribution(Schema):
    """One summand of a score. ``part``: words, characters, synonyms, meaning, encoder, cases, fields, area."""

    part: str
    term: str
    matched: str
    value: float


class PastCase(Schema):
    """A collaboration like what is asked, whose partner is the candidate or is like it."""

    id: str
    title: str
    partner: str
    issue: str
    case: str


class Evidence(Schema):
    """Why. ``quotes`` has a key per side: issue, organisation, case or similar. ``case`` only where one adds to it."""

    contributions: list[Contribution]
    quotes: dict[str, str]
    fields: list[str]
    area: str
    missing: list[str]
    case: PastCase | None = None


class Suggestion(Schema):
    """A candidate, never a selection. ``band``: strong, some, weak. The contributions sum to ``score``."""

    rank: int
    id: str
    name: str
    kind: str
    is_sample: bool
    score: float
    band: str
    evidence: Evidence


class AskedFor(Schema):
    """What was asked."""

    id: str
    text: str
    area: str


class Suggestions(Schema):
    """A ranked list. ``good_match`` is false when nothing in it is a good candidate."""

    query: AskedFor
    model: str
    good_match: bool
    message: str
    suggestions: list[Suggestion]


@router.post("/suggestions", response_model=Suggestions)
@lane(RANKING)
def for_text(ctx: Ctx, viewer: Asker, asked: AskText) -> dict[str, Any]:
    """Organisations for a free text, which is not stored."""
    with ctx.read(viewer) as s:
        asking = suggestions.ask_with_text(s, ctx.indexes, asked.text, asked.prefecture, asked.city)
        return _answer(asking, asking.organisations(asked.k))


@router.get("/issues/{issue_id}/suggestions", response_model=Suggestions)
@lane(RANKING)
def for_issue(ctx: Ctx, viewer: Asker, issue_id: str, k: Count = 10) -> dict[str, Any]:
    """Organisations for a stored issue."""
    with ctx.read(viewer) as s:
        asking = _asking(ctx, s, issue_id)
        return _answer(asking, asking.organisations(k))


@router.get("/issues/{issue_id}/similar-issues", response_model=Suggestions)
@lane(RANKING)
def similar_issues(ctx: Ctx, viewer: Asker, issue_id: str, k: Count = 5) -> dict[str, Any]:
    """Other open issues like this one."""
    with ctx.read(viewer) as s:
        return as_json(_asking(ctx, s, issue_id).issues(k))


@router.get("/issues/{issue_id}/similar-cases", response_model=Suggestions)
@lane(RANKING)
def similar_cases(ctx: Ctx, viewer: Asker, issue_id: str, k: Count = 3) -> dict[str, Any]:
    """Past cases like this issue."""
    with ctx.read(viewer) as s:
        return as_json(_asking(ctx, s, issue_id).cases(k))


@router.get("/organisations/{organisation_id}/suggestions", response_model=Suggestions)
@lane(RANKING)
def for_organisation(ctx: Ctx, viewer: Asker, organisation_id: str, k: Count = 10) -> dict[str, Any]:
    """Open issues for an organisation."""
    with ctx.read(viewer) as s:
        organisation = collection.organisation(s, organisation_id)
        asking = suggestions.ask_with_organisation(s, ctx.indexes, organisation)
        return _answer(asking, asking.issues(k))


def _asking(ctx: Ctx, s: Session, issue_id: str) -> Inquiry:
    return suggestions.ask_with_issue(s, ctx.indexes, collection.issue(s, issue_id))


def _answer(asking: Inquiry, found: CandidateList) -> dict[str, Any]:
    """Without a good match the message names the nearest past cases and the next step."""
    return {**as_json(found), "message": list_message(asking, found)}
