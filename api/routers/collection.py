"""Issues, organisations, cases, the two counted figures, and whether the service is well."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import FailFast, Field

from api.dependencies import Asker, Chosen, Ctx, Department, PageNumber, Place, Searched
from api.lanes import HEALTH, LaneRoute, lane
from api.routers.schema import Listing, Schema, Sent, Version, listing
from api.shapes import having, shape_of
from api.usecases import collection, fields, indicators
from corpus.activity_fields import FIELDS
from corpus.clock import today
from corpus.dates import fiscal_year_of
from corpus.records import cases, issues, organisations
from corpus.records.decisions import Stage
from corpus.records.issues import IssueStatus
from corpus.values import YEARS
from models.learned import Whose

router = APIRouter(route_class=LaneRoute)
Year = Annotated[int | None, Query(ge=YEARS[0], le=YEARS[1])]
_FIELDS = Annotated[frozenset[int], Field(max_length=len(FIELDS)), FailFast()]
_WRITTEN = shape_of(issues.IssueDraft) | {"fields": (_FIELDS, frozenset())}
# What else is stored stands in every answer; the key is no matter of others.
_STORED = {name: (kind, ...) for name, (kind, _) in shape_of(issues.Issue).items() if name not in {*_WRITTEN, "key"}}


@having(_WRITTEN)
class IssueTexts(Schema):
    """What a person may write of an issue."""


class IssueDraft(IssueTexts, Sent):
    """A new issue: a title and one of problem, situation, purpose."""


class IssueChange(IssueDraft):
    """``version`` is the one that was read; another one in store is a conflict (409)."""

    version: Version


class StatusChange(Sent):
    """Closing or reopening."""

    version: Version
    status: IssueStatus


@having(_STORED)
class Issue(IssueTexts):
    """An issue as stored."""


class IssueInFull(Issue):
    """An issue on its own. ``proposed_fields``: codes likely to fit one that has none, likeliest first; no choice."""

    proposed_fields: list[int]


class Organisation(Schema):
    """An organisation without the persons behind it."""

    id: str
    name: str
    kind: str
    purpose: str
    activities: str
    offers: str
    fields: frozenset[int]
    prefecture: str
    city: str
    address: str
    area: str
    corporate_number: str
    founded: str
    website: str
    active: bool
    inactive_reason: str
    source: str
    confirmed_on: date | None
    is_sample: bool
    version: int


class ProgrammeYear(Schema):
    """One step of a case."""

    fiscal_year: int | None
    stage: str
    note: str


class Case(Schema):
    """A collaboration that happened."""

    id: str
    title: str
    issue: str
    departments: list[str]
    partners: list[str]
    prefecture: str
    city: str
    programme: list[ProgrammeYear]
    role_sought: str
    effect: str
    outlook: str
    fields: frozenset[int]
    source_name: str
    source_url: str
    is_sample: bool
    version: int


class IndicatorEvent(Schema):
    """One counted thing."""

    event: int
    issue: str
    issue_title: str
    organisation: str
    organisation_name: str
    stage: Stage
    stage_label: str
    happened_on: date


class Indicator(Schema):
    """A figure; ``value`` is the number of its events."""

    code: str
    name: str
    definition: str
    fiscal_year: int
    value: int
    baseline: int
    baseline_label: str
    events: list[IndicatorEvent]


class Indicators(Schema):
    """Both figures of a fiscal year."""

    fiscal_year: int
    label: str
    indicators: list[Indicator]


class InUse(Schema):
    """Which of a ``kind`` is used. ``whose``: own, shipped, none; ``fault`` says what was to be used and cannot be."""

    kind: str
    whose: Whose
    fault: str


class Health(Schema):
    """The service answers and can read its database. ``in_use``: synonyms, vectors, encoder, fields."""

    status: str
    organisations: int
    issues: int
    cases: int
    in_use: list[InUse]


@router.get("/issues", response_model=Listing[Issue], tags=["issues"])
def list_issues(
    ctx: Ctx,
    viewer: Asker,
    text: Searched = "",
    department: Department = "",
    fiscal_year: Year = None,
    page: PageNumber = 1,
) -> dict[str, Any]:
    """Issues whose texts hold ``text``."""
    with ctx.read(viewer) as s:
        return listing(collection.issues(s, text, department, fiscal_year, page))


@router.post("/issues", response_model=Issue, status_code=201, tags=["issues"])
def write_issue(ctx: Ctx, viewer: Asker, draft: IssueDraft) -> issues.Issue:
    """Stores a new issue; the same one sent twice is stored once."""
    wanted = _draft(draft)
    with ctx.write(viewer) as s:
        return collection.write_issue(s, wanted)


@router.get("/issues/{issue_id}", response_model=IssueInFull, tags=["issues"])
def show_issue(ctx: Ctx, viewer: Asker, issue_id: str) -> dict[str, Any]:
    """One issue."""
    with ctx.read(viewer) as s:
        issue = collection.issue(s, issue_id)
    stored = Issue.model_validate(issue).model_dump()
    proposed = fields.proposals(fields.proposer(ctx.settings.data), issue)
    return {**stored, "proposed_fields": [one.code for one in proposed]}


@router.put("/issues/{issue_id}", response_model=Issue, tags=["issues"])
def change_issue(ctx: Ctx, viewer: Asker, issue_id: str, change: IssueChange) -> issues.Issue:
    """Replaces what a person may change."""
    wanted = _draft(change)
    with ctx.write(viewer) as s:
        return collection.edit_issue(s, issue_id, change.version, wanted)


@router.put("/issues/{issue_id}/status", response_model=Issue, tags=["issues"])
def set_status(ctx: Ctx, viewer: Asker, issue_id: str, change: StatusChange) -> issues.Issue:
    """Closes or reopens an issue; a closed one is not ranked."""
    with ctx.write(viewer) as s:
        return collection.set_status(s, issue_id, change.version, change.status)


@router.get("/organisations", response_model=Listing[Organisation], tags=["organisations"])
def list_organisations(
    ctx: Ctx,
    viewer: Asker,
    text: Searched = "",
    kind: Chosen = "",
    prefecture: Place = "",
    city: Place = "",
    page: PageNumber = 1,
) -> dict[str, Any]:
    """Organisations whose texts hold ``text``."""
    with ctx.read(viewer) as s:
        return listing(collection.organisations(s, text, kind, prefecture, city, page))


@router.get("/organisations/{organisation_id}", response_model=Organisation, tags=["organisations"])
def show_organisation(ctx: Ctx, viewer: Asker, organisation_id: str) -> organisations.Organisation:
    """One organisation."""
    with ctx.read(viewer) as s:
        return collection.organisation(s, organisation_id)


@router.get("/cases", response_model=Listing[Case], tags=["cases"])
def list_cases(ctx: Ctx, viewer: Asker, text: Searched = "", page: PageNumber = 1) -> dict[str, Any]:
    """Cases whose texts hold ``text``."""
    with ctx.read(viewer) as s:
        return listing(collection.cases(s, text, page))


@router.get("/cases/{case_id}", response_model=Case, tags=["cases"])
def show_case(ctx: Ctx, viewer: Asker, case_id: str) -> cases.Case:
    """One case."""
    with ctx.read(viewer) as s:
        return collection.case(s, case_id)


@router.get("/indicators", response_model=Indicators, tags=["indicators"])
def count(ctx: Ctx, viewer: Asker, year: Year = None) -> dict[str, Any]:
    """マッチング件数 and 実際の取組につながった件数 of a fiscal year (the running one when none is given)."""
    with ctx.read(viewer) as s:
        return indicators.as_json(indicators.indicators(s, year or fiscal_year_of(today())))


@router.get("/health", response_model=Health, tags=["health"])
@lane(HEALTH)
def health(ctx: Ctx, viewer: Asker) -> dict[str, Any]:
    """Counts what is stored, so an answer means that the database can be read; and says what cannot be used."""
    with ctx.read(viewer) as s:
        stored = collection.overview(s)
    counts = {"organisations": stored.organisations, "issues": stored.issues, "cases": stored.cases}
    told = {"status": "ok", "in_use": (*ctx.in_use, fields.proposer(ctx.settings.data).in_use())}
    return told | {noun: count.real + count.samples for noun, count in counts.items()}


def _draft(sent: IssueDraft) -> issues.IssueDraft:
    return collection.checked(issues.IssueDraft(**sent.model_dump(exclude={"version"})))
