"""The service: JSON under ``/api/v1``, pages for people, one context for both."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import failures
from api.context import Context
from api.pages import routes as pages
from api.routers import routes as json_interface
from api.security import Guard
from api.static_files import static_route
from api.usecases import imports
from corpus.access import PROGRAM
from corpus.readers.apart.process import stop_reading
from models.search.index import NotReady, settle

_DESCRIPTION = """市町村の課題と、力になれる団体との候補を示します。挙げるのは候補で、選ぶのは人です。
どの答えにも、連絡先や担当者の名前は含みません。失敗の答えは、いつも
`{"error": {"code", "message", "details": [{"field", "message"}]}}` の形です。"""


_SWEEP_SECONDS = 60 * 60


def create_app(ctx: Context) -> FastAPI:
    """The application over an open context; it owns the context's matchers and database from start to stop."""
    app = FastAPI(
        title="kyodo-matcher",
        version="1",
        description=_DESCRIPTION,
        lifespan=_lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # the usual viewers load scripts from elsewhere
        redoc_url=None,
    )
    app.state.context = ctx
    app.add_middleware(HeadAsGet)
    app.add_middleware(Guard, settings=ctx.settings, answer=failures.answer)
    failures.install(app)
    app.include_router(json_interface.router)
    app.include_router(pages.router)
    app.router.routes.append(static_route())
    return app


class HeadAsGet:
    """ASGI middleware: a HEAD request gets what GET would, without the body. FastAPI's routes know GET only."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; any other method passes through."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self.app({**scope, "method": "GET"}, receive, without_body)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Kept matchers are read before the first request; one that must be made anew is made beside the work.

    Uploads that nobody confirmed for a day go, at the start and every hour. At the end no file is read any more.
    """
    ctx: Context = app.state.context
    await run_in_threadpool(_make_ready, ctx)
    sweeping = asyncio.create_task(_sweep(ctx))
    yield
    sweeping.cancel()
    stop_reading()
    ctx.db.close()


async def _sweep(ctx: Context) -> None:
    while True:
        with suppress(OSError):  # a disk that fails is said to whoever asks for something
            await run_in_threadpool(imports.sweep_uploads, ctx.settings)
        await asyncio.sleep(_SWEEP_SECONDS)


def _make_ready(ctx: Context) -> None:
    for index in ctx.indexes.all:
        with suppress(NotReady), ctx.read(PROGRAM) as s:  # its own thread is at it
            index.at(s)
    settle()
