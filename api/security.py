"""Who may talk to the service, from which page, with how many bytes and how long; what a browser may do with an answer.

Until there are accounts the loopback address is the only lock, so everything that could carry a request around it is
refused: other client addresses, other Host names (DNS rebinding), posts from other sites, and what a proxy on this
machine passes on. Which names the service has, an administrator says, and which proxies are believed.
"""

import asyncio
import ipaddress
import logging
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api.errors import Refused
from api.settings import Settings, is_loopback

_LOG = logging.getLogger(__name__)
# Whole pages come from this server alone and need no script. A form may only be sent back to it.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# "same-origin", not "no-referrer": the latter makes browsers send "Origin: null" with our own forms.
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORM_BYTES = 1_000_000
_UPLOAD_PATHS = ("/imports", "/api/v1/imports")
_FORWARDED = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via")
# A body may take so long, and longer by its size at a slow line's pace; but never so long without a byte.
_BODY_SECONDS, _BYTES_A_SECOND, _PAUSE_SECONDS = 30.0, 50_000, 10.0
_ONLY_HERE = "このサービスは、動いているコンピューターの中からだけ使えます。ほかのコンピューターからは使えません。"
_NOT_OURS = (
    "アドレスの書き方がこのサービスのものではありません。http://127.0.0.1 から始まるアドレスか、"
    "管理者が KYODO_HOSTS に指定した名前で開いてください。"
)


class Guard:
    """ASGI middleware: checks a request before anything reads it, adds ``HEADERS`` to every answer, logs its route."""

    def __init__(self, app: ASGIApp, *, settings: Settings, answer: Callable[[str, Exception], Response]) -> None:
        self.app = app
        self.settings = settings
        self.answer = answer  # (path, error) -> what the sender gets
        self.proxied = ProxyHeadersMiddleware(self._checked, list(settings.named_proxies))  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. A refused one is answered here, its body unread."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, watch = time.perf_counter(), StatusWatch(send)
        scope.setdefault("state", {})["passed_on"] = self._passed_on(scope)
        try:
            await self.proxied(scope, receive, watch.send)  # type: ignore[arg-type]
        finally:
            _log(scope, watch.status, time.perf_counter() - started)

    def _passed_on(self, scope: Scope) -> bool:
        """Whether a proxy that nobody named has passed it on, or a named one that does not say for whom."""
        headers, client = Headers(scope=scope), scope.get("client")
        if client is not None and client[0] in self.proxied.trusted_hosts:
            return "x-forwarded-for" not in headers
        return any(name in headers for name in _FORWARDED)

    async def _checked(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = self.settings.max_upload_bytes if scope["path"] in _UPLOAD_PATHS else 0
        limit += _FORM_BYTES
        try:
            check_request(scope, limit, self.settings)
        except (Refused, HTTPException) as refused:
            await self.answer(scope["path"], refused)(scope, receive, _with_headers(scope, send))
            return
        await self.app(scope, _limited(receive, limit), _with_headers(scope, send))


class StatusWatch:
    """Remembers the status of an answer that passes; 0 before there is one."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def send(self, message: Message) -> None:
        self.status = message.get("status", self.status)
        await self._send(message)


def _log(scope: Scope, status: int, seconds: float) -> None:
    """By the route's function: an address may hold the words of an issue. Files of ours are not worth a line."""
    endpoint = scope.get("endpoint")
    route = f"{endpoint.__module__}.{endpoint.__qualname__}" if endpoint else "-"
    if scope["path"].startswith("/static/"):
        return
    told = {"method": scope["method"], "route": route, "status": status, "milliseconds": round(seconds * 1e3, 1)}
    _LOG.info("request", extra={"told": told})


def check_request(scope: Scope, limit: int, settings: Settings) -> None:
    """Raises Refused, or a 413 over ``limit`` bytes; looks at nothing but the addresses and the headers."""
    headers = Headers(scope=scope)
    if not settings.allow_remote:
        _check_local(scope, headers)
    if not _is_ours(_host_name(headers.get("host", "")), settings):
        raise Refused(_NOT_OURS)
    if scope["method"] not in _SAFE_METHODS and not _same_origin(headers):
        raise Refused("ほかのサイトから送られた操作は受け付けません。このサービスの画面から操作してください。")
    announced = headers.get("content-length", "0")
    if not (announced.isascii() and announced.isdigit()) or int(announced[:20]) > limit:
        raise _too_large(limit)


def _check_local(scope: Scope, headers: Headers) -> None:
    """What comes from this machine may still have been passed on by a proxy that says nothing of it.

    nginx as it comes speaks HTTP 1.0, from 1.29.7 on 1.1 without the ``Connection: keep-alive`` of every browser.
    """
    client = scope.get("client")
    if client is None or not is_loopback(client[0]) or scope["state"].get("passed_on") or scope["http_version"] < "1.1":
        raise Refused(_ONLY_HERE)
    if (
        "mozilla/" in headers.get("user-agent", "").lower()
        and "keep-alive" not in headers.get("connection", "").lower()
    ):
        raise Refused(_ONLY_HERE)


def _is_ours(host: str, settings: Settings) -> bool:
    """A name that an administrator gave, this machine, or a bare address, to which no name of others can point."""
    if is_loopback(host) or host.lower().rstrip(".") in settings.named_hosts:
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return settings.allow_remote


def _same_origin(headers: Headers) -> bool:
    """A browser says where a post comes from, in one header or the other; what sends neither is no browser."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    try:
        return origin is None or urlsplit(origin).netloc == headers.get("host")
    except ValueError:
        return False


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _too_large(limit: int) -> HTTPException:
    """An HTTPException, because FastAPI would turn any other error raised while it reads a body into a bare 400."""
    return HTTPException(
        413,
        f"送られた内容が大きすぎます。一度に送れるのは {limit // 1_000_000} MB までです。"
        "ファイルは分けるか、kyodo import コマンドで取り込んでください。",
    )


def _limited(receive: Receive, limit: int) -> Receive:
    """Counts what really arrives: a chunked body announces no length, a slow one must not hold us."""
    seen, complete, started = 0, False, time.monotonic()

    async def counted() -> Message:
        nonlocal seen, complete
        if complete:  # what follows is the end of the connection, however long that takes
            return await receive()
        left = started + _BODY_SECONDS + seen / _BYTES_A_SECOND - time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, min(left, _PAUSE_SECONDS))):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, headers={"Connection": "close"}) from None
        seen += len(message.get("body", b""))
        complete = not message.get("more_body", False)
        if seen > limit:
            raise _too_large(limit)
        return message

    return counted


def _with_headers(scope: Scope, send: Send) -> Send:
    """Pages and JSON may hold what is meant for one section only: they are kept in no cache. Files of ours may be."""
    cache = "no-cache" if scope["path"].startswith("/static/") else "no-store"

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in {**HEADERS, "Cache-Control": cache}.items():
                headers[name] = value
        await send(message)

    return sending
