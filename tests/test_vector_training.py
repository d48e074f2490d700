"""Word vectors as they are learned: counted, weighed, decomposed, and measured on synonyms."""

import dataclasses
import itertools
import math

import numpy as np
import pytest

from matcher.dense import WordVectors, unit_rows
from models.vectors import training as vector_training
from models.vectors.artefact import nearest
from models.vectors.contrast import ContrastConfig
from models.vectors.measures import KNOWN, MOST_LOST, ORDER, measure_on, no_worse
from models.vectors.texts import BrokenTexts
from models.vectors.training import VectorConfig, count_pairs, ppmi, train

WORDS = np.array([0, 1, 0, -1, -1, 2, 1], dtype=np.int32)  # two sentences, a window of two between them
ANIMALS = itertools.product(["猫", "犬", "小鳥"], ["餌", "散歩", "病院", "首輪", "飼い主"])
FARMING = itertools.product(["農地", "水田", "畑"], ["草刈り", "収穫", "肥料", "種", "耕作"])
RECORDS = [(f"{one}の{other}",) for one, other in [*ANIMALS, *FARMING]]
SMALL = VectorConfig(dimensions=8, least=2)
CONTRAST = ContrastConfig()


@pytest.fixture(scope="module")
def learned():
    return train(RECORDS, SMALL, CONTRAST)


def cosine(vectors, one, other):
    rows = unit_rows(vectors.matrix[[vectors.rows[one], vectors.rows[other]]])
    return float(rows[0] @ rows[1])


# counting


def test_pairs_within_the_window_are_counted_both_ways_and_never_across_sentences():
    # 0 1 0 gives 01, 10 and 00, the last of them both ways; 2 1 gives 21
    assert count_pairs(WORDS, 3, 2).toarray().tolist() == [[2, 2, 0], [2, 0, 1], [0, 1, 0]]
    assert count_pairs(WORDS, 3, 1).toarray().tolist() == [[0, 2, 0], [2, 0, 1], [0, 1, 0]]


def test_the_size_of_the_chunks_changes_no_count(monkeypatch):
    words = np.array([n * 7 % 5 - (n % 4 == 0) * 9 for n in range(50)], dtype=np.int32)
    whole = count_pairs(words, 5, 3).toarray().tolist()
    monkeypatch.setattr(vector_training, "_CHUNK", 4)
    assert count_pairs(words, 5, 3).toarray().tolist() == whole


def test_mutual_information_is_as_computed_by_hand():
    counts = count_pairs(WORDS, 3, 2)  # rows sum to 4, 3 and 1, together 8
    plain = ppmi(counts, 1.0).toarray()
    assert plain[0, 0] == 0  # 2 * 8 / (4 * 4) = 1
    assert plain[0, 1] == plain[1, 0] == pytest.approx(math.log(2 * 8 / (4 * 3)))
    assert plain[1, 2] == plain[2, 1] == pytest.approx(math.log(1 * 8 / (3 * 1)))
    smooth = ppmi(counts, 0.75).toarray()  # 4, 3 and 1 to the power of 0.75, together 6.1079
    assert smooth[0, 1] == pytest.approx(math.log(2 * 6.1079 / (4 * 2.2795)), abs=1e-4)
    assert smooth[1, 0] == pytest.approx(math.log(2 * 6.1079 / (3 * 2.8284)), abs=1e-4)


def test_a_sentence_counts_once_and_a_rare_word_is_left_out():
    assert set(train([("猫の世話。猫の世話。猫と犬。犬の散歩",)], VectorConfig(least=2), CONTRAST).rows) == {"猫", "犬"}
    with pytest.raises(BrokenTexts, match="2回以上出てくる語が足りず"):
        train([("猫の世話。猫の世話。",)] * 5, VectorConfig(least=2), CONTRAST)
    with pytest.raises(BrokenTexts, match="同じ文は、何度書かれていても1回と数えます。"):
        train([("猫の世話。",)] * 5, VectorConfig(least=2), CONTRAST)


def test_a_rare_word_keeps_its_place_in_the_window():
    config = VectorConfig(window=1, least=2)
    with pytest.raises(BrokenTexts):  # 猫 and 犬 never stand side by side
        train([("猫と小鳥と犬",), ("犬と水田と猫",)], config, CONTRAST)


@pytest.mark.parametrize("records", [[], [("",)], [("、。",)], [("猫の猫",)]])
def test_no_text_is_no_vectors(records):
    with pytest.raises(BrokenTexts):
        train(records, SMALL, CONTRAST)


# learning


def test_words_that_stand_among_the_same_words_lie_close(learned):
    assert cosine(learned, "猫", "犬") > 0.9
    assert cosine(learned, "猫", "水田") < 0.3
    assert [form for form, _ in nearest(learned, ["猫"], 2)] == ["小鳥", "犬"]


def test_with_too_few_records_a_row_is_as_long_as_its_word_is_rare(learned):
    lengths = np.linalg.norm(learned.matrix, axis=1)
    # of 30 records, 猫 is in five and 餌 in three
    assert lengths[learned.rows["猫"]] == pytest.approx(math.log(1 + 25.5 / 5.5))
    assert lengths[learned.rows["餌"]] == pytest.approx(math.log(1 + 27.5 / 3.5))
    assert learned.name == "ppmi"
    assert sorted(learned.rows.values()) == list(range(len(learned.matrix)))
    assert learned.matrix.dtype == np.float32


def test_learning_again_in_another_order_gives_the_same_to_the_last_bit(learned):
    again = train(reversed(RECORDS), SMALL, CONTRAST)
    assert again.rows == learned.rows
    assert again.matrix.tobytes() == learned.matrix.tobytes()


def test_no_more_words_are_kept_than_asked_for():
    assert len(train(RECORDS, dataclasses.replace(SMALL, most_words=7), CONTRAST).rows) <= 7


def test_progress_is_told_in_words():
    told = []
    train(RECORDS, SMALL, CONTRAST, told.append)
    assert told == [
        "16語の30組のならびを数えました。ベクトルを計算しています。",
        "2つ以上の文がある文章が200件に足りない(0件)ため、文章を見分ける学習は省きました。",
    ]


# measuring


def test_the_order_of_synonyms_is_a_share_of_pairs():
    matrix = unit_rows(np.array([[1, 0], [1, 0.1], [0, 1], [1, 1]], dtype=np.float32))
    vectors = WordVectors("v", {"猫": 0, "犬": 1, "水田": 2, "農地": 3}, matrix)
    measured = measure_on(vectors, [["猫", "犬"], ["水田", "農地"], ["小鳥", "雀"]])
    # inside: 猫犬 0.995, 水田農地 0.707; outside: 猫水田 0, 猫農地 0.707, 犬水田 0.100, 犬農地 0.774
    # 猫犬 beats four, 水田農地 beats two and ties with one: 6.5 of 8
    assert measured == {"synonyms_known": 0.6667, "synonym_order": pytest.approx(6.5 / 8, abs=1e-4)}


@pytest.mark.parametrize(
    ("known", "order", "expected"),
    [
        (0.5, 0.75, True),
        (0.5 - MOST_LOST, 0.75 - MOST_LOST, True),
        (0.5 - MOST_LOST - 0.001, 1.0, False),
        (1.0, 0.75 - MOST_LOST - 0.001, False),
        (1.0, None, False),
    ],
)
def test_vectors_are_no_worse_where_neither_measure_is_clearly_lower(known, order, expected):
    new = {KNOWN: known} if order is None else {KNOWN: known, ORDER: order}
    assert no_worse(new, {KNOWN: 0.5, ORDER: 0.75}) is expected
    assert no_worse(new, {})


def test_members_that_share_a_word_measure_nothing():
    vectors = WordVectors("v", {"猫": 0}, np.ones((1, 1), dtype=np.float32))
    assert measure_on(vectors, [["猫", "猫の世話"], ["水田", "農地"]]) == {"synonyms_known": 0.5}
    assert measure_on(vectors, []) == {"synonyms_known": 0.0}
