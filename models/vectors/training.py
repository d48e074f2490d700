"""Word vectors learned from texts: by counting which words stand near which, then by telling records apart.

The first stage is positive pointwise mutual information and a truncated singular value decomposition,
with the settings that Levy, Goldberg and Dagan (2015), "Improving distributional similarity with lessons learned from
word embeddings", recommend; the second is ``models.vectors.contrast``.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from matcher.dense import WordVectors
from models.vectors.contrast import ContrastConfig, refine
from models.vectors.sentences import Sentences, read_sentences
from models.vectors.texts import BrokenTexts

_CHUNK = 1_000_000  # words whose neighbours are counted at once


@dataclass(frozen=True, slots=True)
class VectorConfig:
    """How words are counted. ``window`` counts words to each side; ``least`` is how often a word must occur.

    ``smoothing`` is the exponent on the frequency of contexts, ``weighting`` that on the singular values.
    """

    window: int = 6
    dimensions: int = 128
    least: int = 3
    most_words: int = 30_000
    smoothing: float = 0.75
    weighting: float = 0.5


def train(
    records: Iterable[Sequence[str]],
    config: VectorConfig,
    contrast: ContrastConfig,
    progress: Callable[[str], None] = lambda line: None,
) -> WordVectors:
    """Vectors of the words of ``records``, the same to the last bit on one machine whatever the order of records.

    ``progress`` gets Japanese sentences. Raises BrokenTexts where no word occurs often enough beside another.
    """
    sentences = read_sentences(records, config.least, config.most_words, progress)
    with threadpool_limits(limits=1):  # how many threads share a sum would decide its last bits
        return refine(sentences, _decomposed(sentences, config, progress), contrast, progress)


def _decomposed(sentences: Sentences, config: VectorConfig, progress: Callable[[str], None]) -> WordVectors:
    """The first stage. Words that stand beside no other more often than by chance have no row."""
    forms = sentences.forms
    counts = count_pairs(sentences.spaced(config.window), len(forms), config.window)
    weighed = ppmi(counts, config.smoothing)
    if weighed.nnz == 0:
        raise BrokenTexts(
            f"{config.least}回以上出てくる語が足りず、学べませんでした。同じ文は、何度書かれていても1回と数えます。"
            "違う文を増やすか、--least で出現の下限を下げてください。"
        )
    progress(f"{len(forms):,}語の{counts.nnz // 2:,}組のならびを数えました。ベクトルを計算しています。")
    left, values, _ = randomized_svd(weighed, min(config.dimensions, len(forms)), n_iter=4, random_state=0)
    matrix = (left * values**config.weighting).astype(np.float32)
    kept = np.flatnonzero(np.linalg.norm(matrix, axis=1) > np.finfo(np.float32).eps)
    return WordVectors("ppmi", {forms[number]: row for row, number in enumerate(kept)}, matrix[kept])


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
