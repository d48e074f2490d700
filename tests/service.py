"""What the tests of the service share: two small files to bring in, a client, and the service as a process."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi.routing import APIRoute
from requests_of import seen
from starlette.testclient import TestClient

from api.app import create_app
from api.context import Context
from api.usecases import collection

UNUSUAL = "ゾウガメ搬送計画"
REGISTER = """団体名,種別,目的,活動内容,所在地,代表者,連絡先
猫と暮らす会,任意団体,地域猫の世話,飼い主のいない猫の捕獲と手術の付き添い,岡山市北区,連絡役その一,086-000-0000
川辺の会,任意団体,川の清掃,川辺のごみ拾いと水質の観察,岡山市南区,連絡役その二,kawa@example.jp
"""
INVENTORY = """業務名,担当課,年度,課題
飼い主のいない猫の相談,生活衛生課,令和6年度,猫の捕獲と手術に付き添う人がいない
河川の清掃,環境課,令和6年度,川辺のごみ拾いの参加者が減っている
"""
Service = tuple[TestClient, Context]


def client_of(ctx: Context, **options: Any) -> TestClient:
    """The service refuses other addresses and host names than this machine's."""
    return TestClient(create_app(ctx), base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50000), **options)


def upload(client: TestClient, name: str, data: bytes) -> str:
    """The address of the preview."""
    answer = client.post("/imports", files={"file": (name, data)}, follow_redirects=False)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def first_issue(ctx: Context, text: str = "") -> str:
    return seen(ctx, collection.issues, text).items[0].id


def routes_below(router: Any) -> Iterator[APIRoute]:
    """Those of all routers that were included, by the paths of their own router."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from routes_below(route.original_router)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@contextmanager
def serving(data: Path, descriptors: int = 0, **settings: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """``kyodo serve`` as people start it, on a port of its own: the port and the process, which is ended at the end.

    ``descriptors``: no more files and connections may be open in it.
    """
    port = free_port()
    given = {f"KYODO_{name.upper()}": value for name, value in settings.items()}
    env = {**os.environ, "KYODO_DATA": str(data), "KYODO_PORT": str(port), **given}
    with (data.parent / f"{data.name}.log").open("wb") as log:
        command = [str(Path(sys.executable).with_name("kyodo")), "serve"]
        if descriptors:
            command = ["sh", "-c", f'ulimit -n {descriptors}; exec "$@"', "sh", *command]
        process = subprocess.Popen(command, env=env, stderr=log)
        try:
            _wait_for(port, process)
            yield port, process
        finally:
            process.kill()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "the service did not start"
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/static/style.css")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("the service does not answer")
