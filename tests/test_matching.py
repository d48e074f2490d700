from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.analysis import LanguageResources
from matcher.bridges import Partner, bridges_for
from matcher.dense import WordVectors
from matcher.matching import Matcher, MatcherConfig, Weights
from matcher.records import Area, AreaRelation, Band, Bridge, Document, Part, Query
from matcher.synonyms import Group, Synonyms

OKAYAMA = Area("岡山県", "岡山市")
DOCUMENTS = [
    Document(
        "o1#p",
        "o1",
        "ねこの会",
        "猫と人の共生",
        "飼い主のいない猫の捕獲と世話。\n住民どうしの話し合い。",
        fields=frozenset({7}),
    ),
    Document("o2#p", "o2", "見守り隊", "高齢者の見守り", "一人暮らしの高齢者を訪問します。", fields=frozenset({1, 3})),
    Document("o2#q", "o2", "見守り隊", offer="猫の世話も手伝えます。", fields=frozenset({1, 3})),
    Document("o3#p", "o3", "にほんご教室", "外国人住民の支援", "日本語教室を夜間に開きます。", fields=frozenset({11})),
]
# Two directions: what has to do with animals, and what with old people; 世話 belongs to both.
WORDS = ["猫", "飼い主", "捕獲", "高齢", "訪問", "見守る", "世話", "動物"]
ROWS = np.array([[3, 0], [2, 0], [2, 0.5], [0, 3], [0.5, 2], [0, 2], [1, 1], [2, 0]], dtype=np.float32)


class Lengths:
    """An encoder that knows a text's length and whether it speaks of cats."""

    name = "lengths"

    def encode_queries(self, texts):
        rows = np.array([[1 + len(text) % 7, 5.0 * ("猫" in text)] for text in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    encode_passages = encode_queries


LEARNED = LanguageResources(
    Synonyms(
        (Group(("飼い主のいない猫", "地域猫"), near=False, line=1), Group(("高齢者", "見守り"), near=True, line=2))
    ),
    WordVectors("two directions", {word: row for row, word in enumerate(WORDS)}, ROWS),
    Lengths(),
)
CAT = Query("q", "飼い主のいない猫が増えている。捕獲して世話をする人がいない。")


def test_the_contributions_sum_to_the_score_in_every_part():
    query = Query("q", CAT.text, frozenset({7, 1}), (OKAYAMA,))
    documents = [Document(d.id, d.owner, *d.texts, fields=d.fields, areas=(OKAYAMA,)) for d in DOCUMENTS]
    documents.append(Document("o4#p", "o4", body="地域猫の活動。猫と動物の話。", areas=(OKAYAMA,)))
    bridges = [Bridge("c1", "猫の事例", "o1", "ねこの会", 0.7, "", "")]
    matcher = Matcher.fit(documents, learned=LEARNED)
    scores = dict(zip(matcher.owners, matcher.scores(query, bridges), strict=True))
    ranking = matcher.rank(query, bridges=bridges)
    assert {c.part for s in ranking.suggestions for c in s.evidence.contributions} == set(Part)
    for suggestion in ranking.suggestions:
        assert sum(c.value for c in suggestion.evidence.contributions) == pytest.approx(suggestion.score, abs=1e-9)
        assert suggestion.score == pytest.approx(scores[suggestion.owner], abs=1e-9)


def test_the_best_document_of_an_owner_speaks_and_is_quoted():
    second = Matcher.fit(DOCUMENTS).rank(CAT).suggestions[1]
    assert (second.owner, second.document) == ("o2", "o2#q")
    assert second.evidence.document_quote == "猫の世話も手伝えます。"
    assert second.evidence.query_quote == "捕獲して世話をする人がいない。"


def test_the_two_quotes_speak_of_the_same_thing():
    issue = Query("q", "猫の苦情が多く、捕獲も世話も追い付かない。夜間の見守りも足りない。")
    profile = Document("o#p", "o", body="会員は二十人です。夜間の見守りを続けています。")
    evidence = Matcher.fit([*DOCUMENTS, profile]).rank(issue, 10).suggestions
    found = next(s.evidence for s in evidence if s.owner == "o")
    assert (found.query_quote, found.document_quote) == ("夜間の見守りも足りない。", "夜間の見守りを続けています。")


def test_words_are_shown_as_written_on_both_sides():
    matcher = Matcher.fit([Document("o#p", "o", body="引きこもりの方の子育てを応援")])
    evidence = matcher.rank(Query("q", "ひきこもりと子育て")).suggestions[0].evidence
    assert ("ひきこもり", "引きこもり") in {(c.term, c.matched) for c in evidence.contributions}


def test_a_word_behind_parts_of_any_length_is_shown_as_written():
    document = Document("o#p", "o", "会", "あ" * 1_490, "ｶﾌｪで引きこもりの人と")
    contributions = Matcher.fit([document]).rank(Query("q", "ひきこもりのカフェ")).suggestions[0].evidence.contributions
    assert {c.matched for c in contributions if c.part is Part.WORDS} == {"引きこもり", "ｶﾌｪ"}


def test_what_the_issue_names_and_the_profile_lacks_is_said():
    evidence = Matcher.fit(DOCUMENTS).rank(Query("q", "猫の不妊手術の費用")).suggestions[0].evidence
    assert set(evidence.missing) == {"不妊", "手術", "費用"}


def test_what_is_missing_is_named_whole_even_where_a_part_of_it_is_there():
    matcher = Matcher.fit([Document("o#p", "o", body="登校班の見守り")])
    assert matcher.rank(Query("q", "不登校の子どもが増えている")).suggestions[0].evidence.missing == (
        "不登校",
        "子ども",
    )


def test_words_that_any_text_may_use_are_no_reason():
    matcher = Matcher.fit([Document("o#p", "o", body="会員が増えています。必要な取り組みを進めます。")])
    found = matcher.rank(Query("q", "空き家が増え、取り組みを進める必要がある")).suggestions
    assert [c for s in found for c in s.evidence.contributions if c.part is Part.WORDS] == []


def test_a_name_is_quoted_only_where_nothing_else_is_shared():
    documents = [
        Document("a#p", "a", "猫の会", body="毎月集まります。猫の世話もします。"),
        Document("b#p", "b", "猫の会", body="毎月集まります。"),
    ]
    quotes = {s.owner: s.evidence.document_quote for s in Matcher.fit(documents).rank(Query("q", "猫")).suggestions}
    assert quotes == {"a": "猫の世話もします。", "b": "猫の会"}


def test_of_what_is_missing_the_words_come_first_that_others_have_and_that_tell_most():
    bodies = ["防災の訓練", "不登校の相談と参加の呼びかけ", "防災と訓練と参加"]
    documents = [Document(f"o{n}", f"o{n}", body=body) for n, body in enumerate(bodies)]
    vectors = WordVectors(
        "v", {"訓練": 0, "登校": 1, "参加": 2, "宇宙": 3}, np.array([[1], [4], [2], [9]], dtype=np.float32)
    )
    asked = Query("q", "防災の訓練と不登校と宇宙と参加")
    found = Matcher.fit(documents, learned=LanguageResources(vectors=vectors)).rank(asked).suggestions
    assert {s.owner: s.evidence.missing for s in found}["o0"] == ("不登校", "参加", "宇宙")
    assert {s.owner: s.evidence.missing for s in Matcher.fit(documents).rank(asked).suggestions}["o2"] == (
        "不登校",
        "宇宙",
    )


def test_a_noun_that_stands_there_as_written_is_not_missing_however_it_is_read():
    found = Matcher.fit([Document("o", "o", body="美容室での見守り講習")]).rank(Query("q", "見守りをする人と講習"))
    assert "守り" not in found.suggestions[0].evidence.missing


def test_a_number_lies_near_to_no_word():
    words = WordVectors("v", {"131": 0, "婦人": 0, "女性": 0}, np.array([[1.0]], dtype=np.float32))
    found = Matcher.fit([Document("o", "o", body="婦人の会。女性131人")], learned=LanguageResources(vectors=words))
    meant = found.rank(Query("q", "女性131ha")).suggestions[0].evidence.contributions
    assert {(c.term, c.matched) for c in meant if c.part is Part.MEANING} == {("女性", "婦人"), ("131", "")}


def test_a_word_in_another_text_of_the_owner_is_not_missing():
    found = Matcher.fit(DOCUMENTS).rank(Query("q", "猫の世話と高齢者の訪問"))
    evidence = next(s.evidence for s in found.suggestions if s.owner == "o2")
    assert "高齢" not in evidence.missing


def test_when_an_organisation_asks_it_is_still_the_issue_that_names_what_is_missing():
    issues = Matcher.fit([Document("i#1", "i", "猫の相談", body="猫の不妊手術の費用")])
    evidence = issues.rank(Query("o", "ねこの会は猫の写真展を開きます", offers=True)).suggestions[0].evidence
    assert evidence.missing == ("相談", "不妊", "手術", "費用")


def test_owners_that_share_nothing_are_no_suggestions():
    ranking = Matcher.fit(DOCUMENTS).rank(Query("q", "宇宙ロケット", frozenset({7}), (OKAYAMA,)))
    assert ranking.suggestions == ()
    assert not ranking.good_match


def test_neighbours_that_share_no_word_do_not_crowd_out_those_that_do():
    query = Query("q", "飼い主のいない猫の捕獲と避妊手術と譲渡会の開催と餌やりの見回り", areas=(OKAYAMA,))
    neighbours = [Document(f"a{n}#p", f"a{n}", body="囲碁の対局", areas=(OKAYAMA,)) for n in range(20)]
    far = Document("z#p", "z", body="猫", areas=(Area("北海道", "旭川市"),))
    matcher = Matcher.fit([*neighbours, far])
    assert matcher.best(query, 1)[0][0] == "a0"
    ranking = matcher.rank(query, k=10)
    assert [(s.rank, s.owner) for s in ranking.suggestions] == [(1, "z")]


def test_a_faint_resemblance_is_no_good_match():
    long = Query("q", "宇宙ロケットの打ち上げ実験と惑星探査衛星の軌道計算と燃料電池の開発を手伝える人")
    ranking = Matcher.fit(DOCUMENTS).rank(long)
    assert not ranking.good_match
    assert all(s.band is Band.WEAK for s in ranking.suggestions)
    assert Matcher.fit(DOCUMENTS).rank(CAT).good_match


def test_how_strong_a_clue_is_does_not_hang_on_the_weights_in_force():
    matcher = Matcher.fit(DOCUMENTS, learned=LEARNED)
    bands = {s.owner: s.band for s in matcher.rank(CAT).suggestions}
    assert len(set(bands.values())) > 1
    for weights in (Weights(meaning=5.0), Weights(words=0.1, characters=3.0), Weights(meaning=0.0), Weights(words=0.0)):
        assert {s.owner: s.band for s in matcher.weighed(weights).rank(CAT).suggestions} == bands


def test_where_no_texts_are_compared_there_is_no_clue():
    texts = Weights(words=0.0, characters=0.0, synonyms=0.0, meaning=0.0, encoder=1.0, cases=1.0)
    bridge = Bridge("c1", "猫の事例", "o1", "ねこの会", 1.0, "", "")
    found = Matcher.fit(DOCUMENTS, MatcherConfig(weights=texts), LEARNED).rank(CAT, bridges=[bridge])
    assert {s.band for s in found.suggestions} == {Band.WEAK}
    assert not found.good_match


def test_that_an_encoder_finds_two_texts_alike_is_no_reason_of_its_own():
    documents = [Document("o1", "o1", body="猫の世話"), Document("o2", "o2", body="全く別の話")]
    found = Matcher.fit(documents, learned=replace(LEARNED, vectors=None)).rank(Query("q", "猫"))
    assert [s.owner for s in found.suggestions] == ["o1"]
    assert Part.ENCODER in {c.part for c in found.suggestions[0].evidence.contributions}


def test_equal_scores_are_ordered_by_id():
    twins = [Document(f"{owner}#p", owner, body="猫の世話") for owner in ("o9", "o10", "o2", "o33")]
    assert [s.owner for s in Matcher.fit(twins).rank(CAT).suggestions] == ["o10", "o2", "o33", "o9"]
    assert [owner for owner, _ in Matcher.fit(twins).best(CAT, 2)] == ["o10", "o2"]


def test_owners_passed_over_are_not_ranked():
    assert [s.owner for s in Matcher.fit(DOCUMENTS).rank(CAT, without=["o1"]).suggestions] == ["o2", "o3"]


def test_owners_not_among_those_here_are_ranked_as_though_they_were_not_there():
    matcher = Matcher.fit(DOCUMENTS)
    assert [s.owner for s in matcher.rank(CAT, among=np.array([False, True, True])).suggestions] == ["o2", "o3"]
    assert matcher.rank(CAT, 1, among=np.array([False, True, True])).suggestions[0].rank == 1
    assert matcher.rank(CAT, among=np.ones(3, dtype=bool)) == matcher.rank(CAT)
    assert matcher.rank(CAT, among=np.zeros(3, dtype=bool)) == matcher.rank(Query("q", ""))
    with pytest.raises(IndexError):
        matcher.rank(CAT, among=np.ones(2, dtype=bool))


def test_a_case_does_not_speak_for_a_partner_who_is_not_among_those_here_nor_for_those_like_it():
    bridges = [Bridge("c1", "猫の事例", "o1", "ねこの会", 1.0, "", "")]
    matcher, here = Matcher.fit(DOCUMENTS, learned=LEARNED), np.array([False, True, True])
    assert matcher.rank(CAT, bridges=bridges, among=here) == matcher.rank(CAT, among=here)
    assert matcher.rank(CAT, bridges=bridges, without=["o1"]) != matcher.rank(CAT, without=["o1"])


def test_a_case_not_among_those_here_is_no_bridge_and_takes_no_place_of_another():
    bodies = ["飼い主のいない猫の捕獲と世話"] * 5 + ["囲碁の対局"] * 15
    cases = Matcher.fit([Document(f"c{n:02}", f"c{n:02}", body=body) for n, body in enumerate(bodies)])
    partners = {case: [Partner(f"o{case}", "会")] for case in cases.owners}
    here = np.array([case not in ("c00", "c02") for case in cases.owners])
    found = bridges_for(CAT, cases, lambda _: partners, among=here)
    assert [bridge.case for bridge in found] == ["c01", "c03", "c04"]


def test_the_run_has_every_owner_up_to_k():
    matcher = Matcher.fit(DOCUMENTS)
    assert len(matcher.best(CAT, 1000)) == 3
    assert len(matcher.best(CAT, 2)) == 2


def test_document_ids_must_be_unique():
    with pytest.raises(ValueError, match="not unique"):
        Matcher.fit([DOCUMENTS[0], DOCUMENTS[0]])


def test_wider_bodies_are_not_buried_by_the_neighbours():
    here = Area("岡山県", "岡山市", "北区")
    profile = "不登校の子どもの学習支援と居場所づくり"
    fitting = [
        Document("pref#p", "pref", body=profile, areas=(Area("岡山県"),)),
        Document("nation#p", "nation", body=profile, areas=(Area(),)),
        Document("unknown#p", "unknown", body=profile),
    ]
    near = [Document(f"near{i}#p", f"near{i}", body="町内の清掃と子どもの見守り", areas=(here,)) for i in range(30)]
    query = Query("q", "不登校の子どもが安心して過ごせる居場所と学習支援が足りない。", areas=(here,))
    first = [s.owner for s in Matcher.fit(fitting + near).rank(query, 3).suggestions]
    assert first == ["nation", "pref", "unknown"]


def test_the_same_words_nearer_come_first_and_unknown_stays_between():
    places = {"city": (OKAYAMA,), "far": (Area("北海道", "旭川市"),), "open": ()}
    documents = [Document(f"{name}#p", name, body="猫の世話", areas=areas) for name, areas in places.items()]
    found = Matcher.fit(documents).rank(Query("q", "猫の世話", areas=(OKAYAMA,))).suggestions
    assert [s.owner for s in found] == ["city", "open", "far"]
    assert [s.evidence.area for s in found] == [AreaRelation.INSIDE, AreaRelation.UNKNOWN, AreaRelation.ELSEWHERE]


def test_without_a_weight_the_area_changes_nothing():
    documents = [Document(d.id, d.owner, *d.texts, areas=(OKAYAMA,)) for d in DOCUMENTS]
    matcher = Matcher.fit(documents, MatcherConfig().weighing(area=0.0))
    near, far = (Query("q", CAT.text, areas=(area,)) for area in (OKAYAMA, Area("北海道")))
    assert matcher.scores(near).tolist() == matcher.scores(far).tolist()


def test_an_empty_query_and_an_empty_collection_give_empty_rankings():
    assert Matcher.fit(DOCUMENTS).rank(Query("q", "")).suggestions == ()
    assert Matcher.fit([]).rank(CAT).suggestions == ()
    assert Matcher.fit([]).best(CAT, 5) == []


def test_a_state_brought_back_ranks_alike_to_the_last_bit():
    matcher = Matcher.fit(DOCUMENTS, learned=LEARNED)
    again = Matcher.from_state(matcher.state(), matcher.config, LEARNED)
    assert again.rank(CAT) == matcher.rank(CAT)


def test_other_weights_rank_the_same_documents_like_a_fit_with_them():
    weights = Weights(words=0.2, meaning=1.0)
    matcher = Matcher.fit(DOCUMENTS, learned=LEARNED).weighed(weights)
    assert matcher.rank(CAT) == Matcher.fit(DOCUMENTS, MatcherConfig(weights=weights), LEARNED).rank(CAT)
    assert matcher.name != Matcher.fit(DOCUMENTS, learned=LEARNED).name


def test_the_features_of_a_query_weighed_are_its_scores():
    config = MatcherConfig().weighing(area=0.0)
    matcher = Matcher.fit(DOCUMENTS, config, LEARNED)
    query = Query("q", CAT.text, frozenset({7}))
    features, weights = matcher.features(query), list(config.weights.learnable.values())
    assert features.shape == (3, len(weights))
    assert features @ weights == pytest.approx(matcher.scores(query))


def test_a_word_and_its_synonym_meet_and_both_are_shown():
    documents = [*DOCUMENTS, Document("o4#p", "o4", body="地域猫活動を広めています。")]
    evidence = {s.owner: s.evidence for s in Matcher.fit(documents, learned=LEARNED).rank(CAT).suggestions}
    found = [(c.term, c.matched) for c in evidence["o4"].contributions if c.part is Part.SYNONYMS]
    assert found == [("飼い主のいない猫", "地域猫")]
    assert not [c for c in evidence["o1"].contributions if c.part is Part.SYNONYMS]  # the same word is no synonym


def test_a_near_synonym_counts_half():
    same, near = (LanguageResources(Synonyms((Group(("高齢者", "見守り"), near, 1),))) for near in (False, True))
    documents = [Document("a#p", "a", body="見守り"), Document("b#p", "b", body="猫")]
    query = Query("q", "高齢者")
    scores = [Matcher.fit(documents, MatcherConfig(), learned).scores(query)[0] for learned in (same, near)]
    assert scores[0] == pytest.approx(2 * scores[1])
    assert scores[1] > 0


def test_the_nearest_sentence_speaks_and_each_word_stands_beside_the_word_it_lies_nearest_to():
    documents = [
        Document("a#p", "a", body="高齢の方を訪問します。動物の話もします。"),
        Document("b#p", "b", body="囲碁"),
    ]
    matcher = Matcher.fit(documents, MatcherConfig(kindred=0.0), LEARNED)
    evidence = matcher.rank(Query("q", "猫の飼い主")).suggestions[0].evidence
    meant = {c.term: c.matched for c in evidence.contributions if c.part is Part.MEANING}
    assert meant == {"猫": "動物", "飼い主": "動物"}
    assert evidence.document_quote == "動物の話もします。"
    assert sum(c.value for c in evidence.contributions if c.part is Part.MEANING) == pytest.approx(0.3, abs=0.01)


def test_a_sentence_far_enough_in_meaning_is_no_reason():
    documents = [
        Document("a#p", "a", body="動物"),
        Document("b#p", "b", body="世話"),
        Document("c#p", "c", body="訪問"),
    ]
    words = LanguageResources(vectors=LEARNED.vectors)
    ranking = Matcher.fit(documents, MatcherConfig(kindred=0.8), words).rank(Query("q", "飼い主"))
    assert [s.owner for s in ranking.suggestions] == ["a"]


def test_a_case_speaks_for_its_partner_and_less_for_those_like_it():
    documents = [
        Document("partner#p", "partner", "ねこの会", body="猫の捕獲。"),
        Document("alike#p", "alike", body="動物の捕獲。"),
        Document("other#p", "other", body="高齢の方の見守り。"),
    ]
    bridges = [Bridge("c1", "猫の事例", "partner", "ねこの会", 0.5, "問い", "答え")]
    config = MatcherConfig().weighing(words=0, characters=0, meaning=0, encoder=0, cases=0.2)
    ranking = Matcher.fit(documents, config, LEARNED).rank(Query("q", "困りごと"), bridges=bridges)
    assert [s.owner for s in ranking.suggestions] == ["partner", "alike"]  # being a little like it is no reason
    first = ranking.suggestions[0]
    assert first.score == pytest.approx(0.2 * 0.5)
    assert [(c.term, c.matched) for c in first.evidence.contributions] == [("猫の事例", "ねこの会")]
    assert first.evidence.bridge == replace(bridges[0], likeness=1.0)
    assert ranking.suggestions[1].evidence.bridge.likeness == pytest.approx(0.95, abs=0.05)


def test_a_case_whose_partner_is_not_here_says_nothing():
    bridges = [Bridge("c1", "猫の事例", "somebody", "だれか", 1.0, "", "")]
    plain = Matcher.fit(DOCUMENTS, learned=LEARNED)
    assert plain.rank(CAT, bridges=bridges) == plain.rank(CAT)


OWNERS = st.sampled_from(["a", "b", "c", "d"])
BODIES = st.lists(st.text(st.sampled_from("猫の世話見守り高齢者支援カフェ。"), max_size=12), max_size=3)


@settings(max_examples=60)
@given(st.lists(st.dictionaries(OWNERS, BODIES, min_size=1, max_size=3), max_size=6))
def test_any_sequence_of_changes_ranks_like_a_fresh_fit(steps):
    matcher, now = Matcher.fit([], learned=LEARNED), {}
    for step in steps:
        changes = {
            owner: [Document(f"{owner}#{i}", owner, owner, body=body) for i, body in enumerate(bodies)]
            for owner, bodies in step.items()
        }
        matcher, now = matcher.updated(changes), now | changes
    fresh = Matcher.fit((document for documents in now.values() for document in documents), learned=LEARNED)
    assert matcher.best(CAT, 10) == fresh.best(CAT, 10)
    assert matcher.rank(CAT) == fresh.rank(CAT)
