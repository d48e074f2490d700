"""The reader's view of an issue's candidates, and how often it was asked."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse

from api.dependencies import Ctx
from api.lanes import ASKING, LaneRoute, lane
from api.pages.rendering import page
from api.usecases import reading, suggestions

router = APIRouter(route_class=LaneRoute)


@router.post("/issues/{issue_id}/reading")
@lane(ASKING)
def read_issue(ctx: Ctx, issue_id: str, version: Annotated[int, Form()]) -> HTMLResponse:
    """The answer itself, not a redirect: it is stored nowhere, so no address could show it again."""
    read = reading.read_for_issue(ctx, issue_id, version)
    return page("reading.html", read=read, cases=suggestions.similar_cases(ctx, issue_id))


@router.get("/reader")
def show_calls(ctx: Ctx) -> HTMLResponse:
    """For the administrator: calls by month and outcome."""
    levels = reading.permitted(ctx.settings)
    return page("reader.html", calls=reading.calls(ctx), settings=ctx.settings, levels=levels)
