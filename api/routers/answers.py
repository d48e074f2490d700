"""What the JSON interface gives. The contact columns of an organisation have no field here: they stay in."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from api.routers.requests import IssueTexts, Schema
from corpus.records import Grade, IssueStatus, Origin, Stage
from models.learned import Whose

T = TypeVar("T")


class ErrorDetail(Schema):
    """One thing to put right."""

    field: str
    message: str


class ErrorBody(Schema):
    """``code`` is stable; ``message`` is a Japanese sentence."""

    code: str
    message: str
    details: list[ErrorDetail]


class Failure(Schema):
    """The shape of every answer that is no success."""

    error: ErrorBody


class Listing(Schema, Generic[T]):
    """A page of 50; ``page`` counts from 1."""

    items: list[T]
    total: int
    page: int
    pages: int


class Contribution(Schema):
    """One summand of a score. ``part``: words, characters, synonyms, meaning, encoder, cases, fields, area."""

    part: str
    term: str
    matched: str
    value: float


class PastCase(Schema):
    """A collaboration like what is asked, whose partner is the candidate or is like it."""

    id: str
    title: str
    partner: str
    issue: str
    case: str


class Evidence(Schema):
    """Why. ``quotes`` has a key per side: issue, organisation, case or similar. ``case`` only where one adds to it."""

    contributions: list[Contribution]
    quotes: dict[str, str]
    fields: list[str]
    area: str
    missing: list[str]
    case: PastCase | None = None


class Suggestion(Schema):
    """A candidate, never a selection. ``band``: strong, some, weak. The contributions sum to ``score``."""

    rank: int
    id: str
    name: str
    kind: str
    is_sample: bool
    score: float
    band: str
    evidence: Evidence


class AskedFor(Schema):
    """What was asked."""

    id: str
    text: str
    area: str


class Suggestions(Schema):
    """A ranked list. ``good_match`` is false when nothing in it is a good candidate."""

    query: AskedFor
    model: str
    good_match: bool
    message: str
    suggestions: list[Suggestion]


class Issue(IssueTexts):
    """An issue as stored."""

    id: str
    collaboration: str
    legal_basis: str
    origin: Origin
    status: IssueStatus
    posted_on: date | None
    source_name: str
    source_url: str
    partners: list[str]
    is_sample: bool
    version: int


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


class Review(Schema):
    """A judgement as stored, with what was shown when it was made."""

    id: int
    issue: str
    organisation: str
    grade: Grade | None
    reason: str
    comment: str
    missed: bool
    model: str
    rank: int | None
    score: float | None
    band: str
    ranking: int | None
    recorded_at: datetime
    actor: str


class Reviews(Schema):
    """``latest``: organisation id -> what counts now; ``history`` newest first; ``reasons``: code -> words."""

    latest: dict[str, Review]
    history: list[Review]
    reasons: Mapping[str, str]


class Event(Schema):
    """A step as stored; a voided one does not count."""

    id: int
    introduction: int
    stage: Stage
    happened_on: date
    note: str
    recorded_at: datetime
    actor: str
    voided: bool


class Introduction(Schema):
    """An introduction as stored; of a voided one no event counts."""

    id: int
    issue: str
    organisation: str
    introduced_on: date
    note: str
    recorded_at: datetime
    actor: str
    voided: bool


class IntroductionTrack(Schema):
    """An introduction and what came of it."""

    introduction: Introduction
    events: list[Event]


class Column(Schema):
    """A column recognised (``item`` set) or left unused."""

    sheet: str
    item: str
    column: str
    heading: str


class RowProblem(Schema):
    """``row`` counts from 1; 0 is the whole sheet or file."""

    sheet: str
    row: int
    column: str
    severity: str
    found: str
    expected: str
    message: str


class FileReport(Schema):
    """What became of a file, or would in a dry run."""

    path: str
    kind: str
    stored: bool
    accepted: int
    added: int
    changed: int
    unchanged: int
    skipped: int
    mapping: list[Column]
    problems: list[RowProblem]


class ImportReport(Schema):
    """One entry per file."""

    files: list[FileReport]


class ImportEntry(Schema):
    """A line of the log of imports."""

    id: int
    name: str
    kind: str
    added: int
    changed: int
    unchanged: int
    skipped: int
    recorded_at: datetime
    actor: str


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


class WeightsInForce(Schema):
    """What lists are ranked by; ``fault`` says why the ``chosen`` set is not it. An empty id: the program's own."""

    id: str
    weights: dict[str, float]
    chosen: str
    fault: str


class LearnedWeights(Schema):
    """A set that was learned, with its measures; ``fault`` says why it cannot be used."""

    id: str
    weights: dict[str, float]
    made: str
    measures: dict[str, float]
    fault: str


class WeightChoice(Schema):
    """A line of the history: from then on ``weights`` was to be used."""

    id: int
    weights: str
    reason: str
    recorded_at: datetime
    actor: str


class Weights(Schema):
    """Everything about the weights, sets and choices newest first. ``fault``: why the learned sets cannot be seen."""

    in_force: WeightsInForce
    default: dict[str, float]
    learned: list[LearnedWeights]
    history: list[WeightChoice]
    fault: str


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


def listing(page: Any) -> dict[str, Any]:
    """A use case's page with its number of pages."""
    return {"items": page.items, "total": page.total, "page": page.page, "pages": page.pages}
