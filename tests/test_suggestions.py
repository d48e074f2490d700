import pytest

from api.errors import AmbiguousPlaceGiven, Invalid, NotFound
from api.settings import Settings
from api.usecases import suggestions
from api.usecases.context import open_context
from corpus.records import Case, Issue, IssueStatus, Organisation
from corpus.store import cases, issues, organisations, rankings
from matcher.records import Query

TEXT = "飼い主のいない猫が増えて苦情が多い。捕獲して世話をする人がいない。"


@pytest.fixture
def ctx(tmp_path):
    ctx = open_context(Settings(data=tmp_path))
    with ctx.db.write() as conn:
        organisations.upsert(
            conn,
            [
                Organisation(
                    id="o1",
                    key="id:o1",
                    name="ねこの会",
                    kind="NPO法人",
                    activities="猫の捕獲と世話",
                    prefecture="岡山県",
                    city="岡山市",
                    fields=frozenset({7}),
                    contact_person="担当者",
                    contact="086-000-0000",
                ),
                Organisation(
                    id="o2", key="id:o2", name="猫カフェ", purpose="猫と過ごす", prefecture="北海道", city="旭川市"
                ),
                Organisation(id="o3", key="id:o3", name="見守り隊", activities="高齢者の訪問"),
            ],
        )
        issues.upsert(
            conn,
            [
                Issue(
                    id="i1",
                    key="id:i1",
                    title="猫の相談",
                    problem=TEXT,
                    prefecture="岡山県",
                    city="岡山市",
                    fields=frozenset({7, 3}),
                ),
                Issue(id="i2", key="id:i2", title="公用車の管理", problem="猫", seeks_partner=False),
                Issue(id="i3", key="id:i3", title="動物愛護", problem="犬と猫の飼い主への啓発"),
                Issue(id="i4", key="id:i4", title="終わった課題", problem="猫の世話", status=IssueStatus.CLOSED),
            ],
        )
        cases.upsert(conn, [Case(id="c1", key="id:c1", title="地域猫活動", issue="猫の苦情", partners=("ねこの会",))])
    return ctx


def ids(found):
    return [candidate.id for candidate in found.candidates]


def test_a_text_brings_up_organisations_with_their_reason(ctx):
    found = suggestions.suggest_for_text(ctx, TEXT, city="岡山市")
    first = found.candidates[0]
    assert ids(found)[0] == "o1"
    assert found.good_match
    assert found.total == 3
    assert "捕獲" in {c.term for c in first.suggestion.evidence.contributions}
    assert first.reason_area == "どちらも岡山県岡山市です。"


def test_an_issue_is_ranked_and_the_list_kept_as_shown_once(ctx):
    first = suggestions.suggest_for_issue(ctx, "i1", record=True)
    assert suggestions.suggest_for_issue(ctx, "i1", record=True).ranking_id == first.ranking_id
    with ctx.db.read() as conn:
        shown = rankings.get(conn, first.ranking_id)
    assert [entry["id"] for entry in shown.shown] == ids(first)
    assert shown.model == first.model
    assert suggestions.suggest_for_issue(ctx, "i1").ranking_id is None


def test_rows_that_seek_no_partner_or_are_closed_are_not_ranked(ctx):
    for issue_id, said in (("i2", "求めていない"), ("i4", "終了している")):
        found = suggestions.suggest_for_issue(ctx, issue_id, record=True)
        assert found.candidates == ()
        assert said in found.message
        assert found.ranking_id is None


def test_an_organisation_finds_open_issues_that_seek_partners(ctx):
    assert ids(suggestions.issues_for_organisation(ctx, "o1")) == ["i1", "i3"]


def test_similar_issues_leave_out_the_issue_itself(ctx):
    assert ids(suggestions.similar_issues(ctx, "i1")) == ["i3"]


def test_past_cases_are_found_for_an_issue_and_for_a_text(ctx):
    assert ids(suggestions.similar_cases(ctx, "i1")) == ["c1"]
    assert ids(suggestions.similar_cases_for_text(ctx, TEXT)) == ["c1"]


def told_partners(ctx, *names):
    with ctx.db.write() as conn:
        cases.upsert(conn, [Case(id="c1", key="id:c1", title="地域猫活動", issue=TEXT, partners=names)])
    query = Query("q", TEXT)
    return [(bridge.partner, bridge.partner_name) for bridge in suggestions.past_partners(ctx, query)]


def test_the_partner_of_a_past_case_is_found_whatever_its_legal_form_and_width(ctx):
    assert told_partners(ctx, "特定非営利活動法人　ねこの会") == [("o1", "特定非営利活動法人　ねこの会")]
    assert told_partners(ctx, "ＮＰＯ法人見守り隊", "見知らぬ会") == [("o3", "ＮＰＯ法人見守り隊")]
    assert told_partners(ctx) == []


def test_of_bodies_that_differ_in_their_legal_form_alone_the_very_name_is_meant_and_then_the_form(ctx):
    with ctx.db.write() as conn:
        named = {"o0": "社会福祉法人ねこの会", "o8": "特定非営利活動法人ねこの会", "o9": "株式会社ねこの会"}
        organisations.upsert(conn, [Organisation(id=id, key=f"id:{id}", name=name) for id, name in named.items()])
        expected = {"株式会社ねこの会": "o9", "ねこの会": "o1", "NPO法人ねこの会": "o8", "学校法人ねこの会": "o1"}
        assert organisations.ids_by_name(conn, list(expected)) == expected


def test_a_case_passed_over_is_no_bridge(ctx):
    told_partners(ctx, "ねこの会")
    assert suggestions.past_partners(ctx, Query("q", TEXT), {"c1"}) == []


def test_the_json_sums_to_the_score_and_names_no_contact(ctx):
    answer = suggestions.as_json(suggestions.suggest_for_issue(ctx, "i1"))
    assert set(answer) >= {"query", "model", "good_match", "suggestions"}
    for suggestion in answer["suggestions"]:
        total = sum(c["value"] for c in suggestion["evidence"]["contributions"])
        assert total == pytest.approx(suggestion["score"], abs=1e-9)
        assert set(suggestion["evidence"]["quotes"]) == {"issue", "organisation"}
    assert answer["suggestions"][0]["evidence"]["fields"] == ["環境"]
    assert "086-000-0000" not in str(answer)
    assert "担当者" not in str(answer)


def test_unknown_places_are_said_to_be_unknown(ctx):
    without = suggestions.suggest_for_text(ctx, TEXT)
    assert without.candidates[0].reason_area == "地域の指定がないため、地域は順位に入れていません。"
    found = suggestions.suggest_for_text(ctx, "高齢者の訪問", prefecture="岡山県")
    assert found.candidates[0].reason_area == "相手の地域が分からないため、地域は順位に入れていません。"


def test_a_city_of_two_prefectures_is_asked_back(ctx):
    with pytest.raises(AmbiguousPlaceGiven, match="東京都"):
        suggestions.suggest_for_text(ctx, TEXT, city="府中市")
    assert suggestions.suggest_for_text(ctx, TEXT, city="府中市", prefecture="広島県").candidates


@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        ("", {}, "空です"),
        ("　\n", {}, "空です"),
        ("あ" * 32_768, {}, "長すぎます"),
        ("猫\ud800", {}, "読み取れない"),
        (TEXT, {"k": 0}, "候補の数"),
        (TEXT, {"k": 101}, "候補の数"),
        (TEXT, {"city": "ない市"}, "ない市"),
        (TEXT, {"prefecture": "ない県"}, "ない県"),
    ],
)
def test_what_cannot_be_asked_is_answered_with_a_sentence(ctx, text, more, said):
    with pytest.raises(Invalid, match=said):
        suggestions.suggest_for_text(ctx, text, **more)


def test_what_is_not_stored_is_said_so(ctx):
    for ask in (suggestions.suggest_for_issue, suggestions.issues_for_organisation, suggestions.similar_cases):
        with pytest.raises(NotFound):
            ask(ctx, "none")


def test_an_empty_register_is_said_so(tmp_path):
    found = suggestions.suggest_for_text(open_context(Settings(data=tmp_path / "new")), TEXT)
    assert found.candidates == ()
    assert "登録されていません" in found.message
