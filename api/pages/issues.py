"""Issues: the list, one of them with everything about it, writing and changing one."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from api.dependencies import Asker, Ctx, Department, PageNumber, Place, Searched, Version
from api.errors import Conflict, Detail, Invalid
from api.lanes import RANKING, READING, LaneRoute, lane
from api.pages.forms import IssueForm, this_fiscal_year
from api.pages.rendering import page, see
from api.usecases import collection, fields, partners, reader, reviews, suggestions
from api.usecases.given import year_given_or_none
from corpus.clock import today
from corpus.dates import fiscal_year_label
from corpus.records.issues import IssueStatus

router = APIRouter(route_class=LaneRoute, prefix="/issues")
Typed = Annotated[str, Form()]
_SIMILAR = 5
_CHOICES = 20  # organisations offered when a missed partner is looked for


@router.get("")
def list_issues(
    ctx: Ctx,
    viewer: Asker,
    text: Searched = "",
    department: Department = "",
    year: Place = "",
    page_number: PageNumber = 1,
) -> HTMLResponse:
    """All issues, or those that hold a text, of a department, of a fiscal year."""
    with ctx.read(viewer) as s:
        found = collection.issues(s, text, department, year_given_or_none(year, "year"), page_number)
        departments = collection.departments(s)
    asked = {"text": text, "department": department, "year": year}
    return page("issues.html", found=found, departments=departments, filter=asked)


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
    """Stores a new issue."""
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
    """The issue, its candidates (stored as shown, since people judge them), what people decided, what is similar."""
    return _show(ctx, viewer, issue_id, find, done, at)


def _show(
    ctx: Ctx,
    viewer: Asker,
    issue_id: str,
    find: str = "",
    done: str = "",
    at: str = "",
    errors: tuple[Detail, ...] = (),
    chosen: Collection[int] | None = None,
) -> HTMLResponse:
    """``chosen``: the fields ticked in a form that ``errors`` sends back."""
    with ctx.read(viewer) as s:
        issue = collection.issue(s, issue_id)
        track = reviews.track(s, issue)
        asking = suggestions.ask_with_issue(s, ctx.indexes, issue)
        found = suggestions.already_recorded(s, issue, asking.organisations())
        similar, cases = asking.issues(_SIMILAR), asking.cases()
        choices, matching = partners.findable(s, find.strip(), _CHOICES) if find.strip() else ((), 0)
        proposed = fields.proposals(fields.proposer(ctx.settings.data), issue, asking.asked)
    found = suggestions.recorded(ctx, viewer, issue, found)
    listed = {candidate.id for candidate in found.candidates}
    missed = {one: review for one, review in track.latest.items() if review.missed and one not in listed}
    return page(
        "issue.html",
        422 if errors else 200,
        issue=issue,
        proposed=proposed,
        found=found,
        reader=reader.offer(ctx.settings, issue),
        similar=similar,
        cases=cases,
        track=track,
        missed=missed,
        find=find,
        choices=choices,
        others=matching - len(choices),
        listed=listed | set(missed),
        today=today(),
        done=done,
        errors=errors,
        chosen=chosen,
        at=at if at in _places(track, listed | set(missed)) else "",
    )


@router.get("/{issue_id}/edit")
def edit_form(ctx: Ctx, viewer: Asker, issue_id: str) -> HTMLResponse:
    """The form with what is stored."""
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
        return _show(ctx, viewer, issue_id, errors=error.details, chosen=chosen or ())
    return see(f"/issues/{issue_id}?done=fields")


@router.post("/{issue_id}/status")
def set_status(
    ctx: Ctx, viewer: Asker, issue_id: str, version: Version, status: Annotated[IssueStatus, Form()]
) -> Response:
    """Closes or reopens an issue."""
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
    return page(
        "issue_form.html",
        409 if overtaken else 422 if errors else 200,
        form=form.shown_again(),
        issue_id=issue_id,
        heading="課題を書き直す" if issue_id else "課題を書く",
        errors=errors,
        stored=stored,
        overtaken=overtaken,
    )


def _overtaken(ctx: Ctx, viewer: Asker, issue_id: str, form: IssueForm) -> HTMLResponse:
    """Someone else was quicker: what was typed, beside what is stored now; saved again, it replaces that."""
    with ctx.read(viewer) as s:
        stored = IssueForm.of(collection.issue(s, issue_id))
    mine = form.model_copy(update={"version": stored.version})
    return _form(mine, issue_id, stored=form.other_than(stored), overtaken=True)


def _places(track: reviews.Track, organisations: Collection[str]) -> set[str]:
    """The anchors on an issue's page at which the sentence about a change can stand."""
    introductions = {f"introduction-{one.introduction.id}" for one in track.introductions}
    events = {f"event-{event.id}" for one in track.introductions for event in one.events}
    return introductions | events | {f"c-{organisation}" for organisation in organisations}
