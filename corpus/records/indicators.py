"""指標: figures counted from what happened."""

from dataclasses import dataclass
from datetime import date

from corpus.records.decisions import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorEvent:
    """One counted thing of an indicator, with all that is needed to find it again."""

    event: int
    issue: str
    issue_title: str
    organisation: str
    organisation_name: str
    stage: Stage
    happened_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A counted figure of one fiscal year. ``value`` is ``len(events)``; the baseline is 岡山市's of FY2015 (H27)."""

    code: str  # "matches" or "practices"
    name: str  # マッチング件数 / 実際の取組につながった件数
    definition: str
    fiscal_year: int
    value: int
    baseline: int
    baseline_label: str
    events: tuple[IndicatorEvent, ...]
