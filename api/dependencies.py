"""What a route may ask for."""

from typing import Annotated, cast

from fastapi import Depends, Form, Query, Request

from api.usecases.context import Context
from corpus.values import LARGEST_NUMBER, MAX_DEPARTMENT, MAX_PLACE, MAX_TEXT


async def _context(request: Request) -> Context:  # a plain function would cost a thread
    return cast(Context, request.app.state.context)


Ctx = Annotated[Context, Depends(_context)]
# What an address may ask for is as long as what is stored may be.
Searched = Annotated[str, Query(max_length=MAX_TEXT)]
Department = Annotated[str, Query(max_length=MAX_DEPARTMENT)]
Place = Annotated[str, Query(max_length=MAX_PLACE)]
Chosen = Annotated[str, Query(max_length=MAX_DEPARTMENT)]
Version = Annotated[int, Form(ge=0, le=LARGEST_NUMBER)]
PageNumber = Annotated[int, Query(alias="page", ge=1, le=1_000_000)]  # from 1
