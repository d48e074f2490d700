"""What the ranking has learned: the weights in force, what else there is, and the way back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from api.dependencies import Asker, Ctx
from api.errors import Detail, Invalid
from api.lanes import LaneRoute
from api.pages.rendering import PageRecord, page, see
from api.usecases import fields, weights
from api.usecases.weights import WeightsOverview
from corpus.values import MAX_ID
from models.learned import InUse
from models.search import weight_sets

router = APIRouter(route_class=LaneRoute, prefix="/models")
Typed = Annotated[str, Form()]
_INSTEAD = Detail("reason-default", "付属の重みを使うときは、「付属の重み」の欄に理由を書いて切り替えてください。")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsPage(PageRecord):
    """The weights and whatever else was learned. ``typed``: id of a set -> the reason as it was typed at its form."""

    template = "models.html"
    found: WeightsOverview
    in_use: tuple[InUse, ...]
    typed: Mapping[str, str]
    done: str


@router.get("")
def show_models(ctx: Ctx, viewer: Asker, done: str = "") -> HTMLResponse:
    """Raises Refused for a viewer who may not see all issues."""
    return page(_read(ctx, viewer, done=done))


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
        return page(_read(ctx, viewer, errors=details, typed={id: reason}))
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
        shown = _read(ctx, viewer, errors=error.details)
        return page(replace(shown, errors=(*shown.errors, _INSTEAD)) if shown.found.in_force.chosen else shown)
    return see("/models?done=weights-rolled-back")


def _field(field: str, id: str) -> str:
    """Each set has a form of its own, so the input's name takes the set's id."""
    return f"{field}-{id or 'default'}" if field else ""


def _read(
    ctx: Ctx,
    viewer: Asker,
    *,
    errors: tuple[Detail, ...] = (),
    typed: Mapping[str, str] = MappingProxyType({}),
    done: str = "",
) -> ModelsPage:
    with ctx.read(viewer) as s:
        found = weights.overview(s, ctx.ruling)
    in_use = (*ctx.in_use, fields.proposer(ctx.settings.data).in_use())
    return ModelsPage(found=found, in_use=in_use, errors=errors, typed=typed, done=done)
