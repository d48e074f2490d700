"""Weights learned on small collections whose right answer is known."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.document_index import State
from models import weights as learning
from models.artefacts import BrokenArtefact, about, save_model
from models.weights import LabelledQuery, WeightsConfig, cross_fitted, fit_weights, judged, load_weights, save_weights

PARTS = ("words", "characters", "fields")
DEFAULT = {"words": 1.0, "characters": 0.5, "fields": 0.1}
CONFIG = WeightsConfig(DEFAULT)
OPEN = WeightsConfig(DEFAULT, spread=10.0)  # believes the data


def example(query, relevant, *irrelevant):
    rows = [relevant, *irrelevant]
    return LabelledQuery(str(query), np.array(rows, dtype=float), np.array([True] + [False] * len(irrelevant)))


def collection(true, queries, rows=20, seed=1, noise=0.0):
    """Per query the row that scores highest by the weights ``true`` (and some noise) is the relevant one."""
    lot = np.random.default_rng(seed)
    found = []
    for number in range(queries):
        features = lot.random((rows, len(true)))
        scores = features @ np.array(true) + noise * lot.standard_normal(rows)
        found.append(LabelledQuery(f"q{number:03d}", features, scores == scores.max()))
    return found


def test_the_weights_that_made_the_judgements_are_found_again():
    found = fit_weights(PARTS, collection((1.0, 2.0, 0.5), 300), OPEN)
    assert found["words"] == 1.0
    assert found["characters"] == pytest.approx(2.0, abs=0.25)
    assert found["fields"] == pytest.approx(0.5, abs=0.15)


def test_a_part_that_is_equal_everywhere_stays_near_its_default():
    # Characters stand 0.4 higher in the relevant row and words 0.4 lower, so characters must weigh more than words.
    examples = [example(n, (0.5, 0.9, 0.5), (0.9, 0.5, 0.5)) for n in range(40)]
    examples += [example(f"w{n}", (0.9, 0.5, 0.5), (0.1, 0.5, 0.5)) for n in range(40)]
    found = fit_weights(PARTS, examples, CONFIG)
    assert found["characters"] > found["words"] == 1.0
    assert found["fields"] == pytest.approx(0.1, abs=0.05)


def test_pairs_that_differ_in_one_part_alone_say_nothing_about_the_proportions():
    assert fit_weights(PARTS, [example(n, (0.5, 0.9, 0.5), (0.5, 0.1, 0.5)) for n in range(50)], OPEN) == DEFAULT


def test_a_part_that_speaks_against_what_is_right_weighs_nothing_and_the_rest_is_learned_without_it():
    examples = collection((1.0, 0.5, -2.0), 200)
    found = fit_weights(PARTS, examples, OPEN)
    without = [LabelledQuery(e.query, e.features[:, :2], e.relevant) for e in examples]
    assert found["fields"] == 0.0
    # The opponents are chosen by the sum of all parts, so the two are near, not equal.
    assert found["characters"] == pytest.approx(fit_weights(PARTS[:2], without, OPEN)["characters"], abs=0.1)


def test_a_part_of_pure_chance_is_learned_to_be_of_no_use():
    config = WeightsConfig({**DEFAULT, "fields": 0.5}, spread=10.0)
    found = fit_weights(PARTS, collection((1.0, 0.5, 0.0), 400, noise=0.1), config)
    assert found["fields"] < 0.1
    assert found["characters"] == pytest.approx(0.5, abs=0.1)


def test_a_part_without_a_default_comes_in_when_it_helps():
    config = WeightsConfig({**DEFAULT, "fields": 0.0})
    assert fit_weights(PARTS, collection((1.0, 0.5, 1.0), 200), config)["fields"] > 0.3


def test_few_queries_leave_the_weights_near_the_defaults_and_more_queries_move_them():
    def distance(queries):
        found = fit_weights(PARTS, collection((1.0, 2.0, 1.0), queries), CONFIG)
        return sum(abs(found[part] - DEFAULT[part]) for part in PARTS)

    assert distance(2) < 0.1 < distance(20) < distance(300)


def test_without_anything_to_tell_apart_the_defaults_stay():
    nothing = LabelledQuery("q", np.ones((3, 3)), np.zeros(3, dtype=bool))
    everything = LabelledQuery("r", np.ones((3, 3)), np.ones(3, dtype=bool))
    assert fit_weights(PARTS, [], CONFIG) == DEFAULT
    assert fit_weights(PARTS, [nothing, everything], CONFIG) == DEFAULT


def test_when_every_part_speaks_against_what_is_right_the_defaults_stay():
    examples = [example(n, (0.1, 0.1, 0.1), (0.9, 0.9, 0.9), (0.8, 0.7, 0.9)) for n in range(50)]
    assert fit_weights(PARTS, examples, OPEN) == DEFAULT


def test_where_words_are_of_no_use_the_sum_stays_that_of_the_defaults():
    found = fit_weights(PARTS, collection((-2.0, 1.0, 1.0), 200), OPEN)
    assert found["words"] == 0.0
    assert sum(found.values()) == pytest.approx(1.6, abs=0.01)


def test_each_query_weighs_the_same_however_many_pairs_it_has():
    # 10 queries with one pair each say that characters count more than words; one with 900 pairs says the contrary.
    for_it = [example(n, (0.5, 0.9, 0.5), (0.9, 0.5, 0.5)) for n in range(10)]
    against = LabelledQuery("x", np.array([[0.9, 0.5, 0.5]] * 30 + [[0.5, 0.9, 0.5]] * 30), np.arange(60) < 30)
    assert fit_weights(PARTS, [*for_it, against], CONFIG)["characters"] > 0.5


def test_the_order_of_the_examples_and_a_second_run_change_nothing():
    examples = collection((1.0, 2.0, 1.0), 30, rows=200)
    first = fit_weights(PARTS, examples, CONFIG)
    assert first == fit_weights(PARTS, examples, CONFIG) == fit_weights(PARTS, examples[::-1], CONFIG)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.tuples(*[st.floats(-2, 2)] * 3), st.integers(1, 12))
def test_whatever_the_judgements_every_weight_is_a_readable_number_from_zero_up(seed, true, queries):
    found = fit_weights(PARTS, collection(true, queries, rows=8, seed=seed), CONFIG)
    assert list(found) == list(PARTS)
    assert all(weight >= 0 and weight == round(weight, 2) for weight in found.values())
    assert found["words"] in (0.0, 1.0)
    assert sum(found.values()) > 0


def test_out_of_fold_weights_never_saw_their_own_query():
    examples = collection((1.0, 2.0, 1.0), 20)
    honest = cross_fitted(PARTS, examples, OPEN, folds=10)
    assert sorted(honest) == [e.query for e in examples]
    turned = LabelledQuery("q000", examples[0].features, examples[0].relevant[::-1])
    after = cross_fitted(PARTS, [turned, *examples[1:]], OPEN, folds=10)
    same_fold = {"q000", "q010"}
    assert all(after[query] == honest[query] for query in same_fold)
    assert any(after[query] != honest[query] for query in honest.keys() - same_fold)


def test_the_measures_are_those_of_the_learned_order_against_the_default_order():
    # Row 0 is relevant and the default puts it second: nDCG 1/log2(3). Characters alone put it first.
    config = WeightsConfig({"words": 1.0, "characters": 0.1, "fields": 0.0}, spread=10.0)
    examples = [example(n, (0.5, 0.9, 0.0), (0.6, 0.1, 0.0)) for n in range(20)]
    measures = judged(PARTS, examples, config)
    assert measures["queries"] == 20
    assert measures["ndcg_default"] == pytest.approx(1 / np.log2(3))
    assert measures["ndcg"] == 1.0
    assert measures["difference"] == measures["low"] == measures["high"] == pytest.approx(1 - 1 / np.log2(3))


def test_saved_weights_come_back_with_what_is_known_about_them(tmp_path):
    found = {"words": 1.0, "characters": 0.62, "fields": 0.0}
    save_weights(tmp_path / "w", found, CONFIG, data="f" * 64, measures={"ndcg": 0.5})
    weights, known = load_weights(tmp_path / "w")
    assert weights == found
    assert known["measures"] == {"ndcg": 0.5}
    assert known["config"]["default"] == DEFAULT
    assert about(tmp_path / "w")["data"] == "f" * 64
    assert json.loads((tmp_path / "w" / "weights.json").read_text()) == found


def test_changed_weights_are_refused(tmp_path):
    save_weights(tmp_path / "w", DEFAULT, CONFIG, data="", measures={})
    (tmp_path / "w" / "weights.json").write_text('{"words": 9.0}')
    with pytest.raises(BrokenArtefact, match=r"weights\.json"):
        load_weights(tmp_path / "w")


@pytest.mark.parametrize("table", [None, {}, {"words": -1}, {"words": "1"}, {"words": float("nan")}, {"words": True}])
def test_what_is_no_weight_is_refused_in_words(tmp_path, table):
    state = State({}, {"weights": table})
    save_model(tmp_path / "w", state, kind="weights", form=learning._FORM, config={}, data="", measures={})
    with pytest.raises(BrokenArtefact, match="0以上の数"):
        load_weights(tmp_path / "w")
