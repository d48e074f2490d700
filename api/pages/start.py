"""The first page, and the candidates for a text that is shown once and kept nowhere."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse

from api.dependencies import Asker, Ctx
from api.errors import Detail, Invalid
from api.lanes import RANKING, LaneRoute, lane
from api.pages.rendering import PageRecord, page, see
from api.usecases import collection, samples, suggestions
from api.usecases.collection import CollectionCounts
from api.usecases.suggestions import CandidateList
from corpus.values import MAX_PLACE

router = APIRouter(route_class=LaneRoute)
Typed = Annotated[str, Form()]


@dataclass(frozen=True, slots=True)
class AskedText:
    """What candidates are looked for with, as typed into the box."""

    text: str = ""
    prefecture: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPage(PageRecord):
    """The box for an issue, what is stored, and how the work goes."""

    template = "start.html"
    overview: CollectionCounts
    asked: AskedText
    done: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatesPage(PageRecord):
    """The organisations and the past cases for a text."""

    template = "candidates.html"
    asked: AskedText
    found: CandidateList
    cases: CandidateList


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplesPage(PageRecord):
    """What of the collection is invented, before it is taken away."""

    template = "samples.html"
    overview: CollectionCounts


@router.get("/")
def start(ctx: Ctx, viewer: Asker, done: str = "") -> HTMLResponse:
    """The way in. ``done`` names what a redirect led here from."""
    return _start(ctx, viewer, AskedText(), done=done)


@router.get("/candidates")
def candidates_again() -> RedirectResponse:
    """The address alone holds no text, so it leads back to the box."""
    return see("/")


@router.post("/candidates")
@lane(RANKING)
def candidates(ctx: Ctx, viewer: Asker, text: Typed = "", prefecture: Typed = "", city: Typed = "") -> HTMLResponse:
    """Sent by POST, so that the words stand in no address, history or log. Nothing is stored: no redirect follows."""
    asked = AskedText(text.strip().replace("\r\n", "\n"), prefecture.strip(), city.strip())
    try:
        if not asked.text:
            raise Invalid("課題が書かれていません。", (Detail("text", "課題の内容を書いてください。"),))
        with ctx.read(viewer) as s:
            asking = suggestions.ask_with_text(s, ctx.indexes, asked.text, asked.prefecture, asked.city)
            shown = CandidatesPage(asked=asked, found=asking.organisations(), cases=asking.cases())
    except Invalid as error:
        # A name longer than any place is nobody's.
        again = replace(asked, prefecture=asked.prefecture[:MAX_PLACE], city=asked.city[:MAX_PLACE])
        return _start(ctx, viewer, again, errors=error.details or (Detail("city", error.message),))
    return page(shown)


@router.get("/samples/remove")
def confirm_removal(ctx: Ctx, viewer: Asker) -> HTMLResponse:
    """What would go and what would stay, before anything does."""
    with ctx.read(viewer) as s:
        overview = collection.overview(s)
    return page(SamplesPage(overview=overview))


@router.post("/samples/remove")
def remove_samples(ctx: Ctx, viewer: Asker, include_cases: Typed = "") -> RedirectResponse:
    """Takes the invented organisations and issues away for good, and the cases that came with them if ticked."""
    with ctx.write(viewer) as s:
        samples.remove(s, include_cases=bool(include_cases))
    return see("/?done=samples-removed")


def _start(
    ctx: Ctx, viewer: Asker, asked: AskedText, *, done: str = "", errors: tuple[Detail, ...] = ()
) -> HTMLResponse:
    with ctx.read(viewer) as s:
        overview = collection.overview(s)
    return page(StartPage(overview=overview, asked=asked, done=done, errors=errors))
