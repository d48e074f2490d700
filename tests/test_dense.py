import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from matcher.dense import NO_ROWS, RowGroups, WordVectors, log_counts, quantised, unit_rows

VECTORS = WordVectors("v", {"猫": 0, "犬": 1, "ねこ": 0}, np.array([[3.0, 4.0], [0.0, 2.0]], dtype=np.float32))
ROWS = arrays(np.float32, st.tuples(st.integers(1, 12), st.just(5)), elements=st.floats(-1, 1, width=32))


def groups(rows, sizes):
    return RowGroups.joined([quantised(np.array(rows, dtype=np.float32))], sizes)


def test_a_text_is_the_sum_of_its_words_at_length_one():
    rows = VECTORS.text_rows([["猫"], ["猫", "犬"], ["知らない"], []])
    assert rows[0] == pytest.approx([0.6, 0.8])
    assert rows[1] == pytest.approx(np.array([3, 6]) / np.sqrt(45))
    assert rows[2].tolist() == rows[3].tolist() == [0, 0]


def test_forms_that_share_a_row_are_counted_together():
    twice = 1 + np.log(2)
    expected = np.array([3 * twice, 4 * twice + 2])
    assert VECTORS.text_rows([["猫", "犬", "ねこ"]])[0] == pytest.approx(expected / np.linalg.norm(expected))


def test_a_word_counts_one_and_the_logarithm_of_its_times():
    assert log_counts(["猫", "犬", "猫"]) == {"猫": pytest.approx(1 + np.log(2)), "犬": 1.0}


def test_the_best_row_of_each_document_gives_its_cosine():
    found = groups([[1, 0], [0, 1], [-1, 0]], [2, 1]).best(np.array([[0.6, 0.8]], dtype=np.float32))
    assert found[:, 0] == pytest.approx([0.8, -0.6], abs=0.01)


def test_the_row_that_speaks_is_the_first_of_equals_and_has_the_document_s_score():
    rows = groups([[1, 0], [0, 1], [0, 1]], [3])
    asked = np.array([[0.6, 0.8]], dtype=np.float32)
    found = rows.speaking(asked, 0)
    assert found.number == 1
    assert found.cosine == rows.best(asked)[0, 0]
    assert found.row.tolist() == [0, 1]


def test_a_document_of_zeros_is_near_to_nothing():
    assert groups([[0, 0]], [1]).best(np.array([[1, 0]], dtype=np.float32)).tolist() == [[0.0]]


def test_the_sum_of_documents_has_length_one():
    rows = groups([[1, 0], [0, 1], [0, 1]], [2, 1])
    assert rows.sum_of([0])[0] == pytest.approx([0.7071, 0.7071], abs=0.001)
    assert rows.sum_of(range(0)).tolist() == [[0, 0]]


def test_no_documents_have_no_scores():
    assert NO_ROWS.best(np.ones((1, 3), dtype=np.float32)).shape == (0, 1)


@settings(max_examples=50)
@given(ROWS)
def test_rounding_changes_a_cosine_of_few_dimensions_by_less_than_two_hundredths(rows):
    unit = unit_rows(rows)
    small, scales = quantised(unit)
    assert np.abs(unit @ unit.T - (small * scales[:, None]) @ (small * scales[:, None]).T).max() < 0.02


@settings(max_examples=50)
@given(ROWS, st.data())
def test_a_row_scores_the_same_to_the_last_bit_wherever_it_stands(rows, data):
    order = data.draw(st.permutations(range(len(rows))))
    asked = unit_rows(np.array([[1, -2, 3, 0.5, 1]]))
    small, scales = quantised(unit_rows(rows))
    whole = RowGroups.joined([(small, scales)], [1] * len(rows))
    assert whole.chosen(NO_ROWS, order).best(asked).tolist() == whole.best(asked)[order].tolist()


@settings(max_examples=50)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=6), st.data())
def test_documents_are_chosen_with_all_their_rows(sizes, data):
    total = sum(sizes)
    rows = groups(np.arange(1, total * 2 + 1).reshape(total, 2), sizes)
    order = data.draw(st.lists(st.sampled_from(range(len(sizes))), unique=True))
    chosen = rows.chosen(NO_ROWS, order)
    assert np.diff(chosen.starts).tolist() == [sizes[number] for number in order]
    expected = [rows.scales[rows.starts[n] : rows.starts[n + 1]].tolist() for n in order]
    assert chosen.scales.tolist() == [scale for scales in expected for scale in scales]


def test_the_rows_of_a_document_become_one_of_length_one():
    whole = groups([[1, 0], [0, 1], [0, 0], [0, 3]], [2, 1, 1]).summed()
    assert np.diff(whole.starts).tolist() == [1, 1, 1]
    found = whole.best(np.array([[0.0, 1.0]], dtype=np.float32))[:, 0]
    assert found == pytest.approx([0.7071, 0, 1], abs=0.01)
    assert NO_ROWS.summed() is NO_ROWS
