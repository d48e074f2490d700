"""BM25 over the counted terms of documents, kept term-major: a query touches only the postings of its own terms.

Formula: Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), in the variant of
Lucene (Kamphuis et al., "Which BM25 Do You Mean?", ECIR 2020), which drops the constant factor (k1 + 1):

    idf(t) * tf / (tf + k1 * (1 - b + b * length / mean length)),   idf(t) = ln(1 + (N - df + 0.5) / (df + 0.5))

Weighted parts enter as in simple BM25F: a term's count is the sum over the parts of weight times count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Counts = Mapping[str, float]  # term -> weighted count in one document or query


@dataclass(frozen=True, slots=True)
class Bm25:
    """``k1`` >= 0 says how soon repeats of a term stop counting; ``b`` in 0..1 how much long texts are held back."""

    k1: float = 0.7
    b: float = 0.6


class CountedRows:
    """Documents counted one after the other; terms not yet in the vocabulary are numbered onward."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        """``vocabulary`` is copied."""
        self.vocabulary = dict(vocabulary)
        self._numbers: list[NDArray[np.int32]] = []
        self._values: list[NDArray[np.float32]] = []

    def add(self, counts: Counts) -> None:
        """One more document."""
        numbers = self.vocabulary
        terms = (numbers.setdefault(term, len(numbers)) for term in counts)
        self._numbers.append(np.fromiter(terms, np.int32, len(counts)))
        self._values.append(np.fromiter(counts.values(), np.float32, len(counts)))

    def matrix(self) -> sp.csr_matrix:
        """Shape (documents added, terms of the vocabulary), float32."""
        starts = np.cumsum([0, *map(len, self._numbers)], dtype=np.int64)
        values = np.concatenate([np.zeros(0, np.float32), *self._values])
        numbers = np.concatenate([np.zeros(0, np.int32), *self._numbers])
        return sp.csr_matrix((values, numbers, starts), shape=(len(self._numbers), len(self.vocabulary)))


class TermIndex:
    """Immutable postings of documents numbered 0..N-1 in the caller's order, however they came together."""

    def __init__(self, vocabulary: Mapping[str, int], counts: sp.csr_matrix, config: Bm25) -> None:
        """``counts`` is N x len(vocabulary), float32, row = document."""
        self.vocabulary = vocabulary
        self.counts = counts
        self.config = config
        self._weigh()

    @classmethod
    def empty(cls, config: Bm25) -> "TermIndex":
        """No documents yet."""
        return cls({}, sp.csr_matrix((0, 0), dtype=np.float32), config)

    def updated(self, kept: Sequence[int], added: "CountedRows", order: NDArray[np.intp]) -> "TermIndex":
        """The rows ``kept`` followed by those ``added``, then put into ``order`` (positions in that joined list).

        ``added`` must have been started with this index's vocabulary.
        """
        new = added.matrix()
        old = self.counts[np.asarray(kept, dtype=np.intp)]
        old.resize((old.shape[0], new.shape[1]))
        return TermIndex(added.vocabulary, sp.vstack([old, new], format="csr")[order], self.config)

    def scores(self, query: Counts) -> NDArray[np.float64]:
        """One score a document, shape (N,), >= 0; summed in the order of the sorted terms, so reproducible."""
        scores = np.zeros(self.counts.shape[0])
        for term, times in sorted(query.items()):
            number = self.vocabulary.get(term)
            if number is not None:
                start, end = self._starts[number], self._starts[number + 1]
                scores[self._documents[start:end]] += times * self._weights[start:end]
        return scores

    def bound(self, query: Counts) -> float:
        """What no document can reach: the sum of the terms' idf, those that occur nowhere included; 0 without terms."""
        return float(sum(times * self.idf(term) for term, times in sorted(query.items())))

    def idf(self, term: str) -> float:
        """Rarity in nats; an unseen term is as rare as can be."""
        number = self.vocabulary.get(term)
        found = 0 if number is None else self._starts[number + 1] - self._starts[number]
        return float(_idf(self.counts.shape[0], found))

    def contributions(self, query: Counts, document: int) -> list[tuple[str, float]]:
        """The summands of ``scores(query)[document]``, by term in sorted order; terms that add nothing are left out."""
        summands = []
        for term, times in sorted(query.items()):
            weight = self._weight(term, document)
            if weight:
                summands.append((term, times * weight))
        return summands

    def _weight(self, term: str, document: int) -> float:
        number = self.vocabulary.get(term)
        if number is None:
            return 0.0
        start, end = self._starts[number], self._starts[number + 1]
        at = start + int(np.searchsorted(self._documents[start:end], document))
        return float(self._weights[at]) if at < end and self._documents[at] == document else 0.0

    def _weigh(self) -> None:
        size = self.counts.shape[0]
        lengths = np.asarray(self.counts.sum(axis=1, dtype=np.float64)).ravel()
        mean = lengths.mean() if size and lengths.any() else 1.0
        norms = (self.config.k1 * (1 - self.config.b + self.config.b * lengths / mean)).astype(np.float32)
        columns = self.counts.tocsc()
        found = np.diff(columns.indptr)
        self._starts: NDArray[np.int64] = columns.indptr.astype(np.int64)
        self._documents: NDArray[np.int32] = columns.indices
        rarity = np.repeat(_idf(size, found).astype(np.float32), found)
        self._weights: NDArray[np.float32] = rarity * columns.data / (columns.data + norms[columns.indices])


def _idf(size: int, found: NDArray[np.int64] | int) -> NDArray[np.float64]:
    idf: NDArray[np.float64] = np.log(1 + (size - np.asarray(found) + 0.5) / (np.asarray(found) + 0.5))
    return idf
