"""Long runs against a real service, by ``make soak`` only: everything the interface takes, and stopping under load."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx2
import pytest
from requests_of import seen
from service import INVENTORY, REGISTER, serving

from api.context import open_context
from api.load import Request, load
from api.settings import Settings
from api.usecases import collection

pytestmark = pytest.mark.soak
SCHEMATHESIS = Path(sys.executable).with_name("st")
SECONDS = 300


def filled(port: int) -> None:
    for name, content in (("団体.csv", REGISTER), ("棚卸.csv", INVENTORY)):
        answer = httpx2.post(f"http://127.0.0.1:{port}/api/v1/imports", files={"file": (name, content)}, timeout=60)
        assert answer.json()["files"][0]["stored"]


def test_nothing_that_the_interface_takes_is_a_fault_of_the_server(tmp_path: Path) -> None:
    with serving(tmp_path / "data", max_upload_bytes="1000000") as (port, process):
        filled(port)
        base = f"http://127.0.0.1:{port}"
        how = ["--checks", "not_a_server_error", "--continue-on-failure", "--max-time", str(SECONDS), "--seed", "1"]
        command = [SCHEMATHESIS, "run", f"{base}/api/v1/openapi.json", "--url", base, *how]
        run = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=tmp_path, check=False)
        assert process.poll() is None
        for path in ("/", "/issues", "/organisations", "/api/v1/health"):
            assert httpx2.get(base + path, timeout=30).status_code == 200
        assert run.returncode == 0, run.stdout[-4_000:]
    log = (tmp_path / "data.log").read_text("utf-8")
    assert '"status": 500' not in log


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_under_load_the_service_stops_within_ten_seconds(tmp_path: Path, kind: signal.Signals) -> None:
    with serving(tmp_path / "data") as (port, process):
        filled(port)
        body = '{"text": "飼い主のいない猫の世話をする人が足りない", "city": "岡山市"}'.encode()
        asking = threading.Thread(
            target=quietly, args=(load, port, 20.0, (32, Request("POST", "/api/v1/suggestions", [body])))
        )
        asking.start()
        ctx = open_context(Settings(data=tmp_path / "data"))
        stored = seen(ctx, collection.issues).total
        with closing(ctx.db), ThreadPoolExecutor(12) as pool:
            with ctx.db.write():  # some wait for what will not come in time
                writing = [pool.submit(quietly, write, port, number) for number in range(12)]
                time.sleep(3)
                started = time.monotonic()
                process.send_signal(kind)
                process.wait(20)
            assert time.monotonic() - started < 10
            for one in writing:
                one.result()
            assert seen(ctx, collection.issues).total == stored, "a change that nobody acknowledged is there"
        asking.join()


def write(port: int, number: int) -> None:
    draft = {"title": f"業務{number}", "problem": "人手が足りない"}
    httpx2.post(f"http://127.0.0.1:{port}/api/v1/issues", json=draft, timeout=60)


def quietly(task: Callable[..., object], *given: object) -> None:
    """The service goes away under the clients."""
    try:
        task(*given)
    except* (OSError, EOFError, httpx2.TransportError):
        pass
