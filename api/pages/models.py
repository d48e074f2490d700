"""What the ranking has learned: the weights in force, what else there is, and the way back."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from api.dependencies import Ctx
from api.errors import Detail, Invalid
from api.lanes import LaneRoute
from api.pages.rendering import page, see
from api.usecases import fields, weight_sets, weights
from corpus.values import MAX_ID

router = APIRouter(route_class=LaneRoute, prefix="/models")
Typed = Annotated[str, Form()]
_INSTEAD = Detail("reason-default", "付属の重みを使うときは、「付属の重み」の欄に理由を書いて切り替えてください。")


@router.get("")
def show_models(ctx: Ctx, done: str = "") -> HTMLResponse:
    """The weight of each part, what is in use, the learned sets with their measures, and every choice so far."""
    return _show(ctx, done=done)


@router.post("/choose")
def choose(ctx: Ctx, id: Typed = weight_sets.DEFAULT, reason: Typed = "") -> Response:
    """Puts a set in force; the reason stays on record."""
    id = id.strip()[:MAX_ID]
    try:
        weights.choose(ctx, id, reason)
    except Invalid as error:
        details = tuple(Detail(_field(detail.field, id), detail.message) for detail in error.details)
        return _show(ctx, errors=details, typed={id: reason})
    return see("/models?done=weights-chosen")


@router.post("/roll-back")
def roll_back(ctx: Ctx, seen: Annotated[int, Form()]) -> Response:
    """Puts back what was in force before the choice numbered ``seen``, or leads to the default where that is broken."""
    try:
        weights.roll_back(ctx, seen)
    except Invalid as error:
        if not error.details:
            raise
        instead = (_INSTEAD,) if weights.overview(ctx).in_force.chosen else ()  # else the default is chosen already
        return _show(ctx, errors=(*error.details, *instead))
    return see("/models?done=weights-rolled-back")


def _field(field: str, id: str) -> str:
    """Each set has a form of its own, so the input's name takes the set's id."""
    return f"{field}-{id or 'default'}" if field else ""


def _show(
    ctx: Ctx, *, done: str = "", errors: tuple[Detail, ...] = (), typed: dict[str, str] | None = None
) -> HTMLResponse:
    shown = {"found": weights.overview(ctx), "typed": typed or {}, "set_label": weight_sets.label}
    shown["in_use"] = (*ctx.in_use, fields.in_use(ctx))
    return page("models.html", 422 if errors else 200, done=done, errors=errors, **shown)
