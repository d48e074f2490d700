"""Measures of ranking quality over runs and judgements.

nDCG with linear gain: Järvelin & Kekäläinen, "Cumulated gain-based evaluation of IR techniques" (TOIS 2002), in
trec_eval's reading (gain = relevance, discount log2(rank + 1)); the others as trec_eval and ir-measures define them.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.records import Qrels, Run

CUTOFF = 10
RESAMPLES = 10_000
_SEED = 20_261_122
Pair = tuple[str, str]  # query id, document id


@dataclass(frozen=True, slots=True)
class Measures:
    """Means over the queries with a relevant document; NaN when there is none. ``per_query`` holds nDCG@10."""

    queries: int
    ndcg: float
    mrr: float
    recall: float
    p1: float
    judged: float
    per_query: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Mean difference of nDCG@10 between two runs over the same queries, and its 95 % percentile bootstrap interval."""

    queries: int
    difference: float
    low: float
    high: float


def evaluate(run: Run, qrels: Qrels, exclude: Collection[Pair] = frozenset()) -> Measures:
    """nDCG@10, MRR@10, Recall@10, P@1 and Judged@10. A query missing from the run counts 0.

    Pairs in ``exclude`` are taken out of the ranking before it is cut, and out of the judgements.
    """
    rows = []
    names = []
    for query in sorted(qrels):
        judged = {d: r for d, r in qrels[query].items() if (query, d) not in exclude}
        if any(relevance > 0 for relevance in judged.values()):
            ranked = [d for d in ranked_documents(run.get(query, {})) if (query, d) not in exclude]
            rows.append(_one(ranked[:CUTOFF], judged))
            names.append(query)
    means = np.mean(rows, axis=0) if rows else np.full(5, math.nan)
    per_query = {name: row[0] for name, row in zip(names, rows, strict=True)}
    ndcg, mrr, recall, p1, judged_share = (float(mean) for mean in means)
    return Measures(len(rows), ndcg, mrr, recall, p1, judged_share, per_query)


def compare(measures: Measures, baseline: Measures) -> Comparison:
    """The paired difference; resampled ``RESAMPLES`` times with a fixed seed. NaN where no query is shared."""
    shared = sorted(measures.per_query.keys() & baseline.per_query.keys())
    differences = np.array([measures.per_query[query] - baseline.per_query[query] for query in shared])
    if not shared:
        return Comparison(0, math.nan, math.nan, math.nan)
    low, high = np.quantile(_resampled_means(differences), [0.025, 0.975])
    return Comparison(len(shared), float(differences.mean()), float(low), float(high))


def _resampled_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    generator = np.random.default_rng(_SEED)
    return np.array([values[generator.integers(0, len(values), len(values))].mean() for _ in range(RESAMPLES)])


def ranked_documents(scores: Mapping[str, float]) -> list[str]:
    """Documents by (-score, id)."""
    return sorted(scores, key=lambda document: (-scores[document], document))


def _one(ranked: list[str], judged: Mapping[str, int]) -> tuple[float, float, float, float, float]:
    """nDCG@10, MRR@10, Recall@10, P@1, Judged@10 of one query; ``ranked`` is cut already."""
    gains = [max(0, judged.get(document, 0)) for document in ranked]
    relevant = sorted((relevance for relevance in judged.values() if relevance > 0), reverse=True)
    first = next((rank for rank, gain in enumerate(gains, start=1) if gain), None)
    return (
        _dcg(gains) / _dcg(relevant[:CUTOFF]),
        1 / first if first else 0.0,
        sum(gain > 0 for gain in gains) / len(relevant),
        float(bool(gains) and gains[0] > 0),
        sum(document in judged for document in ranked) / CUTOFF,
    )


def _dcg(gains: Iterable[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))


def swapped(qrels: Qrels) -> Qrels:
    """Judgements with queries and documents changing places."""
    other: dict[str, dict[str, int]] = {}
    for query, documents in qrels.items():
        for document, relevance in documents.items():
            other.setdefault(document, {})[query] = relevance
    return other
