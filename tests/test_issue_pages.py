"""Writing an issue, what people decide about it, and the figures that are counted from it."""

import re

import pytest
from requests_of import seen, track
from service import REGISTER, UNUSUAL, Service, first_issue, upload
from starlette.testclient import TestClient

from api.context import Context
from api.usecases import collection, reviews, samples
from corpus.records.issues import ReleaseLevel

# ---- an issue: writing, changing


FORM = {"title": "空き家の相談", "problem": "引き取り手\r\nがいない", "fiscal_year": "R6", "release_level": "centre"}


def test_an_issue_is_written_with_its_release_level_and_shown(empty: Service) -> None:
    client, ctx = empty
    shown = client.post("/issues", data={**FORM, "fields": ["3", "13"], "seeks_partner": "yes"})
    assert "課題を登録しました。" in shown.text
    issue = seen(ctx, collection.issue, first_issue(ctx))
    assert (issue.release_level, issue.fiscal_year, issue.fields) == (ReleaseLevel.CENTRE, 2024, {3, 13})
    assert issue.problem == "引き取り手\nがいない"
    assert "センターまで" in shown.text


def test_a_new_issue_is_for_its_own_section_unless_said_otherwise(empty: Service) -> None:
    client, ctx = empty
    client.post("/issues", data={"title": "空き家", "problem": "増えている"})
    assert seen(ctx, collection.issue, first_issue(ctx)).release_level is ReleaseLevel.SECTION


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
    issue = seen(ctx, collection.issue, first_issue(ctx))
    path = f"/issues/{issue.id}"
    version = {"version": str(issue.version)}
    assert "書き直した内容を登録しました。" in client.post(path, data={**FORM, **version, "title": "先の人"}).text
    mine = {**FORM, "title": "後の人", "idea": "空き家を居場所に", "fields": ["3"], "seeks_partner": "yes"}
    late = client.post(path, data={**mine, **version})
    assert late.status_code == 409
    assert seen(ctx, collection.issue, issue.id).title == "先の人"
    assert 'value="後の人"' in late.text
    assert "空き家を居場所に" in late.text
    # The title, the idea, the fields and the tick differ; the year, though typed as R6, does not.
    assert late.text.count("いま登録されている内容</p>") == 4
    assert '<p class="prose">先の人</p>' in late.text
    assert f'href="{path}" target="_blank"' in late.text
    shown = re.search(r'name="version" value="(\d+)"', late.text)
    assert shown
    again = client.post(path, data={**mine, "version": shown[1]})
    assert "書き直した内容を登録しました。" in again.text
    assert seen(ctx, collection.issue, issue.id).title == "後の人"


def test_a_text_that_candidates_were_looked_for_becomes_a_form_and_is_not_stored_before_that_is_saved(
    empty: Service,
) -> None:
    client, ctx = empty
    asked = {"text": f"{UNUSUAL}\r\n二行目", "prefecture": "岡山県", "city": "岡山市"}
    assert "この文章を課題として登録する" in client.post("/candidates", data=asked).text
    form = client.post("/issues/new", data=asked, follow_redirects=False)
    assert form.status_code == 200
    assert f"{UNUSUAL}\n二行目</textarea>" in form.text
    assert 'name="city" value="岡山市"' in form.text
    assert seen(ctx, collection.issues).total == 0


def test_a_closed_issue_has_no_candidates_and_can_be_reopened(real: Service) -> None:
    client, ctx = real
    issue = seen(ctx, collection.issue, first_issue(ctx, "猫"))
    closed = client.post(f"/issues/{issue.id}/status", data={"version": str(issue.version), "status": "closed"})
    assert "この課題を終了にしました。" in closed.text
    assert 'class="candidates"' not in closed.text
    again = {"version": str(seen(ctx, collection.issue, issue.id).version), "status": "open"}
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
    (review,) = track(ctx, issue).history
    assert (review.rank, review.ranking) == (1, int(ranking[1]))
    assert review.model
    assert place_of(graded.text, "評価を記録しました。") == f"c-{organisation[1]}"
    back = client.post(f"/issues/{issue}/reviews/take-back", data={"organisation": organisation[1]})
    assert place_of(back.text, "評価を取り消しました。") == f"c-{organisation[1]}"
    assert "評価：適" not in back.text
    assert "取り消し" in back.text
    assert len(track(ctx, issue).history) == 2


def place_of(html: str, sentence: str) -> str:
    """The id of the nearest card or entry above the one place where a sentence stands; empty at the top of the page."""
    (before,) = html.split(sentence)[:-1]
    return (re.findall(r'<(?:li|div)[^>]* id="([^"]+)"', before) or [""])[-1]


def test_reasons_are_offered_in_groups_and_one_that_contradicts_the_grade_is_refused(real: Service) -> None:
    client, ctx = real
    issue, organisation = first_issue(ctx, "猫"), seen(ctx, collection.organisations, "猫").items[0].id
    html = client.get(f"/issues/{issue}").text
    assert '<optgroup label="合う理由">' in html
    assert '<optgroup label="合わない理由">' in html
    assert all(f'<option value="{code}"' in html for code in reviews.REASONS)
    said = {"organisation": organisation, "grade": "unsuitable", "reason": "activity_fits"}
    assert client.post(f"/issues/{issue}/reviews", data=said).status_code == 422
    assert track(ctx, issue).history == ()
    assert client.post(f"/issues/{issue}/reviews", data={**said, "reason": "other"}).status_code == 200


def test_only_bodies_that_can_be_candidates_are_offered_and_those_in_the_list_are_marked(real: Service) -> None:
    client, ctx = real
    issue = first_issue(ctx, "猫")
    rows = [f"見守り会{number:02d},任意団体,猫の世話," for number in range(25)] + [
        "解散した猫の会,任意団体,猫の世話,2023年"
    ]
    register = "\n".join(["団体名,種別,目的,解散情報", *rows]).encode()
    client.post(f"{upload(client, 'more.csv', register)}/confirm")
    html = client.get(f"/issues/{issue}", params={"find": "猫"}).text
    assert html.count('type="radio" name="organisation"') == 20
    assert "ほか6件あります。" in html  # 1 that was there, 25 new ones, and not the dissolved one
    assert "解散した猫の会" not in html
    assert "すでに上にあります" in html


def test_samples_are_not_offered_beside_real_bodies(empty: Service) -> None:
    client, ctx = empty
    samples.load_if_empty(ctx)
    issue = first_issue(ctx)
    assert 'type="radio" name="organisation"' in client.get(f"/issues/{issue}", params={"find": "会"}).text
    client.post(f"{upload(client, '団体.csv', REGISTER.encode())}/confirm")
    html = client.get(f"/issues/{issue}", params={"find": "会"}).text
    assert html.count('type="radio" name="organisation"') == 2


def test_an_inactive_body_says_so_and_lists_no_issues(real: Service) -> None:
    client, ctx = real
    register = "団体名,目的,設立,解散情報\n解散した会,猫の世話,2005/01/12,2023年3月31日\n".encode()
    client.post(f"{upload(client, 'ended.csv', register)}/confirm")
    html = client.get(f"/organisations/{seen(ctx, collection.organisations, '解散した').items[0].id}").text
    assert "この団体は候補に出ません。解散情報に「2023年3月31日」とあるためです。" in html
    assert "力になれそうな課題" not in html
    assert "平成17年1月12日" in html


def test_an_introduction_is_taken_back_and_shown_struck_out(real: Service) -> None:
    client, ctx = real
    issue, introduction = introduced(client, ctx)
    (one,) = track(ctx, issue).introductions
    body = client.get(f"/organisations/{one.introduction.organisation}").text
    assert "これまでの評価と紹介" in body
    assert "令和8年4月10日に紹介しました。その後の記録はまだありません。" in body
    client.post(f"/issues/{issue}/introductions/{introduction}/events", data={"stage": "agreed", "on": "R8.4.20"})
    body = client.get(f"/organisations/{one.introduction.organisation}").text
    assert "いちばん新しい記録は、令和8年4月20日の「会うことに双方が合意」です。" in body
    html = client.post(f"/issues/{issue}/introductions/{introduction}/void").text
    assert place_of(html, "紹介を取り消しました。") == f"introduction-{introduction}"
    assert html.count('class="void"') == 2
    assert "紹介を取り消す" not in html
    assert "取り消し済み" in client.get(f"/organisations/{one.introduction.organisation}").text
    assert [int(n) for n in re.findall(r'class="figure">(\d+)<', client.get("/indicators?year=2026").text)] == [
        0,
        26,
        0,
        9,
    ]


def test_a_closed_issue_does_not_send_people_to_candidates_it_does_not_show(real: Service) -> None:
    client, ctx = real
    issue = seen(ctx, collection.issue, first_issue(ctx, "猫"))
    assert "候補の「紹介を記録する」" in client.get(f"/issues/{issue.id}").text
    closed = client.post(f"/issues/{issue.id}/status", data={"version": str(issue.version), "status": "closed"}).text
    assert "紹介の記録はまだありません。" in closed
    assert "候補の「紹介を記録する」" not in closed


def test_the_side_without_fields_is_named(real: Service) -> None:
    client, ctx = real
    register = "団体名,目的,分野\n環境の会,川の清掃,環境\n".encode()
    client.post(f"{upload(client, 'fields.csv', register)}/confirm")
    html = client.get(f"/organisations/{seen(ctx, collection.organisations, '環境の会').items[0].id}").text
    assert "課題に活動分野が書かれていないため、くらべていません。" in html


def test_a_missed_partner_is_looked_for_and_added(real: Service) -> None:
    client, ctx = real
    issue = first_issue(ctx, "猫")
    html = client.get(f"/issues/{issue}", params={"find": "川辺"}).text
    chosen = re.search(r'type="radio" name="organisation" value="([^"]+)"', html)
    assert chosen
    added = client.post(f"/issues/{issue}/missed", data={"organisation": chosen[1], "comment": "猫にもくわしい"})
    assert "一覧になかった団体を加えました。" in added.text
    assert "猫にもくわしい" in added.text
    assert (
        "を含み、候補になれる団体は登録されていません" in client.get(f"/issues/{issue}", params={"find": UNUSUAL}).text
    )


def introduced(client: TestClient, ctx: Context) -> tuple[str, int]:
    issue, organisation = first_issue(ctx, "猫"), seen(ctx, collection.organisations, "猫").items[0].id
    made = {"organisation": organisation, "on": "2026-04-10", "note": "庁舎で"}
    for _ in range(2):
        assert "紹介を記録しました。" in client.post(f"/issues/{issue}/introductions", data=made).text
    (one,) = track(ctx, issue).introductions
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


def test_the_indicators_go_back_to_the_year_of_the_figures_beside_them(real: Service) -> None:
    client, _ = real
    assert '<option value="2015">平成27年度</option>' in client.get("/indicators").text


def test_a_wrong_year_is_said_once(real: Service) -> None:
    client, _ = real
    assert client.get("/indicators?year=らいねん").text.count("年度として読み取れません") == 1


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
    issue, organisation = first_issue(ctx, "猫"), seen(ctx, collection.organisations, "猫").items[0].id
    answer = client.post(f"/issues/{issue}/introductions", data={"organisation": organisation, "on": day})
    assert answer.status_code == 422
    assert f'href="/issues/{issue}"' in answer.text


def test_a_step_is_chosen_before_it_is_recorded(real: Service) -> None:
    client, ctx = real
    issue, introduction = introduced(client, ctx)
    form = client.get(f"/issues/{issue}").text.split('name="stage"')[1]
    assert re.findall(r"<option[^>]*>([^<]+)<", form)[0] == "選んでください"
    assert form.startswith(" required>")
    sent = client.post(f"/issues/{issue}/introductions/{introduction}/events", data={"stage": "", "on": "2026-04-20"})
    assert sent.status_code == 422
    assert "「できごと」がありません。" in sent.text
    assert track(ctx, issue).introductions[0].events == ()


def test_the_mark_of_a_required_grade_stands_behind_a_whole_question(real: Service) -> None:
    client, ctx = real
    html = client.get(f"/issues/{first_issue(ctx, '猫')}").text
    assert re.search(
        r"<legend>この団体は、この課題に合いますか<span[^>]+>（猫と暮らす会）</span><span class=\"need\">", html
    )


def test_an_issue_that_seeks_no_partner_says_how_to_change_that_and_asks_nobody_to_decide(empty: Service) -> None:
    client, ctx = empty
    client.post("/issues", data=FORM)  # without the tick
    issue = first_issue(ctx)
    section = client.get(f"/issues/{issue}").text.split('id="candidates"')[1].split("</section>")[0]
    assert "候補を探していません。" in section
    assert f'<a href="/issues/{issue}/edit">「書き直す」</a>で変えられます。' in section
    assert "お決めください" not in section


def test_the_history_says_that_taking_back_is_kept_and_names_every_cell_for_a_narrow_screen(real: Service) -> None:
    client, ctx = real
    issue, organisation = first_issue(ctx, "猫"), seen(ctx, collection.organisations, "猫").items[0].id
    client.post(f"/issues/{issue}/reviews", data={"organisation": organisation, "grade": "suitable"})
    table = client.get(f"/issues/{issue}").text.split('id="history"')[1].split("</table>")[0]
    assert "取り消しても、取り消したことが履歴に残ります。" in table
    assert re.findall(r'<td[^>]* data-label="(.+?)"', table) == ["日時", "団体", "評価", "理由", "順位", "記録した人"]
    assert table.count("<td") == 6


def test_a_sample_stays_marked_where_people_have_decided_about_it(empty: Service) -> None:
    client, ctx = empty
    samples.load_if_empty(ctx)
    issue, organisation = first_issue(ctx), seen(ctx, collection.organisations).items[0]
    client.post(f"/issues/{issue}/missed", data={"organisation": organisation.id})
    html = client.post(f"/issues/{issue}/introductions", data={"organisation": organisation.id, "on": "R8.4.1"}).text
    named = re.findall(rf"{organisation.name}</a>( <span class=\"tag tag-sample\">)?", html)
    assert len(named) >= 3
    assert all(named)
