"""The running service is killed two hundred times at random moments, by ``make soak`` only: what it said is kept."""

import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from contextlib import closing, suppress
from http.client import HTTPException
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from requests_of import matcher_of, suggest_for_issue
from service import INVENTORY, REGISTER, free_port

from api.context import open_context
from api.settings import Settings
from api.usecases import imports
from corpus.access import LOCAL
from corpus.readers.base import ReadOptions

pytestmark = pytest.mark.soak
KYODO = Path(sys.executable).with_name("kyodo")
KILLS, ROWS = 200, 5
_JSON = {"Content-Type": "application/json"}


class Coordinators:
    """Four threads that judge, introduce and import as long as the service answers; they remember what it said."""

    def __init__(self, base: str, issue: str, organisation: str) -> None:
        self.base, self.issue, self.organisation = base, issue, organisation
        self.acknowledged: dict[str, set[str]] = {"reviews": set(), "introductions": set(), "imports": set()}
        self.refused: list[int] = []
        self._numbers = count(1)

    def work(self, stop: threading.Event) -> list[threading.Thread]:
        verbs = (self._review, self._introduce, self._review, self._import)
        threads = [threading.Thread(target=self._go_on, args=(verb, stop)) for verb in verbs]
        for thread in threads:
            thread.start()
        return threads

    def _go_on(self, verb: Any, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                verb(f"n{next(self._numbers):06}")
            except urllib.error.HTTPError as refused:
                self.refused.append(refused.code)
            except (OSError, HTTPException):  # not there yet, or killed: the answer never came
                time.sleep(0.01)

    def _review(self, name: str) -> None:
        said = {"organisation": self.organisation, "grade": "possible", "comment": name}
        self._sent("reviews", name, f"/issues/{self.issue}/reviews", json.dumps(said).encode(), _JSON)

    def _introduce(self, name: str) -> None:
        said = {"organisation": self.organisation, "introduced_on": "2026-04-01", "note": name}
        self._sent("introductions", name, f"/issues/{self.issue}/introductions", json.dumps(said).encode(), _JSON)

    def _import(self, name: str) -> None:
        rows = "".join(f"{name}会{n},岡山市北区,猫の世話\r\n" for n in range(ROWS))
        part = f'Content-Disposition: form-data; name="file"; filename="{name}.csv"\r\n\r\n'
        body = f"--xx\r\n{part}団体名,所在地,活動内容\r\n{rows}\r\n--xx--\r\n".encode()
        self._sent("imports", name, "/imports", body, {"Content-Type": "multipart/form-data; boundary=xx"})
        time.sleep(0.3)  # the collection stays small, and a start short

    def _sent(self, kind: str, name: str, path: str, body: bytes, headers: dict[str, str]) -> None:
        request = urllib.request.Request(f"{self.base}/api/v1{path}", body, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            said = json.loads(answer.read())
        assert kind != "imports" or said["files"][0]["stored"]
        self.acknowledged[kind].add(name)


def test_two_hundred_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    generator, data = random.Random(7), tmp_path / "data"
    port = free_port()
    coordinators = Coordinators(f"http://127.0.0.1:{port}", *prepared(data))
    environment = os.environ | {"KYODO_DATA": str(data), "KYODO_PORT": str(port)}
    stop = threading.Event()
    threads = coordinators.work(stop)
    served, least = 0, 1.0
    try:
        for _ in range(KILLS):
            before = sum(map(len, coordinators.acknowledged.values()))
            with (tmp_path / "said").open("w+b") as said:
                service = subprocess.Popen([KYODO, "serve"], env=environment, stdout=said, stderr=said)
                with suppress(subprocess.TimeoutExpired):  # at any moment of the start and of the work after it
                    service.wait(generator.uniform(0.5, 1.5) * least)
                service.kill()
                assert service.wait() == -9, (tmp_path / "said").read_text()
            assert "Traceback" not in (tmp_path / "said").read_text()
            now = sum(map(len, coordinators.acknowledged.values()))
            served += now > before
            least = min(least * 1.2, 20) if now == before else least * 0.95  # as long as a start takes on this machine
            check(data / "kyodo.sqlite3", coordinators.acknowledged)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert coordinators.refused == []
    assert served > KILLS / 5
    assert all(coordinators.acknowledged.values())
    ctx = open_context(Settings(data=data), patient=False)
    matcher_of(ctx.indexes.organisations)
    ctx.db.close()


def prepared(data: Path) -> tuple[str, str]:
    """A small collection; an issue and an organisation that is a candidate for it."""
    ctx = open_context(Settings(data=data))
    for name, text in [("団体.csv", REGISTER), ("棚卸.csv", INVENTORY)]:
        assert imports.import_file(ctx, LOCAL, name, text.encode(), ReadOptions()).stored
    with ctx.read(LOCAL) as s:
        issue = str(s.conn.exec_driver_sql("SELECT id FROM issues WHERE title LIKE '%猫%'").scalar_one())
    body = suggest_for_issue(ctx, issue).candidates[0].id
    ctx.indexes.refresh()
    ctx.db.close()
    return issue, body


def check(file: Path, acknowledged: dict[str, set[str]]) -> None:
    """The file is sound, all that was acknowledged is in it, and each import wholly or not at all."""
    expected = {kind: set(names) for kind, names in acknowledged.items()}
    with closing(sqlite3.connect(file)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
        reviews, notes, files = (
            {text for (text,) in conn.execute(f"SELECT {column} FROM {table}")}
            for table, column in (("reviews", "comment"), ("introductions", "note"), ("imports", "name"))
        )
        names = Counter(name.partition("会")[0] for (name,) in conn.execute("SELECT name FROM organisations"))
    assert expected["reviews"] <= reviews
    assert expected["introductions"] <= notes
    assert expected["imports"] <= {name.removesuffix(".csv") for name in files}
    assert {number for name, number in names.items() if name.startswith("n")} <= {ROWS}
    assert all(names[name] == ROWS for name in expected["imports"])
