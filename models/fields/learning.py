"""Learning which words speak of which activity field."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from corpus.activity_fields import FIELDS
from models.fields.classifier import CODES, Classifier, FieldModel, Table, Terms, Weighing, terms_of

INNER_FOLDS = 3
_STRENGTH = 10.0  # C of scikit-learn; 3 and 30 were not better
_LEAST = 3  # texts without which a field is not learned, hence never proposed
_THRESHOLDS = np.arange(5, 80) / 100

Truth = NDArray[np.bool_]  # a row per text, a column per code


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text and the fields that an annotator gave it."""

    id: str
    terms: tuple[str, ...]
    fields: frozenset[int]


Learner = Callable[[Sequence[LabelledText]], Classifier]


def examples(labelled: Iterable[tuple[str, str, frozenset[int]]]) -> list[LabelledText]:
    """From (id, text, fields), by id; rows without fields or without a term are left out."""
    made = (LabelledText(id, tuple(terms_of(text)), fields) for id, text, fields in labelled if fields)
    return sorted((example for example in made if example.terms), key=lambda example: example.id)


def truth_of(given: Sequence[LabelledText]) -> Truth:
    """Shape (texts, 20), columns in the order of ``CODES``."""
    return np.array([[code in example.fields for code in CODES] for example in given], dtype=bool).reshape(-1, 20)


@lru_cache
def law_terms() -> Sequence[Terms]:
    """The wording of each field in the law and its short label, in the order of ``CODES``."""
    return [terms_of(f"{field.name}\n{field.short}") for field in FIELDS.values()]


def learn(given: Sequence[LabelledText]) -> FieldModel:
    """One regression a field over tf-idf of the texts and of the law's wordings, each field's few texts weighing as
    much as the many others; one slope and one offset for all fields make probabilities of the scores.

    Slope, offset and threshold come from texts that the regressions asked did not see. Deterministic.
    """
    truth, scores = truth_of(given), np.zeros((len(given), len(CODES)))
    learned = np.flatnonzero(truth.sum(axis=0) >= _LEAST).tolist()
    for train, test in folds(len(given), INNER_FOLDS, seed=1):
        inner = _fit([given[i] for i in train], learned)
        scores[test] = inner.weighing.rows([given[i].terms for i in test]) @ inner.coefficients.T + inner.intercepts
    (slope,), offset = scale(truth[:, learned], scores[:, learned])
    whole = _fit(given, learned)
    coefficients = np.round(whole.coefficients * slope, 3).astype(np.float32)
    intercepts = np.round(whole.intercepts * slope + offset, 3).astype(np.float32)
    threshold = best_threshold(np.asarray(expit(scores * slope + offset)), truth)
    return FieldModel(whole.weighing, coefficients, intercepts, threshold)


def _fit(given: Sequence[LabelledText], learned: Sequence[int]) -> FieldModel:
    """The bare regressions of some columns. Their probabilities are as if every field were as frequent as not."""
    weighing = Weighing.of(words_of(given))
    rows = weighing.rows([*words_of(given), *law_terms()])
    truth = np.vstack([truth_of(given), np.eye(len(CODES), dtype=bool)])
    coefficients = np.zeros((len(CODES), len(weighing.vocabulary)))
    intercepts = np.full(len(CODES), -np.inf)
    for column in learned:
        one = LogisticRegression(C=_STRENGTH, class_weight="balanced", solver="liblinear", random_state=0)
        one.fit(rows, truth[:, column])
        coefficients[column], intercepts[column] = one.coef_[0], one.intercept_[0]
    return FieldModel(weighing, coefficients.astype(np.float32), intercepts.astype(np.float32), 0.5)


def settings() -> dict[str, float]:
    """What a model depends on beside its texts."""
    return {"C": _STRENGTH, "least_texts": _LEAST, "inner_folds": INNER_FOLDS}


def scale(truth: Truth, *scores: Table) -> tuple[list[float], float]:
    """A weight for each table of scores (at least 0.01) and an offset, the same for all cells; after Platt (1999)."""
    if not 0 < truth.sum() < truth.size:
        return [1.0] * len(scores), 0.0
    cells = np.stack([table.ravel() for table in scores], axis=1)
    one = LogisticRegression(C=1e3, solver="newton-cholesky").fit(cells, truth.ravel())
    return [max(0.01, float(weight)) for weight in one.coef_[0]], float(one.intercept_[0])


def best_threshold(probabilities: Table, truth: Truth) -> float:
    """The one of the best macro-F1 over the fields that some text has; of equals the lowest."""
    figures = [np.nanmean(f1_by_field(probabilities >= threshold, truth)) for threshold in _THRESHOLDS]
    return round(float(_THRESHOLDS[int(np.argmax(figures))]), 2)


def f1_by_field(decided: Truth, truth: Truth) -> Table:
    """2tp / (2tp + fp + fn) of each column; nan for a field that no text has."""
    hits = (decided & truth).sum(axis=0)
    has = truth.sum(axis=0)
    both = decided.sum(axis=0) + has
    return np.where(has > 0, 2 * hits / np.maximum(both, 1), np.nan)


def folds(size: int, number: int, seed: int) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """(train, test) positions, drawn by ``seed``; every position is in one test part, all of them alike in size."""
    part = np.empty(size, dtype=np.intp)
    part[np.random.default_rng(seed).permutation(size)] = np.arange(size) % number
    for each in range(number):
        yield np.flatnonzero(part != each), np.flatnonzero(part == each)


def words_of(given: Sequence[LabelledText]) -> list[Terms]:
    return [example.terms for example in given]
