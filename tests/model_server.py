"""A small server on 127.0.0.1 that speaks the OpenAI chat protocol, well or badly, for the tests of the reader."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


@dataclass
class ModelServer:
    """``received`` holds (path, headers, body) of every request; ``over`` ends answers that take their time."""

    url: str
    received: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def sent(self) -> dict[str, Any]:
        """The texts of the last request, as the model gets them."""
        told: dict[str, Any] = json.loads(self.received[-1][2]["messages"][1]["content"])
        return told


@contextmanager
def serving(answer: Answer) -> Iterator[ModelServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.received.append((self.path, dict(self.headers), body))
            try:
                answer(self, body)
            except (BrokenPipeError, ConnectionResetError):
                server.over.set()  # the asker has gone

        def log_message(self, *_: Any) -> None:
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    server = ModelServer(f"http://127.0.0.1:{listener.server_port}/v1")
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        listener.shutdown()
        listener.server_close()
        thread.join()


@contextmanager
def talking(talk: Callable[[socket.socket], None]) -> Iterator[tuple[int, threading.Event]]:
    """A port where one caller meets whatever ``talk`` does; the event is set once the caller has hung up."""
    gone = threading.Event()

    def meet() -> None:
        connection, _ = listener.accept()
        connection.settimeout(20)
        with connection:
            with suppress(OSError):
                talk(connection)
            with suppress(OSError):
                while connection.recv(1_000_000):
                    pass
        gone.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        thread = threading.Thread(target=meet)
        thread.start()
        try:
            yield listener.getsockname()[1], gone
        finally:
            thread.join()


def reply(status: int, body: bytes, **headers: str) -> Answer:
    """Always the same answer; a ``_`` in the name of a header stands for ``-``."""

    def answer(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def say(content: str, usage: object = None) -> Answer:
    """A completion with this text."""
    message = {"choices": [{"message": {"role": "assistant", "content": content}}]}
    return reply(200, json.dumps(message | ({"usage": usage} if usage is not None else {})).encode())


def order(*entries: tuple[object, str, str, str]) -> str:
    """(number, reason, issue quote, organisation quote) … as the prompt asks for them."""
    keys = ("number", "reason", "issue_quote", "organisation_quote")
    return json.dumps({"order": [dict(zip(keys, entry, strict=True)) for entry in entries]})


def nothing(_: socket.socket) -> None:
    """Not even a look at what comes in, for a second."""
    time.sleep(1)


def heads_without_end(connection: socket.socket) -> None:
    """One line of a head after another, as fast as they are taken."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    _repeat(connection, b"X-More: 1\r\n")


def promises_without_end(connection: socket.socket) -> None:
    """That the answer will come, again and again."""
    _repeat(connection, b"HTTP/1.1 100 Continue\r\n\r\n")


def crumbs_without_end(connection: socket.socket) -> None:
    """A good head, then pieces of one byte."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    _repeat(connection, b"1\r\n \r\n")


def _repeat(connection: socket.socket, piece: bytes) -> None:
    for _ in range(250):
        connection.sendall(piece)
        time.sleep(0.02)


def slow(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    """Nothing for three seconds."""
    time.sleep(3)


def dripping_head(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    """The first line of an answer, a byte at a time."""
    _drip(handler, b"HTTP/1.0 200 " + b"O" * 100)


def dripping_body(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    """A whole head, then a body a byte at a time."""
    _drip(handler, b" " * 100, b"HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\n")


def _drip(handler: BaseHTTPRequestHandler, slowly: bytes, at_once: bytes = b"") -> None:
    handler.wfile.write(at_once)
    for byte in slowly:
        handler.wfile.write(bytes([byte]))
        time.sleep(0.04)
