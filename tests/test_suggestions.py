import pytest
from requests_of import (
    issues_for_organisation,
    seen,
    similar_cases,
    similar_cases_for_text,
    similar_issues,
    suggest_for_issue,
    suggest_for_text,
)

from api.context import open_context
from api.errors import AmbiguousPlaceGiven, Invalid, NotFound
from api.settings import Settings
from api.usecases import suggestions
from corpus.access import LOCAL
from corpus.records.cases import Case
from corpus.records.issues import Issue, IssueStatus
from corpus.records.organisations import Organisation
from corpus.store import cases, issues, organisations, rankings

TEXT = "飼い主のいない猫が増えて苦情が多い。捕獲して世話をする人がいない。"


@pytest.fixture
def ctx(tmp_path):
    ctx = open_context(Settings(data=tmp_path))
    with ctx.write(LOCAL) as s:
        organisations.upsert(
            s,
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
            s,
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
        cases.upsert(s, [Case(id="c1", key="id:c1", title="地域猫活動", issue="猫の苦情", partners=("ねこの会",))])
    return ctx


def ids(found):
    return [candidate.id for candidate in found.candidates]


def test_a_text_brings_up_organisations_with_their_reason(ctx):
    found = suggest_for_text(ctx, TEXT, city="岡山市")
    first = found.candidates[0]
    assert ids(found)[0] == "o1"
    assert found.good_match
    assert found.total == 3
    assert "捕獲" in {c.term for c in first.suggestion.evidence.contributions}
    assert first.reason_area == "どちらも岡山県岡山市です。"


def test_an_issue_is_ranked_and_the_list_kept_as_shown_once(ctx):
    first = suggest_for_issue(ctx, "i1", record=True)
    assert suggest_for_issue(ctx, "i1", record=True).ranking_id == first.ranking_id
    with ctx.read(LOCAL) as s:
        shown = rankings.get(s, first.ranking_id)
    assert [entry["id"] for entry in shown.shown] == ids(first)
    assert shown.model == first.model
    assert suggest_for_issue(ctx, "i1").ranking_id is None


def test_rows_that_seek_no_partner_or_are_closed_are_not_ranked(ctx):
    for issue_id, said in (("i2", "求めていない"), ("i4", "終了している")):
        found = suggest_for_issue(ctx, issue_id, record=True)
        assert found.candidates == ()
        assert said in found.message
        assert found.ranking_id is None


def test_an_organisation_finds_open_issues_that_seek_partners(ctx):
    assert ids(issues_for_organisation(ctx, "o1")) == ["i1", "i3"]


def test_similar_issues_leave_out_the_issue_itself(ctx):
    assert ids(similar_issues(ctx, "i1")) == ["i3"]


def test_past_cases_are_found_for_an_issue_and_for_a_text(ctx):
    assert ids(similar_cases(ctx, "i1")) == ["c1"]
    assert ids(similar_cases_for_text(ctx, TEXT)) == ["c1"]


def told_partners(ctx, *names):
    with ctx.write(LOCAL) as s:
        cases.upsert(s, [Case(id="c1", key="id:c1", title="地域猫活動", issue=TEXT, partners=names)])
    return [(bridge.partner, bridge.partner_name) for bridge in seen(ctx, past_partners, ctx.indexes)]


def past_partners(s, indexes, without=()):
    asked = suggestions.ask_with_text(s, indexes, TEXT).asked
    return suggestions.past_partners(s, indexes.cases.at(s).matcher, asked, without)


def test_the_partner_of_a_past_case_is_found_whatever_its_legal_form_and_width(ctx):
    assert told_partners(ctx, "特定非営利活動法人　ねこの会") == [("o1", "特定非営利活動法人　ねこの会")]
    assert told_partners(ctx, "ＮＰＯ法人見守り隊", "見知らぬ会") == [("o3", "ＮＰＯ法人見守り隊")]
    assert told_partners(ctx) == []


def test_of_bodies_that_differ_in_their_legal_form_alone_the_very_name_is_meant_and_then_the_form(ctx):
    with ctx.write(LOCAL) as s:
        named = {"o0": "社会福祉法人ねこの会", "o8": "特定非営利活動法人ねこの会", "o9": "株式会社ねこの会"}
        organisations.upsert(s, [Organisation(id=id, key=f"id:{id}", name=name) for id, name in named.items()])
        expected = {"株式会社ねこの会": "o9", "ねこの会": "o1", "NPO法人ねこの会": "o8", "学校法人ねこの会": "o1"}
        assert organisations.ids_by_name(s, list(expected)) == expected


def test_a_case_passed_over_is_no_bridge(ctx):
    told_partners(ctx, "ねこの会")
    assert seen(ctx, past_partners, ctx.indexes, {"c1"}) == []


def test_the_json_sums_to_the_score_and_names_no_contact(ctx):
    answer = suggestions.as_json(suggest_for_issue(ctx, "i1"))
    assert set(answer) >= {"query", "model", "good_match", "suggestions"}
    for suggestion in answer["suggestions"]:
        total = sum(c["value"] for c in suggestion["evidence"]["contributions"])
        assert total == pytest.approx(suggestion["score"], abs=1e-9)
        assert set(suggestion["evidence"]["quotes"]) == {"issue", "organisation"}
    assert answer["suggestions"][0]["evidence"]["fields"] == ["環境"]
    assert "086-000-0000" not in str(answer)
    assert "担当者" not in str(answer)


def test_unknown_places_are_said_to_be_unknown(ctx):
    without = suggest_for_text(ctx, TEXT)
    assert without.candidates[0].reason_area == "地域の指定がないため、地域は順位に入れていません。"
    found = suggest_for_text(ctx, "高齢者の訪問", prefecture="岡山県")
    assert found.candidates[0].reason_area == "相手の地域が分からないため、地域は順位に入れていません。"


def test_a_city_of_two_prefectures_is_asked_back(ctx):
    with pytest.raises(AmbiguousPlaceGiven, match="東京都"):
        suggest_for_text(ctx, TEXT, city="府中市")
    assert suggest_for_text(ctx, TEXT, city="府中市", prefecture="広島県").candidates


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
        suggest_for_text(ctx, text, **more)


def test_what_is_not_stored_is_said_so(ctx):
    for ask in (suggest_for_issue, issues_for_organisation, similar_cases, similar_issues):
        with pytest.raises(NotFound):
            ask(ctx, "none")


def test_an_empty_register_is_said_so(tmp_path):
    found = suggest_for_text(open_context(Settings(data=tmp_path / "new")), TEXT)
    assert found.candidates == ()
    assert "登録されていません" in found.message
