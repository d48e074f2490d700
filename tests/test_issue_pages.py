"""Writing an issue, what people decide about it, and the figures that are counted from it."""

import re

import pytest
from service import UNUSUAL, Service, first_issue
from starlette.testclient import TestClient

from api.usecases import collection, reviews, samples
from api.usecases.context import Context
from corpus.records import ReleaseLevel

# ---- an issue: writing, changing


FORM = {"title": "空き家の相談", "problem": "引き取り手\r\nがいない", "fiscal_year": "R6", "release_level": "centre"}


def test_an_issue_is_written_with_its_release_level_and_shown(empty: Service) -> None:
    client, ctx = empty
    shown = client.post("/issues", data={**FORM, "fields": ["3", "13"], "seeks_partner": "yes"})
    assert "課題を登録しました。" in shown.text
    issue = collection.issue(ctx, first_issue(ctx))
    assert (issue.release_level, issue.fiscal_year, issue.fields) == (ReleaseLevel.CENTRE, 2024, {3, 13})
    assert issue.problem == "引き取り手\nがいない"
    assert "センターまで" in shown.text


def test_a_new_issue_is_for_its_own_section_unless_said_otherwise(empty: Service) -> None:
    client, ctx = empty
    client.post("/issues", data={"title": "空き家", "problem": "増えている"})
    assert collection.issue(ctx, first_issue(ctx)).release_level is ReleaseLevel.SECTION


def test_a_form_with_gaps_comes_back_filled_with_a_summary(empty: Service) -> None:
    client, _ = empty
    answer = client.post("/issues", data={"title": "", "idea": "空き家を居場所に"})
    assert answer.status_code == 422
    assert 'href="#title"' in answer.text
    assert 'href="#problem"' in answer.text
    assert "空き家を居場所に" in answer.text
    assert client.post("/issues", data={**FORM, "fiscal_year": "らいねん"}).status_code == 422


def test_of_two_people_who_change_an_issue_the_second_is_told_and_nothing_is_lost(
    empty: Service,
) -> None:
    client, ctx = empty
    client.post("/issues", data=FORM)
    issue = collection.issue(ctx, first_issue(ctx))
    path = f"/issues/{issue.id}"
    version = {"version": str(issue.version)}
    assert "書き直した内容を登録しました。" in client.post(path, data={**FORM, **version, "title": "先の人"}).text
    late = client.post(path, data={**FORM, **version, "title": "後の人"})
    assert late.status_code == 409
    assert collection.issue(ctx, issue.id).title == "先の人"


def test_a_closed_issue_has_no_candidates_and_can_be_reopened(real: Service) -> None:
    client, ctx = real
    issue = collection.issue(ctx, first_issue(ctx, "猫"))
    closed = client.post(f"/issues/{issue.id}/status", data={"version": str(issue.version), "status": "closed"})
    assert "この課題を終了にしました。" in closed.text
    assert 'class="candidates"' not in closed.text
    again = {"version": str(collection.issue(ctx, issue.id).version), "status": "open"}
    assert 'class="candidates"' in client.post(f"/issues/{issue.id}/status", data=again).text


# ---- what people decide


def test_a_grade_is_kept_with_what_was_shown_and_can_be_taken_back(real: Service) -> None:
    client, ctx = real
    issue = first_issue(ctx, "猫")
    html = client.get(f"/issues/{issue}").text
    organisation = re.search(r'name="organisation" value="([^"]+)"', html)
    ranking = re.search(r'name="ranking" value="(\d+)"', html)
    assert organisation
    assert ranking
    said = {"organisation": organisation[1], "ranking": ranking[1], "grade": "suitable", "reason": "activity_fits"}
    for _ in range(2):  # a double click
        graded = client.post(f"/issues/{issue}/reviews", data={**said, "comment": "話を聞きたい"})
    assert "評価：適" in graded.text
    assert "話を聞きたい" in graded.text
    (review,) = reviews.track(ctx, issue).history
    assert (review.rank, review.ranking) == (1, int(ranking[1]))
    assert review.model
    back = client.post(f"/issues/{issue}/reviews/take-back", data={"organisation": organisation[1]})
    assert "評価：適" not in back.text
    assert "取り消し" in back.text
    assert len(reviews.track(ctx, issue).history) == 2


def test_a_missed_partner_is_looked_for_and_added(real: Service) -> None:
    client, ctx = real
    issue = first_issue(ctx, "猫")
    html = client.get(f"/issues/{issue}", params={"find": "川辺"}).text
    chosen = re.search(r'type="radio" name="organisation" value="([^"]+)"', html)
    assert chosen
    added = client.post(f"/issues/{issue}/missed", data={"organisation": chosen[1], "comment": "猫にもくわしい"})
    assert "一覧になかった団体を加えました。" in added.text
    assert "猫にもくわしい" in added.text
    assert "を含む団体は登録されていません" in client.get(f"/issues/{issue}", params={"find": UNUSUAL}).text


def introduced(client: TestClient, ctx: Context) -> tuple[str, int]:
    issue, organisation = first_issue(ctx, "猫"), collection.organisations(ctx, "猫").items[0].id
    made = {"organisation": organisation, "on": "2026-04-10", "note": "庁舎で"}
    for _ in range(2):
        assert "引き合わせを記録しました。" in client.post(f"/issues/{issue}/introductions", data=made).text
    (one,) = reviews.track(ctx, issue).introductions
    return issue, one.introduction.id


def test_the_indicators_count_events_lead_to_them_and_forget_voided_ones(real: Service) -> None:
    client, ctx = real
    issue, introduction = introduced(client, ctx)
    path = f"/issues/{issue}/introductions/{introduction}/events"
    client.post(path, data={"stage": "consultation", "on": "令和8年4月20日"})
    shown = client.post(path, data={"stage": "started", "on": "R8.6.1", "note": "捕獲を始めた"}).text
    assert "令和8年6月1日" in shown
    html = client.get("/indicators?year=2026").text
    assert [int(n) for n in re.findall(r'class="figure">(\d+)<', html)] == [1, 26, 1, 9]
    events = re.findall(rf'href="/issues/{issue}#event-(\d+)"', html)
    assert len(events) == 2
    assert all(f'id="event-{event}"' in shown for event in events)
    client.post(f"/issues/{issue}/events/{events[1]}/void")
    html = client.get("/indicators?year=2026").text
    assert [int(n) for n in re.findall(r'class="figure">(\d+)<', html)] == [1, 26, 0, 9]
    assert "取り消し済み" in client.get(f"/issues/{issue}").text


def test_the_indicators_publish_their_definition_and_count_nothing_in_another_year(
    real: Service,
) -> None:
    client, _ = real
    html = client.get("/indicators?year=令和元年度").text
    assert "会うことに合意した件数" in html
    assert "令和元年度に数えられる出来事は、まだありません。" in html


@pytest.mark.parametrize("day", ["2999-01-01", "きのう", "R1.4.30"])
def test_a_day_that_cannot_be_is_explained_with_the_way_back(real: Service, day: str) -> None:
    client, ctx = real
    issue, organisation = first_issue(ctx, "猫"), collection.organisations(ctx, "猫").items[0].id
    answer = client.post(f"/issues/{issue}/introductions", data={"organisation": organisation, "on": day})
    assert answer.status_code == 422
    assert f'href="/issues/{issue}"' in answer.text


def test_a_sample_stays_marked_where_people_have_decided_about_it(empty: Service) -> None:
    client, ctx = empty
    samples.load_if_empty(ctx)
    issue, organisation = first_issue(ctx), collection.organisations(ctx).items[0]
    client.post(f"/issues/{issue}/missed", data={"organisation": organisation.id})
    html = client.post(f"/issues/{issue}/introductions", data={"organisation": organisation.id, "on": "R8.4.1"}).text
    named = re.findall(rf"{organisation.name}</a>( <span class=\"tag tag-sample\">)?", html)
    assert len(named) >= 3
    assert all(named)
