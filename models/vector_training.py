"""Word vectors learned from texts by counting which words stand near which.

Positive pointwise mutual information, then a truncated singular value decomposition, with the settings that Levy,
Goldberg and Dagan (2015), "Improving distributional similarity with lessons learned from word embeddings", recommend.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from matcher.dense import WordVectors
from matcher.text import sentence_spans, word_forms
from models.texts import BrokenTexts
from models.vectors import unit_rows

_CHUNK = 1_000_000  # words whose neighbours are counted at once
_RECORDS_BETWEEN_LINES = 2_000
_NOTHING = -1  # in place of a word that is not kept, and between sentences


@dataclass(frozen=True, slots=True)
class VectorConfig:
    """How vectors are learned. ``window`` counts words to each side; ``least`` is how often a word must occur.

    ``smoothing`` is the exponent on the frequency of contexts, ``weighting`` that on the singular values.
    """

    window: int = 6
    dimensions: int = 200
    least: int = 5
    most_words: int = 30_000
    smoothing: float = 0.75
    weighting: float = 0.5


def train(
    records: Iterable[Sequence[str]], config: VectorConfig, progress: Callable[[str], None] = lambda line: None
) -> WordVectors:
    """Vectors of the words of ``records``, the same to the last bit on one machine whatever the order of records.

    ``progress`` gets Japanese sentences. Raises BrokenTexts where no word occurs often enough beside another.
    """
    forms, words = _read(records, config, progress)
    counts = count_pairs(words, len(forms), config.window)
    weighed = ppmi(counts, config.smoothing)
    if weighed.nnz == 0:
        raise BrokenTexts(
            f"{config.least}回以上出てくる語が足りず、学べませんでした。文章を増やすか、出現の下限を下げてください。"
        )
    progress(f"{len(forms):,}語の{counts.nnz // 2:,}組のならびを数えました。ベクトルを計算しています。")
    matrix = _decomposed(weighed, config)
    kept = np.flatnonzero(np.linalg.norm(matrix, axis=1) > np.finfo(np.float32).eps)
    rows = {forms[number]: row for row, number in enumerate(kept)}
    return WordVectors("ppmi", rows, unit_rows(matrix[kept]))


def _read(
    records: Iterable[Sequence[str]], config: VectorConfig, progress: Callable[[str], None]
) -> tuple[list[str], NDArray[np.int32]]:
    """The kept forms by falling frequency, and the texts as numbers of them, sentences a window's width apart.

    A sentence counts once: forms repeat their set phrases in every record, and say nothing new by it.
    """
    numbers: dict[str, int] = {}
    words = array("i")
    seen: set[str] = set()
    gap = array("i", [_NOTHING] * config.window)
    for read, record in enumerate(records, start=1):
        for sentence in _sentences(record):
            if sentence in seen:
                continue
            seen.add(sentence)
            words.extend(numbers.setdefault(form, len(numbers)) for form in word_forms(sentence))
            words.extend(gap)
        if read % _RECORDS_BETWEEN_LINES == 0:
            progress(f"{read:,}件の文章を読みました。")
    return _frequent(list(numbers), np.array(words, dtype=np.int32), config)


def _sentences(record: Sequence[str]) -> Iterator[str]:
    return (text[start:end] for text in record for start, end in sentence_spans(text))


def _frequent(forms: list[str], words: NDArray[np.int32], config: VectorConfig) -> tuple[list[str], NDArray[np.int32]]:
    """A word that is not kept still takes its place, so that a window never reaches further than it says."""
    often = np.bincount(words[words != _NOTHING], minlength=len(forms)).tolist()
    order = sorted((-count, form, number) for number, (form, count) in enumerate(zip(forms, often, strict=True)))
    kept = [(form, number) for count, form, number in order if -count >= config.least][: config.most_words]
    renumbered = np.full(len(forms) + 1, _NOTHING, dtype=np.int32)  # its last entry is where _NOTHING leads
    renumbered[[number for _, number in kept]] = np.arange(len(kept))
    return [form for form, _ in kept], renumbered[words]


def count_pairs(words: NDArray[np.int32], size: int, window: int) -> csr_matrix:
    """(size, size), symmetric: how often two words stand at most ``window`` places apart; negative numbers are gaps."""
    total = csr_matrix((size, size), dtype=np.int32)
    for start in range(0, len(words), _CHUNK):
        pairs = [_neighbours(words, start, distance) for distance in range(1, window + 1)]
        left, right = (np.concatenate(side) for side in zip(*pairs, strict=True))
        total += coo_matrix((np.ones(len(left), dtype=np.int32), (left, right)), shape=(size, size)).tocsr()
    return (total + total.T).tocsr()


def _neighbours(words: NDArray[np.int32], start: int, distance: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    right = words[start + distance : start + distance + _CHUNK]
    left = words[start : start + len(right)]
    both = (left >= 0) & (right >= 0)
    return left[both], right[both]


def ppmi(counts: csr_matrix, smoothing: float) -> csr_matrix:
    """``max(0, log(P(w, c) / (P(w) P'(c))))`` with ``P'`` from frequencies to the power of ``smoothing``."""
    pairs = counts.tocoo()
    often = np.asarray(counts.sum(axis=1), dtype=np.float64).ravel()
    contexts = often**smoothing
    values = np.log(pairs.data * contexts.sum() / (often[pairs.row] * contexts[pairs.col]))
    above = values > 0
    return csr_matrix((values[above].astype(np.float32), (pairs.row[above], pairs.col[above])), shape=counts.shape)


def _decomposed(matrix: csr_matrix, config: VectorConfig) -> NDArray[np.float32]:
    dimensions = min(config.dimensions, matrix.shape[0])
    with threadpool_limits(limits=1):  # how many threads share a sum would decide its last bits
        left, values, _ = randomized_svd(matrix, dimensions, n_iter=4, random_state=0)
    weighted: NDArray[np.float32] = (left * values**config.weighting).astype(np.float32)
    return weighted
