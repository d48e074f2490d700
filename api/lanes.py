"""Which threads answer what, so that no kind of work keeps another one waiting.

Every route of ours is a plain function that runs in a thread of its lane. A lane has so many threads, a queue with an
end, and a time after which who waits is told so. Waiting takes no thread. What needs no lane (files of ours, bodies
that arrive) has the framework's own threads to itself, and the event loop is never held.
"""

import asyncio
import math
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, TypeVar

from anyio import CapacityLimiter, fail_after, to_thread
from anyio.lowlevel import RunVar
from fastapi.datastructures import DefaultPlaceholder
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from api.errors import Crowded

F = TypeVar("F", bound=Callable[..., Any])
CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class Lane:
    """``threads`` at once, ``queue`` waiting for one, none longer than ``patience`` seconds."""

    name: str
    threads: int
    queue: int
    patience: float


HEALTH = Lane("health", 2, 200, 5)
READING = Lane("reading", 12, 200, 20)
# A ranking computes and does nothing else, and Python lets one thread compute at a time: on two cores, two rankings at
# once were no quicker than one after the other, and kept files of ours waiting seven times as long.
RANKING = Lane("ranking", 1, 32, 20)
# Writers queue in the database anyway; a few threads suffice to be the next.
WRITING = Lane("writing", 4, 64, 8)
# A file is read by a process of its own; the next one is worth waiting for.
FILES = Lane("files", CORES, 8, 120)
# Waits for an answer from elsewhere, up to minutes.
ASKING = Lane("asking", 4, 8, 20)

_limiters: RunVar[dict[Lane, CapacityLimiter]] = RunVar("kyodo-lanes")  # of one event loop, as limiters are
_threads: RunVar[CapacityLimiter] = RunVar("kyodo-threads")


def lane(chosen: Lane) -> Callable[[F], F]:
    """Marks a route's function as one of another lane than its method's."""

    def marked(function: F) -> F:
        function.lane = chosen  # type: ignore[attr-defined]
        return function

    return marked


class LaneRoute(APIRoute):
    """A route whose function runs in its lane: the marked one, else that of looking (GET) or of writing."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if not asyncio.iscoroutinefunction(endpoint):  # else in its lane already: routers are included in routers
            usual = READING if set(options.get("methods") or {"GET"}) <= {"GET", "HEAD"} else WRITING
            chosen = getattr(endpoint, "lane", usual)
            endpoint = _in_lane(_written(endpoint, options), chosen)
        super().__init__(path, endpoint, **options)


def _written(function: Callable[..., Any], options: Mapping[str, Any]) -> Callable[..., Any]:
    """Gives a JSON answer as it goes out: what the framework would make of it on the event loop, made in the lane."""
    model = options.get("response_model")
    if model is None or isinstance(model, DefaultPlaceholder):
        return function
    shape = TypeAdapter[Any](model)

    @wraps(function)
    def writing(**values: Any) -> Response:
        told = shape.validate_python(function(**values), from_attributes=True)
        return Response(shape.dump_json(told), options.get("status_code") or 200, media_type="application/json")

    return writing


def _in_lane(function: Callable[..., Any], chosen: Lane) -> Callable[..., Any]:
    @wraps(function)
    async def waiting(**values: Any) -> Any:
        async with _place_in(chosen):
            work = partial(function, **values)
            # Given up only when the service stops: a change that is not finished then is undone by the database.
            return await to_thread.run_sync(work, limiter=_without_limit(), abandon_on_cancel=True)

    return waiting


@asynccontextmanager
async def _place_in(chosen: Lane) -> AsyncIterator[None]:
    """Raises Crowded at the end of a full queue, or of one's patience."""
    limiter, holder = _limiter(chosen), object()
    if limiter.statistics().tasks_waiting >= chosen.queue:
        raise Crowded
    try:
        with fail_after(chosen.patience):
            await limiter.acquire_on_behalf_of(holder)
    except TimeoutError:
        raise Crowded from None
    try:
        yield
    finally:
        limiter.release_on_behalf_of(holder)


def _limiter(chosen: Lane) -> CapacityLimiter:
    known = _limiters.get({})
    if chosen not in known:
        known[chosen] = CapacityLimiter(chosen.threads)
        _limiters.set(known)
    return known[chosen]


def _without_limit() -> CapacityLimiter:
    """The lanes limit themselves; the framework's forty threads are for its own work."""
    try:
        return _threads.get()
    except LookupError:
        limiter = CapacityLimiter(math.inf)
        _threads.set(limiter)
        return limiter
