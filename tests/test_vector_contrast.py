"""Word vectors refined by telling records apart: pairs, loss, and what is learned."""

import itertools

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from matcher.dense import WordVectors, unit_rows
from models.vectors.contrast import REFINED, ContrastConfig, loss_and_gradient, refine, usable_records
from models.vectors.sentences import NOTHING, read_sentences
from models.vectors.training import VectorConfig, train

PETS, LAND = ["猫", "犬", "小鳥", "首輪", "獣医"], ["農地", "水田", "肥料", "草刈り", "収穫"]
# 240 records of four sentences of one word each: only records tie 猫 to 犬.
RECORDS = [("。".join(order),) for matter in (PETS, LAND) for order in itertools.permutations(matter, 4)]
SMALL = ContrastConfig(steps=60, batch=8, rate=0.05)


def read(records, least=1):
    return read_sentences(records, least, 1_000, lambda line: None)


def start(sentences, dimensions=6):
    matrix = np.random.default_rng(5).normal(size=(len(sentences.forms), dimensions)).astype(np.float32)
    return WordVectors("ppmi", {form: row for row, form in enumerate(sentences.forms)}, matrix)


def refined(records, told=lambda line: None, config=SMALL):
    sentences = read(records)
    return refine(sentences, start(sentences), config, told)


def nearness(vectors, one, other):
    rows = unit_rows(vectors.matrix)
    return float(np.mean([rows[vectors.rows[a]] @ rows[vectors.rows[b]] for a in one for b in other if a != b]))


# reading


def test_sentences_are_distinct_and_in_the_order_of_what_they_say():
    sentences = read([("猫と犬。猫。", "犬"), ("猫。",), ("猫。",)], least=2)
    assert sentences.forms == ["犬", "猫"]
    assert sentences.starts.tolist() == [0, 1, 2, 4]  # 犬 / 猫。 / 猫と犬。
    assert sentences.words.tolist() == [0, 1, 1, 0]
    assert sentences.records == [((1,),), ((2, 1), (0,))]
    assert sentences.counts().toarray().tolist() == [[1, 0], [0, 1], [1, 1]]
    assert sentences.spaced(2).tolist() == [0, -1, -1, 1, -1, -1, 1, 0, -1, -1]


def test_a_word_that_is_not_kept_still_takes_its_place():
    sentences = read([("猫と小鳥と猫",)], least=2)
    assert sentences.words.tolist() == [0, NOTHING, 0]
    assert sentences.counts().toarray().tolist() == [[2]]


# pairs


def test_no_sentence_stands_in_its_own_answer_and_empty_ones_are_left_out():
    telling = np.array([True, True, False, True])
    records = [((0, 1, 0), (1, 2), (3, 0)), ((0, 0), (0,)), ((0, 2),), ((2,), (1,), (3,))]
    assert usable_records(records, telling) == [((0, 1), (3,)), ((1,), (3,))]


# the loss


def test_the_loss_of_vectors_that_say_nothing_is_that_of_guessing():
    texts = csr_matrix(np.eye(3))
    loss, gradient = loss_and_gradient(np.ones((3, 3)), texts, texts, 0.1)
    assert loss == pytest.approx(np.log(3))
    assert gradient == pytest.approx(np.zeros((3, 3)), abs=1e-12)  # all equal: nothing to pull apart by turning


def test_the_loss_of_two_pairs_is_as_computed_by_hand():
    matrix = np.array([[3.0, 0.0], [0.0, 2.0]])
    loss, _ = loss_and_gradient(matrix, csr_matrix(np.eye(2)), csr_matrix(np.eye(2)), 0.5)
    assert loss == pytest.approx(np.log(1 + np.exp(-2)))  # cosines 1 and 0, divided by 0.5


def test_the_gradient_is_that_of_numerical_differences():
    rng = np.random.default_rng(3)
    matrix, asked, answers = rng.normal(size=(3, 3)), csr_matrix(rng.random((3, 3))), csr_matrix(rng.random((3, 3)))
    _, gradient = loss_and_gradient(matrix, asked, answers, 0.3)
    for place in np.ndindex(3, 3):
        change = np.zeros((3, 3))
        change[place] = 1e-5
        above, below = (loss_and_gradient(matrix + sign * change, asked, answers, 0.3)[0] for sign in (1, -1))
        assert gradient[place] == pytest.approx((above - below) / 2e-5, abs=1e-8)


# learning


def test_words_of_the_same_records_come_nearer():
    before, after = start(read(RECORDS)), refined(RECORDS)
    assert after.name == REFINED
    assert after.rows == before.rows
    within = min(nearness(after, PETS, PETS), nearness(after, LAND, LAND))
    assert within > nearness(before, PETS, PETS) + 0.2
    assert within > nearness(after, PETS, LAND) + 0.5


def test_refining_again_in_another_order_gives_the_same_to_the_last_bit():
    one, other = refined(RECORDS), refined(RECORDS[::-1])
    assert one.rows == other.rows
    assert one.matrix.tobytes() == other.matrix.tobytes()


def test_both_stages_together_give_the_same_in_any_order_of_records():
    config = VectorConfig(dimensions=4, least=2)
    records = [("{}と{}。{}と{}".format(*text.split("。")),) for (text,) in RECORDS]
    one, other = (train(order, config, SMALL) for order in (records, records[100:] + records[:100]))
    assert one.name == REFINED
    assert one.matrix.tobytes() == other.matrix.tobytes()


def test_too_few_records_are_said_and_rows_are_only_weighed():
    told = []
    vectors = refined([("猫。犬。",), ("猫。",), ("小鳥。",)], told.append)
    assert told == ["2つ以上の文がある文章が200件に足りない(1件)ため、文章を見分ける学習は省きました。"]
    assert vectors.name == "ppmi"
    lengths = np.linalg.norm(vectors.matrix, axis=1)
    assert lengths[vectors.rows["猫"]] == pytest.approx(np.log(1 + 1.5 / 2.5))
    assert lengths[vectors.rows["犬"]] == pytest.approx(np.log(1 + 2.5 / 1.5))


def test_progress_is_told_in_words():
    told = []
    refined(RECORDS, told.append, ContrastConfig(steps=500, batch=2))
    assert told == ["文章を見分ける学習の500回のうち500回が済みました。"]
