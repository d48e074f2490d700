"""The two counted figures of a fiscal year."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import Asker, Ctx
from api.lanes import LaneRoute
from api.pages.forms import this_fiscal_year
from api.pages.rendering import PageRecord, page
from api.usecases import indicators
from api.usecases.given import year_given_or_none
from corpus.records.indicators import Indicator

router = APIRouter(route_class=LaneRoute)
_FIRST_YEAR = 2015  # of the counts of 岡山市 that are shown beside


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorsPage(PageRecord):
    """Each figure of a fiscal year with its definition and events. ``years`` can be chosen, the newest first."""

    template = "indicators.html"
    year: int
    years: Sequence[int]
    indicators: tuple[Indicator, ...]


@router.get("/indicators")
def show_indicators(ctx: Ctx, viewer: Asker, year: str = "") -> HTMLResponse:
    """Of the running year where none is asked for; any year that can be read may be."""
    current = this_fiscal_year()
    chosen = year_given_or_none(year, "year") or current
    years = sorted({chosen, *range(_FIRST_YEAR, current + 1)}, reverse=True)
    with ctx.read(viewer) as s:
        counted = indicators.indicators(s, chosen)
    return page(IndicatorsPage(year=chosen, years=years, indicators=counted))
