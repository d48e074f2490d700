"""The words of documents where they stand in their texts: read once, when the documents are counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.dense import ranges
from matcher.text import Term

TokenRows = NDArray[np.int32]  # (words, 3): number in a vocabulary; start and end in the document's joined text


@dataclass(frozen=True, slots=True)
class DocumentTokens:
    """Document ``d`` has the rows ``starts[d]`` to ``starts[d + 1]`` of ``words``, in the order they are written."""

    words: TokenRows
    starts: NDArray[np.int64]

    @classmethod
    def joined(cls, readings: Sequence[TokenRows]) -> "DocumentTokens":
        """``readings``: the words of each document, as rows, in the order of the documents."""
        words = np.concatenate([np.zeros((0, 3), np.int32), *readings])
        return cls(words, np.cumsum([0, *map(len, readings)], dtype=np.int64))

    def chosen(self, added: "DocumentTokens", documents: Sequence[int]) -> "DocumentTokens":
        """Those of ``documents``, in this order; numbers count on from these documents into those ``added``."""
        starts = np.concatenate([self.starts, self.starts[-1] + added.starts[1:]])
        first, last = starts[:-1][list(documents)], starts[1:][list(documents)]
        words = np.concatenate([self.words, added.words])[ranges(first, last)]
        return DocumentTokens(words, np.concatenate([[0], np.cumsum(last - first)]))

    def terms(self, document: int, text: str, forms: Sequence[str]) -> list[Term]:
        """The words of a document, whose joined text is ``text``; ``forms`` is the vocabulary."""
        words = self.words[self.starts[document] : self.starts[document + 1]].tolist()
        return [Term(forms[number], text[start:end], start, end) for number, start, end in words]

    def state(self) -> dict[str, NDArray[Any]]:
        """What the constructor needs, by name."""
        return {"words": self.words, "starts": self.starts}


NO_TOKENS = DocumentTokens.joined([])


def token_rows(numbers: Iterable[int], terms: Sequence[Term]) -> TokenRows:
    """Of one document: ``numbers`` of its ``terms``."""
    rows = [(number, term.start, term.end) for number, term in zip(numbers, terms, strict=True)]
    return np.array(rows, dtype=np.int32).reshape(-1, 3)
