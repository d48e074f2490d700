import json
import os
import time
from datetime import date, timedelta

import pytest
from requests_of import choose, done, judge, seen, track
from service import client_of
from typer.testing import CliRunner

from api.cli import app
from api.errors import Conflict, Invalid, NotFound
from api.usecases import collection, imports, indicators, reviews, samples, weights
from corpus.access import LOCAL
from corpus.clock import today
from corpus.readers.base import Kind, ReadOptions, Severity
from corpus.records.decisions import Grade, Stage
from corpus.records.issues import Issue, IssueDraft, IssueStatus, Origin, ReleaseLevel
from corpus.records.organisations import Organisation
from corpus.store import imports as import_log
from corpus.store import issues as issue_rows
from corpus.store import organisations as organisation_rows
from corpus.store import rankings
from corpus.store.rankings import ListToShow
from models.search import weight_sets

DRAFT = IssueDraft(title="遊休農地の解消", department="農林課", problem="草刈りの人手がない。")
ORGANISATIONS = (
    "団体名,目的,活動内容,所在地\n"
    "里山の会,農地を守る,草刈りを手伝う,岡山県岡山市北区\n"
    "食の輪,食育,料理教室,岡山県倉敷市\n"
)
BAD_INVENTORY = "業務名,課題,担当課\n猫の相談,苦情が多い,生活衛生課\n,人手が足りない,生活衛生課\n"


def store_organisation(ctx, id="o-1", **other):
    with ctx.write(LOCAL) as s:
        organisation_rows.upsert(s, [Organisation(**{"id": id, "key": f"na:{id}", "name": "里山の会"} | other)])


def store_issue(ctx, id, **other):
    with ctx.write(LOCAL) as s:
        issue_rows.upsert(s, [Issue(id=id, key=f"k:{id}", title="業務", problem="困りごと", **other)])


def show(ctx, issue, *ids):
    entries = tuple({"id": id, "rank": n, "score": 3.5 - n, "band": "some"} for n, id in enumerate(ids, start=1))
    with ctx.write(LOCAL) as s:
        return rankings.record(s, ListToShow(issue=issue.id, issue_version=issue.version, model="m1", shown=entries))


def organisation_names(ctx):
    return [one.name for one in seen(ctx, collection.organisations).items]


# imports


def test_a_register_is_stored_and_the_same_file_again_changes_nothing(ctx):
    first = imports.import_file(ctx, LOCAL, "団体.csv", ORGANISATIONS.encode(), ReadOptions())
    assert (first.kind, first.stored, first.exit_code) == ("organisations", True, 0)
    assert (first.accepted, first.added, first.changed, first.unchanged, first.skipped) == (2, 2, 0, 0, 0)
    again = imports.import_file(ctx, LOCAL, "団体.csv", ORGANISATIONS.encode(), ReadOptions())
    assert (again.accepted, again.added, again.changed, again.unchanged) == (2, 0, 0, 2)
    newer = imports.import_file(
        ctx, LOCAL, "団体.csv", ORGANISATIONS.replace("料理教室", "畑の教室").encode(), ReadOptions()
    )
    assert (newer.added, newer.changed, newer.unchanged) == (0, 1, 1)


def test_a_dry_run_counts_like_a_real_run_and_stores_nothing(ctx):
    report = imports.import_file(ctx, LOCAL, "団体.csv", ORGANISATIONS.encode(), ReadOptions(), dry_run=True)
    assert (report.stored, report.accepted, report.added, report.exit_code) == (False, 2, 2, 0)
    assert seen(ctx, collection.overview).organisations.real == 0
    with ctx.read(LOCAL) as s:
        assert import_log.recent(s) == []


def test_one_bad_row_keeps_the_whole_file_out(ctx):
    report = imports.import_file(ctx, LOCAL, "棚卸.csv", BAD_INVENTORY.encode(), ReadOptions(kind=Kind.INVENTORY))
    assert (report.stored, report.accepted, report.skipped, report.readable, report.exit_code) == (False, 0, 1, 1, 1)
    assert [(p.row, p.severity) for p in report.problems] == [(3, Severity.ERROR)]
    assert seen(ctx, collection.overview).issues.real == 0


def test_bad_rows_can_be_left_out_when_rows_remain(ctx):
    options = ReadOptions(kind=Kind.INVENTORY)
    report = imports.import_file(ctx, LOCAL, "棚卸.csv", BAD_INVENTORY.encode(), options, skip_bad_rows=True)
    assert (report.stored, report.accepted, report.skipped, report.exit_code) == (True, 1, 1, 0)
    nothing = "業務名,課題\n,人手が足りない\n"
    report = imports.import_file(ctx, LOCAL, "棚卸.csv", nothing.encode(), options, skip_bad_rows=True)
    assert (report.stored, report.accepted, report.skipped, report.exit_code) == (False, 0, 1, 1)


def test_a_file_that_cannot_be_read_is_one_problem_in_words(ctx):
    report = imports.import_file(ctx, LOCAL, "壊れた.xlsx", b"%PDF-1.7 ...", ReadOptions())
    assert (report.stored, report.exit_code, len(report.problems)) == (False, 2, 1)
    assert report.problems[0].message.endswith("。")


def test_a_stored_file_is_in_the_log_by_name_and_counts(ctx):
    imports.import_file(ctx, LOCAL, "団体.csv", ORGANISATIONS.encode(), ReadOptions())
    with ctx.read(LOCAL) as s:
        (entry,) = import_log.recent(s)
    assert (entry.name, entry.kind, entry.added) == ("団体.csv", "organisations", 2)


def test_the_json_of_a_report_has_exactly_the_published_names(ctx):
    shown = imports.as_json(imports.import_file(ctx, LOCAL, "棚卸.csv", BAD_INVENTORY.encode(), ReadOptions()))
    assert list(shown) == (
        ["path", "kind", "stored", "accepted", "added", "changed", "unchanged", "skipped", "mapping", "problems"]
    )
    assert set(shown["problems"][0]) == {"sheet", "row", "column", "severity", "found", "expected", "message"}
    json.dumps(shown)


def test_an_upload_waits_for_its_confirmation_and_is_then_forgotten(ctx):
    token = imports.stage_upload(ctx.settings, LOCAL, "../棚 卸.xlsx", b"\x00\x01")
    assert imports.staged(ctx.settings, token) == ("../棚 卸.xlsx", b"\x00\x01")
    imports.discard(ctx.settings, token)
    imports.discard(ctx.settings, token)
    with pytest.raises(NotFound):
        imports.staged(ctx.settings, token)


@pytest.mark.parametrize("token", ["", "..", "../../etc/passwd", "a/b", "none", "." * 22])
def test_a_made_up_token_leads_nowhere(ctx, token):
    imports.stage_upload(ctx.settings, LOCAL, "a.csv", b"")
    with pytest.raises(NotFound):
        imports.staged(ctx.settings, token)
    imports.discard(ctx.settings, token)


def test_an_upload_is_gone_after_a_day(ctx):
    token = imports.stage_upload(ctx.settings, LOCAL, "a.csv", b"a")
    os.utime(ctx.settings.data / "uploads" / token, (time.time() - imports.UPLOAD_SECONDS - 60,) * 2)
    with pytest.raises(NotFound):
        imports.staged(ctx.settings, token)


def test_a_new_upload_clears_away_those_of_yesterday(ctx):
    token = imports.stage_upload(ctx.settings, LOCAL, "a.csv", b"a")
    os.utime(ctx.settings.data / "uploads" / token, (time.time() - imports.UPLOAD_SECONDS - 60,) * 2)
    kept = imports.stage_upload(ctx.settings, LOCAL, "b.csv", b"b")
    assert [place.name for place in (ctx.settings.data / "uploads").iterdir()] == [kept]


# writing and looking


def test_an_issue_written_by_hand_is_open_inside_the_section_and_dated(ctx):
    written = done(ctx, collection.write_issue, DRAFT)
    assert (written.origin, written.status) == (Origin.PROPOSED, IssueStatus.OPEN)
    assert (written.release_level, written.posted_on) == (ReleaseLevel.SECTION, today())
    assert seen(ctx, collection.issue, written.id) == written


def test_the_same_issue_sent_twice_is_stored_once(ctx):
    assert done(ctx, collection.write_issue, DRAFT) == done(ctx, collection.write_issue, DRAFT)
    assert seen(ctx, collection.issues).total == 1


@pytest.mark.parametrize(
    ("draft", "fields"),
    [
        (IssueDraft(title=" "), ["title", "problem"]),
        (IssueDraft(title="a"), ["problem"]),
        (IssueDraft(title="a", purpose="あ" * 32_768), ["purpose"]),
        (IssueDraft(title="a\ud800", purpose="b\x00"), ["title", "purpose"]),
    ],
)
def test_an_issue_without_its_name_or_any_text_is_refused_field_by_field(ctx, draft, fields):
    with pytest.raises(Invalid) as failure:
        done(ctx, collection.write_issue, draft)
    assert [detail.field for detail in failure.value.details] == fields


def test_two_people_editing_one_issue_get_a_conflict(ctx):
    written = done(ctx, collection.write_issue, DRAFT)
    edited = done(ctx, collection.edit_issue, written.id, 1, IssueDraft(title="農地", problem="人手がない。"))
    assert (edited.title, edited.version, edited.origin) == ("農地", 2, Origin.PROPOSED)
    with pytest.raises(Conflict):
        done(ctx, collection.edit_issue, written.id, 1, DRAFT)
    assert seen(ctx, collection.issue, written.id).title == "農地"


def test_closing_an_issue_keeps_its_texts(ctx):
    written = done(ctx, collection.write_issue, DRAFT)
    closed = done(ctx, collection.set_status, written.id, 1, IssueStatus.CLOSED)
    assert (closed.status, closed.problem, closed.version) == (IssueStatus.CLOSED, DRAFT.problem, 2)


def test_what_is_not_stored_is_not_found(ctx):
    for look in (collection.issue, collection.organisation, collection.case):
        with pytest.raises(NotFound):
            seen(ctx, look, "x")


def test_lists_are_cut_into_pages(ctx):
    with ctx.write(LOCAL) as s:
        many = [Organisation(id=f"o-{n:03}", key=f"na:{n}", name=f"会{n:03}") for n in range(51)]
        organisation_rows.upsert(s, many)
    first, second = seen(ctx, collection.organisations), seen(ctx, collection.organisations, page=2)
    assert (len(first.items), first.total, first.pages, first.page) == (50, 51, 2, 1)
    assert [one.id for one in second.items] == ["o-050"]
    assert seen(ctx, collection.organisations, page=-3) == first
    assert seen(ctx, collection.organisations, "ない言葉").pages == 1


def test_a_department_has_only_its_open_issues_that_seek_a_partner(ctx):
    kept = done(ctx, collection.write_issue, DRAFT)
    closed = done(ctx, collection.write_issue, IssueDraft(title="終わった", department="農林課", problem="済"))
    done(ctx, collection.set_status, closed.id, 1, IssueStatus.CLOSED)
    done(ctx, collection.write_issue, IssueDraft(title="税", department="農林課", problem="課税", seeks_partner=False))
    assert seen(ctx, collection.department_issues, "農林課") == (kept,)
    with pytest.raises(NotFound):
        seen(ctx, collection.department_issues, "水産課")


def test_a_department_is_found_by_the_end_of_its_name_and_in_any_width(ctx):
    full = done(ctx, collection.write_issue, IssueDraft(title="a", department="保健福祉局　健康づくり課", problem="a"))
    wide = done(ctx, collection.write_issue, IssueDraft(title="b", department="ＩＣＴ推進課", problem="b"))
    other = done(ctx, collection.write_issue, IssueDraft(title="c", department="市民局 ICT推進課", problem="c"))
    assert seen(ctx, collection.department_issues, "健康づくり課") == (full,)
    assert seen(ctx, collection.department_issues, "保健福祉局 健康づくり課") == (full,)
    assert seen(ctx, collection.department_issues, "ICT推進課") == (wide,)
    assert seen(ctx, collection.department_issues, "市民局ICT推進課") == (other,)
    with pytest.raises(Invalid):
        seen(ctx, collection.department_issues, "課")
    with pytest.raises(NotFound):
        seen(ctx, collection.department_issues, " ")


def test_a_real_department_is_meant_although_a_sample_has_exactly_the_name(ctx):
    store_issue(ctx, "i-s", department="健康づくり課", is_sample=True)
    assert [one.id for one in seen(ctx, collection.department_issues, "健康づくり課")] == ["i-s"]
    store_issue(ctx, "i-1", department="保健福祉局　健康づくり課")
    store_issue(ctx, "i-t", department="保健福祉局　健康づくり課", is_sample=True)
    assert [one.id for one in seen(ctx, collection.department_issues, "健康づくり課")] == ["i-1"]
    store_issue(ctx, "i-2", department="市民局 健康づくり課")
    with pytest.raises(Invalid, match="「保健福祉局　健康づくり課」、「市民局 健康づくり課」"):
        seen(ctx, collection.department_issues, "健康づくり課")


def test_a_department_that_only_samples_have_is_not_found_once_a_real_issue_is_stored(ctx):
    store_issue(ctx, "i-s", department="健康づくり課", is_sample=True)
    store_issue(ctx, "i-1", department="農林課")
    with pytest.raises(NotFound):
        seen(ctx, collection.department_issues, "健康づくり課")


# reviews


def test_a_grade_keeps_what_was_shown_and_by_which_model(ctx):
    issue = done(ctx, collection.write_issue, DRAFT)
    store_organisation(ctx)
    store_organisation(ctx, "o-2", name="別の会")
    ranking = show(ctx, issue, "o-2", "o-1")
    review = judge(ctx, issue.id, "o-1", Grade.SUITABLE, "activity_fits", "よい", ranking)
    assert (review.rank, review.score, review.band, review.model, review.ranking) == (2, 1.5, "some", "m1", ranking)


def test_pressing_the_button_twice_is_one_review(ctx):
    issue = done(ctx, collection.write_issue, DRAFT)
    store_organisation(ctx)
    ranking = show(ctx, issue, "o-1")
    first = judge(ctx, issue.id, "o-1", Grade.POSSIBLE, ranking=ranking)
    assert judge(ctx, issue.id, "o-1", Grade.POSSIBLE, ranking=ranking) == first
    judge(ctx, issue.id, "o-1", Grade.UNSUITABLE, ranking=ranking)
    decided = track(ctx, issue.id)
    assert [one.grade for one in decided.history] == [Grade.UNSUITABLE, Grade.POSSIBLE]
    assert decided.latest["o-1"].grade is Grade.UNSUITABLE


def test_a_judgement_taken_back_stays_in_the_history(ctx):
    issue = done(ctx, collection.write_issue, DRAFT)
    store_organisation(ctx)
    done(ctx, reviews.take_back, issue.id, "o-1")
    judge(ctx, issue.id, "o-1", Grade.SUITABLE, ranking=show(ctx, issue, "o-1"))
    done(ctx, reviews.take_back, issue.id, "o-1")
    done(ctx, reviews.take_back, issue.id, "o-1")
    decided = track(ctx, issue.id)
    assert decided.latest == {}
    assert [one.grade for one in decided.history] == [None, Grade.SUITABLE]


def test_a_partner_the_list_missed_has_no_rank(ctx):
    issue = done(ctx, collection.write_issue, DRAFT)
    store_organisation(ctx)
    review = done(ctx, reviews.judge, reviews.missed(issue.id, "o-1", "隣の地区で活動している"))
    assert (review.missed, review.grade, review.rank, review.score) == (True, Grade.SUITABLE, None, None)
    assert track(ctx, issue.id).names == {"o-1": "里山の会"}


def test_only_what_a_list_of_this_issue_showed_can_be_graded_from_it(ctx):
    issue = done(ctx, collection.write_issue, DRAFT)
    other = done(ctx, collection.write_issue, IssueDraft(title="別", problem="別の課題"))
    store_organisation(ctx)
    store_organisation(ctx, "o-2", name="別の会")
    elsewhere, here = show(ctx, other, "o-1"), show(ctx, issue, "o-2")
    for ranking in (elsewhere, here, 999):
        with pytest.raises(Invalid):
            judge(ctx, issue.id, "o-1", Grade.SUITABLE, ranking=ranking)
    assert track(ctx, issue.id).history == ()


def test_unknown_reasons_long_comments_and_unknown_sides_are_refused(ctx):
    issue = done(ctx, collection.write_issue, DRAFT)
    store_organisation(ctx)
    with pytest.raises(Invalid):
        judge(ctx, issue.id, "o-1", Grade.SUITABLE, "because")
    with pytest.raises(Invalid):
        judge(ctx, issue.id, "o-1", Grade.SUITABLE, comment="あ" * (reviews.MAX_COMMENT + 1))
    with pytest.raises(NotFound):
        judge(ctx, issue.id, "nobody", Grade.SUITABLE)
    with pytest.raises(NotFound):
        track(ctx, "nothing")


@pytest.mark.parametrize(
    ("grade", "reasons"),
    [(Grade.UNSUITABLE, reviews.FITTING), (Grade.SUITABLE, reviews.UNFITTING), (Grade.POSSIBLE, ())],
)
def test_a_reason_that_contradicts_the_grade_is_refused(ctx, grade, reasons):
    issue = done(ctx, collection.write_issue, DRAFT)
    store_organisation(ctx)
    for reason in sorted(reviews.REASONS.keys() - set(reasons)):
        assert judge(ctx, issue.id, "o-1", grade, reason).reason == reason
    for reason in reasons:
        with pytest.raises(Invalid, match=reviews.REASONS[reason]) as failure:
            judge(ctx, issue.id, "o-1", grade, reason)
        assert [detail.field for detail in failure.value.details] == ["reason"]


# introductions and indicators


def test_an_introduction_and_its_steps_are_counted_in_their_fiscal_years(ctx):
    issue = done(ctx, collection.write_issue, DRAFT)
    store_organisation(ctx)
    introduction = done(ctx, reviews.introduce, issue.id, "o-1", date(2025, 3, 20))
    done(ctx, reviews.add_event, introduction.id, Stage.AGREED, date(2025, 3, 31))
    done(ctx, reviews.add_event, introduction.id, Stage.STARTED, date(2025, 4, 1))
    matches, practices = seen(ctx, indicators.indicators, 2024)
    assert (matches.value, practices.value) == (1, 0)
    shown = indicators.as_json(seen(ctx, indicators.indicators, 2025))
    assert [(one["value"], one["baseline"]) for one in shown["indicators"]] == [(0, 26), (1, 9)]
    assert (shown["fiscal_year"], shown["label"]) == (2025, "令和7年度")
    assert shown["indicators"][1]["events"][0]["happened_on"] == "2025-04-01"
    json.dumps(shown)


def test_the_same_step_twice_is_one_and_a_voided_one_no_longer_counts(ctx):
    issue = done(ctx, collection.write_issue, DRAFT)
    store_organisation(ctx)
    introduction = done(ctx, reviews.introduce, issue.id, "o-1", date(2024, 5, 1))
    assert done(ctx, reviews.introduce, issue.id, "o-1", date(2024, 5, 1)) == introduction
    event = done(ctx, reviews.add_event, introduction.id, Stage.AGREED, date(2024, 5, 2))
    assert done(ctx, reviews.add_event, introduction.id, Stage.AGREED, date(2024, 5, 2)) == event
    assert seen(ctx, indicators.indicators, 2024)[0].value == 1
    done(ctx, reviews.void_event, event.id)
    done(ctx, reviews.void_event, event.id)
    assert seen(ctx, indicators.indicators, 2024)[0].value == 0
    (one,) = track(ctx, issue.id).introductions
    assert [event.voided for event in one.events] == [True]


def test_what_has_not_happened_yet_cannot_be_recorded(ctx):
    issue = done(ctx, collection.write_issue, DRAFT)
    store_organisation(ctx)
    tomorrow = today() + timedelta(days=1)
    with pytest.raises(Invalid):
        done(ctx, reviews.introduce, issue.id, "o-1", tomorrow)
    introduction = done(ctx, reviews.introduce, issue.id, "o-1", today())
    with pytest.raises(Invalid) as failure:
        done(ctx, reviews.add_event, introduction.id, Stage.STARTED, tomorrow)
    assert [detail.field for detail in failure.value.details] == ["on"]


@pytest.fixture
def introduced(ctx):
    """The number of an introduction of 令和6年5月10日."""
    issue = done(ctx, collection.write_issue, DRAFT)
    store_organisation(ctx)
    return done(ctx, reviews.introduce, issue.id, "o-1", date(2024, 5, 10)).id


def test_a_step_before_the_introduction_is_refused(ctx, introduced):
    with pytest.raises(Invalid, match=r"令和6年5月9日は、紹介した日（令和6年5月10日）より前です。") as failure:
        done(ctx, reviews.add_event, introduced, Stage.AGREED, date(2024, 5, 9))
    assert [detail.field for detail in failure.value.details] == ["on"]
    done(ctx, reviews.add_event, introduced, Stage.AGREED, date(2024, 5, 10))


def test_an_introduction_starts_once_unless_the_start_is_voided(ctx, introduced):
    started = done(ctx, reviews.add_event, introduced, Stage.STARTED, date(2024, 6, 1))
    assert done(ctx, reviews.add_event, introduced, Stage.STARTED, date(2024, 6, 1)) == started
    with pytest.raises(Invalid, match="実践開始は令和6年6月1日にもう記録されています。"):
        done(ctx, reviews.add_event, introduced, Stage.STARTED, date(2024, 7, 1))
    done(ctx, reviews.void_event, started.id)
    done(ctx, reviews.add_event, introduced, Stage.STARTED, date(2024, 7, 1))


def test_nothing_ends_before_it_starts(ctx, introduced):
    started = done(ctx, reviews.add_event, introduced, Stage.STARTED, date(2024, 6, 1))
    with pytest.raises(Invalid, match="終了の日は、実践開始の日（令和6年6月1日）より前にはできません。"):
        done(ctx, reviews.add_event, introduced, Stage.ENDED, date(2024, 5, 31))
    done(ctx, reviews.add_event, introduced, Stage.ENDED, date(2024, 6, 1))
    done(ctx, reviews.void_event, started.id)
    with pytest.raises(Invalid, match="実践開始の日は、終了の日（令和6年6月1日）より後にはできません。"):
        done(ctx, reviews.add_event, introduced, Stage.STARTED, date(2024, 6, 2))
    done(ctx, reviews.add_event, introduced, Stage.STARTED, date(2024, 5, 20))


def test_an_introduction_taken_back_stays_on_record_and_no_longer_counts(ctx, introduced):
    done(ctx, reviews.add_event, introduced, Stage.STARTED, date(2024, 6, 1))
    assert [one.value for one in seen(ctx, indicators.indicators, 2024)] == [1, 1]
    taken_back = done(ctx, reviews.void_introduction, introduced)
    assert done(ctx, reviews.void_introduction, introduced) == taken_back
    assert [one.value for one in seen(ctx, indicators.indicators, 2024)] == [0, 0]
    (one,) = track(ctx, taken_back.issue).introductions
    assert (one.voided, one.introduction, [event.voided for event in one.events]) == (True, taken_back, [False])
    with pytest.raises(Invalid, match="この紹介は取り消されています。"):
        done(ctx, reviews.add_event, introduced, Stage.ENDED, date(2024, 7, 1))


def test_an_introduction_can_be_recorded_anew_after_it_was_taken_back(ctx, introduced):
    issue = done(ctx, reviews.void_introduction, introduced).issue
    anew = done(ctx, reviews.introduce, issue, "o-1", date(2024, 5, 10))
    assert (anew.id != introduced, anew.voided) == (True, False)
    assert [one.voided for one in track(ctx, issue).introductions] == [True, False]


def test_steps_of_what_is_not_there_are_not_found(ctx):
    with pytest.raises(NotFound):
        done(ctx, reviews.add_event, 7, Stage.AGREED, date(2024, 5, 1))
    with pytest.raises(NotFound):
        done(ctx, reviews.void_event, 7)
    with pytest.raises(NotFound):
        done(ctx, reviews.void_introduction, 7)


# samples


def test_samples_fill_an_empty_database_once_and_do_not_come_back(ctx):
    assert samples.load_if_empty(ctx)
    counted = seen(ctx, collection.overview)
    assert counted.organisations.samples >= 60
    assert counted.issues.samples >= 30
    assert (counted.organisations.real, counted.issues.real, counted.samples_rank) == (0, 0, True)
    assert not samples.load_if_empty(ctx)
    assert all(one.is_sample for one in seen(ctx, collection.organisations).items)
    done(ctx, samples.remove)
    after = seen(ctx, collection.overview)
    assert (after.organisations.samples, after.issues.samples, after.samples_rank) == (0, 0, False)
    assert after.cases.samples > 0
    assert done(ctx, samples.remove, include_cases=True).cases == after.cases.samples
    assert not samples.load_if_empty(ctx)


def test_a_database_that_holds_anything_gets_no_samples(ctx):
    done(ctx, collection.write_issue, DRAFT)
    assert not samples.load_if_empty(ctx)
    assert organisation_names(ctx) == []


# a folder of learned weights that cannot be read


@pytest.fixture(params=["no folder", "no right to read it"])
def unreadable(ctx, request):
    folder = weight_sets.weights_folder(ctx.settings.data)
    folder.parent.mkdir(parents=True)
    if request.param == "no folder":
        folder.write_text("a file in its place")
    elif os.geteuid() == 0:
        pytest.skip("nothing is forbidden to root")
    else:
        folder.mkdir(mode=0)
    yield ctx
    folder.chmod(0o700)


SAID = "学習した重みのフォルダー(KYODO_DATA の models/weights)を読めません。"


def test_learned_weights_that_cannot_be_listed_are_said_and_the_ranking_goes_on(unreadable, caplog):
    found = seen(unreadable, weights.overview, unreadable.ruling)
    assert (found.learned, found.in_force.weights) == ((), weight_sets.default_weights())
    assert found.fault.startswith(SAID)
    assert "学習した重みのフォルダーを読めません" in caplog.text
    with client_of(unreadable) as client:
        page = client.get("/models")
    assert (page.status_code, page.text.count(SAID)) == (200, 1)
    assert "学習した重みは、まだありません。" not in page.text


def test_a_set_in_a_folder_that_cannot_be_read_is_not_chosen(unreadable):
    with pytest.raises(Invalid, match="フォルダー"):
        choose(unreadable, "0" * 12, "試す")
    assert seen(unreadable, weights.overview, unreadable.ruling).history == ()
    choose(unreadable, weight_sets.DEFAULT, "付属の重みに戻す")


def test_the_command_says_that_learned_weights_cannot_be_listed(unreadable, monkeypatch):
    monkeypatch.setenv("KYODO_DATA", str(unreadable.settings.data))
    result = CliRunner().invoke(app, ["models", "weights"])
    assert (result.exit_code, result.stderr.count(SAID)) == (0, 1)
    assert "いま使っている重み: 付属の重み" in result.stdout
    assert "まだありません" not in result.stdout
    as_json = CliRunner().invoke(app, ["models", "weights", "--json"])
    assert (json.loads(as_json.stdout)["learned"], as_json.stderr.count(SAID)) == ([], 1)


def test_where_nothing_was_learned_yet_there_is_no_fault(ctx):
    found = seen(ctx, weights.overview, ctx.ruling)
    assert (found.learned, found.fault) == ((), "")
