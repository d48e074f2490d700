"""Issues, organisations, cases, the two counted figures, and whether the service is well."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.dependencies import Chosen, Ctx, Department, PageNumber, Place, Searched
from api.lanes import HEALTH, LaneRoute, lane
from api.routers.answers import Case, Health, Indicators, Issue, IssueInFull, Listing, Organisation, listing
from api.routers.requests import IssueChange, IssueDraft, StatusChange
from api.usecases import collection, fields, indicators
from api.usecases.clock import today
from corpus import records
from corpus.dates import fiscal_year_of
from corpus.values import YEARS

router = APIRouter(route_class=LaneRoute)
Year = Annotated[int | None, Query(ge=YEARS[0], le=YEARS[1])]


@router.get("/issues", response_model=Listing[Issue], tags=["issues"])
def list_issues(
    ctx: Ctx, text: Searched = "", department: Department = "", fiscal_year: Year = None, page: PageNumber = 1
) -> dict[str, Any]:
    """Issues whose texts hold ``text``."""
    return listing(collection.issues(ctx, text, department, fiscal_year, page))


@router.post("/issues", response_model=Issue, status_code=201, tags=["issues"])
def write_issue(ctx: Ctx, draft: IssueDraft) -> records.Issue:
    """Stores a new issue; the same one sent twice is stored once."""
    return collection.write_issue(ctx, _draft(draft))


@router.get("/issues/{issue_id}", response_model=IssueInFull, tags=["issues"])
def show_issue(ctx: Ctx, issue_id: str) -> dict[str, Any]:
    """One issue."""
    issue = collection.issue(ctx, issue_id)
    stored = Issue.model_validate(issue).model_dump()
    return {**stored, "proposed_fields": [one.code for one in fields.proposals(ctx, issue)]}


@router.put("/issues/{issue_id}", response_model=Issue, tags=["issues"])
def change_issue(ctx: Ctx, issue_id: str, change: IssueChange) -> records.Issue:
    """Replaces what a person may change."""
    return collection.edit_issue(ctx, issue_id, change.version, _draft(change))


@router.put("/issues/{issue_id}/status", response_model=Issue, tags=["issues"])
def set_status(ctx: Ctx, issue_id: str, change: StatusChange) -> records.Issue:
    """Closes or reopens an issue; a closed one is not ranked."""
    return collection.set_status(ctx, issue_id, change.version, change.status)


@router.get("/organisations", response_model=Listing[Organisation], tags=["organisations"])
def list_organisations(
    ctx: Ctx, text: Searched = "", kind: Chosen = "", prefecture: Place = "", city: Place = "", page: PageNumber = 1
) -> dict[str, Any]:
    """Organisations whose texts hold ``text``."""
    return listing(collection.organisations(ctx, text, kind, prefecture, city, page))


@router.get("/organisations/{organisation_id}", response_model=Organisation, tags=["organisations"])
def show_organisation(ctx: Ctx, organisation_id: str) -> records.Organisation:
    """One organisation."""
    return collection.organisation(ctx, organisation_id)


@router.get("/cases", response_model=Listing[Case], tags=["cases"])
def list_cases(ctx: Ctx, text: Searched = "", page: PageNumber = 1) -> dict[str, Any]:
    """Cases whose texts hold ``text``."""
    return listing(collection.cases(ctx, text, page))


@router.get("/cases/{case_id}", response_model=Case, tags=["cases"])
def show_case(ctx: Ctx, case_id: str) -> records.Case:
    """One case."""
    return collection.case(ctx, case_id)


@router.get("/indicators", response_model=Indicators, tags=["indicators"])
def count(ctx: Ctx, year: Year = None) -> dict[str, Any]:
    """マッチング件数 and 実際の取組につながった件数 of a fiscal year (the running one when none is given)."""
    return indicators.as_json(indicators.indicators(ctx, year or fiscal_year_of(today())))


@router.get("/health", response_model=Health, tags=["health"])
@lane(HEALTH)
def health(ctx: Ctx) -> dict[str, Any]:
    """Counts what is stored, so an answer means that the database can be read; and says what cannot be used."""
    stored = collection.overview(ctx)
    counts = {"organisations": stored.organisations, "issues": stored.issues, "cases": stored.cases}
    told = {"status": "ok", "in_use": (*ctx.in_use, fields.in_use(ctx))}
    return told | {noun: count.real + count.samples for noun, count in counts.items()}


def _draft(sent: IssueDraft) -> collection.IssueDraft:
    return collection.IssueDraft(**sent.model_dump(exclude={"version"}))
