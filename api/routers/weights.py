"""The weights of the ranking, to be read."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from api.dependencies import Asker, Ctx
from api.lanes import LaneRoute
from api.routers.schema import Schema
from api.usecases import weights

router = APIRouter(route_class=LaneRoute, tags=["weights"])


class WeightsInForce(Schema):
    """What lists are ranked by; ``fault`` says why the ``chosen`` set is not it. An empty id: the program's own."""

    id: str
    weights: dict[str, float]
    chosen: str
    fault: str


class LearnedWeights(Schema):
    """A set that was learned, with its measures; ``fault`` says why it cannot be used."""

    id: str
    weights: dict[str, float]
    made: str
    measures: dict[str, float]
    fault: str


class WeightChoice(Schema):
    """A line of the history: from then on ``weights`` was to be used."""

    id: int
    weights: str
    reason: str
    recorded_at: datetime
    actor: str


class Weights(Schema):
    """Everything about the weights, sets and choices newest first. ``fault``: why the learned sets cannot be seen."""

    in_force: WeightsInForce
    default: dict[str, float]
    learned: list[LearnedWeights]
    history: list[WeightChoice]
    fault: str


@router.get("/weights", response_model=Weights)
def show_weights(ctx: Ctx, viewer: Asker) -> dict[str, Any]:
    """What each part of a score counts, as ``kyodo models weights --json``."""
    with ctx.read(viewer) as s:
        return weights.as_json(weights.overview(s, ctx.ruling))
