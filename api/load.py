"""The load generator of ``make bench``: many clients at once against a running service, each waiting for its answer.

Requests go out over kept-alive connections of plain sockets, so that the generator takes little of the two cores that
it shares with the service. Only loopback addresses are asked.
"""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

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

    Raises OSError when the service does not answer at all.
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
