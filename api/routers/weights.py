"""The weights of the ranking, to be read."""

from typing import Any

from fastapi import APIRouter

from api.dependencies import Asker, Ctx
from api.lanes import LaneRoute
from api.routers.answers import Weights
from api.usecases import weights

router = APIRouter(route_class=LaneRoute, tags=["weights"])


@router.get("/weights", response_model=Weights)
def show_weights(ctx: Ctx, viewer: Asker) -> dict[str, Any]:
    """What each part of a score counts, as ``kyodo models weights --json``."""
    with ctx.read(viewer) as s:
        return weights.as_json(weights.overview(s, ctx.ruling))
