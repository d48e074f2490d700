"""The load of ``make bench``: many clients at once against a running service, each waiting for its answer.

Requests go out over kept-alive connections of plain sockets, so that the generator takes little of the two cores that
it shares with the service. Only loopback addresses are asked.
"""

import argparse
import asyncio
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from api.bench import Generator, report, run

_LOOPBACK = "127.0.0.1"


@dataclass(slots=True)
class Answers:
    """What came back: ``seconds`` of each answer of status 200, in the order they came; other statuses counted."""

    seconds: list[float] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """Seconds; StatisticsError when nothing came back."""
        return statistics.median(self.seconds)

    def quantile(self, share: float) -> float:
        """Seconds within which ``share`` (0 to 1) of the answers came: the nearest rank, no interpolation."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True, slots=True)
class Request:
    """What one kind of client asks again and again. ``bodies`` are taken in turn; ``pause`` seconds after each."""

    method: str
    path: str
    bodies: Sequence[bytes] = (b"",)
    pause: float = 0.0

    def written(self, port: int, number: int) -> bytes:
        """The ``number``-th request as it goes out."""
        body = self.bodies[number % len(self.bodies)]
        head = f"{self.method} {self.path} HTTP/1.1\r\nHost: {_LOOPBACK}:{port}\r\n"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return head.encode() + b"\r\n" + body


def load(port: int, seconds: float, *crowds: tuple[int, Request]) -> list[Answers]:
    """Every crowd (number of clients, what they ask) at the same time; what each crowd got.

    Raises an ExceptionGroup of OSError when the service does not answer at all.
    """
    return asyncio.run(_load(port, seconds, crowds))


async def _load(port: int, seconds: float, crowds: Sequence[tuple[int, Request]]) -> list[Answers]:
    answers = [Answers() for _ in crowds]
    until = time.perf_counter() + seconds
    async with asyncio.TaskGroup() as group:
        for (clients, request), told in zip(crowds, answers, strict=True):
            for client in range(clients):
                group.create_task(_ask(port, request, client * 7, until, told))
    return answers


async def _ask(port: int, request: Request, number: int, until: float, told: Answers) -> None:
    reader, writer = await asyncio.open_connection(_LOOPBACK, port)
    try:
        while time.perf_counter() < until:
            started = time.perf_counter()
            writer.write(request.written(port, number))
            status, closing = await _answer(reader)
            if status == 200:
                told.seconds.append(time.perf_counter() - started)
            else:
                told.refused[status] = told.refused.get(status, 0) + 1
                await asyncio.sleep(0.1)
            number += 1
            if closing:
                writer.close()
                reader, writer = await asyncio.open_connection(_LOOPBACK, port)
            await asyncio.sleep(request.pause)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """The status, and whether the service closes the connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length or b"0"))
    return int(head.split(maxsplit=2)[1]), b"\r\nconnection: close" in head


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m api.load", description=__doc__)
    parser.add_argument("--rows", type=int, default=30_000)
    parser.add_argument("--seconds", type=float, default=15.0)
    given = parser.parse_args()
    generator = Generator(seed=1)
    with tempfile.TemporaryDirectory() as folder:
        data, register = Path(folder) / "data", Path(folder) / "register.csv"
        generator.register(given.rows, register)
        run([_kyodo(), "import", str(register)], data)
        with _serving(data) as port:
            _measure(port, given.seconds, _requests(generator), f"{given.rows:,} organisations")


@dataclass(frozen=True, slots=True)
class _Sent:
    suggestions: Request
    file: Request
    health: Request


def _requests(generator: Generator) -> _Sent:
    asked = ({"text": generator.text(80, 200), "prefecture": "岡山県", "city": "岡山市"} for _ in range(200))
    bodies = [json.dumps(one, ensure_ascii=False).encode() for one in asked]
    return _Sent(
        Request("POST", "/api/v1/suggestions", bodies),
        Request("GET", "/static/style.css", pause=0.05),
        Request("GET", "/api/v1/health", pause=0.05),
    )


def _measure(port: int, seconds: float, asked: _Sent, size: str) -> None:
    load(port, 2.0, (2, asked.suggestions))  # the first answers read what is read once
    for name, request in (("health", asked.health), ("a file", asked.file)):
        _show(f"{name} on a kept connection, nothing else asked", load(port, seconds / 3, (1, request))[0], "10 ms")
    for clients in (1, 8, 32):
        told = load(port, seconds, (clients, asked.suggestions), (2, asked.file), (1, asked.health))
        rate = len(told[0].seconds) / seconds
        report(f"{size}, suggestions, clients: {clients}", f"{rate:.1f} /s", "35 /s" if clients == 8 else "")
        _show("  suggestions", told[0], "p99 500 ms" if clients == 8 else "")
        _show("  a file meanwhile", told[1], "p99 50 ms" if clients == 32 else "")
        _show("  health meanwhile", told[2], "")
    _show("a file, clients: 32", load(port, seconds / 3, (32, Request("GET", asked.file.path)))[0], "p99 50 ms")


def _show(what: str, told: Answers, bar: str) -> None:
    refused = f", refused {told.refused}" if told.refused else ""
    figures = f"{told.median * 1e3:.1f} / {told.quantile(0.99) * 1e3:.1f} ms"
    report(f"{what}, median / p99{refused}", figures, bar)


def _kyodo() -> str:
    return str(Path(sys.executable).with_name("kyodo"))


@contextmanager
def _serving(data: Path) -> Iterator[int]:
    """The service on a port of its own, once it answers."""
    with socket.create_server((_LOOPBACK, 0)) as free:
        port: int = free.getsockname()[1]
    env = {"KYODO_DATA": str(data), "KYODO_PORT": str(port), "PATH": ""}
    process = subprocess.Popen([_kyodo(), "serve"], env=env, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        while not _answers(port):
            if process.poll() is not None:
                raise RuntimeError("the service did not start")
            time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    try:
        return bool(load(port, 0.1, (1, Request("GET", "/static/style.css")))[0].seconds)
    except* OSError:
        pass
    return False


if __name__ == "__main__":
    main()
