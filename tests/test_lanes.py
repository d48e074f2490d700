"""No kind of work keeps another one waiting, and who cannot be served now is told so."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from requests_of import seen
from service import Service, routes_below, serving

from api import lanes
from api.context import open_context
from api.errors import Crowded
from api.lanes import Lane, LaneRoute, lane
from api.settings import Settings
from api.usecases import collection, samples


def test_every_route_of_ours_runs_in_a_lane(shown: Service) -> None:
    found = list(routes_below(shown[0].app))
    assert len(found) > 40
    for route in found:
        assert isinstance(route, LaneRoute), route.path
        assert asyncio.iscoroutinefunction(route.endpoint), route.path


def endpoint_in(chosen: Lane, work: Any) -> Any:
    return LaneRoute("/", lane(chosen)(work), methods=["GET"]).endpoint


def test_a_lane_works_on_so_many_at_once_and_the_next_ones_wait_in_order() -> None:
    gate, running, most, order = threading.Event(), 0, 0, []
    counting = threading.Lock()

    def work(number: int) -> int:
        nonlocal running, most
        with counting:
            running, order[len(order) :] = running + 1, [number]
            most = max(most, running)
        gate.wait(10)
        with counting:
            running -= 1
        return number

    async def ask() -> list[int]:
        endpoint = endpoint_in(Lane("few", 2, 10, 10), work)
        asked = [asyncio.create_task(endpoint(number=number)) for number in range(6)]
        await asyncio.sleep(0.2)
        gate.set()
        return await asyncio.gather(*asked)

    assert asyncio.run(ask()) == list(range(6))
    assert most == 2
    assert sorted(order[:2]) == [0, 1]


def test_beyond_the_queue_and_beyond_ones_patience_it_is_crowded() -> None:
    gate = threading.Event()

    async def ask() -> list[Any]:
        endpoint = endpoint_in(Lane("narrow", 1, 2, 0.3), lambda: gate.wait(10))
        asked = [asyncio.create_task(endpoint()) for _ in range(5)]
        done, _ = await asyncio.wait(asked, timeout=5, return_when=asyncio.FIRST_EXCEPTION)
        refused_at_once = len(done)
        await asyncio.wait(asked[1:], timeout=5)
        gate.set()
        return [refused_at_once, *await asyncio.gather(*asked, return_exceptions=True)]

    at_once, first, *others = asyncio.run(ask())
    assert (at_once, first) == (2, True)
    assert [type(one) for one in others] == [Crowded] * 4


def test_one_lane_that_is_full_keeps_no_other_one_waiting() -> None:
    gate = threading.Event()

    async def ask() -> str:
        full, other = endpoint_in(Lane("full", 1, 9, 9), lambda: gate.wait(10)), endpoint_in(lanes.HEALTH, lambda: "ok")
        asked = [asyncio.create_task(full()) for _ in range(9)]
        answer: str = await other()
        gate.set()
        await asyncio.gather(*asked)
        return answer

    assert asyncio.run(ask()) == "ok"


@pytest.mark.parametrize("path", ["/api/v1/suggestions", "/candidates"])
def test_who_asks_for_one_ranking_too_many_is_told_when_to_come_back(
    shown: Service, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "_place_in", _no_place)
    answer = (
        shown[0].post(path, data={"text": "猫"}) if path == "/candidates" else shown[0].post(path, json={"text": "猫"})
    )
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "混み合っている" in answer.text
    assert ("ブラウザーの「戻る」" in answer.text) == (path == "/candidates")


def _no_place(_: Lane) -> Any:
    raise Crowded


def test_while_many_wait_to_write_pages_and_health_and_files_are_answered(tmp_path: Path) -> None:
    ctx = open_context(Settings(data=tmp_path / "data"))
    samples.load_if_empty(ctx)
    with (
        closing(ctx.db),
        serving(tmp_path / "data") as (port, _),
        httpx2.Client(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        issue = seen(ctx, collection.issues).items[0].id

        def write(number: int) -> int:
            draft = {"title": f"業務{number}", "problem": "人手が足りない"}
            return httpx2.post(f"http://127.0.0.1:{port}/api/v1/issues", json=draft, timeout=60).status_code

        with ThreadPoolExecutor(45) as pool:
            with ctx.db.write():
                waiting = [pool.submit(write, number) for number in range(45)]
                for path in ("/static/style.css", "/api/v1/health", "/", "/issues", f"/issues/{issue}"):
                    assert http.get(path, timeout=60).status_code == 200, path
                assert not any(one.done() for one in waiting), "a page waited for the writers"
            answers = [one.result() for one in waiting]
    assert set(answers) <= {201, 503}
    assert 201 in answers
