import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests_of import reading, writing
from sqlalchemy import delete, event, select, update
from sqlalchemy.exc import DatabaseError, IntegrityError, NoResultFound, StatementError

from corpus import tables
from corpus.folding import fold
from corpus.records.cases import Case, ProgrammeYear
from corpus.records.decisions import Grade, Judgement, ListEntry, Stage
from corpus.records.issues import Issue, IssueStatus, Origin, ReleaseLevel
from corpus.records.organisations import Organisation
from corpus.store import cases, imports, introductions, issues, meta, organisations, rankings, reviews, samples
from corpus.store.rankings import ListToShow
from corpus.store.rows import ChangedMeanwhile, Changes, Count
from corpus.tables import metadata


def organisation(n, **changes):
    return replace(Organisation(id=f"o-{n}", key=f"k{n}", name=f"団体{n}"), **changes)


def issue(n, **changes):
    return replace(Issue(id=f"i-{n}", key=f"k{n}", title=f"業務{n}"), **changes)


def case(n, **changes):
    return replace(Case(id=f"c-{n}", key=f"k{n}", title=f"事例{n}"), **changes)


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
codes = st.frozensets(st.integers(1, 20), max_size=4)
days = st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1))
steps = st.builds(ProgrammeYear, fiscal_year=st.none() | st.integers(1990, 2040), stage=words, note=words)
BY_TYPE = {str: words, bool: st.booleans(), tuple[str, ...]: st.lists(words, max_size=3).map(tuple)}
BY_NAME = {
    "id": st.text("abcdefghij", min_size=1, max_size=6),
    "version": st.just(1),
    "fields": codes,
    "fiscal_year": st.none() | st.integers(1990, 2040),
    "posted_on": days,
    "confirmed_on": days,
    "origin": st.sampled_from(Origin),
    "release_level": st.sampled_from(ReleaseLevel),
    "status": st.sampled_from(IssueStatus),
    "programme": st.lists(steps, max_size=3).map(tuple),
}


def records(kind):
    held = get_type_hints(kind).items()
    columns = {name: BY_NAME[name] if name in BY_NAME else BY_TYPE[plain] for name, plain in held}
    return st.lists(st.builds(kind, **columns), max_size=6, unique_by=(lambda r: r.id, lambda r: r.key))


CONTACTS = {"representative": "", "contact_person": "", "contact": ""}


@pytest.mark.parametrize(("store", "kind"), [(organisations, Organisation), (issues, Issue), (cases, Case)])
def test_whatever_was_stored_comes_back_as_written_and_a_second_time_changes_nothing(db, store, kind):
    @settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
    @given(records(kind))
    def check(written):
        with writing(db) as s:
            s.conn.execute(delete(metadata.tables[store.__name__.split(".")[-1]]))
            assert store.upsert(s, written) == Changes(len(written), 0, 0)
            assert store.upsert(s, written[::-1]) == Changes(0, 0, len(written))
            if kind is Organisation:
                written = [replace(record, **CONTACTS) for record in written]
            assert store.by_ids(s, [record.id for record in written]) == {record.id: record for record in written}
            assert sorted(store.page(s, limit=10)[0], key=str) == sorted(written, key=str)

    check()


@pytest.mark.parametrize(("store", "make"), [(organisations, organisation), (issues, issue), (cases, case)])
def test_every_column_of_a_record_is_part_of_its_digest_but_what_a_person_decides(s, store, make):
    other = {
        str: "別",
        bool: None,
        int | None: 2024,
        date | None: date(2024, 5, 27),
        frozenset[int]: frozenset({7}),
        tuple[str, ...]: ("別",),
        tuple[ProgrammeYear, ...]: (ProgrammeYear(fiscal_year=2024, stage="モデル事業1"),),
        Origin: Origin.POSTED,
    }
    store.upsert(s, [make(1)])
    left = {"id", "key", "version", "release_level", "status"}
    columns = {name: held for name, held in get_type_hints(type(make(1))).items() if name not in left}
    for n, (column, held) in enumerate(columns.items()):
        changed = make(1, **{column: not getattr(make(1), column) if held is bool else other[held]})
        assert store.upsert(s, [changed]) == Changes(0, 1, 0), column
        assert store.upsert(s, [make(1)]) == Changes(0, 1, 0), column
        assert store.get(s, make(1).id).version == 3 + 2 * n


def test_an_import_keeps_id_version_line_and_status(s):
    issues.upsert(s, [issue(1)])
    edited = replace(issues.get(s, "i-1"), status=IssueStatus.CLOSED)
    issues.update(s, edited, 1)
    assert issues.upsert(s, [issue(1, id="i-other", problem="人手が足りない")]) == Changes(0, 1, 0)
    assert issues.get(s, "i-1") == replace(edited, problem="人手が足りない", version=3)
    assert issues.get(s, "i-other") is None


def public(s, **changes):
    issues.upsert(s, [issue(1, **changes)])
    return issues.update(s, replace(issues.get(s, "i-1"), release_level=ReleaseLevel.PUBLIC), 1)


def test_what_a_file_brings_anew_is_not_shown_to_more_people_than_the_file_says(s):
    published = public(s)
    newer = issue(1, problem="内輪の話")
    assert issues.tightening(s, [newer]) == [(newer, ReleaseLevel.PUBLIC)]
    assert issues.upsert(s, [newer], dry_run=True) == Changes(0, 1, 0)
    assert issues.upsert(s, [newer]) == Changes(0, 1, 0)
    hidden = replace(published, problem="内輪の話", release_level=ReleaseLevel.SECTION, version=3)
    assert issues.get(s, "i-1") == hidden
    assert issues.tightening(s, [newer]) == []


def test_the_level_that_a_person_has_chosen_stays_where_a_file_says_nothing_new(s):
    published = public(s)
    assert issues.tightening(s, [issue(1)]) == []
    assert issues.upsert(s, [issue(1)]) == Changes(0, 0, 1)
    assert issues.get(s, "i-1") == published


def test_a_file_that_says_a_narrower_level_than_the_last_time_is_believed_and_a_wider_one_is_not(s):
    published = public(s, release_level=ReleaseLevel.PUBLIC)
    assert published.version == 1  # it was public already
    narrow = issue(1, release_level=ReleaseLevel.CENTRE)
    before = meta.revision(s)
    assert issues.upsert(s, [narrow], dry_run=True) == Changes(0, 1, 0)
    assert meta.revision(s) == before
    assert issues.upsert(s, [narrow]) == Changes(0, 1, 0)
    assert issues.get(s, "i-1") == replace(narrow, version=2)
    assert meta.revision(s) > before
    assert issues.upsert(s, [issue(1, release_level=ReleaseLevel.REGISTERED)]) == Changes(0, 0, 1)
    assert issues.get(s, "i-1") == replace(narrow, version=2)


def test_of_two_rows_of_a_file_that_mean_one_issue_the_narrower_level_counts(s):
    public(s)
    by_id = issue(1, key="id:i-1", problem="内輪の話")
    by_key = issue(1, id="i-other", problem="内輪の話", release_level=ReleaseLevel.PUBLIC)
    for both in ([by_id, by_key], [by_key, by_id]):
        assert [(one.release_level, level) for one, level in issues.tightening(s, both)] == [
            (ReleaseLevel.SECTION, ReleaseLevel.PUBLIC)
        ]
    assert issues.upsert(s, [by_id, by_key]) == Changes(0, 1, 0)
    assert issues.get(s, "i-1").release_level is ReleaseLevel.SECTION
    issues.upsert(s, [issue(2, release_level=ReleaseLevel.CENTRE), issue(2, release_level=ReleaseLevel.PUBLIC)])
    assert issues.get(s, "i-2").release_level is ReleaseLevel.CENTRE


def test_a_level_said_wider_in_between_is_remembered(s):
    published = public(s)
    issues.upsert(s, [replace(issue(1), release_level=ReleaseLevel.PUBLIC)])
    assert issues.get(s, "i-1") == published
    assert issues.upsert(s, [issue(1)]) == Changes(0, 1, 0)
    assert issues.get(s, "i-1") == replace(published, release_level=ReleaseLevel.SECTION, version=3)


def test_the_same_file_again_does_not_undo_what_a_person_edited(s):
    issues.upsert(s, [issue(1, problem="人手が足りない")])
    issues.update(s, issue(1, problem="担い手が高齢になった"), 1)
    assert issues.upsert(s, [issue(1, problem="人手が足りない")]) == Changes(0, 0, 1)
    assert issues.get(s, "i-1").problem == "担い手が高齢になった"
    assert issues.upsert(s, [issue(1, problem="新しい年度の課題")]) == Changes(0, 1, 0)


def test_fields_that_a_person_chose_stay_when_a_newer_row_names_none(s):
    issues.upsert(s, [issue(1)])
    issues.update(s, issue(1, fields=frozenset({13})), 1)
    assert issues.upsert(s, [issue(1)]) == Changes(0, 0, 1)
    assert issues.upsert(s, [issue(1, problem="人手が足りない")]) == Changes(0, 1, 0)
    assert issues.get(s, "i-1") == issue(1, problem="人手が足りない", fields=frozenset({13}), version=3)
    assert issues.upsert(s, [issue(1, problem="人手が足りない")]) == Changes(0, 0, 1)
    issues.upsert(s, [issue(1, problem="担い手が高齢になった")])
    assert issues.get(s, "i-1").fields == {13}


def test_a_newer_row_may_name_other_fields_or_take_back_those_that_came_from_a_file(s):
    issues.upsert(s, [issue(1, fields=frozenset({7})), issue(2, fields=frozenset({7}))])
    issues.update(s, issue(1, fields=frozenset({13})), 1)
    newer = [issue(1, fields=frozenset({2})), issue(2)]
    assert issues.overwriting(s, newer) == newer[:1]
    assert issues.upsert(s, newer) == Changes(0, 2, 0)
    assert [issues.get(s, id).fields for id in ("i-1", "i-2")] == [{2}, frozenset()]
    assert issues.overwriting(s, newer) == []


def test_only_rows_whose_edits_would_be_lost_are_named(s):
    issues.upsert(s, [issue(n) for n in range(1, 6)])
    for n in (1, 2):
        issues.update(s, issue(n, fields=frozenset({13})), 1)
    for n in (3, 4):
        issues.update(s, issue(n, note="電話で確かめた"), 1)
    lost, first = issue(4, problem="人手が足りない"), issue(4, problem="担い手がいない")
    harmless = [issue(1), issue(2, problem="人手が足りない"), issue(3), issue(5, problem="人手が足りない"), issue(6)]
    assert issues.overwriting(s, [*harmless, first, lost]) == [lost]


def test_a_newer_row_that_says_what_a_person_already_wrote_changes_nothing(s):
    issues.upsert(s, [issue(1)])
    issues.update(s, issue(1, problem="人手が足りない", fields=frozenset({13})), 1)
    assert issues.upsert(s, [issue(1, problem="人手が足りない")]) == Changes(0, 0, 1)
    assert issues.get(s, "i-1").version == 2


def test_a_row_exported_and_imported_under_its_id_is_the_same_row(s):
    organisations.upsert(s, [organisation(1)])
    assert organisations.upsert(s, [organisation(1, key="id:o-1", purpose="見守り")]) == Changes(0, 1, 0)
    assert organisations.get(s, "o-1") == organisation(1, purpose="見守り", version=2)


def test_of_two_records_with_one_key_the_last_is_stored_and_counted_once(s):
    twice = [organisation(1, purpose="旧"), organisation(2), organisation(1, purpose="新")]
    assert organisations.upsert(s, twice) == Changes(2, 0, 0)
    assert organisations.upsert(s, twice) == Changes(0, 0, 2)
    assert organisations.get(s, "o-1").purpose == "新"


def test_rows_absent_from_a_file_stay(s):
    organisations.upsert(s, [organisation(1), organisation(2)])
    organisations.upsert(s, [organisation(2)])
    assert organisations.count(s) == Count(real=2, samples=0)


def test_more_records_than_a_statement_takes_parameters(s):
    many = [organisation(n) for n in range(1203)]
    assert organisations.upsert(s, many) == Changes(1203, 0, 0)
    assert list(organisations.by_ids(s, [o.id for o in many[::-1]])) == [o.id for o in many[::-1]]
    assert organisations.by_ids(s, ["o-5000"]) == {}


def test_an_import_takes_as_many_statements_as_it_has_batches_and_finds_its_rows_by_index(db):
    many, sent = [organisation(n) for n in range(6_000)], []
    event.listen(db.writer, "before_cursor_execute", lambda *given: sent.append(given[2:4]))
    for expected, inserts in ((Changes(6_000, 0, 0), 12), (Changes(0, 0, 6_000), 0)):
        sent.clear()
        with writing(db) as s:
            assert organisations.upsert(s, many) == expected
        lookups = [one for one in sent if "FROM organisations" in one[0]]
        assert len(lookups) == 12
        assert len([statement for statement, _ in sent if statement.startswith("INSERT")]) == inserts
        assert len(sent) <= 12 + inserts + 5  # what a transaction begins with, and the new revision
    if db.file:
        with reading(db) as s:
            plan = [row[3] for row in s.conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {lookups[0][0]}", lookups[0][1])]
        assert [step for step in plan if "SCAN organisations" in step] == []
        assert len([step for step in plan if "USING INDEX" in step]) == 2  # by key and by id


def test_contact_persons_are_written_apart_and_never_read_back(s):
    secret = {"representative": "代表の名", "contact_person": "担当の名", "contact": "086-000-0000"}
    organisations.upsert(s, [organisation(1, **secret)])
    assert organisations.get(s, "o-1") == organisation(1)
    assert organisations.page(s, limit=9)[0] == [organisation(1)]
    for word in secret.values():
        assert organisations.page(s, text=word, limit=9) == ([], 0)
    kept = s.conn.execute(select(*(tables.organisations.organisations.c[name] for name in secret))).mappings().one()
    assert dict(kept) == secret
    assert organisations.upsert(s, [organisation(1, **{**secret, "contact": "086-111-1111"})]) == Changes(0, 1, 0)


def test_every_change_of_the_collection_raises_the_revision_and_nothing_else_does(s):
    def moved(step):
        before = meta.revision(s)
        step()
        return meta.revision(s) > before

    assert moved(lambda: organisations.upsert(s, [organisation(1)]))
    assert moved(lambda: issues.upsert(s, [issue(1)]))
    assert moved(lambda: cases.upsert(s, [case(1)]))
    assert moved(lambda: issues.add(s, issue(2)))
    assert moved(lambda: issues.update(s, issue(2, problem="新"), 1))
    assert moved(lambda: samples.remove(s))
    assert not moved(lambda: organisations.upsert(s, [organisation(1)]))
    assert not moved(lambda: issues.update(s, issue(2, problem="新"), 2))
    assert not moved(lambda: meta.put(s, "a", "b"))
    assert not moved(lambda: reviews.add(s, Judgement(issue="i-1", organisation="o-1", grade=Grade.POSSIBLE)))


def test_an_issue_written_by_hand_is_version_one_and_its_id_is_taken(s):
    assert issues.add(s, issue(1, version=7)) == issue(1)
    assert issues.get(s, "i-1") == issue(1)
    with pytest.raises(IntegrityError):
        issues.add(s, issue(1, key="another"))


def test_of_two_people_editing_one_issue_the_second_meets_a_conflict(s):
    issues.add(s, issue(1))
    assert issues.update(s, issue(1, problem="先"), 1) == issue(1, problem="先", version=2)
    with pytest.raises(ChangedMeanwhile) as conflict:
        issues.update(s, issue(1, problem="後"), 1)
    assert (conflict.value.row, conflict.value.expected, conflict.value.found) == ("i-1", 1, 2)
    assert issues.get(s, "i-1").problem == "先"


def test_a_button_pressed_twice_is_no_conflict(s):
    issues.add(s, issue(1))
    once = issues.update(s, issue(1, problem="同じ"), 1)
    assert issues.update(s, issue(1, problem="同じ"), 1) == once
    assert issues.get(s, "i-1").version == 2


def test_editing_an_issue_that_is_gone_is_a_conflict(s):
    with pytest.raises(ChangedMeanwhile) as conflict:
        issues.update(s, issue(1), 1)
    assert conflict.value.found is None


def test_the_key_of_an_issue_cannot_be_edited(s):
    issues.add(s, issue(1))
    assert issues.update(s, issue(1, key="stolen", note="x"), 1).key == "k1"
    assert issues.get(s, "i-1").key == "k1"


def test_two_writers_at_once_lose_nothing(db):
    with writing(db) as s:
        issues.add(s, issue(1, note="0"))
    failures = []

    def raise_note():
        for _ in range(25):
            try:
                with writing(db) as s:
                    now = issues.get(s, "i-1")
                    issues.update(s, replace(now, note=str(int(now.note) + 1)), now.version)
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=raise_note) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with reading(db) as s:
        assert (issues.get(s, "i-1").note, issues.get(s, "i-1").version) == ("100", 101)


def test_a_page_finds_every_word_however_it_is_typed(s):
    organisations.upsert(
        s,
        [
            organisation(1, purpose="子育て\nサロンの運営", kind="NPO法人"),
            organisation(2, offers="ｻﾛﾝの会場を貸せます"),
            organisation(3, activities="100%の見守り_活動"),
        ],
    )

    def found(text):
        return [o.id for o in organisations.page(s, text=text, limit=9)[0]]

    assert found("サロン") == found("ｻﾛﾝ") == ["o-1", "o-2"]
    assert found("サロン　子育て") == ["o-1"]
    assert found("子育てサロン") == ["o-1"]
    assert found("ｎｐｏ") == ["o-1"]
    assert found("100%の") == ["o-3"]
    assert found("%") == ["o-3"]
    assert found("_") == ["o-3"]
    assert found("会場 見守り") == []
    assert found(" 　") == ["o-1", "o-2", "o-3"]
    assert found("サロン" * 20_000) == []
    assert found("あ " * 5_000) == []


@given(st.lists(words, max_size=4))
def test_a_word_of_a_text_is_always_found_in_it(texts):
    folded = "\n".join(fold(text) for text in texts)
    for text in texts:
        assert all(fold(word) in folded for word in text.split())


def test_a_page_is_a_slice_of_a_fixed_order_with_the_number_of_all(s):
    made = [organisation(n, name=name) for n, name in enumerate(["う", "あ", "い", "あ"])]
    organisations.upsert(s, made)
    ordered = ["o-1", "o-3", "o-2", "o-0"]
    assert [o.id for o in organisations.page(s, limit=9)[0]] == ordered
    slices = [organisations.page(s, limit=3, offset=offset) for offset in (0, 3, 6)]
    assert [[o.id for o in found] for found, _ in slices] == [ordered[:3], ordered[3:], []]
    assert {total for _, total in slices} == {4}


def test_issues_are_listed_newest_first_and_those_without_a_year_last(s):
    issues.upsert(
        s,
        [
            issue(1, fiscal_year=2023, department="い課"),
            issue(2, fiscal_year=None),
            issue(3, fiscal_year=2024, department="い課"),
            issue(4, fiscal_year=2024, department="あ課"),
            issue(5, fiscal_year=2024, department="い課", posted_on=date(2024, 5, 27)),
        ],
    )
    assert [i.id for i in issues.page(s, limit=9)[0]] == ["i-5", "i-4", "i-3", "i-1", "i-2"]


def test_pages_are_narrowed_by_what_is_given(s):
    issues.upsert(s, [issue(1, department="あ課", fiscal_year=2024), issue(2, department="あ課"), issue(3)])
    organisations.upsert(s, [organisation(1, city="岡山市"), organisation(2, active=False, kind="町内会")])
    assert issues.page(s, department="あ課", limit=9)[1] == 2
    assert issues.page(s, department="あ課", fiscal_year=2024, limit=9)[1] == 1
    assert issues.page(s, status=IssueStatus.CLOSED, limit=9)[1] == 0
    assert organisations.page(s, city="岡山市", limit=9)[1] == 1
    assert organisations.page(s, active=False, limit=9)[0] == [organisation(2, active=False, kind="町内会")]
    assert organisations.page(s, kind="町内会", active=True, limit=9)[1] == 0


def test_departments_are_named_with_the_number_of_their_issues(s):
    named = [issue(n, department=name) for n, name in enumerate(["い課", "あ課", "い課"])]
    issues.upsert(s, [*named, issue(4)])
    assert issues.departments(s) == [("", 1), ("あ課", 1), ("い課", 2)]


def test_cases_are_found_by_their_partners_and_departments(s):
    cases.upsert(s, [case(1, partners=("猫の会", "町の会"), departments=("生活衛生課",)), case(2)])
    assert [c.id for c in cases.page(s, text="町の会 生活衛生課", limit=9)[0]] == ["c-1"]


def test_only_the_active_the_open_and_those_that_seek_a_partner_are_ranked(s):
    organisations.upsert(s, [organisation(1), organisation(2, active=False)])
    issues.upsert(s, [issue(1), issue(2, seeks_partner=False), issue(3, status=IssueStatus.CLOSED)])
    cases.upsert(s, [case(1)])
    assert list(organisations.rankable_digests(s)) == ["o-1"]
    assert list(issues.rankable_digests(s)) == ["i-1"]
    assert list(cases.rankable_digests(s)) == ["c-1"]


def test_a_digest_follows_the_content_and_whether_everybody_may_read_it(s):
    issues.upsert(s, [issue(1)])
    first = issues.rankable_digests(s)
    issues.update(s, issue(1, release_level=ReleaseLevel.CENTRE), 1)
    assert issues.rankable_digests(s) == first
    issues.update(s, issue(1, release_level=ReleaseLevel.PUBLIC), 2)
    assert issues.rankable_digests(s) == {"i-1": f"{first['i-1']} public"}
    issues.update(s, issue(1, release_level=ReleaseLevel.PUBLIC, problem="新"), 3)
    assert issues.rankable_digests(s) != first


def test_samples_are_ranked_until_a_real_organisation_is_stored(s):
    organisations.upsert(s, [organisation("s", is_sample=True)])
    issues.upsert(s, [issue("s", is_sample=True), issue(1)])
    cases.upsert(s, [case("s", is_sample=True)])
    assert not organisations.any_real(s)
    assert list(organisations.rankable_digests(s)) == ["o-s"]
    assert list(issues.rankable_digests(s)) == ["i-1", "i-s"]
    organisations.upsert(s, [organisation(1, active=False)])
    assert organisations.any_real(s)
    assert organisations.rankable_digests(s) == {}
    assert list(issues.rankable_digests(s)) == ["i-1"]
    assert list(cases.rankable_digests(s)) == ["c-s"]


def test_removing_samples_takes_all_that_was_noted_about_them_and_nothing_else(s):
    organisations.upsert(s, [organisation("s", is_sample=True), organisation(1)])
    issues.upsert(s, [issue("s", is_sample=True), issue(1)])
    cases.upsert(s, [case("s", is_sample=True), case(1)])
    mixed = rankings.record(
        s, ListToShow(issue="i-1", issue_version=1, model="m", shown=[{"id": "o-s"}, {"id": "o-1"}])
    )
    rankings.record(s, ListToShow(issue="i-s", issue_version=1, model="m", shown=[{"id": "o-1"}]))
    for pair in (("i-s", "o-1"), ("i-1", "o-s"), ("i-1", "o-1")):
        reviews.add(s, Judgement(issue=pair[0], organisation=pair[1], grade=Grade.SUITABLE, ranking=mixed))
        made = introductions.add(s, issue=pair[0], organisation=pair[1], introduced_on=date(2024, 5, 27))
        event = introductions.add_event(s, introduction=made.id, stage=Stage.AGREED, happened_on=date(2024, 6, 1))
        introductions.void_event(s, event.id)
        introductions.void(s, made.id)
    removed = samples.remove(s)
    assert (removed.organisations, removed.issues, removed.cases) == (1, 1, 0)
    assert (removed.rankings, removed.reviews, removed.introductions, removed.events) == (1, 2, 2, 2)
    assert [review.organisation for review in reviews.history(s, "i-1")] == ["o-1"]
    assert [made.organisation for made in introductions.of_issue(s, "i-1")] == ["o-1"]
    assert rankings.get(s, mixed) is not None  # the review of the real one refers to it
    assert cases.count(s) == Count(real=1, samples=1)
    assert samples.remove(s, include_cases=True).cases == 1
    assert cases.count(s) == Count(real=1, samples=0)


def test_a_ranking_shown_twice_is_recorded_once(s):
    organisations.upsert(s, [organisation(1), organisation(2)])
    issues.upsert(s, [issue(1)])
    shown = [{"id": "o-1", "rank": 1, "score": 3.25, "語": "子育て"}, {"id": "o-2", "rank": 2, "score": 1.5}]
    assert rankings.find(s, ListToShow(issue="i-1", issue_version=1, model="m-1", shown=shown)) is None
    number = rankings.record(s, ListToShow(issue="i-1", issue_version=1, model="m-1", shown=shown))
    assert rankings.find(s, ListToShow(issue="i-1", issue_version=1, model="m-1", shown=shown)) == number
    assert rankings.record(s, ListToShow(issue="i-1", issue_version=1, model="m-1", shown=shown)) == number
    others = [("m-2", 1, shown), ("m-1", 2, shown), ("m-1", 1, shown[::-1])]
    numbers = {
        rankings.record(s, ListToShow(issue="i-1", issue_version=version, model=model, shown=entries))
        for model, version, entries in others
    }
    assert len(numbers | {number}) == 4
    kept = rankings.get(s, number)
    assert (kept.issue, kept.issue_version, kept.model, list(kept.shown)) == ("i-1", 1, "m-1", shown)
    assert rankings.get(s, 999) is None


def test_the_newest_review_counts_and_all_stay_on_record(s):
    organisations.upsert(s, [organisation(1), organisation(2)])
    issues.upsert(s, [issue(1)])
    before = datetime.now(UTC)
    said = Judgement(issue="i-1", organisation="o-1", grade=Grade.POSSIBLE, reason="area")
    first = reviews.add(s, said, ListEntry(model="m", rank=3, score=1.5))
    second = reviews.add(
        s, Judgement(issue="i-1", organisation="o-1", grade=Grade.SUITABLE, comment="話が合いそうです。")
    )
    missed = reviews.add(s, Judgement(issue="i-1", organisation="o-2", grade=Grade.SUITABLE, missed=True))
    taken_back = reviews.add(s, Judgement(issue="i-1", organisation="o-1", grade=None))
    assert reviews.history(s, "i-1") == [first, second, missed, taken_back]
    assert reviews.latest(s, "i-1") == {"o-1": taken_back, "o-2": missed}
    assert reviews.history(s, "i-2") == []
    assert (first.rank, first.score, first.reason, first.recorded_at.tzinfo) == (3, 1.5, "area", UTC)
    assert before <= first.recorded_at <= taken_back.recorded_at <= datetime.now(UTC)


def test_a_review_sent_twice_is_recorded_once_but_a_change_of_mind_and_back_is_three(s):
    organisations.upsert(s, [organisation(1)])
    issues.upsert(s, [issue(1)])
    yes, no = ({"issue": "i-1", "organisation": "o-1", "grade": g} for g in (Grade.SUITABLE, Grade.UNSUITABLE))
    assert reviews.add(s, Judgement(**yes)) == reviews.add(s, Judgement(**yes))
    reviews.add(s, Judgement(**no))
    reviews.add(s, Judgement(**yes))
    assert [review.grade for review in reviews.history(s, "i-1")] == [
        Grade.SUITABLE,
        Grade.UNSUITABLE,
        Grade.SUITABLE,
    ]


def test_a_review_of_what_is_not_stored_is_refused(db):
    for missing in ({"issue": "i-9", "organisation": "o-1"}, {"issue": "i-1", "organisation": "o-9"}):
        with writing(db) as s:
            organisations.upsert(s, [organisation(1)])
            issues.upsert(s, [issue(1)])
            with pytest.raises(IntegrityError):
                reviews.add(s, Judgement(**missing, grade=Grade.SUITABLE))


def test_introductions_and_their_steps_are_listed_by_day(s):
    organisations.upsert(s, [organisation(1), organisation(2)])
    issues.upsert(s, [issue(1), issue(2)])
    late = introductions.add(s, issue="i-1", organisation="o-1", introduced_on=date(2024, 6, 1), note="電話で")
    early = introductions.add(s, issue="i-1", organisation="o-2", introduced_on=date(2024, 5, 1))
    other = introductions.add(s, issue="i-2", organisation="o-2", introduced_on=date(2024, 7, 1))
    assert introductions.of_issue(s, "i-1") == [early, late]
    assert introductions.of_organisation(s, "o-2") == [early, other]
    assert introductions.get(s, late.id) == late
    assert introductions.get(s, 999) is None
    assert introductions.held(s, late.id) == late
    assert introductions.held(s, 999) is None
    step = {"introduction": late.id, "note": ""}
    started = introductions.add_event(s, **step, stage=Stage.STARTED, happened_on=date(2024, 9, 1))
    agreed = introductions.add_event(s, **step, stage=Stage.AGREED, happened_on=date(2024, 6, 15))
    assert introductions.events(s, late.id) == [agreed, started]
    assert introductions.get_event(s, agreed.id) == agreed
    assert introductions.get_event(s, 999) is None


def test_an_introduction_or_a_step_sent_twice_is_recorded_once(s):
    organisations.upsert(s, [organisation(1)])
    issues.upsert(s, [issue(1)])
    made = [introductions.add(s, issue="i-1", organisation="o-1", introduced_on=date(2024, 5, 1)) for _ in range(2)]
    assert made[0] == made[1]
    step = {"introduction": made[0].id, "stage": Stage.AGREED, "happened_on": date(2024, 5, 27)}
    assert introductions.add_event(s, **step) == introductions.add_event(s, **step)
    assert len(introductions.events(s, made[0].id)) == 1


def test_a_voided_step_stays_on_record_and_can_be_recorded_anew(s):
    organisations.upsert(s, [organisation(1)])
    issues.upsert(s, [issue(1)])
    made = introductions.add(s, issue="i-1", organisation="o-1", introduced_on=date(2024, 5, 1))
    step = {"introduction": made.id, "stage": Stage.AGREED, "happened_on": date(2024, 5, 27)}
    wrong = introductions.add_event(s, **step)
    introductions.void_event(s, wrong.id, "まちがい")
    introductions.void_event(s, wrong.id, "まちがい")
    again = introductions.add_event(s, **step)
    assert introductions.events(s, made.id) == [replace(wrong, voided=True), again]
    with pytest.raises(NoResultFound):
        introductions.void_event(s, 999)
    with pytest.raises(NoResultFound):
        introductions.add_event(s, introduction=999, stage=Stage.AGREED, happened_on=date(2024, 5, 27))


def test_a_voided_introduction_stays_on_record_and_can_be_recorded_anew(s):
    organisations.upsert(s, [organisation(1)])
    issues.upsert(s, [issue(1)])
    pair = {"issue": "i-1", "organisation": "o-1", "introduced_on": date(2024, 5, 1)}
    wrong = introductions.add(s, **pair)
    introductions.void(s, wrong.id, "まちがい")
    introductions.void(s, wrong.id)
    again = introductions.add(s, **pair)
    assert introductions.of_issue(s, "i-1") == [replace(wrong, voided=True), again]
    with pytest.raises(NoResultFound):
        introductions.void(s, 999)


@pytest.mark.parametrize(
    "name", ["rankings", "reviews", "introductions", "stage_events", "voidings", "introduction_voidings"]
)
def test_the_database_itself_refuses_to_change_what_was_recorded(s, name):
    organisations.upsert(s, [organisation(1)])
    issues.upsert(s, [issue(1)])
    rankings.record(s, ListToShow(issue="i-1", issue_version=1, model="m", shown=[{"id": "o-1"}]))
    reviews.add(s, Judgement(issue="i-1", organisation="o-1", grade=Grade.SUITABLE))
    made = introductions.add(s, issue="i-1", organisation="o-1", introduced_on=date(2024, 5, 1))
    event = introductions.add_event(s, introduction=made.id, stage=Stage.AGREED, happened_on=date(2024, 5, 27))
    introductions.void_event(s, event.id)
    introductions.void(s, made.id)
    table = tables.metadata.tables[name]
    for statement in (update(table).values(is_sample=True), delete(table)):
        with pytest.raises(DatabaseError, match="append-only"), s.conn.begin_nested():
            s.conn.execute(statement)


def test_lists_stay_legible_for_any_sql_tool(s):
    cases.upsert(s, [case(1, partners=("猫の会",))])
    assert s.conn.exec_driver_sql("SELECT CAST(partners AS TEXT) FROM cases").scalar_one() == '["猫の会"]'


def test_named_values_are_put_over_what_was_there(s):
    assert meta.get(s, "samples") is None
    meta.put(s, "samples", "loaded")
    meta.put(s, "samples", "removed")
    assert meta.get(s, "samples") == "removed"


def test_imports_are_listed_newest_first(s):
    for n in range(3):
        imports.record(s, name=f"棚卸{n}.xlsx", kind="inventory", changes=Changes(n, 1, 2), skipped=0)
    newest, second = imports.recent(s, limit=2)
    assert (newest.name, newest.added, newest.changed, newest.unchanged) == ("棚卸2.xlsx", 2, 1, 2)
    assert second.id < newest.id


def test_a_time_without_a_zone_is_refused(s):
    row = {"name": "x", "kind": "x", "added": 0, "changed": 0, "unchanged": 0, "skipped": 0}
    with pytest.raises(StatementError, match="without a zone"):
        s.conn.execute(tables.imports.imports.insert().values(**row, recorded_at=datetime(2024, 5, 27)))
