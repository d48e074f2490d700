"""Organisations and cases: lists and single pages."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import Chosen, Ctx, PageNumber, Searched
from api.lanes import RANKING, LaneRoute, lane
from api.pages.rendering import page
from api.usecases import collection, partners, suggestions

router = APIRouter(route_class=LaneRoute)


@router.get("/organisations")
def list_organisations(ctx: Ctx, text: Searched = "", kind: Chosen = "", page_number: PageNumber = 1) -> HTMLResponse:
    """All organisations, or those that hold a text (a place is part of the text), or of a kind."""
    found = collection.organisations(ctx, text, kind, page=page_number)
    return page("organisations.html", found=found, kinds=collection.kinds(ctx), filter={"text": text, "kind": kind})


@router.get("/organisations/{organisation_id}")
@lane(RANKING)
def show_organisation(ctx: Ctx, organisation_id: str) -> HTMLResponse:
    """The profile, what came of it so far, and the issues that fit it; none for one that is no candidate."""
    organisation = collection.organisation(ctx, organisation_id)
    found = suggestions.issues_for_organisation(ctx, organisation_id) if organisation.active else None
    met = partners.met(ctx, organisation_id)
    return page("organisation.html", organisation=organisation, found=found, met=met)


@router.get("/cases")
def list_cases(ctx: Ctx, text: Searched = "", page_number: PageNumber = 1) -> HTMLResponse:
    """All cases, or those that hold a text."""
    return page("cases.html", found=collection.cases(ctx, text, page_number), filter={"text": text})


@router.get("/cases/{case_id}")
def show_case(ctx: Ctx, case_id: str) -> HTMLResponse:
    """One case."""
    return page("case.html", case=collection.case(ctx, case_id))
