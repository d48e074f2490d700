"""The first page, and the candidates for a text that is shown once and kept nowhere."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse

from api.dependencies import Asker, Ctx
from api.errors import Detail, Invalid
from api.lanes import RANKING, LaneRoute, lane
from api.pages.rendering import page, see
from api.usecases import collection, samples, suggestions
from corpus.values import MAX_PLACE

router = APIRouter(route_class=LaneRoute)
Typed = Annotated[str, Form()]
_NOTHING: Mapping[str, str] = {"text": "", "prefecture": "", "city": ""}


@router.get("/")
def start(ctx: Ctx, viewer: Asker, done: str = "") -> HTMLResponse:
    """The box for an issue, what is stored, and how the work goes."""
    return _start(ctx, viewer, _NOTHING, done=done)


@router.get("/candidates")
def candidates_again() -> RedirectResponse:
    """The address alone holds no text, so it leads back to the box."""
    return see("/")


@router.post("/candidates")
@lane(RANKING)
def candidates(ctx: Ctx, viewer: Asker, text: Typed = "", prefecture: Typed = "", city: Typed = "") -> HTMLResponse:
    """Sent by POST, so that the words stand in no address, history or log. Nothing is stored: no redirect follows."""
    asked = {"text": text.strip().replace("\r\n", "\n"), "prefecture": prefecture.strip(), "city": city.strip()}
    try:
        if not asked["text"]:
            raise Invalid("課題が書かれていません。", (Detail("text", "課題の内容を書いてください。"),))
        with ctx.read(viewer) as s:
            asking = suggestions.ask_with_text(s, ctx.indexes, **asked)
            found, cases = asking.organisations(), asking.cases()
    except Invalid as error:
        asked |= {name: asked[name][:MAX_PLACE] for name in ("prefecture", "city")}  # a longer name is nobody's
        return _start(ctx, viewer, asked, errors=error.details or (Detail("city", error.message),))
    return page("candidates.html", found=found, cases=cases, **asked)


@router.get("/samples/remove")
def confirm_removal(ctx: Ctx, viewer: Asker) -> HTMLResponse:
    """What would go and what would stay, before anything does."""
    with ctx.read(viewer) as s:
        overview = collection.overview(s)
    return page("samples.html", overview=overview)


@router.post("/samples/remove")
def remove_samples(ctx: Ctx, viewer: Asker, include_cases: Typed = "") -> RedirectResponse:
    """Takes the invented organisations and issues away for good, and the cases that came with them if ticked."""
    with ctx.write(viewer) as s:
        samples.remove(s, include_cases=bool(include_cases))
    return see("/?done=samples-removed")


def _start(
    ctx: Ctx, viewer: Asker, asked: Mapping[str, str], *, done: str = "", errors: tuple[Detail, ...] = ()
) -> HTMLResponse:
    status = 422 if errors else 200
    with ctx.read(viewer) as s:
        overview = collection.overview(s)
    return page("start.html", status, overview=overview, done=done, errors=errors, **asked)
