"""Issues: the list, one of them with everything about it, writing and changing one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from api.dependencies import Asker, Ctx, Department, PageNumber, Place, Searched, Version
from api.errors import Conflict, Detail, Invalid
from api.lanes import RANKING, READING, LaneRoute, lane
from api.pages.forms import IssueForm, this_fiscal_year
from api.pages.rendering import PageRecord, page, see
from api.usecases import collection, fields, partners, reader, reviews, suggestions
from api.usecases.collection import Page
from api.usecases.fields import Proposal
from api.usecases.given import year_given_or_none
from api.usecases.reader import Offer
from api.usecases.reviews import Track
from api.usecases.suggestions import CandidateList
from corpus.clock import today
from corpus.dates import fiscal_year_label
from corpus.records.decisions import Review
from corpus.records.issues import Issue, IssueStatus
from corpus.records.organisations import Organisation
from corpus.session import Session

router = APIRouter(route_class=LaneRoute, prefix="/issues")
Typed = Annotated[str, Form()]
_SIMILAR = 5
_CHOICES = 20  # organisations offered when a missed partner is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueListPage(PageRecord):
    """What was found for ``text``, ``department`` and ``year`` as typed. ``departments``: each with its number."""

    template = "issues.html"
    found: Page[Issue]
    departments: Sequence[tuple[str, int]]
    text: str
    department: str
    year: str


@dataclass(frozen=True, slots=True)
class PartnerSearch:
    """Organisations that hold the words of ``find``, which may be none, and how many more there are."""

    find: str
    choices: Sequence[Organisation] = ()
    others: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePage(PageRecord):
    """The issue, its candidates, what people decided, and what is similar.

    ``missed``: organisation -> its review, where a person added it to the candidates; ``listed``: both. ``chosen``: the
    fields ticked in a form that ``errors`` send back, None without one. ``done`` stands at the anchor ``at``, if any.
    """

    template = "issue.html"
    issue: Issue
    proposed: tuple[Proposal, ...]
    found: CandidateList
    reader: Offer
    similar: CandidateList
    cases: CandidateList
    track: Track
    missed: Mapping[str, Review]
    listed: Collection[str]
    search: PartnerSearch
    today: date
    chosen: Collection[int] | None = None
    done: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueFormPage(PageRecord):
    """The form of a new issue, whose ``issue_id`` is empty, or of a stored one; ``overtaken``: changed meanwhile."""

    template = "issue_form.html"
    form: IssueForm
    issue_id: str
    overtaken: bool


@router.get("")
def list_issues(
    ctx: Ctx,
    viewer: Asker,
    text: Searched = "",
    department: Department = "",
    year: Place = "",
    page_number: PageNumber = 1,
) -> HTMLResponse:
    """Raises Invalid for a year that cannot be read."""
    with ctx.read(viewer) as s:
        found = collection.issues(s, text, department, year_given_or_none(year, "year"), page_number)
        departments = collection.departments(s)
    return page(IssueListPage(found=found, departments=departments, text=text, department=department, year=year))


@router.get("/new")
def new_issue() -> HTMLResponse:
    """An empty form for this fiscal year."""
    form = IssueForm(fiscal_year=fiscal_year_label(this_fiscal_year()), seeks_partner="yes")
    return _form(form)


@router.post("/new")
@lane(READING)
def new_issue_from_text(text: Typed = "", prefecture: Typed = "", city: Typed = "") -> HTMLResponse:
    """The form with a text that candidates were looked for; by POST, so that no address holds it. Not stored yet."""
    year = fiscal_year_label(this_fiscal_year())
    typed = {"problem": text, "prefecture": prefecture, "city": city, "fiscal_year": year, "seeks_partner": "yes"}
    return _form(IssueForm.model_validate(typed))


@router.post("")
def write_issue(ctx: Ctx, viewer: Asker, form: Annotated[IssueForm, Form()]) -> Response:
    """Ends on the issue's page, or on the form where something is to be put right."""
    try:
        draft = collection.checked(form.draft())
        with ctx.write(viewer) as s:
            issue = collection.write_issue(s, draft)
    except Invalid as error:
        return _form(form, errors=error.details)
    return see(f"/issues/{issue.id}?done=written")


@router.get("/{issue_id}")
@lane(RANKING)
def show_issue(
    ctx: Ctx, viewer: Asker, issue_id: str, find: Searched = "", done: str = "", at: str = ""
) -> HTMLResponse:
    """Records the candidates as shown, since people judge them. Raises NotFound."""
    shown = _read(ctx, viewer, issue_id, find)
    return page(replace(shown, done=done, at=at if at in _places(shown) else ""))


def _read(ctx: Ctx, viewer: Asker, issue_id: str, find: str = "") -> IssuePage:
    with ctx.read(viewer) as s:
        shown = _read_at_once(ctx, s, collection.issue(s, issue_id), find)
    return replace(shown, found=suggestions.recorded(ctx, viewer, shown.issue, shown.found))


def _read_at_once(ctx: Ctx, s: Session, issue: Issue, find: str) -> IssuePage:
    track = reviews.track(s, issue)
    asking = suggestions.ask_with_issue(s, ctx.indexes, issue)
    found = suggestions.already_recorded(s, issue, asking.organisations())
    ranked = {candidate.id for candidate in found.candidates}
    missed = {one: review for one, review in track.latest.items() if review.missed and one not in ranked}
    return IssuePage(
        issue=issue,
        proposed=fields.proposals(fields.proposer(ctx.settings.data), issue, asking.asked),
        found=found,
        reader=reader.offer(ctx.settings, issue),
        similar=asking.issues(_SIMILAR),
        cases=asking.cases(),
        track=track,
        missed=missed,
        listed=ranked | missed.keys(),
        search=_search(s, find),
        today=today(),
    )


def _search(s: Session, find: str) -> PartnerSearch:
    if not find.strip():
        return PartnerSearch(find)
    choices, matching = partners.findable(s, find.strip(), _CHOICES)
    return PartnerSearch(find, choices, matching - len(choices))


@router.get("/{issue_id}/edit")
def edit_form(ctx: Ctx, viewer: Asker, issue_id: str) -> HTMLResponse:
    """Raises NotFound."""
    with ctx.read(viewer) as s:
        issue = collection.issue(s, issue_id)
    return _form(IssueForm.of(issue), issue_id)


@router.post("/{issue_id}")
def edit_issue(ctx: Ctx, viewer: Asker, issue_id: str, form: Annotated[IssueForm, Form()]) -> Response:
    """Stores the changes, unless someone else was quicker."""
    try:
        draft = collection.checked(form.draft())
        with ctx.write(viewer) as s:
            collection.edit_issue(s, issue_id, form.version, draft)
    except Invalid as error:
        return _form(form, issue_id, error.details)
    except Conflict:
        return _overtaken(ctx, viewer, issue_id, form)
    return see(f"/issues/{issue_id}?done=edited")


@router.post("/{issue_id}/fields")
def choose_fields(
    ctx: Ctx, viewer: Asker, issue_id: str, version: Version, chosen: Annotated[list[int] | None, Form()] = None
) -> Response:
    """The proposed fields as they are, or corrected: from now on they are the officer's choice."""
    try:
        wanted = collection.checked_fields(chosen or ())
        with ctx.write(viewer) as s:
            collection.set_fields(s, issue_id, version, wanted)
    except Invalid as error:
        with ctx.read(viewer) as s:
            issue = collection.issue(s, issue_id)
        if not fields.proposals(fields.proposer(ctx.settings.data), issue):
            raise  # its page has no form any more at which the sentence could stand
        return page(replace(_read(ctx, viewer, issue_id), errors=error.details, chosen=chosen or ()))
    return see(f"/issues/{issue_id}?done=fields")


@router.post("/{issue_id}/status")
def set_status(
    ctx: Ctx, viewer: Asker, issue_id: str, version: Version, status: Annotated[IssueStatus, Form()]
) -> Response:
    """Raises Conflict where the issue was changed since ``version``."""
    with ctx.write(viewer) as s:
        collection.set_status(s, issue_id, version, status)
    return see(f"/issues/{issue_id}?done={status}")


def _form(
    form: IssueForm,
    issue_id: str = "",
    errors: tuple[Detail, ...] = (),
    stored: Mapping[str, str] = MappingProxyType({}),
    *,
    overtaken: bool = False,
) -> HTMLResponse:
    shown = IssueFormPage(form=form.shown_again(), issue_id=issue_id, overtaken=overtaken, errors=errors, stored=stored)
    return page(shown, 409 if overtaken else None)


def _overtaken(ctx: Ctx, viewer: Asker, issue_id: str, form: IssueForm) -> HTMLResponse:
    """Someone else was quicker: what was typed, beside what is stored now; saved again, it replaces that."""
    with ctx.read(viewer) as s:
        stored = IssueForm.of(collection.issue(s, issue_id))
    mine = form.model_copy(update={"version": stored.version})
    return _form(mine, issue_id, stored=form.other_than(stored), overtaken=True)


def _places(shown: IssuePage) -> set[str]:
    """The anchors on an issue's page at which the sentence about a change can stand."""
    introductions = {f"introduction-{one.introduction.id}" for one in shown.track.introductions}
    events = {f"event-{event.id}" for one in shown.track.introductions for event in one.events}
    return introductions | events | {f"c-{organisation}" for organisation in shown.listed}
