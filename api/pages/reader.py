"""The reader's view of an issue's candidates, and how often it was asked."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse

from api.dependencies import Asker, Ctx
from api.lanes import ASKING, LaneRoute, lane
from api.pages.rendering import page
from api.usecases import reader

router = APIRouter(route_class=LaneRoute)


@router.post("/issues/{issue_id}/reading")
@lane(ASKING)
def read_issue(ctx: Ctx, viewer: Asker, issue_id: str, version: Annotated[int, Form()]) -> HTMLResponse:
    """The answer itself, not a redirect: it is stored nowhere, so no address could show it again."""
    read = reader.read_for_issue(ctx, viewer, issue_id, version)
    return page("reader_list.html", read=read, cases=read.cases)


@router.get("/reader")
def show_calls(ctx: Ctx, viewer: Asker) -> HTMLResponse:
    """For the administrator: calls by month and outcome."""
    levels = reader.permitted(ctx.settings)
    with ctx.read(viewer) as s:
        calls = reader.calls(s)
    return page("reader_calls.html", calls=calls, settings=ctx.settings, levels=levels)
