"""All pages under one router. Plain forms: a change is a POST that ends in a redirect, and no page needs a script."""

from fastapi import APIRouter

from api.pages import collection, decisions, imports, indicators, issues, models, reader, start

router = APIRouter(include_in_schema=False)
for _part in (start, issues, decisions, collection, imports, indicators, reader, models):
    router.include_router(_part.router)
