"""The reader's view of an issue's candidates, and how often it was asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse

from api.dependencies import Asker, Ctx
from api.lanes import ASKING, LaneRoute, lane
from api.pages.rendering import PageRecord, page
from api.settings import Settings
from api.usecases import reader
from api.usecases.reader import ReaderList
from corpus.records.issues import ReleaseLevel
from corpus.store.reader_calls import MonthlyCount

router = APIRouter(route_class=LaneRoute)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderListPage(PageRecord):
    """What the reader made of an issue's candidates."""

    template = "reader_list.html"
    read: ReaderList


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderCallsPage(PageRecord):
    """How often the reader was asked, the newest month first. ``levels``: of the issues that may be sent to it."""

    template = "reader_calls.html"
    calls: Sequence[MonthlyCount]
    settings: Settings
    levels: Sequence[ReleaseLevel]


@router.post("/issues/{issue_id}/reading")
@lane(ASKING)
def read_issue(ctx: Ctx, viewer: Asker, issue_id: str, version: Annotated[int, Form()]) -> HTMLResponse:
    """The answer itself, not a redirect: it is stored nowhere, so no address could show it again."""
    return page(ReaderListPage(read=reader.read_for_issue(ctx, viewer, issue_id, version)))


@router.get("/reader")
def show_calls(ctx: Ctx, viewer: Asker) -> HTMLResponse:
    """For the administrator: calls by month and outcome."""
    levels = reader.permitted(ctx.settings)
    with ctx.read(viewer) as s:
        calls = reader.calls(s)
    return page(ReaderCallsPage(calls=calls, settings=ctx.settings, levels=levels))
