from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus import indicators
from corpus.dates import fiscal_year_of
from corpus.records.decisions import Stage
from corpus.records.issues import Issue
from corpus.records.organisations import Organisation
from corpus.store import introductions, issues, organisations


@pytest.fixture
def s(s):
    issues.upsert(s, [Issue(id=f"i-{n}", key=f"i{n}", title=f"業務{n}") for n in range(5)])
    issues.upsert(s, [Issue(id="i-sample", key="is", title="見本の業務", is_sample=True)])
    organisations.upsert(s, [Organisation(id=f"o-{n}", key=f"o{n}", name=f"団体{n}") for n in range(5)])
    organisations.upsert(s, [Organisation(id="o-sample", key="os", name="見本の団体", is_sample=True)])
    return s


def introduce(s, *steps, issue="i-0", organisation="o-0"):
    """An introduction on 2023-04-01 with steps (stage, day as ISO); answers with the numbers of the steps."""
    made = introductions.add(s, issue=issue, organisation=organisation, introduced_on=date(2023, 4, 1))
    return [
        introductions.add_event(s, introduction=made.id, stage=stage, happened_on=date.fromisoformat(day)).id
        for stage, day in steps
    ]


def values(s, fiscal_year):
    return tuple(figure.value for figure in indicators.count(s, fiscal_year))


def test_nothing_recorded_counts_nothing_beside_the_baseline_of_okayama(s):
    matches, practices = indicators.count(s, 2024)
    assert (matches.name, matches.value, matches.baseline, matches.events) == ("マッチング件数", 0, 26, ())
    assert (practices.name, practices.value, practices.baseline) == ("実際の取組につながった件数", 0, 9)
    assert matches.baseline_label == practices.baseline_label == "岡山市・平成27年度の実績"


def test_an_introduction_alone_is_no_match(s):
    introduce(s)
    assert values(s, 2023) == (0, 0)


def test_the_last_of_march_and_the_first_of_april_lie_in_two_fiscal_years(s):
    introduce(s, (Stage.AGREED, "2024-03-31"), issue="i-0")
    introduce(s, (Stage.AGREED, "2024-04-01"), issue="i-1")
    introduce(s, (Stage.AGREED, "2025-03-31"), issue="i-2")
    introduce(s, (Stage.AGREED, "2025-04-01"), issue="i-3")
    assert [values(s, year) for year in (2022, 2023, 2024, 2025, 2026)] == [(0, 0), (1, 0), (2, 0), (1, 0), (0, 0)]


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (Stage.AGREED, (1, 0)),
        (Stage.CONSULTATION, (1, 0)),
        (Stage.DISCUSSION, (1, 0)),
        (Stage.STARTED, (1, 1)),
        (Stage.ENDED, (0, 0)),
    ],
)
def test_a_later_step_says_that_both_sides_had_agreed_but_an_end_does_not(s, stage, expected):
    introduce(s, (stage, "2024-05-27"))
    assert values(s, 2024) == expected


def test_a_match_belongs_to_the_year_of_its_first_step_whatever_was_typed_first(s):
    introduce(s, (Stage.STARTED, "2025-06-01"), (Stage.DISCUSSION, "2024-04-01"), (Stage.AGREED, "2024-03-31"))
    assert [values(s, year) for year in (2023, 2024, 2025)] == [(1, 0), (0, 0), (0, 1)]


def test_a_practice_that_starts_again_is_counted_where_it_started_first(s):
    introduce(s, (Stage.STARTED, "2024-06-01"), (Stage.ENDED, "2025-03-01"), (Stage.STARTED, "2025-06-01"))
    assert [values(s, year) for year in (2024, 2025)] == [(1, 1), (0, 0)]


def test_two_partners_of_one_issue_in_one_year_are_one_match_the_earliest(s):
    introduce(s, (Stage.AGREED, "2024-09-01"), organisation="o-0")
    introduce(s, (Stage.AGREED, "2024-05-01"), organisation="o-1")
    introduce(s, (Stage.AGREED, "2025-05-01"), organisation="o-2")
    matches, _ = indicators.count(s, 2024)
    assert [(event.organisation_name, event.happened_on) for event in matches.events] == [("団体1", date(2024, 5, 1))]
    assert values(s, 2025) == (1, 0)


def test_of_two_partners_on_one_day_the_one_recorded_first_counts(s):
    first, *_ = introduce(s, (Stage.AGREED, "2024-05-01"), organisation="o-2")
    introduce(s, (Stage.AGREED, "2024-05-01"), organisation="o-1")
    matches, _ = indicators.count(s, 2024)
    assert [event.event for event in matches.events] == [first]


def test_a_voided_step_does_not_count_and_the_next_one_decides(s):
    agreed, _ = introduce(s, (Stage.AGREED, "2024-03-31"), (Stage.CONSULTATION, "2024-04-01"))
    introductions.void_event(s, agreed, "日付のまちがい")
    assert (values(s, 2023), values(s, 2024)) == ((0, 0), (1, 0))


def test_an_introduction_taken_back_does_not_count_and_another_of_the_issue_does(s):
    introduce(s, (Stage.AGREED, "2024-05-01"), (Stage.STARTED, "2024-06-01"))
    [wrong] = introductions.of_issue(s, "i-0")
    introductions.void(s, wrong.id)
    assert values(s, 2024) == (0, 0)
    introduce(s, (Stage.AGREED, "2024-07-01"), organisation="o-1")
    assert values(s, 2024) == (1, 0)


def test_what_an_invented_issue_or_organisation_took_part_in_never_counts(s):
    introduce(s, (Stage.STARTED, "2024-05-01"), issue="i-sample")
    introduce(s, (Stage.STARTED, "2024-05-01"), organisation="o-sample")
    assert values(s, 2024) == (0, 0)


def test_an_event_carries_what_is_needed_to_find_it_again(s):
    started, *_ = introduce(s, (Stage.STARTED, "2024-05-01"), issue="i-3", organisation="o-2")
    matches, practices = indicators.count(s, 2024)
    event = practices.events[0]
    assert matches.events == practices.events
    assert (event.event, event.issue, event.issue_title) == (started, "i-3", "業務3")
    assert (event.organisation, event.organisation_name, event.stage) == ("o-2", "団体2", Stage.STARTED)


def test_the_definitions_name_the_days_and_the_exceptions():
    for definition in indicators.DEFINITIONS.values():
        assert definition.text.endswith("。")
        assert "4月1日から翌年3月31日まで" in definition.text
        assert "サンプル" in definition.text


days = st.integers(0, 1200).map(lambda n: date(2022, 12, 1) + timedelta(days=n))
histories = st.lists(
    st.tuples(st.sampled_from(["i-0", "i-1"]), st.lists(st.tuples(st.sampled_from(Stage), days, st.booleans()))),
    max_size=5,
)


def expected(history, year):
    """The definition once more, in the plainest way."""
    counts = []
    for stages in ({Stage.AGREED, Stage.CONSULTATION, Stage.DISCUSSION, Stage.STARTED}, {Stage.STARTED}):
        deciding = [
            (issue, [day for stage, day, void in steps if stage in stages and not void]) for issue, steps in history
        ]
        counts.append(len({issue for issue, days in deciding if days and fiscal_year_of(min(days)) == year}))
    return counts


def record(s, history):
    for n, (issue, steps) in enumerate(history):
        made = introductions.add(s, issue=issue, organisation=f"o-{n}", introduced_on=date(2022, 12, 1))
        for m, (stage, day, void) in enumerate(steps):
            event = introductions.add_event(s, introduction=made.id, stage=stage, happened_on=day, note=f"{m}")
            if void:
                introductions.void_event(s, event.id)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories)
def test_the_counts_equal_a_plain_reading_of_the_definition(s, history):
    with s.conn.begin_nested() as example:
        record(s, history)
        for year in range(2022, 2027):
            counted = indicators.count(s, year)
            assert [figure.value for figure in counted] == expected(history, year)
            assert [len(figure.events) for figure in counted] == expected(history, year)
        example.rollback()
