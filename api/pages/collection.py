"""Organisations and cases: lists and single pages."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import Asker, Chosen, Ctx, PageNumber, Searched
from api.lanes import RANKING, LaneRoute, lane
from api.pages.rendering import page
from api.usecases import collection, partners, suggestions

router = APIRouter(route_class=LaneRoute)


@router.get("/organisations")
def list_organisations(
    ctx: Ctx, viewer: Asker, text: Searched = "", kind: Chosen = "", page_number: PageNumber = 1
) -> HTMLResponse:
    """All organisations, or those that hold a text (a place is part of the text), or of a kind."""
    with ctx.read(viewer) as s:
        found, kinds = collection.organisations(s, text, kind, page=page_number), collection.kinds(s)
    return page("organisations.html", found=found, kinds=kinds, filter={"text": text, "kind": kind})


@router.get("/organisations/{organisation_id}")
@lane(RANKING)
def show_organisation(ctx: Ctx, viewer: Asker, organisation_id: str) -> HTMLResponse:
    """The profile, what came of it so far, and the issues that fit it; none for one that is no candidate."""
    with ctx.read(viewer) as s:
        organisation = collection.organisation(s, organisation_id)
        asking = suggestions.ask_with_organisation(s, ctx.indexes, organisation) if organisation.active else None
        found, met = asking.issues() if asking else None, partners.met(s, organisation)
    return page("organisation.html", organisation=organisation, found=found, met=met)


@router.get("/cases")
def list_cases(ctx: Ctx, viewer: Asker, text: Searched = "", page_number: PageNumber = 1) -> HTMLResponse:
    """All cases, or those that hold a text."""
    with ctx.read(viewer) as s:
        found = collection.cases(s, text, page_number)
    return page("cases.html", found=found, filter={"text": text})


@router.get("/cases/{case_id}")
def show_case(ctx: Ctx, viewer: Asker, case_id: str) -> HTMLResponse:
    """One case."""
    with ctx.read(viewer) as s:
        case = collection.case(s, case_id)
    return page("case.html", case=case)
