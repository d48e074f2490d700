"""Texts as vectors: a sentence of a document speaks when it means what the query means, in whatever words.

Rows are kept as whole numbers from -127 to 127 with one scale each. Products of such rows stay below 2**24, so sums of
them in 32 bits are exact in every order: a score is the same to the last bit on any machine, with any number of
threads, and wherever a row stands in its matrix.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Float32Array = NDArray[np.float32]
T = TypeVar("T", bound=Hashable)
_LARGEST = 127
MOST_DIMENSIONS = 2**24 // _LARGEST**2  # 1,040; beyond it sums may be rounded


@dataclass(frozen=True, slots=True)
class WordVectors:
    """``rows`` leads from a form (of ``matcher.text.word_forms``) to its row; several forms may share one.

    ``matrix`` is (rows, dimensions). A row's direction is what the word means, its length how much it tells.
    """

    name: str
    rows: Mapping[str, int]
    matrix: Float32Array

    def length(self, form: str) -> float:
        """How much a word tells; infinite for one that is not known, since it is too rare to be learned."""
        return float(np.linalg.norm(self.matrix[self.rows[form]])) if form in self.rows else np.inf

    def text_rows(self, texts: Sequence[Sequence[str]]) -> Float32Array:
        """(texts, dimensions): the sum of each text's words, a word counted 1 + ln(times); unit length, or 0."""
        bags = [log_counts([self.rows[form] for form in forms if form in self.rows]) for forms in texts]
        starts = np.cumsum([0, *(len(bag) for bag in bags)])
        columns = np.array([row for bag in bags for row in bag], dtype=np.int32)
        values = np.array([times for bag in bags for times in bag.values()], dtype=np.float32)
        counted = sp.csr_matrix((values, columns, starts), shape=(len(texts), len(self.matrix)))
        return unit_rows(counted @ self.matrix)


class TextEncoder(Protocol):
    """A sentence encoder. Rows are (texts, dimensions), of unit length, or zeros for a text that it cannot read."""

    @property
    def name(self) -> str:
        """Changes with everything that the vectors depend on."""

    def encode_queries(self, texts: Sequence[str]) -> Float32Array:
        """Of what is asked."""

    def encode_passages(self, texts: Sequence[str]) -> Float32Array:
        """Of what is searched."""


@dataclass(frozen=True, slots=True)
class NearestRow:
    """The row of a document nearest to what is asked: its number within the document, its cosine, itself."""

    number: int
    cosine: float
    row: Float32Array


@dataclass(frozen=True)  # without slots: the products need the rows in 32 bits, made on first use
class RowGroups:
    """Rows of documents, one or more each. ``small`` (rows, dimensions) int8, ``scales`` (rows,) float32.

    Row ``i`` is ``small[i] * scales[i]``; document ``d`` has the rows ``starts[d]`` to ``starts[d + 1]``, never none.
    """

    small: NDArray[np.int8]
    scales: Float32Array
    starts: NDArray[np.int64]

    @classmethod
    def joined(cls, pieces: Sequence[tuple[NDArray[np.int8], Float32Array]], sizes: Sequence[int]) -> "RowGroups":
        """From rows that are quantised already; ``NO_ROWS`` where there are none."""
        if not pieces:
            return NO_ROWS
        small, scales = (np.concatenate(side) for side in zip(*pieces, strict=True))
        return cls(small, scales, np.cumsum([0, *sizes], dtype=np.int64))

    def chosen(self, added: "RowGroups", documents: Sequence[int]) -> "RowGroups":
        """The rows of ``documents``, in this order; numbers count on from these documents into those ``added``."""
        starts = np.concatenate([self.starts, self.starts[-1] + added.starts[1:]])
        first, last = starts[:-1][list(documents)], starts[1:][list(documents)]
        rows = ranges(first, last)
        held = [one for one in (self, added) if len(one.small)] or [self]  # one without rows knows no dimensions
        small = np.concatenate([one.small for one in held])[rows]
        scales = np.concatenate([one.scales for one in held])[rows]
        return RowGroups(small, scales, np.concatenate([[0], np.cumsum(last - first)]))

    def best(self, asked: Float32Array) -> NDArray[np.float64]:
        """(documents, asked): the highest cosine of any row with each row of ``asked``, which are of unit length."""
        if len(self.starts) < 2:
            return np.zeros((0, len(asked)))
        small, scales = quantised(asked)
        cosines = small.astype(np.float32) @ self._whole.T  # in this order, since rows of the result are run through
        cosines *= self.scales
        if len(self.small) >= len(self.starts):  # else each document has its one row
            cosines = np.maximum.reduceat(cosines, self.starts[:-1], axis=1)
        return cosines.astype(np.float64).T * scales

    def speaking(self, asked: Float32Array, document: int) -> "NearestRow":
        """The document's row with the highest cosine with the one row ``asked``, the first of equals."""
        start, end = self.starts[document], self.starts[document + 1]
        small, scales = quantised(asked)
        cosines = self.small[start:end].astype(np.float32) @ small[0].astype(np.float32)
        cosines *= self.scales[start:end]
        number = int(np.argmax(cosines))
        row = self.small[start + number] * self.scales[start + number]
        return NearestRow(number, float(cosines[number].astype(np.float64) * scales[0]), row)

    def sum_of(self, documents: Sequence[int]) -> Float32Array:
        """The sum of all rows of the documents at length 1, (1, dimensions)."""
        rows = ranges(self.starts[list(documents)], self.starts[[document + 1 for document in documents]])
        whole = (self.small[rows] * self.scales[rows, None]).sum(axis=0, keepdims=True, dtype=np.float64)
        return unit_rows(whole)

    def summed(self) -> "RowGroups":
        """The sum of each document's rows as its only row, of length one."""
        if not len(self.small):
            return self
        sums = sp.csr_matrix((self.scales, np.arange(len(self.small)), self.starts)) @ self._whole
        small, scales = quantised(unit_rows(sums))
        return RowGroups(small, scales, np.arange(len(self.starts), dtype=np.int64))

    def state(self) -> dict[str, NDArray[Any]]:
        """What the constructor needs, by name."""
        return {"small": self.small, "scales": self.scales, "starts": self.starts}

    @cached_property
    def _whole(self) -> Float32Array:
        return self.small.astype(np.float32)


NO_ROWS = RowGroups(np.zeros((0, 0), np.int8), np.zeros(0, np.float32), np.zeros(1, np.int64))


def quantised(rows: Float32Array) -> tuple[NDArray[np.int8], Float32Array]:
    """The largest value of each row becomes 127 or -127; in dozens of dimensions a cosine changes by less than 0.01."""
    scales = np.maximum(np.abs(rows).max(axis=1, initial=0), np.finfo(np.float32).tiny) / _LARGEST
    return np.rint(rows / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def unit_rows(rows: NDArray[Any]) -> Float32Array:
    """Rows at length 1; rows of zeros stay."""
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    unit: Float32Array = (rows / np.where(lengths > 0, lengths, 1)[:, None]).astype(np.float32)
    return unit


def log_counts(terms: Iterable[T]) -> dict[T, float]:
    """1 + ln(times) of each, in the order they first occur."""
    return {term: 1 + float(np.log(times)) for term, times in Counter(terms).items()}


def ranges(first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int64]:
    """All numbers from each ``first`` to before its ``last``, one range after the other."""
    sizes = last - first
    ends = np.cumsum(sizes)
    numbers: NDArray[np.int64] = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - sizes), sizes)
    return numbers
