"""How the reasons of a suggestion are shown: the table of points, near words, past cases, and no good match."""

import json
import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests_of import similar_cases_for_text
from service import Service
from typer.testing import CliRunner

from api.cli import app
from api.context import open_context
from api.settings import Settings
from api.words import reasons
from api.words.labels import PART_LABELS
from api.words.phrases import points
from api.words.reasons import case_sentence, issue_terms, near_pairs, organisation_terms, score_rows, telling_case
from corpus.access import LOCAL
from corpus.records.cases import Case
from corpus.records.issues import Issue
from corpus.records.organisations import Organisation
from corpus.store import cases, issues, organisations
from matcher.analysis import LanguageResources
from matcher.dense import WordVectors
from matcher.matching import Matcher, Weights
from matcher.parts import TEXT_PARTS
from matcher.records import AreaRelation, Band, Bridge, Contribution, Document, Evidence, Part, Query, Suggestion
from matcher.synonyms import Group, Synonyms

BRIDGE = Bridge("c1", "猫と暮らす町", "o1", "ねこの会", 0.5, "猫が増えた。", "猫の苦情が絶えない。")
NEAREST = "近い過去の事例に『会計の手引き』（強い手がかり）があります。"


def suggested(*contributions: Contribution, bridge: Bridge | None = None, owner: str = "o1") -> Suggestion:
    found = tuple(sorted(contributions, key=lambda c: (-c.value, c.part, c.form)))
    evidence = Evidence(found, "", "", (), AreaRelation.UNKNOWN, None, None, (), bridge)
    return Suggestion(1, owner, f"{owner}#p", sum(c.value for c in found), Band.SOME, evidence)


def of_meaning(number: int, value: float) -> Contribution:
    return Contribution(Part.MEANING, f"問{number}", f"答{number}", value, f"f{number}")


# ---- the table of points


@given(
    st.lists(
        st.tuples(st.sampled_from(list(Part)), st.floats(min_value=-0.3, max_value=0.9, allow_nan=False)), max_size=60
    )
)
def test_the_rows_as_shown_sum_to_the_total_as_shown(values: list[tuple[Part, float]]) -> None:
    suggestion = suggested(*(Contribution(part, "a", "b", value, str(n)) for n, (part, value) in enumerate(values)))
    shown = [points(row.value) for row in score_rows(suggestion)]
    total = sum(round(1000 * float(text.replace("−", "-"))) for text in shown)
    assert total == round(1000 * float(points(suggestion.score).replace("−", "-")))


def test_no_row_is_more_than_a_thousandth_away_from_what_it_counts() -> None:
    third = [Contribution(Part.WORDS, f"語{n}", f"語{n}", 1 / 3, str(n)) for n in range(3)]
    assert [row.value for row in score_rows(suggested(*third))] == [0.334, 0.333, 0.333]


def test_of_many_words_near_in_meaning_the_five_largest_are_shown_and_the_rest_summed() -> None:
    many = [of_meaning(n, value) for n, value in enumerate([0.2, -0.15, 0.1, 0.05, 0.04, 0.01, 0.01, -0.005])]
    rows = score_rows(suggested(*many))
    assert [(row.term, row.sign, row.value) for row in rows[:5]] == [
        ("問0", "≈", 0.2),
        ("問2", "≈", 0.1),
        ("問3", "≈", 0.05),
        ("問4", "≈", 0.04),
        ("問1", "≠", -0.15),
    ]
    assert [(row.others, row.term, row.value) for row in rows[5:]] == [(3, "", 0.015)]
    assert len(score_rows(suggested(*many[:6]))) == 6  # a line for one word left out would save nothing


def test_all_words_are_shown_and_each_says_how_it_matches() -> None:
    words = [Contribution(Part.WORDS, f"語{n}", f"語{n}", 0.01, f"{n:02}") for n in range(20)]
    other = Contribution(Part.SYNONYMS, "育児", "子育て", 0.1, "子育て")
    rows = score_rows(suggested(*words, other))
    assert [row.sign for row in rows] == ["＝"] * 20 + ["≈"]
    assert (rows[-1].term, rows[-1].matched) == ("育児", "子育て")


def test_points_have_a_proper_minus_and_nothing_is_below_zero() -> None:
    assert [points(value) for value in (-0.0123, -0.0001, 0.5)] == ["−0.012", "0.000", "0.500"]


def test_every_part_of_a_score_and_every_weight_has_a_name() -> None:
    assert set(PART_LABELS) == set(Part)
    assert set(Weights().learnable) < set(PART_LABELS)


# ---- words


def test_near_words_are_synonyms_first_then_strong_meanings_of_words_that_neither_shares() -> None:
    suggestion = suggested(
        Contribution(Part.WORDS, "親", "親", 0.3, "親"),
        Contribution(Part.SYNONYMS, "育児", "子育て", 0.01, "子育て"),
        Contribution(Part.MEANING, "悩む", "相談", 0.09, "悩む"),
        Contribution(Part.MEANING, "孤立", "親", 0.08, "孤立"),  # the other side's word is shared as it is
        Contribution(Part.MEANING, "家", "", 0.5, "家"),  # beside no single word
        Contribution(Part.MEANING, "町", "村", 0.06, "町"),  # the fourth
    )
    assert near_pairs(suggestion.evidence) == [("育児", "子育て"), ("悩む", "相談")]
    assert issue_terms(suggestion.evidence) == ["親", "育児", "悩む"]
    assert organisation_terms(suggestion.evidence) == ["親", "子育て", "相談"]


def test_single_characters_are_marked_only_where_no_word_speaks() -> None:
    runs = [Contribution(Part.CHARACTERS, text, text, 0.1, text) for text in ("空", "空家")]
    word = Contribution(Part.WORDS, "猫", "猫", 0.1, "猫")
    assert issue_terms(suggested(*runs, word).evidence) == ["猫", "空家"]
    assert issue_terms(suggested(runs[0]).evidence) == ["空"]


def test_a_word_that_speaks_against_is_neither_near_nor_marked() -> None:
    evidence = suggested(of_meaning(1, -0.2)).evidence
    assert near_pairs(evidence) == []
    assert issue_terms(evidence) == []


def test_a_ranking_with_a_table_of_synonyms_and_vectors_shows_both_words() -> None:
    learned = LanguageResources(
        Synonyms((Group(("育児", "子育て"), near=False, line=1),)),
        WordVectors("tiny", {"猫": 0, "動物": 1}, np.array([[1, 0], [0.9, 0.1]], dtype=np.float32)),
    )
    documents = [Document("o1#p", "o1", body="子育ての集まり。"), Document("o2#p", "o2", body="動物を守る。")]
    first, second = Matcher.fit(documents, learned=learned).rank(Query("q", "育児と猫")).suggestions
    pairs = {one.owner: near_pairs(one.evidence) for one in (first, second)}
    assert pairs == {"o1": [("育児", "子育て")], "o2": [("猫", "動物")]}
    for one in (first, second):
        assert sum(row.value for row in score_rows(one)) == pytest.approx(round(one.score, 3))


# ---- past cases


def test_a_case_is_told_of_its_partner_and_of_those_much_like_it() -> None:
    case = Contribution(Part.CASES, BRIDGE.title, "ねこの会", 0.05, "c1")
    itself, alike, other = (replace(BRIDGE, likeness=likeness) for likeness in (1.0, 0.5, 0.49))
    assert telling_case(suggested(case, bridge=itself)) == itself
    assert telling_case(suggested(case, bridge=alike, owner="o2")) == alike
    assert telling_case(suggested(case, bridge=other, owner="o2")) is None
    assert case_sentence(suggested(case)) == ""
    assert (
        case_sentence(suggested(case, bridge=itself))
        == "『猫と暮らす町』に似ています。このときの相手はねこの会でした。"
    )
    assert (
        case_sentence(suggested(case, bridge=alike, owner="o2"))
        == "『猫と暮らす町』に似ています。このときの相手（ねこの会）と活動が近い団体です。"
    )


# ---- on the pages, in the terminal and in the answers


def stored(ctx) -> None:
    with ctx.write(LOCAL) as s:
        organisations.upsert(
            s,
            [
                Organisation(id="o1", key="1", name="ねこの会", activities="飼い主のいない猫の捕獲と世話をします。"),
                Organisation(id="o2", key="2", name="親子ひろば", activities="子育ての悩みを話す集まりを開きます。"),
                Organisation(id="o3", key="3", name="川の会", activities="川辺を掃除します。"),
            ],
        )
        cases.upsert(
            s,
            [
                Case(id="c1", key="1", title="猫と暮らす町", issue="猫の苦情が絶えない。", partners=("ねこの会",)),
                Case(id="c2", key="2", title="会計の手引き", issue="帳票の電子化を進める人がいなかった。"),
            ],
        )
        issues.upsert(s, [Issue(id="i1", key="1", title="帳票の整理", problem="帳票の電子化が進まない。")])


@pytest.fixture
def filled(empty: Service) -> Service:
    stored(empty[1])
    return empty


def text_of(html: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)))


def test_a_page_shows_both_words_of_a_soft_match(filled: Service) -> None:
    html = filled[0].post("/candidates", data={"text": "育児に悩む"}).text
    assert "育児 ≈ 子育て" in html
    assert "<td>言いかえ</td>" in re.sub(' class="nowrap"', "", html)
    assert "<mark>子育て</mark>" in html
    assert '<td>育児</td><td class="sign">≈</td><td>子育て</td>' in html


def test_where_no_missing_word_is_named_nothing_is_claimed(filled: Service) -> None:
    client, _ = filled
    html = client.post("/candidates", data={"text": "猫の捕獲と世話"}).text
    cards = {
        name: "見あたらないことば" in rest
        for name, rest in re.findall(r'<li class="card" id="c-(o.)">(.*?)</dl>', html, re.S)
    }
    assert cards["o1"] is False
    assert True in cards.values()
    assert "主なことばは" not in html


def test_a_page_tells_the_case_with_its_partner_quote_and_link(filled: Service) -> None:
    html = filled[0].post("/candidates", data={"text": "猫の苦情が多く、猫の捕獲と世話をする人がいない。"}).text
    assert "『猫と暮らす町』に似ています。このときの相手はねこの会でした。" in text_of(html)
    assert '<a href="/cases/c1">猫と暮らす町</a>' in html
    assert "<blockquote>猫の苦情が絶えない。</blockquote>" in html
    row = '<td><a href="/cases/c1">猫と暮らす町</a></td><td class="sign"></td><td>ねこの会</td>'
    assert row in html


@pytest.mark.parametrize("path", ["/candidates", "/issues/i1"])
def test_without_a_good_match_the_page_names_the_nearest_cases_and_the_next_step(filled: Service, path: str) -> None:
    client, _ = filled
    asked = client.get(path) if path == "/issues/i1" else client.post(path, data={"text": "帳票の電子化が進まない。"})
    note = asked.text.split("note-warn", 1)[1].split("</div>", 1)[0]
    assert "はっきりした手がかりのある候補は見つかりませんでした" in note
    assert '<a href="/cases/c2">会計の手引き</a>' in note
    assert "帳票の電子化を進める人がいなかった。" in note
    assert "協働の窓口（コーディネーター）に相談" in note
    assert "かもしれません。" in note


def test_a_case_that_is_only_a_weak_clue_is_not_called_near(filled: Service) -> None:
    client, ctx = filled
    weak = "帳面を配る。"
    found = similar_cases_for_text(ctx, weak)
    assert [case.suggestion.band for case in found.candidates] == [Band.WEAK]
    page = client.post("/candidates", data={"text": weak}).text
    note = page.split("note-warn", 1)[1].split("</div>", 1)[0]
    message = client.post("/api/v1/suggestions", json={"text": weak}).json()["message"]
    for told in (note, message):
        assert "近いと言える過去の事例も見つかりませんでした。" in told
        assert "近い過去の事例" not in told
    assert "弱い手がかりしかない事例として『会計の手引き』があります。" in message
    assert "次の事例には、弱い手がかりしかありません。" in note
    assert re.search("会計の手引き</a> <span.*?</span>弱い手がかり", note)
    assert "相手を考える手がかりになります" not in note


def test_without_any_case_only_that_is_said(empty: Service) -> None:
    client, ctx = empty
    with ctx.write(LOCAL) as s:
        organisations.upsert(s, [Organisation(id="o1", key="1", name="猫の会", activities="猫の世話")])
    assert (
        "近いと言える過去の事例も見つかりませんでした。</p>" in client.post("/candidates", data={"text": "帳票"}).text
    )
    message = client.post("/api/v1/suggestions", json={"text": "帳票"}).json()["message"]
    assert "見つかりませんでした。近いと言える過去の事例も見つかりませんでした。課題をもう少し" in message


def test_the_answer_names_the_nearest_cases_too(filled: Service) -> None:
    client, _ = filled
    texts = client.post("/api/v1/suggestions", json={"text": "帳票の電子化が進まない。"}).json()
    stored_one = client.get("/api/v1/issues/i1/suggestions").json()
    for answer in (texts, stored_one):
        assert not answer["good_match"]
        assert answer["message"].startswith("はっきりした手がかりのある候補は見つかりませんでした。")
        assert NEAREST in answer["message"]
    assert client.post("/api/v1/suggestions", json={"text": "猫の捕獲と世話"}).json()["message"] == ""
    nothing_for = client.get("/api/v1/organisations/o3/suggestions").json()
    assert nothing_for["message"].startswith("はっきりした手がかりのある課題は見つかりませんでした。")


def test_the_terminal_names_near_words_the_case_and_the_nearest_cases(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("KYODO_DATA", str(tmp_path))
    stored(open_context(Settings(data=tmp_path)))
    run = CliRunner().invoke
    assert "近い言葉: 育児 ≈ 子育て" in run(app, ["suggest", "育児に悩む"]).stdout
    told = run(app, ["suggest", "猫の苦情が多く、猫の捕獲と世話をする人がいない。"]).stdout
    assert "過去の事例: 『猫と暮らす町』に似ています。このときの相手はねこの会でした。" in told
    assert NEAREST in run(app, ["suggest", "--issue", "i1"]).stdout
    answer = json.loads(run(app, ["suggest", "帳票の電子化が進まない。", "--json"]).stdout)
    assert NEAREST in answer["message"]


def test_what_compares_texts_shows_how_alike_the_two_words_are() -> None:
    """By a sign between them; a part added to those that compare texts needs one."""
    assert set(reasons._ALIKE) >= set(TEXT_PARTS)
