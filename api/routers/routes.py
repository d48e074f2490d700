"""The JSON interface under ``/api/v1``."""

from typing import Any

from fastapi import APIRouter

from api.routers import collection, decisions, imports, suggestions, weights
from api.routers.schema import Failure

_FAILURES: dict[int | str, dict[str, Any]] = {code: {"model": Failure} for code in (403, 404, 409, 413, 422, 500, 503)}

router = APIRouter(prefix="/api/v1", responses=_FAILURES)
for _part in (suggestions, collection, decisions, imports, weights):
    router.include_router(_part.router)
