"""What every part of a score keeps to, as ``ScorePart`` says it: each test runs for each part there is.

A part that is added must find something in the collection here: give it a document, and a word of the query.
"""

from dataclasses import replace
from math import isfinite

import numpy as np
import pytest

from matcher.analysis import AnalysedQuery, LanguageResources
from matcher.dense import WordVectors, unit_rows
from matcher.document_index import DocumentIndex
from matcher.matching import Matcher, MatcherConfig, Weights
from matcher.parts import PARTS, TEXT_PARTS, PartKind, ScorePart
from matcher.records import Area, Bridge, Document, Part, Query
from matcher.sparse import Bm25
from matcher.synonyms import Group, Synonyms

HERE, NEAR, FAR = Area("岡山県", "岡山市", "北区"), Area("岡山県", "倉敷市"), Area("北海道", "旭川市")
DOCUMENTS = [
    Document("cats#1", "cats", "ねこの会", "人と猫", "猫の捕獲。猫の世話、毎月のｶﾌｪ。", "", frozenset({7, 9}), (HERE,)),
    Document("cats#2", "cats", "ねこの会", offer="動物の話をします。", fields=frozenset({7, 9}), areas=(HERE,)),
    Document("local#1", "local", body="地域猫を見守ります。", fields=frozenset({7}), areas=(NEAR, FAR)),
    Document("old#1", "old", "見守り隊", "高齢者の訪問", "一人暮らしの方を訪問します。", areas=(FAR,)),
    Document("go#1", "go", body="囲碁の対局", fields=frozenset({3})),
    Document("empty#1", "empty"),
]
HIDDEN = Document("zz#1", "zz", body="猫の世話と捕獲。猫のカフェ。", fields=frozenset({7}), areas=(HERE,), public=False)
QUERY = Query("q", "飼い主のいない猫が増えた。捕獲と世話をする人、カフェを開く人がいない。", frozenset({7, 9}), (HERE,))
BRIDGES = [
    Bridge("c1", "猫の事例", "cats", "ねこの会", 0.7, "", ""),
    Bridge("c2", "訪問の事例", "old", "見守り隊", 0.4, "", ""),
]


class Lengths:
    """An encoder that knows a text's length and whether it speaks of cats; of no text it gives zeros."""

    name = "lengths"

    def encode_queries(self, texts):
        rows = np.array([[len(text) % 7 + bool(text), 5.0 * ("猫" in text)] for text in texts], dtype=np.float32)
        return unit_rows(rows)

    encode_passages = encode_queries


# Two directions: what has to do with animals, and what with old people; 世話 belongs to both.
WORDS = {"猫": [3, 0], "捕獲": [2, 0.5], "動物": [2, 0], "世話": [1, 1], "訪問": [-1, 2], "高齢": [-2, 1]}
LEARNED = LanguageResources(
    Synonyms((Group(("飼い主のいない猫", "地域猫"), near=False, line=1),)),
    WordVectors("animals and age", {word: row for row, word in enumerate(WORDS)}, np.array([*WORDS.values()], "f4")),
    Lengths(),
)
NOTHING = DocumentIndex.empty(Bm25())
PART_WEIGHTS = (2.0, 1.0, 1.0, 1.0)


def fitted(documents, before=NOTHING):
    return before.changed(range(len(before.documents)), documents, PART_WEIGHTS, LEARNED)


def explained(part, row):
    document = part.fitted.documents[row]
    return part.explain(row, document, part.fitted.analysed(part.asked, row))


def everything_of(part):
    """Its scores to the last bit, and all explanations."""
    return part.scores().tolist(), [explained(part, row) for row in range(len(part.fitted.documents))]


ALL = fitted(DOCUMENTS)
each = pytest.mark.parametrize("kind", list(PARTS.values()), ids=list(PARTS))
each_of_texts = pytest.mark.parametrize("kind", [PARTS[part] for part in TEXT_PARTS], ids=TEXT_PARTS)


@pytest.fixture
def part(kind):
    return kind(AnalysedQuery.of(QUERY, LEARNED), ALL, BRIDGES)


def kinds_below(kind):
    return {kind, *(below for one in kind.__subclasses__() for below in kinds_below(one))}


def test_every_part_that_is_written_is_in_the_list_and_every_name_has_one():
    assert {kind for kind in kinds_below(ScorePart) if hasattr(kind, "part")} == set(PARTS.values())
    assert set(PARTS) == set(Part)
    assert len({kind.part for kind in PARTS.values()}) == len(PARTS)


def test_scores_are_summed_texts_first_then_what_is_beside_them_then_past_cases():
    kinds = [kind.kind for kind in PARTS.values()]
    assert kinds == sorted(kinds, key=list(PartKind).index)


@each
def test_a_part_states_its_weight_which_another_may_take_the_place_of(kind):
    assert isfinite(kind.weight)
    assert kind.weight > 0, "a part counts by default: one that only learning may switch on has no place yet"
    assert Weights().of(kind.part) == kind.weight
    assert Weights(**{kind.part: 7.0}).of(kind.part) == 7.0
    assert (kind.part in Weights().learnable) == kind.learnable
    assert MatcherConfig().weighing(**{kind.part: 7.0}).name != MatcherConfig().name


@each
def test_a_part_gives_every_document_a_finite_number_and_finds_something_in_some(part):
    scores = part.scores()
    assert scores.shape == (len(DOCUMENTS),)
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()
    assert scores.min() >= part.least
    assert scores.max() > 0
    assert len(set(scores.tolist())) > 1


@each
def test_a_part_that_may_speak_against_somebody_does_so_here(part):
    assert (part.scores().min() < 0) == (part.least < 0)


@each
def test_the_explanation_of_each_document_sums_to_its_score(part):
    scores, explanations = everything_of(part)
    assert [sum(one.value for one in found) for found in explanations] == pytest.approx(scores, abs=1e-9)
    assert [bool(found) for found in explanations] == [score != 0 for score in scores]
    for found in explanations:
        assert {one.part for one in found} <= {part.part}
        assert len({one.form for one in found}) == len(found)


@each
def test_where_nothing_is_asked_a_part_finds_nothing(kind):
    silent = kind(AnalysedQuery.of(Query("q", ""), LEARNED), ALL, [])
    assert everything_of(silent) == ([0.0] * len(DOCUMENTS), [[]] * len(DOCUMENTS))


@each
def test_among_no_documents_a_part_gives_no_number(kind):
    assert kind(AnalysedQuery.of(QUERY, LEARNED), NOTHING, []).scores().shape == (0,)


@each
def test_where_nothing_was_learned_a_part_still_answers_for_what_it_gives(kind):
    plain = NOTHING.changed([], DOCUMENTS, PART_WEIGHTS, LanguageResources())
    scores, explanations = everything_of(kind(AnalysedQuery.of(QUERY, LanguageResources()), plain, BRIDGES))
    assert [sum(one.value for one in found) for found in explanations] == pytest.approx(scores, abs=1e-9)


@each
def test_asked_again_a_part_answers_alike_whatever_was_asked_between(kind, part):
    first = everything_of(part)
    everything_of(kind(AnalysedQuery.of(Query("other", "高齢者の訪問", areas=(FAR,)), LEARNED), ALL, BRIDGES[1:]))
    assert everything_of(part) == everything_of(kind(AnalysedQuery.of(QUERY, LEARNED), ALL, BRIDGES)) == first


@each
def test_what_came_later_and_what_has_gone_leave_no_trace(kind, part):
    gone = Document("gone#1", "gone", body="猫の世話と捕獲と訪問", fields=frozenset({7}), areas=(HERE,))
    longer = fitted(DOCUMENTS[2:0:-1], fitted([DOCUMENTS[5], gone, DOCUMENTS[3]]))
    kept = [row for row, document in enumerate(longer.documents) if document.owner != "gone"]
    changed = longer.changed(kept, [DOCUMENTS[4], DOCUMENTS[0]], PART_WEIGHTS, LEARNED)
    assert everything_of(kind(part.asked, changed, BRIDGES)) == everything_of(part)


@each
def test_a_collection_kept_and_brought_back_gives_the_same(kind, part):
    again = DocumentIndex.of_state(ALL.state(), Bm25())
    assert everything_of(kind(part.asked, again, BRIDGES)) == everything_of(part)


@each
def test_what_is_not_public_changes_nothing_for_others(kind, part):
    beside = kind(part.asked, fitted([HIDDEN], ALL), BRIDGES)
    scores, explanations = everything_of(beside)
    assert (scores[:-1], explanations[:-1]) == everything_of(part)


@each_of_texts
def test_a_text_part_names_what_is_written_and_never_hears_of_fields_and_places(kind, part):
    told = [(one, ALL.analysed(part.asked, row).text) for row in range(len(DOCUMENTS)) for one in explained(part, row)]
    assert all(one.term and one.term in QUERY.text and one.matched in text for one, text in told)
    bare = fitted([replace(document, fields=frozenset(), areas=()) for document in DOCUMENTS])
    asked = AnalysedQuery.of(Query("q", QUERY.text, frozenset({1}), (FAR,)), LEARNED)
    assert everything_of(kind(asked, bare, [])) == everything_of(part)


@each
def test_alone_a_part_is_the_score_and_by_its_kind_a_reason_or_none(kind):
    alone = dict.fromkeys(Part, 0.0) | {kind.part: 2.0}
    matcher = Matcher.fit(DOCUMENTS, MatcherConfig(kindred=0.0).weighing(**alone), LEARNED)
    scores = kind(AnalysedQuery.of(QUERY, LEARNED), ALL, BRIDGES).scores()
    best = dict(zip(ALL.owners, ALL.by_owner(scores).tolist(), strict=True))
    assert matcher.scores(QUERY, BRIDGES).tolist() == [2.0 * best[owner] for owner in matcher.owners]
    found = matcher.rank(QUERY, bridges=BRIDGES).suggestions
    reasons = set() if kind.kind is PartKind.CONTEXT else {owner for owner, score in best.items() if score > 0}
    assert {suggestion.owner for suggestion in found} == reasons
    assert {one.part for suggestion in found for one in suggestion.evidence.contributions} <= {kind.part}


def test_a_weight_of_no_part_is_refused():
    with pytest.raises(TypeError, match="luck"):
        Weights(luck=1.0)
