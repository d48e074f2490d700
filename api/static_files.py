"""The few files that our pages need, kept in memory: answered by the event loop at once, whatever the threads do."""

import hashlib
import mimetypes
from collections.abc import Mapping
from pathlib import Path

from fastapi import Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.routing import Route

_FOLDER = Path(__file__).with_name("static")


def static_route(folder: Path = _FOLDER) -> Route:
    """``/static/NAME`` for each file of ``folder`` as it is now; 304 where the browser has it already."""
    kept = {path.name: _answer(path) for path in sorted(folder.iterdir())}

    async def send(request: Request) -> Response:
        return _chosen(kept, request)

    return Route("/static/{name}", send, methods=["GET", "HEAD"])


def _answer(path: Path) -> Response:
    content = path.read_bytes()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return Response(content, headers={"ETag": etag}, media_type=mimetypes.guess_type(path.name)[0])


def _chosen(kept: Mapping[str, Response], request: Request) -> Response:
    found = kept.get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    etag = found.headers["ETag"]
    known = (one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(","))
    return Response(status_code=304, headers={"ETag": etag}) if etag in known else found
