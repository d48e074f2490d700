"""The reader's view of an issue's candidates, and how often it was asked."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import Ctx
from api.pages.rendering import page
from api.usecases import reading

router = APIRouter()


@router.post("/issues/{issue_id}/reading")
def read_issue(ctx: Ctx, issue_id: str) -> HTMLResponse:
    """The answer itself, not a redirect: it is stored nowhere, so no address could show it again."""
    return page("reading.html", read=reading.read_for_issue(ctx, issue_id))


@router.get("/reader")
def show_calls(ctx: Ctx) -> HTMLResponse:
    """For the administrator: calls by month and outcome."""
    levels = reading.permitted(ctx.settings)
    return page("reader.html", calls=reading.calls(ctx), settings=ctx.settings, levels=levels)
