"""The two figures 岡山市 reports each year, counted from dated events by a published definition."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from corpus.dates import fiscal_year_of
from corpus.records.decisions import Stage
from corpus.records.indicators import Indicator, IndicatorEvent
from corpus.session import Session
from corpus.store.introductions import counting_events

BASELINE_LABEL = "岡山市・平成27年度の実績"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a figure counts. ``text`` is shown wherever the figure is. ``stages`` are those whose earliest day decides.

    ``baseline`` is 岡山市's count of FY2015 (H27), from 岡山市協働推進計画.
    """

    code: str
    name: str
    text: str
    stages: frozenset[Stage]
    baseline: int


_ONCE = (
    "同じ課題で複数の団体と進んだときも、ひとつの年度（4月1日から翌年3月31日まで）には1件と数えます。"
    "取り消した記録と、サンプルの課題や団体についての記録は数えません。"
)

DEFINITIONS: Mapping[str, Definition] = MappingProxyType(
    {
        "matches": Definition(
            code="matches",
            name="マッチング件数",
            text="課題をもつ課と団体の双方が、会うことに合意した件数です。"
            "紹介のあとに記録された「会うことに双方が合意」「相談」「協議の場」「実践開始」のうち、"
            "いちばん早い日を合意の日とします（相談などの記録は、合意があったことを示すためです）。" + _ONCE,
            stages=frozenset({Stage.AGREED, Stage.CONSULTATION, Stage.DISCUSSION, Stage.STARTED}),
            baseline=26,
        ),
        "practices": Definition(
            code="practices",
            name="実際の取組につながった件数",
            text="紹介した課題と団体の組み合わせのうち、実践が始まった件数です。"
            "最初の「実践開始」の日がある年度に数えます。" + _ONCE,
            stages=frozenset({Stage.STARTED}),
            baseline=9,
        ),
    }
)


def count(s: Session, fiscal_year: int) -> tuple[Indicator, Indicator]:
    """マッチング件数 and 実際の取組につながった件数 of the year that starts on 1 April ``fiscal_year``, in this order.

    Counted are the events that the viewer sees.

    An introduction belongs to the day of its earliest deciding event; of several introductions of one issue in one year
    the earliest counts, ties by the event's number.
    """
    events = counting_events(s)
    matches, practices = (_indicator(definition, events, fiscal_year) for definition in DEFINITIONS.values())
    return matches, practices


def _indicator(definition: Definition, events: list[tuple[int, IndicatorEvent]], fiscal_year: int) -> Indicator:
    counted = _once_per_issue(_reached(definition.stages, events), fiscal_year)
    return Indicator(
        code=definition.code,
        name=definition.name,
        definition=definition.text,
        fiscal_year=fiscal_year,
        value=len(counted),
        baseline=definition.baseline,
        baseline_label=BASELINE_LABEL,
        events=counted,
    )


def _reached(stages: frozenset[Stage], events: list[tuple[int, IndicatorEvent]]) -> list[IndicatorEvent]:
    """The first deciding event of each introduction; ``events`` are sorted by (day, event)."""
    first: dict[int, IndicatorEvent] = {}
    for introduction, event in events:
        if event.stage in stages:
            first.setdefault(introduction, event)
    return list(first.values())


def _once_per_issue(events: list[IndicatorEvent], fiscal_year: int) -> tuple[IndicatorEvent, ...]:
    """The first of each issue within the year; ``events`` are sorted by (day, event), and so is the answer."""
    first: dict[str, IndicatorEvent] = {}
    for event in events:
        if fiscal_year_of(event.happened_on) == fiscal_year:
            first.setdefault(event.issue, event)
    return tuple(first.values())
