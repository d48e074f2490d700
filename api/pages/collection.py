"""Organisations and cases: lists and single pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import Asker, Chosen, Ctx, PageNumber, Searched
from api.lanes import RANKING, LaneRoute, lane
from api.pages.rendering import PageRecord, page
from api.usecases import collection, partners, suggestions
from api.usecases.collection import Page
from api.usecases.partners import PartnerEntry
from api.usecases.suggestions import CandidateList
from corpus.records.cases import Case
from corpus.records.organisations import Organisation

router = APIRouter(route_class=LaneRoute)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationListPage(PageRecord):
    """What was found for ``text`` and ``kind``. ``kinds``: each kind that is stored, with its number."""

    template = "organisations.html"
    found: Page[Organisation]
    kinds: Sequence[tuple[str, int]]
    text: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationPage(PageRecord):
    """An organisation with its introductions and the issues that fit it; None for one that is no candidate."""

    template = "organisation.html"
    organisation: Organisation
    met: tuple[PartnerEntry, ...]
    found: CandidateList | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseListPage(PageRecord):
    """What was found for ``text``."""

    template = "cases.html"
    found: Page[Case]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage(PageRecord):
    """A case, whole."""

    template = "case.html"
    case: Case


@router.get("/organisations")
def list_organisations(
    ctx: Ctx, viewer: Asker, text: Searched = "", kind: Chosen = "", page_number: PageNumber = 1
) -> HTMLResponse:
    """All organisations, or those that hold a text (a place is part of the text), or of a kind."""
    with ctx.read(viewer) as s:
        found, kinds = collection.organisations(s, text, kind, page=page_number), collection.kinds(s)
    return page(OrganisationListPage(found=found, kinds=kinds, text=text, kind=kind))


@router.get("/organisations/{organisation_id}")
@lane(RANKING)
def show_organisation(ctx: Ctx, viewer: Asker, organisation_id: str) -> HTMLResponse:
    """Ranks the open issues for it. Raises NotFound."""
    with ctx.read(viewer) as s:
        organisation = collection.organisation(s, organisation_id)
        asking = suggestions.ask_with_organisation(s, ctx.indexes, organisation) if organisation.active else None
        found, met = asking.issues() if asking else None, partners.met(s, organisation)
    return page(OrganisationPage(organisation=organisation, met=met, found=found))


@router.get("/cases")
def list_cases(ctx: Ctx, viewer: Asker, text: Searched = "", page_number: PageNumber = 1) -> HTMLResponse:
    """All cases, or those that hold a text."""
    with ctx.read(viewer) as s:
        found = collection.cases(s, text, page_number)
    return page(CaseListPage(found=found, text=text))


@router.get("/cases/{case_id}")
def show_case(ctx: Ctx, viewer: Asker, case_id: str) -> HTMLResponse:
    """Raises NotFound."""
    with ctx.read(viewer) as s:
        case = collection.case(s, case_id)
    return page(CasePage(case=case))
