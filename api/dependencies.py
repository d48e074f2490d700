"""What a route may ask for."""

from typing import Annotated, cast

from fastapi import Depends, Query, Request

from api.usecases.context import Context


async def _context(request: Request) -> Context:  # a plain function would cost a thread
    return cast(Context, request.app.state.context)


Ctx = Annotated[Context, Depends(_context)]
PageNumber = Annotated[int, Query(alias="page", ge=1, le=1_000_000)]  # from 1
