"""The weights of the parts of a score, learned from judged pairs: few numbers, no sign wrong, near their defaults.

Pairwise logistic regression, RankNet's linear case (Burges et al., "Learning to rank using gradient descent", ICML
2005): what is relevant shall score above what is not. Some dozens of queries cannot steer fine choices, so every
weight is drawn to its default, not to 0; and none may fall below 0, so that no part counts against what it finds.
"""

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from matcher.document_index import State
from matcher.measures import CUTOFF, Measures, compare, evaluate
from models.artefacts import BrokenArtefact, load_model, save_model

KIND = "weights"
_FORM = 1
_LEAD = "words"  # the part the others are weighed against
_MOST = 1_000.0  # more is a slip of the pen
_LEAST = 0.01  # a smaller weight is as good as none
_STEEPEST = 1_000.0  # of the logistic curve, so that pairs which any weights put right have a solution

MEASURED = frozenset({"queries", "ndcg", "ndcg_default", "difference", "low", "high"})  # by ``judged``

Float64Array = NDArray[np.float64]
WeightTable = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class WeightsConfig:
    """How weights are learned. ``default`` has every part.

    ``spread`` is how far a weight is believed to lie from its default before anything is seen: the standard deviation
    of a normal prior, in units of the weight of words. Of a query's irrelevant rows the ``hard`` with the largest sum
    of features take part, and ``sampled`` of the others.
    """

    default: Mapping[str, float]
    spread: float = 0.25
    hard: int = 30
    sampled: int = 30
    seed: int = 20_261_122


@dataclass(frozen=True, slots=True)
class LabelledQuery:
    """A judged query: ``features`` (n, parts) unweighted, ``relevant`` (n,). Rows in the order of their ids."""

    query: str
    features: Float64Array
    relevant: NDArray[np.bool_]

    @property
    def tells(self) -> bool:
        """Whether there is something to put above something else."""
        return bool(self.relevant.any() and not self.relevant.all())


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Differences (m, parts) of a relevant row less an irrelevant one, and what each counts: 1 a query in all."""

    differences: Float64Array
    counts: Float64Array


def fit_weights(parts: Sequence[str], examples: Sequence[LabelledQuery], config: WeightsConfig) -> WeightTable:
    """One weight >= 0 a part, two decimals, 1 for words; where words are worth nothing, the sum is the defaults'.

    ``parts`` name the columns. The defaults themselves where no example tells anything, or no part is of use.
    """
    pairs = _pairs(sorted((e for e in examples if e.tells), key=lambda example: example.query), config)
    default = np.array([config.default[part] for part in parts])
    weights = default if pairs is None else _fitted(pairs, default, config.spread)
    return _readable(parts, weights if weights.sum() > 0 else default, default)


def cross_fitted(
    parts: Sequence[str], examples: Sequence[LabelledQuery], config: WeightsConfig, folds: int = 10
) -> dict[str, WeightTable]:
    """Query -> weights learned without its fold. Query i of the sorted ids is in fold ``i % folds``."""
    fold = {query: i % folds for i, query in enumerate(sorted({example.query for example in examples}))}
    learned = {
        number: fit_weights(parts, [e for e in examples if fold[e.query] != number], config)
        for number in sorted(set(fold.values()))
    }
    return {query: learned[number] for query, number in fold.items()}


def judged(
    parts: Sequence[str], examples: Sequence[LabelledQuery], config: WeightsConfig, folds: int = 10
) -> dict[str, float]:
    """``queries``, ``ndcg`` out of fold, ``ndcg_default``, and their paired ``difference`` with ``low`` and ``high``.

    nDCG@10 over each example's own rows; the interval is ``measures.compare``'s. NaN where no query has a relevant row.
    """
    out_of_fold = cross_fitted(parts, examples, config, folds)
    learned = _measured(parts, examples, out_of_fold)
    default = _measured(parts, examples, {example.query: config.default for example in examples})
    difference = compare(learned, default)
    return {
        "queries": float(learned.queries),
        "ndcg": learned.ndcg,
        "ndcg_default": default.ndcg,
        "difference": difference.difference,
        "low": difference.low,
        "high": difference.high,
    }


def save_weights(
    folder: Path, weights: Mapping[str, float], config: WeightsConfig, *, data: str, measures: Mapping[str, float]
) -> None:
    """As ``save_model``; ``data`` is a ``fingerprint`` of the judgements."""
    about: dict[str, Any] = {
        "default": dict(config.default),
        "spread": config.spread,
        "hard": config.hard,
        "sampled": config.sampled,
        "seed": config.seed,
    }
    state = State({}, {KIND: dict(weights)})
    save_model(folder, state, kind=KIND, form=_FORM, config=about, data=data, measures=measures)


def load_weights(folder: Path) -> tuple[WeightTable, dict[str, Any]]:
    """The weights and what the manifest says. Raises BrokenArtefact, also for what is no finite number >= 0."""
    state, about = load_model(folder, KIND, _FORM)
    table = state.tables.get(KIND)
    if not isinstance(table, dict) or not table or not all(_is_weight(value) for value in table.values()):
        raise BrokenArtefact(f"{folder.name} の重みは、0以上の数ではありません。モデルを作り直してください。")
    return {str(part): float(value) for part, value in table.items()}, about


def _is_weight(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MOST


def _pairs(examples: Sequence[LabelledQuery], config: WeightsConfig) -> _Pairs | None:
    """None where there is no pair."""
    each = [_differences(example, config) for example in examples]
    if not each:
        return None
    counts = [np.full(len(differences), 1 / len(differences)) for differences in each]
    return _Pairs(np.concatenate(each), np.concatenate(counts))


def _differences(example: LabelledQuery, config: WeightsConfig) -> Float64Array:
    relevant = example.features[example.relevant]
    irrelevant = example.features[~example.relevant]
    irrelevant = irrelevant[_opponents(irrelevant, example.query, config)]
    differences: Float64Array = (relevant[:, None, :] - irrelevant[None, :, :]).reshape(-1, example.features.shape[1])
    return differences


def _opponents(rows: Float64Array, query: str, config: WeightsConfig) -> NDArray[np.intp]:
    """The hard ones, and some others by lot, lest being high in every part look like a fault. The lot is the query's
    own, so that neither the order nor the number of the examples changes it.
    """
    order = np.argsort(-rows.sum(axis=1), kind="stable")
    hard, others = order[: config.hard], order[config.hard :]
    lot = np.random.default_rng([config.seed, zlib.crc32(query.encode())])
    return np.concatenate([hard, lot.permutation(others)[: config.sampled]])


def _fitted(pairs: _Pairs, default: Float64Array, spread: float) -> Float64Array:
    """The most probable weights from 0 up. Scores lie near each other, so the curve's steepness is learned beside."""

    from scipy.optimize import minimize  # a third of a second, which a service that only ranks need not wait

    def cost(given: Float64Array) -> tuple[float, Float64Array]:
        steepness, weights = math.exp(given[0]), given[1:]
        margins = steepness * (pairs.differences @ weights)
        away = (weights - default) / spread
        pull = -pairs.counts * expit(-margins)
        slope = np.concatenate([[pull @ margins], steepness * (pull @ pairs.differences) + away / spread])
        return float(pairs.counts @ np.logaddexp(0, -margins) + away @ away / 2), slope

    start = np.concatenate([[math.log(10.0)], default])
    bounds = [(0.0, math.log(_STEEPEST)), *[(0.0, None)] * len(default)]
    found = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500, "ftol": 1e-12})
    return np.where(found.x[1:] < _LEAST, 0.0, found.x[1:])


def _readable(parts: Sequence[str], weights: Float64Array, default: Float64Array) -> WeightTable:
    lead = weights[list(parts).index(_LEAD)] if _LEAD in parts else 0.0
    factor = 1 / lead if lead > 0 else default.sum() / weights.sum()
    return {part: round(float(factor * weight), 2) for part, weight in zip(parts, weights, strict=True)}


def _measured(
    parts: Sequence[str], examples: Sequence[LabelledQuery], weights: Mapping[str, Mapping[str, float]]
) -> Measures:
    run, qrels = {}, {}
    for example in examples:
        by_query = np.array([weights[example.query][part] for part in parts])
        scores = example.features @ by_query
        best = np.argsort(-scores, kind="stable")[:CUTOFF]
        run[example.query] = {f"{row:09d}": float(scores[row]) for row in best}
        qrels[example.query] = {f"{row:09d}": 1 for row in np.flatnonzero(example.relevant)}
    return evaluate(run, qrels)
