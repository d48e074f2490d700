"""The one place that knows the template engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import ClassVar
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.errors import Detail
from api.usecases.reviews import REASONS
from api.words import labels, phrases, reasons
from corpus import activity_fields
from corpus.readers.base import Kind
from corpus.readers.kinds.catalogue import KINDS
from corpus.records.decisions import GRADE_LABELS, STAGE_LABELS
from corpus.records.issues import ORIGIN_LABELS, RELEASE_LABELS, STATUS_LABELS, TEXTS_ON_FORMS, TEXTS_ON_PAGES
from models.search import weight_sets

environment = Environment(
    loader=PackageLoader("api"),
    autoescape=True,
    undefined=StrictUndefined,  # a page that asks for what it was not given fails its test
    trim_blocks=True,
    lstrip_blocks=True,
)
environment.globals.update(
    band_labels=labels.BAND_LABELS,
    band_dots=labels.BAND_DOTS,
    part_labels=labels.PART_LABELS,
    in_use_labels=labels.IN_USE_LABELS,
    whose_labels=labels.WHOSE_LABELS,
    kind_labels={kind: KINDS[kind].label for kind in Kind},
    severity_labels=labels.SEVERITY_LABELS,
    release_labels=RELEASE_LABELS,
    release_hints=labels.RELEASE_HINTS,
    origin_labels=ORIGIN_LABELS,
    status_labels=STATUS_LABELS,
    issue_texts=TEXTS_ON_PAGES,
    written_texts=TEXTS_ON_FORMS,
    grade_labels=GRADE_LABELS,
    stage_labels=STAGE_LABELS,
    reasons=REASONS,
    reason_groups=labels.REASON_GROUPS,
    done_sentences=labels.DONE_SENTENCES,
    reader_outcomes=labels.READER_OUTCOMES,
    activity_fields=activity_fields.FIELDS,
    issue_terms=reasons.issue_terms,
    organisation_terms=reasons.organisation_terms,
    near_cases=reasons.near_cases,
    near_pairs=reasons.near_pairs,
    score_rows=reasons.score_rows,
    telling_case=reasons.telling_case,
    fiscal_year=phrases.fiscal_year,
    set_label=weight_sets.label,
    query_string=lambda **values: urlencode({name: value for name, value in values.items() if value}),
)
environment.filters.update(
    highlight=phrases.highlight,
    japanese_date=phrases.japanese_date,
    japanese_moment=phrases.japanese_moment,
    japanese_month=phrases.japanese_month,
    founding_day=phrases.founding_day,
    inactive_sentence=phrases.inactive_sentence,
    points=phrases.points,
    excerpt=phrases.excerpt,
    column_label=phrases.column_label,
    actor_label=phrases.actor_label,
    field_label=activity_fields.label,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecord:
    """All that a page shows: each field is a name in ``template``, a file of ``templates/``.

    The fields here are those of the frame and of the inputs, which pages share. ``errors`` are what to put right;
    ``stored``: input -> what someone else stored there while this was typed.
    """

    template: ClassVar[str]
    errors: tuple[Detail, ...] = ()
    stored: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage(PageRecord):
    """What went wrong, as a sentence, with more of them in ``details``, and the path of the page to go back to."""

    template = "error.html"
    status: int
    message: str
    details: Sequence[str]
    back: str


def page(record: PageRecord, status: int | None = None) -> HTMLResponse:
    """The page of a record. Its status, where none is given, is 422 with something to put right and 200 without."""
    given = {one.name: getattr(record, one.name) for one in fields(record)}
    html = environment.get_template(record.template).render(given)
    return HTMLResponse(html, status or (422 if record.errors else 200))


def error_page(status: int, message: str, details: Sequence[Detail], back: str) -> HTMLResponse:
    """``ErrorPage`` with the sentences of ``details`` that say more than ``message``."""
    more = [detail.message for detail in details if detail.message != message]
    return page(ErrorPage(status=status, message=message, details=more, back=back), status)


def see(path: str) -> RedirectResponse:
    """After a change: the browser gets the result by GET, so that a reload repeats nothing."""
    return RedirectResponse(path, 303)
