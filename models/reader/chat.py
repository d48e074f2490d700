"""One question to an endpoint that speaks the OpenAI chat protocol; the only file that opens a connection outwards.

The server is not trusted: no redirect is followed, no proxy is taken from the environment, the answer is bounded in
bytes, and the time is bounded as a whole, also for a server that sends one byte now and then.
"""

import asyncio
import json
import re
import socket
import ssl
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, aclosing, closing, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx2

ADDRESS = r"^https?://[^\s/?#@\\]+(/[^\s?#]*)?$"  # what ``Endpoint.url`` looks like: no password, no query
_MOST_BYTES = 1_000_000  # some hundred times what an order of twenty with its quotes takes
_MOST_TOKENS = 2**31 - 1  # what a column of whole numbers holds
_BAD_REQUEST = frozenset({400, 404, 415, 422, 501})  # how servers refuse an option they do not know


class Outcome(StrEnum):
    """What became of a call; kept with its count."""

    READ = "read"
    TIME_OUT = "time-out"
    NOT_REACHED = "not-reached"
    REFUSED = "refused"  # any status but 200
    TOO_LARGE = "too-large"
    UNUSABLE = "unusable"
    TOO_LONG = "too-long"  # nothing was sent


_SENTENCES: Mapping[Outcome, str] = {
    Outcome.TIME_OUT: "読み取り役の答えが、決められた時間の内に届きませんでした。",
    Outcome.TOO_LONG: "課題の文章が長く、読み取り役に一度に送ってよい量に収まらないため、送りませんでした。",
    Outcome.NOT_REACHED: "読み取り役のサーバーにつながりませんでした。",
    Outcome.REFUSED: "読み取り役のサーバーが、答えるのを断りました。",
    Outcome.TOO_LARGE: "読み取り役の答えが大きすぎるため、使いませんでした。",
    Outcome.UNUSABLE: "読み取り役の答えが決められた形でないため、使いませんでした。",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call took: tokens as the server counts them (0 where it does not say), seconds by our own clock."""

    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0


class ReaderFailed(Exception):
    """There is no order; the text is a Japanese sentence that holds nothing the server sent."""

    def __init__(self, outcome: Outcome, cost: Cost | None = None) -> None:
        super().__init__(_SENTENCES[outcome])
        self.outcome = outcome
        self.cost = cost or Cost()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and whom to ask. ``url`` is the part before ``/chat/completions``; ``seconds`` bound a whole call.

    ``characters`` bound the texts that one call may send.
    """

    url: str
    model: str
    key: str = field(default="", repr=False)
    seconds: float = 60.0
    characters: int = 30_000


def is_address(url: str) -> bool:
    """Whether ``Endpoint.url`` may be this."""
    return re.fullmatch(ADDRESS, url) is not None


def ask(endpoint: Endpoint, system: str, user: str) -> tuple[str, Cost]:
    """The text of the answer. Raises ReaderFailed, with no more known of its cost than the time.

    A server that refuses ``response_format`` is asked once more without it, within the same time. No coroutine may call
    this, for it runs an event loop of its own.
    """
    start = time.monotonic()
    wanted = _wanted(endpoint, system, user)
    try:
        status, body = _post(endpoint, wanted, start + endpoint.seconds)
        if status in _BAD_REQUEST:
            del wanted["response_format"]
            status, body = _post(endpoint, wanted, start + endpoint.seconds)
        if status != 200:
            raise ReaderFailed(Outcome.REFUSED)
        content, tokens_in, tokens_out = _content(body)
    except ReaderFailed as failure:
        raise ReaderFailed(failure.outcome, Cost(seconds=time.monotonic() - start)) from failure
    return content, Cost(tokens_in, tokens_out, time.monotonic() - start)


def _wanted(endpoint: Endpoint, system: str, user: str) -> dict[str, Any]:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    wanted = {"messages": messages, "temperature": 0, "response_format": {"type": "json_object"}}
    return {"model": endpoint.model, **wanted} if endpoint.model else wanted


def _post(endpoint: Endpoint, wanted: Mapping[str, Any], deadline: float) -> tuple[int, bytes]:
    """Status and body, which is left unread unless the status is 200. Raises ReaderFailed."""
    import httpx2  # here, so that whoever asks no server starts without it

    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise ReaderFailed(Outcome.TIME_OUT)
    try:
        return _run(_exchange(endpoint, wanted, seconds))
    except TimeoutError as error:
        raise ReaderFailed(Outcome.TIME_OUT) from error
    except (OSError, httpx2.HTTPError, httpx2.InvalidURL, ValueError, ExceptionGroup):
        # ValueError: a host or a key that no header can hold. A group: a port that is none. Not chained, for the text
        # would repeat the key.
        raise ReaderFailed(Outcome.NOT_REACHED) from None


def _headers(endpoint: Endpoint) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    headers |= {"Accept-Encoding": "identity", "Connection": "close", "User-Agent": "kyodo-matcher"}
    return {**headers, "Authorization": f"Bearer {endpoint.key}"} if endpoint.key else headers


class _Loop(asyncio.SelectorEventLoop):
    """A loop that waits for no name still being looked up, neither at its own end nor at that of the process."""

    async def getaddrinfo(self, host: Any, port: Any, **kinds: Any) -> Any:
        """As ``socket.getaddrinfo``, in a thread that nobody has to wait for; the loop's own threads are joined."""
        found: asyncio.Future[Any] = self.create_future()

        def say(tell: Callable[[Any], None], result: Any) -> None:
            if not found.done():  # nobody waits any more
                tell(result)

        def look_up() -> None:
            with suppress(RuntimeError):  # the loop has ended
                try:
                    self.call_soon_threadsafe(say, found.set_result, socket.getaddrinfo(host, port, **kinds))
                except OSError as error:
                    self.call_soon_threadsafe(say, found.set_exception, error)

        Thread(target=look_up, name="reader-name", daemon=True).start()
        return await found


def _run(exchange: Coroutine[Any, Any, tuple[int, bytes]]) -> tuple[int, bytes]:
    with closing(_Loop()) as loop:
        return loop.run_until_complete(exchange)


async def _exchange(endpoint: Endpoint, wanted: Mapping[str, Any], seconds: float) -> tuple[int, bytes]:
    """One limit around all of it: the library's own are for each step, and a server that drips takes many."""
    import httpx2

    url, body = f"{endpoint.url.rstrip('/')}/chat/completions", json.dumps(wanted).encode()
    left_open = AsyncExitStack()

    async def note(step: str, told: Mapping[str, Any]) -> None:
        if step == "connection.connect_tcp.complete":  # cut short in the greeting of TLS, the library leaves it open
            left_open.push_async_callback(told["return_value"].aclose)

    async with (
        left_open,
        asyncio.timeout(seconds),
        httpx2.AsyncClient(trust_env=False, timeout=None, verify=ssl.create_default_context()) as client,
        client.stream("POST", url, content=body, headers=_headers(endpoint), extensions={"trace": note}) as response,
    ):
        return response.status_code, await _body(response) if response.status_code == 200 else b""


async def _body(response: "httpx2.Response") -> bytes:
    """As it came, never unpacked: nothing packed was asked for. What was cut off is no answer, whole or not."""
    import httpx2

    body = bytearray()
    try:
        async with aclosing(response.aiter_raw()) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > _MOST_BYTES:
                    raise ReaderFailed(Outcome.TOO_LARGE)
    except httpx2.RemoteProtocolError as error:
        raise ReaderFailed(Outcome.UNUSABLE) from error
    return bytes(body)


def _content(body: bytes) -> tuple[str, int, int]:
    """The text and the tokens of a completion. Raises ReaderFailed when it is none."""
    try:
        answer = json.loads(body)
        content = answer["choices"][0]["message"]["content"]
    except (ValueError, RecursionError, KeyError, IndexError, TypeError) as error:
        raise ReaderFailed(Outcome.UNUSABLE) from error
    if not isinstance(content, str):
        raise ReaderFailed(Outcome.UNUSABLE)
    usage = answer.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    return content, _tokens(usage.get("prompt_tokens")), _tokens(usage.get("completion_tokens"))


def _tokens(value: object) -> int:
    return value if type(value) is int and 0 <= value <= _MOST_TOKENS else 0
