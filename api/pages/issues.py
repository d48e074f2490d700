"""Issues: the list, one of them with everything about it, writing and changing one."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from api.dependencies import Ctx, PageNumber
from api.errors import Detail, Invalid
from api.pages.forms import IssueForm, fiscal_year_from, this_fiscal_year
from api.pages.rendering import page, see
from api.usecases import collection, reviews, suggestions
from api.usecases.clock import today
from corpus.dates import fiscal_year_label
from corpus.records import IssueStatus, Organisation

router = APIRouter(prefix="/issues")
_CHOICES = 20  # organisations offered when a missed partner is looked for


@router.get("")
def list_issues(
    ctx: Ctx, text: str = "", department: str = "", year: str = "", page_number: PageNumber = 1
) -> HTMLResponse:
    """All issues, or those that hold a text, of a department, of a fiscal year."""
    found = collection.issues(ctx, text, department, fiscal_year_from(year, "year"), page_number)
    asked = {"text": text, "department": department, "year": year}
    return page("issues.html", found=found, departments=collection.departments(ctx), filter=asked)


@router.get("/new")
def new_issue() -> HTMLResponse:
    """An empty form for this fiscal year."""
    form = IssueForm(fiscal_year=fiscal_year_label(this_fiscal_year()), seeks_partner="yes")
    return _form(form)


@router.post("")
def write_issue(ctx: Ctx, form: Annotated[IssueForm, Form()]) -> Response:
    """Stores a new issue."""
    try:
        issue = collection.write_issue(ctx, form.draft())
    except Invalid as error:
        return _form(form, errors=error.details)
    return see(f"/issues/{issue.id}?done=written")


@router.get("/{issue_id}")
def show_issue(ctx: Ctx, issue_id: str, find: str = "", done: str = "") -> HTMLResponse:
    """The issue, its candidates (stored as shown, since people judge them), what people decided, what is similar."""
    issue = collection.issue(ctx, issue_id)
    track = reviews.track(ctx, issue_id)
    return page(
        "issue.html",
        issue=issue,
        found=suggestions.suggest_for_issue(ctx, issue_id, record=True),
        similar=suggestions.similar_issues(ctx, issue_id),
        cases=suggestions.similar_cases(ctx, issue_id),
        track=track,
        missed=[(organisation, review) for organisation, review in track.latest.items() if review.missed],
        find=find,
        choices=_choices(ctx, find),
        today=today(),
        done=done,
    )


@router.get("/{issue_id}/edit")
def edit_form(ctx: Ctx, issue_id: str) -> HTMLResponse:
    """The form with what is stored."""
    return _form(IssueForm.of(collection.issue(ctx, issue_id)), issue_id)


@router.post("/{issue_id}")
def edit_issue(ctx: Ctx, issue_id: str, form: Annotated[IssueForm, Form()]) -> Response:
    """Stores the changes, unless someone else was quicker."""
    try:
        collection.edit_issue(ctx, issue_id, form.version, form.draft())
    except Invalid as error:
        return _form(form, issue_id, error.details)
    return see(f"/issues/{issue_id}?done=edited")


@router.post("/{issue_id}/status")
def set_status(
    ctx: Ctx, issue_id: str, version: Annotated[int, Form()], status: Annotated[IssueStatus, Form()]
) -> Response:
    """Closes or reopens an issue."""
    collection.set_status(ctx, issue_id, version, status)
    return see(f"/issues/{issue_id}?done={status}")


def _form(form: IssueForm, issue_id: str = "", errors: tuple[Detail, ...] = ()) -> HTMLResponse:
    heading = "課題を書き直す" if issue_id else "課題を書く"
    status = 422 if errors else 200
    return page("issue_form.html", status, form=form, issue_id=issue_id, heading=heading, errors=errors)


def _choices(ctx: Ctx, find: str) -> tuple[Organisation, ...]:
    if not find.strip():
        return ()
    return collection.organisations(ctx, find.strip()).items[:_CHOICES]
