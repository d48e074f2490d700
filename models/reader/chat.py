"""One question to an endpoint that speaks the OpenAI chat protocol; the only file that opens a connection outwards.

The server is not trusted: no redirect is followed, no proxy is taken from the environment, the answer is bounded in
bytes, and the time is bounded as a whole, also for a server that sends one byte now and then.
"""

import json
import re
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

ADDRESS = r"^https?://[^\s/?#@\\]+(/[^\s?#]*)?$"  # what ``Endpoint.url`` looks like: no password, no query
_MOST_BYTES = 1_000_000  # some hundred times what an order of twenty with its quotes takes
_THREAD = "reader"
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

    A server that refuses ``response_format`` is asked once more without it, within the same time.
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
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise ReaderFailed(Outcome.TIME_OUT)
    try:
        address = urlsplit(endpoint.url)
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        connection = kind(address.hostname or "", address.port, timeout=seconds)
        path = f"{address.path.rstrip('/')}/chat/completions"
        return _within(seconds, _Exchange(connection, path, json.dumps(wanted).encode(), _headers(endpoint)))
    except TimeoutError as error:
        raise ReaderFailed(Outcome.TIME_OUT) from error
    except (OSError, HTTPException, ValueError):
        # ValueError: a host or a key that no header can hold. Not chained: its text would repeat the key.
        raise ReaderFailed(Outcome.NOT_REACHED) from None


def _headers(endpoint: Endpoint) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Connection": "close"}
    return {**headers, "Authorization": f"Bearer {endpoint.key}"} if endpoint.key else headers


class _Exchange:
    """One request and its answer, run in a thread of its own so that another can cut it short."""

    def __init__(self, connection: HTTPConnection, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        self._connection, self._path, self._body, self._headers = connection, path, body, headers
        self._socket: socket.socket | None = None
        self._is_late = False

    def run(self) -> tuple[int, bytes]:
        """Raises OSError, HTTPException, ValueError, ReaderFailed."""
        try:
            self._connection.connect()
            self._socket = self._connection.sock
            if self._is_late:  # nothing is sent any more once the asker has gone
                raise TimeoutError
            self._connection.request("POST", self._path, self._body, dict(self._headers))
            with self._connection.getresponse() as response:
                body = response.read(_MOST_BYTES + 1) if response.status == 200 else b""
                if len(body) > _MOST_BYTES:
                    raise ReaderFailed(Outcome.TOO_LARGE)
                return response.status, body
        finally:
            self._connection.close()

    def cut(self) -> None:
        """Whatever the other thread waits for comes to its end; its answer is of no use any more."""
        self._is_late = True
        if self._socket is not None:
            with suppress(OSError):  # already closed, from either side
                # Not the method of the encrypted socket, which would take its state away beneath the other thread.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _within(seconds: float, exchange: _Exchange) -> tuple[int, bytes]:
    """The limit of a socket is for each reading, not for all of them: hence the second thread. Raises TimeoutError."""
    done: SimpleQueue[tuple[int, bytes] | Exception] = SimpleQueue()
    Thread(target=lambda: done.put(_caught(exchange.run)), name=_THREAD, daemon=True).start()
    try:
        result = done.get(timeout=seconds)
    except Empty:
        exchange.cut()
        raise TimeoutError from None
    if isinstance(result, Exception):
        raise result
    return result


def _caught(run: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes] | Exception:
    try:
        return run()
    except Exception as error:
        return error


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
