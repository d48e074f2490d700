"""The two counted figures of a fiscal year."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import Asker, Ctx
from api.lanes import LaneRoute
from api.pages.forms import this_fiscal_year
from api.pages.rendering import page
from api.usecases import indicators
from api.usecases.given import year_given_or_none

router = APIRouter(route_class=LaneRoute)
_FIRST_YEAR = 2015  # of the counts of 岡山市 that are shown beside


@router.get("/indicators")
def show_indicators(ctx: Ctx, viewer: Asker, year: str = "") -> HTMLResponse:
    """Each figure with its definition, its events and the figure of 岡山市 it is compared with."""
    current = this_fiscal_year()
    chosen = year_given_or_none(year, "year") or current
    years = sorted({chosen, *range(_FIRST_YEAR, current + 1)}, reverse=True)
    with ctx.read(viewer) as s:
        counted = indicators.indicators(s, chosen)
    return page("indicators.html", year=chosen, years=years, indicators=counted)
