"""The floors under the ranking: what may not happen whatever else gets better, each held against its figures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.measures import RESAMPLES, Comparison, Measures, compare

STEERING = ("kyodo-dev", "rs-project-to-npo", "rs-project-to-org")  # the collections of the mean, alike in kind
_CHECK, _LEAST_MRR = "jsquad-valid", 0.94  # words alone are near its ceiling: nothing may break
_SEED = 20_261_122


@dataclass(frozen=True, slots=True)
class Floor:
    """``reached`` None: the collections for it are not here."""

    says: str
    figures: str
    reached: bool | None

    @property
    def verdict(self) -> str:
        """A Japanese word or sentence in Markdown; what is missed is bold."""
        return {None: "正解集がなく測れません", True: "満たす", False: "**満たさない**"}[self.reached]


def mean_difference(differences: Sequence[NDArray[np.float64]], *, pooled: bool = False) -> Comparison:
    """The mean over collections of the mean paired difference, with a 95 % percentile bootstrap interval.

    Queries are drawn within each collection. Each collection counts the same, or with ``pooled`` each query does.
    """
    sizes = np.array([len(values) for values in differences], dtype=np.float64)
    counts = sizes / sizes.sum() if pooled else np.full(len(sizes), 1 / len(sizes))
    generator = np.random.default_rng(_SEED)
    drawn = [
        values[generator.integers(0, len(values), (RESAMPLES, len(values)))].mean(axis=1) for values in differences
    ]
    low, high = np.quantile(counts @ np.array(drawn), [0.025, 0.975])
    mean = counts @ np.array([values.mean() for values in differences])
    return Comparison(int(sizes.sum()), float(mean), float(low), float(high))


def paired(measures: Measures, baseline: Measures) -> NDArray[np.float64]:
    """What ``measures`` have more in nDCG@10, shape (queries,), by the sorted ids; KeyError where one has no pair."""
    return np.array([measures.per_query[query] - baseline.per_query[query] for query in sorted(measures.per_query)])


def interval(found: Comparison) -> str:
    """The difference and its 95 % interval with three decimals and signs: +0.012(-0.003〜+0.027)."""
    return f"{found.difference:+.3f}({found.low:+.3f}〜{found.high:+.3f})"


def floors(ours: Mapping[str, Measures], baseline: Mapping[str, Measures]) -> Iterator[Floor]:
    """Held by collection against the baseline's figures."""
    yield _mean_floor(ours, baseline)
    for name, measures in ours.items():
        found = compare(measures, baseline[name])
        yield Floor(f"{name}: BM25との差の区間の全体が0を下回らない", interval(found), found.high >= 0)
    says = f"{_CHECK}: MRR@10が{_LEAST_MRR}以上"
    if _CHECK in ours:
        yield Floor(says, f"{ours[_CHECK].mrr:.4f}", ours[_CHECK].mrr >= _LEAST_MRR)
    else:
        yield Floor(says, "", None)


def _mean_floor(ours: Mapping[str, Measures], baseline: Mapping[str, Measures]) -> Floor:
    says = "3つの正解集でのBM25との差の平均が、区間の全体で0を上回る"
    if not set(STEERING) <= ours.keys():
        return Floor(says, "", None)
    differences = [paired(ours[name], baseline[name]) for name in STEERING]
    found, pooled = mean_difference(differences), mean_difference(differences, pooled=True)
    figures = f"{interval(found)}。課題を同じ重さで数えると {interval(pooled)}"
    return Floor(says, figures, found.low > 0)
