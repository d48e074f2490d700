"""Candidates with their reasons, in every direction."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.dependencies import Ctx
from api.lanes import RANKING, LaneRoute, lane
from api.pages.reasons import list_message
from api.routers.answers import Suggestions
from api.routers.requests import AskText
from api.usecases import suggestions
from api.usecases.suggestions import CandidateList, as_json

router = APIRouter(route_class=LaneRoute, tags=["suggestions"])
Count = Annotated[int, Query(ge=1, le=100)]


@router.post("/suggestions", response_model=Suggestions)
@lane(RANKING)
def for_text(ctx: Ctx, asked: AskText) -> dict[str, Any]:
    """Organisations for a free text, which is not stored."""
    return _answer(ctx, suggestions.suggest_for_text(ctx, asked.text, asked.k, asked.prefecture, asked.city))


@router.get("/issues/{issue_id}/suggestions", response_model=Suggestions)
@lane(RANKING)
def for_issue(ctx: Ctx, issue_id: str, k: Count = 10) -> dict[str, Any]:
    """Organisations for a stored issue."""
    return _answer(ctx, suggestions.suggest_for_issue(ctx, issue_id, k), issue_id)


@router.get("/issues/{issue_id}/similar-issues", response_model=Suggestions)
@lane(RANKING)
def similar_issues(ctx: Ctx, issue_id: str, k: Count = 5) -> dict[str, Any]:
    """Other open issues like this one."""
    return as_json(suggestions.similar_issues(ctx, issue_id, k))


@router.get("/issues/{issue_id}/similar-cases", response_model=Suggestions)
@lane(RANKING)
def similar_cases(ctx: Ctx, issue_id: str, k: Count = 3) -> dict[str, Any]:
    """Past cases like this issue."""
    return as_json(suggestions.similar_cases(ctx, issue_id, k))


@router.get("/organisations/{organisation_id}/suggestions", response_model=Suggestions)
@lane(RANKING)
def for_organisation(ctx: Ctx, organisation_id: str, k: Count = 10) -> dict[str, Any]:
    """Open issues for an organisation."""
    return _answer(ctx, suggestions.issues_for_organisation(ctx, organisation_id, k))


def _answer(ctx: Ctx, found: CandidateList, issue_id: str = "") -> dict[str, Any]:
    """Without a good match the message names the nearest past cases and the next step."""
    return {**as_json(found), "message": list_message(ctx, found, issue_id)}
