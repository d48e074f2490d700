"""Who may talk to the service, from which page, with how many bytes; and what a browser may do with an answer.

Until there are accounts the loopback address is the only lock, so everything that could carry a request around it is
refused: other client addresses, other Host names (DNS rebinding), posts from other sites.
"""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Refused
from api.settings import Settings, is_loopback

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


class Guard:
    """ASGI middleware: checks a request before anything reads it and adds ``HEADERS`` to every answer."""

    def __init__(self, app: ASGIApp, *, settings: Settings, answer: Callable[[str, Exception], Response]) -> None:
        self.app = app
        self.settings = settings
        self.answer = answer  # (path, error) -> what the sender gets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. A refused one is answered here, its body unread."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.settings.max_upload_bytes if scope["path"] in _UPLOAD_PATHS else 0
        limit += _FORM_BYTES
        try:
            check_request(scope, limit, allow_remote=self.settings.allow_remote)
        except (Refused, HTTPException) as refused:
            await self.answer(scope["path"], refused)(scope, receive, _with_headers(scope, send))
            return
        await self.app(scope, _limited(receive, limit), _with_headers(scope, send))


def check_request(scope: Scope, limit: int, *, allow_remote: bool) -> None:
    """Raises Refused, or a 413 over ``limit`` bytes; looks at nothing but the address and the headers."""
    headers = Headers(scope=scope)
    if not allow_remote:
        _check_local(scope, headers)
    if scope["method"] not in _SAFE_METHODS and not _same_origin(headers):
        raise Refused("ほかのサイトから送られた操作は受け付けません。このサービスの画面から操作してください。")
    announced = headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > limit:
        raise _too_large(limit)


def _check_local(scope: Scope, headers: Headers) -> None:
    client = scope.get("client")
    if client is None or not is_loopback(client[0]):
        raise Refused(
            "このサービスは、動いているコンピューターの中からだけ使えます。ほかのコンピューターからは使えません。"
        )
    if not is_loopback(_host_name(headers.get("host", ""))):
        raise Refused(
            "アドレスの書き方がこのサービスのものではありません。http://127.0.0.1 から始まるアドレスで開いてください。"
        )


def _same_origin(headers: Headers) -> bool:
    """A browser says where a post comes from, in one header or the other; what sends neither is no browser."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


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
    """Counts what really arrives: a chunked body announces no length."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
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
