"""What the ranking has learned: the weights in force, what else there is, and the way back."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from api.dependencies import Asker, Ctx
from api.errors import Detail, Invalid
from api.lanes import LaneRoute
from api.pages.rendering import page, see
from api.usecases import fields, weights
from corpus.values import MAX_ID
from models.search import weight_sets

router = APIRouter(route_class=LaneRoute, prefix="/models")
Typed = Annotated[str, Form()]
_INSTEAD = Detail("reason-default", "付属の重みを使うときは、「付属の重み」の欄に理由を書いて切り替えてください。")


@router.get("")
def show_models(ctx: Ctx, viewer: Asker, done: str = "") -> HTMLResponse:
    """The weight of each part, what is in use, the learned sets with their measures, and every choice so far."""
    return _show(ctx, viewer, done=done)


@router.post("/choose")
def choose(ctx: Ctx, viewer: Asker, id: Typed = weight_sets.DEFAULT, reason: Typed = "") -> Response:
    """Puts a set in force; the reason stays on record."""
    id = id.strip()[:MAX_ID]
    try:
        wanted = weights.choosable(ctx.settings.data, id, reason)
        with ctx.write(viewer) as s:
            weights.choose(s, ctx.ruling, wanted)
    except Invalid as error:
        details = tuple(Detail(_field(detail.field, id), detail.message) for detail in error.details)
        return _show(ctx, viewer, errors=details, typed={id: reason})
    return see("/models?done=weights-chosen")


@router.post("/roll-back")
def roll_back(ctx: Ctx, viewer: Asker, seen: Annotated[int, Form()]) -> Response:
    """Puts back what was in force before the choice numbered ``seen``, or leads to the default where that is broken."""
    try:
        with ctx.write(viewer) as s:
            weights.roll_back(s, ctx.ruling, seen)
    except Invalid as error:
        if not error.details:
            raise
        return _show(ctx, viewer, errors=error.details, instead=True)
    return see("/models?done=weights-rolled-back")


def _field(field: str, id: str) -> str:
    """Each set has a form of its own, so the input's name takes the set's id."""
    return f"{field}-{id or 'default'}" if field else ""


def _show(
    ctx: Ctx,
    viewer: Asker,
    *,
    done: str = "",
    errors: tuple[Detail, ...] = (),
    typed: dict[str, str] | None = None,
    instead: bool = False,
) -> HTMLResponse:
    """``instead``: say how to go to the default, unless that is chosen already."""
    with ctx.read(viewer) as s:
        found = weights.overview(s, ctx.ruling)
    if instead and found.in_force.chosen:
        errors = (*errors, _INSTEAD)
    shown = {"found": found, "typed": typed or {}, "set_label": weight_sets.label}
    shown["in_use"] = (*ctx.in_use, fields.proposer(ctx.settings.data).in_use())
    return page("models.html", 422 if errors else 200, done=done, errors=errors, **shown)
