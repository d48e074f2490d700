"""The one place that knows the template engine."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.errors import Detail
from api.pages import presentation, reasons
from api.usecases.reviews import REASONS
from corpus import activity_fields
from corpus.readers.reading import KIND_LABELS
from corpus.records import GRADE_LABELS, ORIGIN_LABELS, RELEASE_LABELS, STAGE_LABELS, STATUS_LABELS

_environment = Environment(
    loader=PackageLoader("api"),
    autoescape=True,
    undefined=StrictUndefined,  # a page that asks for what it was not given fails its test
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals.update(
    band_labels=presentation.BAND_LABELS,
    band_dots=presentation.BAND_DOTS,
    part_labels=presentation.PART_LABELS,
    in_use_labels=presentation.IN_USE_LABELS,
    whose_labels=presentation.WHOSE_LABELS,
    kind_labels=KIND_LABELS,
    kind_lists=presentation.KIND_LISTS,
    severity_labels=presentation.SEVERITY_LABELS,
    release_labels=RELEASE_LABELS,
    release_hints=presentation.RELEASE_HINTS,
    origin_labels=ORIGIN_LABELS,
    status_labels=STATUS_LABELS,
    grade_labels=GRADE_LABELS,
    stage_labels=STAGE_LABELS,
    reasons=REASONS,
    reason_groups=presentation.REASON_GROUPS,
    done_sentences=presentation.DONE_SENTENCES,
    reader_outcomes=presentation.READER_OUTCOMES,
    activity_fields=activity_fields.FIELDS,
    issue_terms=reasons.issue_terms,
    organisation_terms=reasons.organisation_terms,
    near_cases=reasons.near_cases,
    near_pairs=reasons.near_pairs,
    score_rows=reasons.score_rows,
    telling_case=reasons.telling_case,
    fiscal_year=presentation.fiscal_year,
    query_string=lambda **values: urlencode({name: value for name, value in values.items() if value}),
)
_environment.filters.update(
    highlight=presentation.highlight,
    japanese_date=presentation.japanese_date,
    japanese_moment=presentation.japanese_moment,
    japanese_month=presentation.japanese_month,
    founding_day=presentation.founding_day,
    inactive_sentence=presentation.inactive_sentence,
    points=presentation.points,
    excerpt=presentation.excerpt,
    column_label=presentation.column_label,
    actor_label=presentation.actor_label,
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
