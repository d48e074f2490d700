"""BM25 over the counted terms of documents, kept term-major: a query touches only the postings of its own terms.

Formula: Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), in the variant of
Lucene (Kamphuis et al., "Which BM25 Do You Mean?", ECIR 2020), which drops the constant factor (k1 + 1):

    idf(t) * tf / (tf + k1 * (1 - b + b * length / mean length)),   idf(t) = ln(1 + (N - df + 0.5) / (df + 0.5))

Weighted parts enter as in simple BM25F: a term's count is the sum over the parts of weight times count.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Counts = Mapping[str, float]  # term -> weighted count in one document or query

# Terms in more than this share of the documents are also kept as whole rows: adding a row is a straight run through
# memory, five times as fast a document as gathering postings.
_FREQUENT = 0.125


@dataclass(frozen=True, slots=True)
class Bm25:
    """``k1`` >= 0 says how soon repeats of a term stop counting; ``b`` in 0..1 how much long texts are held back."""

    k1: float = 0.4
    b: float = 0.6


class CountedRows:
    """Documents counted one after the other; terms not yet in the vocabulary are numbered onward."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        """``vocabulary`` is copied."""
        self.vocabulary = dict(vocabulary)
        self._numbers: list[NDArray[np.int32]] = []
        self._values: list[NDArray[np.float32]] = []

    def numbered(self, terms: Iterable[str]) -> Iterator[int]:
        """The number of each term; those not yet in the vocabulary enter it."""
        numbers = self.vocabulary
        return (numbers.setdefault(term, len(numbers)) for term in terms)

    def add(self, counts: Counts) -> None:
        """One more document."""
        self._numbers.append(np.fromiter(self.numbered(counts), np.int32, len(counts)))
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
        self.forms = list(vocabulary)
        self.counts = counts
        self.config = config
        self._weigh()

    @classmethod
    def empty(cls, config: Bm25) -> "TermIndex":
        """No documents yet."""
        return cls({}, sp.csr_matrix((0, 0), dtype=np.float32), config)

    def updated(self, added: "CountedRows", rows: Sequence[int]) -> "TermIndex":
        """The index of ``rows``, in this order; numbers count on from this index's rows into those ``added``.

        ``added`` must have been started with this index's vocabulary.
        """
        new, old = added.matrix(), self.counts
        widened = sp.csr_matrix((old.data, old.indices, old.indptr), shape=(old.shape[0], new.shape[1]))
        joined = sp.vstack([widened, new], format="csr")
        return TermIndex(added.vocabulary, joined[np.asarray(rows, dtype=np.intp)], self.config)

    def scores(self, query: Counts) -> NDArray[np.float64]:
        """One score a document, shape (N,), >= 0; summed in the order of the sorted terms, so reproducible."""
        scores = np.zeros(self.counts.shape[0])
        for number, times in self._known(query):
            row = self._frequent.get(number)
            if row is not None:
                scores += times * row
            else:
                start, end = self._starts[number], self._starts[number + 1]
                scores[self._documents[start:end]] += times * self._weights[start:end]
        return scores

    def bound(self, query: Counts) -> float:
        """What no document can reach: the sum of the terms' idf, those that occur nowhere included; 0 without terms."""
        return float(sum(times * self.idf(term) for term, times in sorted(query.items())))

    def holds(self, term: str) -> bool:
        """Whether some document has the term."""
        return self.idf(term) < self._unseen

    def idf(self, term: str) -> float:
        """Rarity in nats; an unseen term is as rare as can be."""
        number = self.vocabulary.get(term)
        return self._unseen if number is None else float(self._rarity[number])

    def contributions(self, query: Counts, document: int) -> list[tuple[str, float]]:
        """The summands of ``scores(query)[document]``, by term in sorted order; terms that add nothing are left out."""
        start, end = self.counts.indptr[document], self.counts.indptr[document + 1]
        numbers, counts = self.counts.indices[start:end], self.counts.data[start:end]
        weights = self._rarity[numbers] * counts / (counts + self._norms[document])
        found = dict(zip(numbers.tolist(), weights.tolist(), strict=True))
        return [
            (term, times * found[number])
            for term, times in sorted(query.items())
            if (number := self.vocabulary.get(term)) is not None and number in found
        ]

    def _known(self, query: Counts) -> list[tuple[int, float]]:
        """Numbers and counts of the query's terms that some document holds, by sorted term."""
        return [
            (number, times)
            for term, times in sorted(query.items())
            if (number := self.vocabulary.get(term)) is not None
        ]

    def _weigh(self) -> None:
        size = self.counts.shape[0]
        lengths = np.asarray(self.counts.sum(axis=1, dtype=np.float64)).ravel()
        mean = lengths.mean() if size and lengths.any() else 1.0
        scaled = self.config.k1 * (1 - self.config.b + self.config.b * lengths / mean)
        self._norms: NDArray[np.float32] = scaled.astype(np.float32)
        columns = self.counts.tocsc()
        found = np.diff(columns.indptr)
        # In float32 like the rest: a term whose last document was retired must weigh like one never seen.
        self._unseen = float(_idf(size, np.zeros(1)).astype(np.float32)[0])
        self._rarity: NDArray[np.float32] = _idf(size, found).astype(np.float32)
        self._starts: NDArray[np.int64] = columns.indptr.astype(np.int64)
        self._documents: NDArray[np.int32] = columns.indices
        counts = columns.data
        self._weights: NDArray[np.float32] = (
            np.repeat(self._rarity, found) * counts / (counts + self._norms[columns.indices])
        )
        self._frequent = {int(number): self._row(int(number)) for number in np.flatnonzero(found > size * _FREQUENT)}

    def _row(self, number: int) -> NDArray[np.float32]:
        """The weights of a term over all documents."""
        row = np.zeros(self.counts.shape[0], dtype=np.float32)
        start, end = self._starts[number], self._starts[number + 1]
        row[self._documents[start:end]] = self._weights[start:end]
        return row


def _idf(size: int, found: NDArray[Any]) -> NDArray[np.float64]:
    idf: NDArray[np.float64] = np.log(1 + (size - found + 0.5) / (found + 0.5))
    return idf
