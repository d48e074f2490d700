"""BM25 over the counted terms of documents, kept term-major: a query touches only the postings of its own terms.

Formula: Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), in the variant of
Lucene (Kamphuis et al., "Which BM25 Do You Mean?", ECIR 2020), which drops the constant factor (k1 + 1):

    idf(t) * tf / (tf + k1 * (1 - b + b * length / mean length)),   idf(t) = ln(1 + (N - df + 0.5) / (df + 0.5))

Weighted parts enter as in simple BM25F: a term's count is the sum over the parts of weight times count.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
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


@dataclass(frozen=True, slots=True)
class Statistics:
    """What weighs the terms of a collection: its documents, their terms all together, and who holds a term.

    ``length`` is the sum of the weighted counts, ``found`` leads from a term to the number of documents that have it.
    """

    size: int
    length: float
    found: Mapping[str, int]


NO_STATISTICS = Statistics(0, 0.0, {})


class RowBuilder:
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
    """Immutable postings of documents numbered 0..N-1 in the caller's order, however they came together.

    Terms are weighed by what the public documents and a background hold: from no score can it be told what stands in
    another document that is not public.
    """

    def __init__(
        self,
        vocabulary: Mapping[str, int],
        counts: sp.csr_matrix,
        config: Bm25,
        public: NDArray[np.bool_] | None = None,
        background: Statistics = NO_STATISTICS,
    ) -> None:
        """``counts`` is N x len(vocabulary), float32, row = document; ``public`` has shape (N,), None is all."""
        self.vocabulary = vocabulary
        self.forms = list(vocabulary)
        self.counts = counts
        self.config = config
        self.public = np.ones(counts.shape[0], dtype=bool) if public is None else public
        self.background = background
        self._count()
        self._weigh()

    @classmethod
    def empty(cls, config: Bm25, background: Statistics = NO_STATISTICS) -> "TermIndex":
        """No documents yet."""
        return cls({}, sp.csr_matrix((0, 0), dtype=np.float32), config, background=background)

    def updated(self, added: "RowBuilder", rows: Sequence[int], public: NDArray[np.bool_] | None = None) -> "TermIndex":
        """The index of ``rows``, in this order; numbers count on from this index's rows into those ``added``.

        ``added`` must have been started with this index's vocabulary. ``public`` says of each of ``rows`` whether it
        is; None is all.
        """
        new, old = added.matrix(), self.counts
        widened = sp.csr_matrix((old.data, old.indices, old.indptr), shape=(old.shape[0], new.shape[1]))
        joined = sp.vstack([widened, new], format="csr")[np.asarray(rows, dtype=np.intp)]
        return TermIndex(added.vocabulary, joined, self.config, public, self.background)

    def beside(self, background: Statistics) -> "TermIndex":
        """The same documents, weighed anew."""
        return TermIndex(self.vocabulary, self.counts, self.config, self.public, background)

    @cached_property
    def statistics(self) -> Statistics:
        """Of the public documents, without the background."""
        found = {form: number for form, number in zip(self.forms, self._held.tolist(), strict=True) if number}
        return Statistics(int(self.public.sum()), self._length, found)

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
        """Whether some document that counts has the term."""
        return self.idf(term) < self._unseen

    def idf(self, term: str) -> float:
        """Rarity in nats; an unseen term is as rare as can be."""
        number = self.vocabulary.get(term)
        if number is not None:
            return float(self._rarity[number])
        found = self.background.found.get(term)
        return float(_idf(self._size, np.array([found]))[0]) if found else self._unseen

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

    def _count(self) -> None:
        """How rare each term is and how much the length of each document counts, by those that count."""
        lengths = np.asarray(self.counts.sum(axis=1, dtype=np.float64)).ravel()
        self._length = float(lengths[self.public].sum())
        self._held: NDArray[np.int64] = self.counts[self.public].getnnz(axis=0)
        self._size = int(self.public.sum()) + self.background.size
        total = self._length + self.background.length
        mean = total / self._size if total else 1.0
        scaled = self.config.k1 * (1 - self.config.b + self.config.b * lengths / mean)
        self._norms: NDArray[np.float32] = scaled.astype(np.float32)
        elsewhere = self.background.found
        found = self._held + np.fromiter((elsewhere.get(form, 0) for form in self.forms), np.int64, len(self.forms))
        self._rarity = _idf(self._size, found)
        # As rounded as the rest: a term that no document has any more must weigh like one never seen.
        self._unseen = float(_idf(self._size, np.zeros(1))[0])

    def _weigh(self) -> None:
        """What each document gets for each of its terms, term by term."""
        columns = self.counts.tocsc()
        self._starts: NDArray[np.int64] = columns.indptr.astype(np.int64)
        self._documents: NDArray[np.int32] = columns.indices
        counts, found = columns.data, np.diff(columns.indptr)
        self._weights: NDArray[np.float32] = (
            np.repeat(self._rarity, found) * counts / (counts + self._norms[columns.indices])
        )
        frequent = np.flatnonzero(found > self.counts.shape[0] * _FREQUENT)
        self._frequent = {int(number): self._row(int(number)) for number in frequent}

    def _row(self, number: int) -> NDArray[np.float32]:
        """The weights of a term over all documents."""
        row = np.zeros(self.counts.shape[0], dtype=np.float32)
        start, end = self._starts[number], self._starts[number + 1]
        row[self._documents[start:end]] = self._weights[start:end]
        return row


def _idf(size: int, found: NDArray[Any]) -> NDArray[np.float32]:
    idf: NDArray[np.float64] = np.log(1 + (size - found + 0.5) / (found + 0.5))
    return idf.astype(np.float32)
