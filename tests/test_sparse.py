from math import log

import bm25s
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import sparse
from matcher.sparse import Bm25, RowBuilder, Statistics, TermIndex

TEXTS = ["猫 捕獲 世話", "猫 猫 住民", "高齢 見守り 住民 住民", "日本語 教室"]


def index_of(texts, config=None, public=None):
    config = config or Bm25()
    rows = RowBuilder({})
    for text in texts:
        rows.add({term: float(text.split().count(term)) for term in text.split()})
    return TermIndex.empty(config).updated(rows, range(len(texts)), None if public is None else np.array(public))


def test_the_formula_by_hand():
    index = index_of(["猫 猫 住民", "住民"], Bm25(k1=1.2, b=0.75))
    idf = log(1 + (2 - 1 + 0.5) / (1 + 0.5))
    expected = idf * 2 / (2 + 1.2 * (0.25 + 0.75 * 3 / 2))
    assert index.scores({"猫": 1.0}) == pytest.approx([expected, 0.0])
    assert index.scores({"猫": 3.0}) == pytest.approx([3 * expected, 0.0])


def test_scores_are_those_of_before_there_were_documents_that_do_not_count():
    index, query = index_of(TEXTS), {"猫": 1.0, "住民": 2.0, "教室": 1.0}
    assert index.scores(query).tolist() == [
        0.49510514736175537,
        1.5678329467773438,
        1.1179792881011963,
        0.9121006727218628,
    ]
    assert index.bound({"猫": 1.0, "住民": 2.0, "宇宙": 1.0}) == 4.382026672363281


def test_a_document_that_is_not_public_weighs_no_term_and_is_found_all_the_same():
    index = index_of(["猫 猫 住民", "住民", "住民 宇宙 宇宙 宇宙 宇宙"], Bm25(k1=1.2, b=0.75), [True, True, False])
    common, unseen = log(1 + (2 - 2 + 0.5) / (2 + 0.5)), log(1 + 2.5 / 0.5)
    assert index.idf("住民") == pytest.approx(common)
    assert index.idf("宇宙") == index.idf("銀河") == pytest.approx(unseen)
    assert [index.holds(term) for term in ("住民", "宇宙", "銀河")] == [True, False, False]
    hidden = common / (1 + 1.2 * (0.25 + 0.75 * 5 / 2)) + unseen * 4 / (4 + 1.2 * (0.25 + 0.75 * 5 / 2))
    assert index.scores({"住民": 1.0, "宇宙": 1.0})[2] == pytest.approx(hidden)
    assert index.scores({"住民": 1.0, "宇宙": 1.0})[:2].tolist() == pytest.approx(
        [common / (1 + 1.2 * (0.25 + 0.75 * 3 / 2)), common / (1 + 1.2 * (0.25 + 0.75 * 1 / 2))]
    )


def test_a_background_is_counted_with_the_public_documents():
    alone = index_of(["猫 猫 住民", "住民"], Bm25(k1=1.2, b=0.75), [True, False])
    index = alone.beside(Statistics(3, 6.0, {"猫": 1, "犬": 2}))
    known = {"猫": log(1 + 2.5 / 2.5), "住民": log(1 + 3.5 / 1.5), "犬": log(1 + 2.5 / 2.5), "銀河": log(1 + 4.5 / 0.5)}
    assert {term: index.idf(term) for term in known} == pytest.approx(known)
    assert [term for term in known if index.holds(term)] == ["猫", "住民", "犬"]
    mean = (3 + 6) / (1 + 3)
    assert index.scores({"住民": 1.0})[0] == pytest.approx(known["住民"] / (1 + 1.2 * (0.25 + 0.75 * 3 / mean)))
    assert index.statistics == alone.statistics == Statistics(1, 3.0, {"猫": 1, "住民": 1})


def test_an_index_goes_on_beside_its_background():
    background = Statistics(3, 6.0, {"猫": 1})
    empty = TermIndex.empty(Bm25(), background)
    rows = RowBuilder(empty.vocabulary)
    rows.add({"猫": 2.0, "住民": 1.0})
    assert empty.idf("猫") == pytest.approx(log(1 + 2.5 / 1.5))
    assert empty.updated(rows, [0]).idf("猫") == pytest.approx(log(1 + 2.5 / 2.5))
    assert empty.updated(rows, [0]).beside(sparse.NO_STATISTICS).idf("猫") == pytest.approx(log(1 + 0.5 / 1.5))


def test_an_unseen_term_is_as_rare_as_can_be_and_scores_nothing():
    index = index_of(TEXTS)
    assert index.idf("宇宙") == pytest.approx(log(1 + 4.5 / 0.5))
    assert not index.scores({"宇宙": 1.0}).any()


def test_no_score_reaches_the_bound():
    index = index_of(TEXTS)
    query = {"猫": 2.0, "住民": 1.0, "宇宙": 1.0}
    assert index.scores(query).max() < index.bound(query)
    assert index.bound({}) == 0


@pytest.mark.parametrize(("k1", "b"), [(1.2, 0.75), (0.7, 0.6), (0.9, 0.4)])
def test_the_core_equals_bm25s_on_the_same_terms(k1, b):
    generator = np.random.default_rng(7)
    texts = [" ".join(f"t{n}" for n in generator.zipf(1.3, 60) if n < 500) or "t1" for _ in range(300)]
    reference = bm25s.BM25(method="lucene", k1=k1, b=b)
    reference.index([text.split() for text in texts], show_progress=False)
    index = index_of(texts, Bm25(k1, b))
    for text in texts[:40]:
        terms = text.split()[:12]
        counts = {term: float(terms.count(term)) for term in terms}
        np.testing.assert_allclose(index.scores(counts), reference.get_scores(terms), rtol=1e-5, atol=1e-6)


def test_frequent_terms_kept_as_rows_score_like_postings():
    texts = ["共通 " + text for text in TEXTS * 5]
    index = index_of(texts)
    each = [sum(value for _, value in index.contributions({"共通": 1.0, "猫": 1.0}, row)) for row in range(len(texts))]
    assert index.scores({"共通": 1.0, "猫": 1.0}) == pytest.approx(each)


def test_whether_a_term_is_kept_as_a_row_changes_not_one_bit(monkeypatch):
    generator, query = np.random.default_rng(3), {f"t{n}": float(n % 3 + 1) for n in range(9)}
    texts = [" ".join(f"t{n}" for n in generator.zipf(1.2, 30) if n < 50) for _ in range(200)]
    rows = index_of(texts).scores(query)
    monkeypatch.setattr(sparse, "_FREQUENT", 1.0)
    assert index_of(texts).scores(query).tolist() == rows.tolist()


def test_contributions_sum_to_the_score_and_leave_out_what_adds_nothing():
    index = index_of(TEXTS)
    query = {"猫": 1.0, "住民": 2.0, "教室": 1.0}
    found = index.contributions(query, 1)
    assert [term for term, _ in found] == ["住民", "猫"]
    assert sum(value for _, value in found) == pytest.approx(index.scores(query)[1])


def test_an_empty_index_answers_with_no_scores():
    index = TermIndex.empty(Bm25())
    assert index.scores({"猫": 1.0}).shape == (0,)
    assert index.bound({"猫": 1.0}) > 0


@given(st.lists(st.lists(st.sampled_from("あいうえお"), max_size=5).map(" ".join), max_size=8), st.data())
def test_rows_added_in_any_steps_score_like_rows_added_at_once(texts, data):
    cut = data.draw(st.integers(0, len(texts)))
    first = index_of(texts[:cut])
    rows = RowBuilder(first.vocabulary)
    for text in texts[cut:]:
        rows.add({term: float(text.split().count(term)) for term in text.split()})
    stepwise = first.updated(rows, range(len(texts)))
    query = {"あ": 1.0, "う": 2.0, "か": 1.0}
    assert stepwise.scores(query).tolist() == index_of(texts).scores(query).tolist()
