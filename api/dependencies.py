"""What a route may ask for."""

from typing import Annotated, cast

from fastapi import Depends, Form, Query, Request

from api.context import Context
from corpus.access import LOCAL, Viewer
from corpus.values import LARGEST_NUMBER, MAX_DEPARTMENT, MAX_PLACE


async def _context(request: Request) -> Context:  # a plain function would cost a thread
    return cast(Context, request.app.state.context)


async def viewer() -> Viewer:
    """Who asks: nobody signs in yet, so that whoever reaches the service is the local user."""
    return LOCAL


Ctx = Annotated[Context, Depends(_context)]
Asker = Annotated[Viewer, Depends(viewer)]
# Words to look for stand in the address, of which nobody takes more than 64 kB: a sign may be twelve bytes there.
Searched = Annotated[str, Query(max_length=1_000)]
Department = Annotated[str, Query(max_length=MAX_DEPARTMENT)]
Place = Annotated[str, Query(max_length=MAX_PLACE)]
Chosen = Annotated[str, Query(max_length=MAX_DEPARTMENT)]
Version = Annotated[int, Form(ge=0, le=LARGEST_NUMBER)]
PageNumber = Annotated[int, Query(alias="page", ge=1, le=1_000_000)]  # from 1
