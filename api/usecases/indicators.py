"""The two counted figures of a fiscal year."""

from dataclasses import asdict
from typing import Any

from api.usecases.given import check_sees_all
from corpus.dates import fiscal_year_label
from corpus.indicators import count
from corpus.records.decisions import STAGE_LABELS
from corpus.records.indicators import Indicator, IndicatorEvent
from corpus.session import Session


def indicators(s: Session, fiscal_year: int) -> tuple[Indicator, Indicator]:
    """マッチング件数 and 実際の取組につながった件数 of a fiscal year, each with the events it counts.

    Raises Refused for a viewer who may not see all of these, whatever there is to count.
    """
    check_sees_all(s.viewer)
    return count(s, fiscal_year)


def as_json(counted: tuple[Indicator, Indicator]) -> dict[str, Any]:
    """Both figures as ``kyodo indicators --json`` and the JSON interface give them."""
    year = counted[0].fiscal_year
    return {
        "fiscal_year": year,
        "label": fiscal_year_label(year),
        "indicators": [{**asdict(one), "events": [_event(event) for event in one.events]} for one in counted],
    }


def _event(event: IndicatorEvent) -> dict[str, Any]:
    return {
        **asdict(event),
        "stage_label": STAGE_LABELS[event.stage],
        "happened_on": event.happened_on.isoformat(),
    }
