"""The one place that knows the template engine."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.errors import Detail
from api.usecases.reviews import REASONS
from api.words import labels, phrases, reasons
from corpus import activity_fields
from corpus.readers.read_file import KIND_LABELS
from corpus.records.decisions import GRADE_LABELS, STAGE_LABELS
from corpus.records.issues import ORIGIN_LABELS, RELEASE_LABELS, STATUS_LABELS, TEXTS_ON_FORMS, TEXTS_ON_PAGES

_environment = Environment(
    loader=PackageLoader("api"),
    autoescape=True,
    undefined=StrictUndefined,  # a page that asks for what it was not given fails its test
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals.update(
    band_labels=labels.BAND_LABELS,
    band_dots=labels.BAND_DOTS,
    part_labels=labels.PART_LABELS,
    in_use_labels=labels.IN_USE_LABELS,
    whose_labels=labels.WHOSE_LABELS,
    kind_labels=KIND_LABELS,
    kind_lists=labels.KIND_LISTS,
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
    query_string=lambda **values: urlencode({name: value for name, value in values.items() if value}),
)
_environment.filters.update(
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


def page(template: str, status: int = 200, /, **context: Any) -> HTMLResponse:
    """A page from ``templates/``. ``done``, ``errors`` and ``stored`` default to nothing."""
    given: dict[str, Any] = {"done": "", "errors": (), "stored": {}, **context}
    return HTMLResponse(_environment.get_template(template).render(given), status)


def error_page(status: int, message: str, details: Sequence[Detail], back: str) -> HTMLResponse:
    """What went wrong, as a sentence, and the way back."""
    more = [detail.message for detail in details if detail.message != message]
    return page("error.html", status, status=status, message=message, details=more, back=back)


def see(path: str) -> RedirectResponse:
    """After a change: the browser gets the result by GET, so that a reload repeats nothing."""
    return RedirectResponse(path, 303)
