"""``make soak`` only: every hostile file through the doors of a running service, while others ask for its pages."""

import http.client
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hostile_files import FILES
from service import serving

pytestmark = pytest.mark.soak
PAGES = ("/", "/static/style.css", "/api/v1/health")
LONGEST_WAIT = 1.0  # seconds for a page
BOUNDARY = "hostile-files"


@dataclass
class Running:
    """A service of its own, and how long its pages took meanwhile."""

    port: int
    process: subprocess.Popen[bytes]
    waits: list[tuple[float, str, str]] = field(default_factory=list)
    doing: set[str] = field(default_factory=set)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str, str]:
        """Status, Location and text; a minute longer than any reading may take."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=500)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Location", ""), answer.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def upload(self, path: str, name: str, data: bytes, **fields: str) -> tuple[int, str, str]:
        texts = "".join(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
            for key, value in fields.items()
        )
        head = f'{texts}--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()
        origin = f"http://127.0.0.1:{self.port}"
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        return self.ask("POST", path, body, **{"Content-Type": kind, "Origin": origin})

    def memory(self) -> int:
        """Resident bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))

    def watch(self, done: threading.Event) -> None:
        """Ask for pages, ten times a second, until done."""
        while not done.wait(0.1):
            for path in PAGES:
                start = time.monotonic()
                status, _, _ = self.ask("GET", path)
                self.waits.append((time.monotonic() - start, path, f"{status} during {sorted(self.doing)}"))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    with serving(tmp_path / "data") as (port, process):
        yield Running(port, process)


def through_the_page(service: Running, name: str, data: bytes) -> tuple[int, str]:
    status, place, text = service.upload("/imports", name, data)
    if status != 303:
        return status, text
    status, _, text = service.ask("GET", place)
    service.upload(f"{place}/cancel", "none", b"")
    return status, text


def through_json(service: Running, name: str, data: bytes) -> tuple[int, str]:
    status, _, text = service.upload("/api/v1/imports", name, data, dry_run="true")
    if status == 200 and len(text) < 10_000:
        report = json.loads(text)["files"][0]
        assert report["kind"] or report["problems"][0]["message"].endswith("。")
    return status, text


def send(service: Running, name: str, data: bytes) -> list[str]:
    """What went wrong with one file, through both doors."""
    wrong = []
    for door in (through_the_page, through_json):
        service.doing.add(name)
        status, text = door(service, name, data)
        service.doing.discard(name)
        if status >= 500 or "思いがけない" in text:
            wrong.append(f"{name}: {door.__name__}: {status}: {text[:300]}")
    return wrong


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Made beforehand: while they are made, this process could not tell how long a page takes."""
    folder = tmp_path_factory.mktemp("hostile")
    made = {name: folder / str(number) for number, name in enumerate(FILES) if os.environ.get("HOSTILE", "") in name}
    for name, path in made.items():
        path.write_bytes(FILES[name]())
    return made


@pytest.mark.parametrize("at_once", [1, 4])
def test_hostile_files_end_nothing_delay_nothing_and_leave_nothing_behind(
    service: Running, files: dict[str, Path], at_once: int
) -> None:
    send(service, "first", b"a,b\n")
    before, done = service.memory(), threading.Event()
    watcher = threading.Thread(target=service.watch, args=(done,))
    watcher.start()
    try:
        with ThreadPoolExecutor(at_once) as pool:
            faults = list(pool.map(lambda name: send(service, name, files[name].read_bytes()), files))
    finally:
        done.set()
        watcher.join()
    assert service.process.poll() is None
    assert [fault for each in faults for fault in each] == []
    assert [wait for wait in service.waits if wait[0] > LONGEST_WAIT or not wait[2].startswith("200")] == []
    assert service.memory() < before + 200_000_000
