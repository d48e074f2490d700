"""Texts read once for everything that learns from words: distinct sentences as numbers of words, records of them."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from matcher.text import sentence_spans, word_forms

NOTHING = -1  # in place of a word that is not kept
_RECORDS_BETWEEN_LINES = 2_000

Record = tuple[tuple[int, ...], ...]  # its texts, each the numbers of its sentences


@dataclass(frozen=True, slots=True)
class Sentences:
    """Sentence ``s`` is ``words[starts[s]:starts[s + 1]]``: places in ``forms``, or NOTHING.

    ``forms`` are the kept ones by falling frequency. Sentences and ``records`` are distinct and in the order of what
    they say, so that nothing learned depends on the order in which files were read.
    """

    forms: list[str]
    words: NDArray[np.int32]
    starts: NDArray[np.int64]
    records: list[Record]

    def counts(self) -> csr_matrix:
        """(sentences, forms), float32: how often each sentence has each form."""
        kept = self.words != NOTHING
        ends = np.concatenate([[0], np.cumsum(kept)])[self.starts]
        shape = (len(self.starts) - 1, len(self.forms))
        counts = csr_matrix((np.ones(ends[-1], np.float32), self.words[kept], ends), shape=shape)
        counts.sum_duplicates()
        return counts

    def spaced(self, gap: int) -> NDArray[np.int32]:
        """The words of all sentences with ``gap`` times NOTHING after each."""
        return np.insert(self.words, np.repeat(self.starts[1:], gap), NOTHING)


def read_sentences(
    records: Iterable[Sequence[str]], least: int, most_words: int, progress: Callable[[str], None]
) -> Sentences:
    """Kept are the ``most_words`` most frequent of the forms that occur at least ``least`` times.

    A sentence counts once: forms repeat their set phrases in every record, and say nothing new by it.
    """
    splitter = _SentenceSplitter()
    for read, record in enumerate(records, start=1):
        splitter.add(record)
        if read % _RECORDS_BETWEEN_LINES == 0:
            progress(f"{read:,}件の文章を読みました。")
    return splitter.sentences(least, most_words)


class _SentenceSplitter:
    """Numbers forms and sentences as they come, and again in an order of their own at the end."""

    def __init__(self) -> None:
        self._forms: dict[str, int] = {}
        self._known: dict[str, int] = {}
        self._words: list[array[int]] = []
        self._records: set[Record] = set()

    def add(self, record: Sequence[str]) -> None:
        texts = ([text[start:end] for start, end in sentence_spans(text)] for text in record)
        self._records.add(tuple(tuple(map(self._number, sentences)) for sentences in texts))

    def _number(self, sentence: str) -> int:
        if sentence not in self._known:
            self._known[sentence] = len(self._known)
            forms = (self._forms.setdefault(form, len(self._forms)) for form in word_forms(sentence))
            self._words.append(array("i", forms))
        return self._known[sentence]

    def sentences(self, least: int, most_words: int) -> Sentences:
        order = [self._known[sentence] for sentence in sorted(self._known)]
        rank = np.argsort(order).tolist()
        words = np.array([word for number in order for word in self._words[number]], dtype=np.int32)
        starts = np.cumsum([0, *(len(self._words[number]) for number in order)], dtype=np.int64)
        forms, renumbered = _frequent(list(self._forms), words, least, most_words)
        records = sorted(tuple(tuple(rank[number] for number in text) for text in record) for record in self._records)
        return Sentences(forms, renumbered[words], starts, records)


def _frequent(
    forms: list[str], words: NDArray[np.int32], least: int, most_words: int
) -> tuple[list[str], NDArray[np.int32]]:
    """The kept forms, and the new number of each old one; ties by form.

    A word that is not kept still takes its place, so that a window never reaches further than it says.
    """
    often = np.bincount(words, minlength=len(forms)).tolist()
    order = sorted((-count, form, number) for number, (form, count) in enumerate(zip(forms, often, strict=True)))
    kept = [(form, number) for count, form, number in order if -count >= least][:most_words]
    renumbered = np.full(len(forms), NOTHING, dtype=np.int32)
    renumbered[[number for _, number in kept]] = np.arange(len(kept))
    return [form for form, _ in kept], renumbered
