"""Word vectors refined until a sentence lies nearer to the rest of its own record than to that of any other.

The pairs are those of the inverse cloze task (Lee, Chang and Toutanova 2019, "Latent retrieval for weakly supervised
open domain question answering"), the loss is InfoNCE over each batch (van den Oord, Li and Vinyals 2018,
"Representation learning with contrastive predictive coding"), its minimum is sought by Adam (Kingma and Ba 2015).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from matcher.dense import Float32Array, WordVectors, unit_rows
from models.vectors.sentences import Record, Sentences

REFINED = "contrast"
LEAST_RECORDS = 200  # with fewer, what sets a record apart from the others is chance
_SEED = 0
_STEPS_BETWEEN_LINES = 500
_MEAN, _SQUARE, _TINY = 0.9, 0.999, 1e-8  # of Adam, as its authors give them
_BLOCK = 512  # rows that Adam moves at once, so that they stay in the processor's cache
_SHORTEST = 1e-6  # a length that can still be divided by


@dataclass(frozen=True, slots=True)
class ContrastConfig:
    """``steps`` batches of ``batch`` records. ``rate`` is how far Adam steps at first, falling to 0 along a line.

    ``cloze`` is the probability of a pair of a sentence and the rest, else two texts of the record; ``drop`` that of
    leaving a word out of its text; cosines are divided by ``temperature``.
    """

    steps: int = 2_500
    batch: int = 256
    cloze: float = 0.9
    temperature: float = 0.1
    drop: float = 0.3
    rate: float = 0.01


def refine(
    sentences: Sentences, vectors: WordVectors, config: ContrastConfig, progress: Callable[[str], None]
) -> WordVectors:
    """``vectors``, named REFINED, such that the sum of a text's rows says what it is about; lengths are learned too.

    ``vectors`` are of forms of ``sentences``. The start is their direction times ln(1 + (N - df + 0.5) / (df + 0.5))
    over the N records; where fewer than LEAST_RECORDS can be used, that is all, and the name stays.
    """
    place = {form: number for number, form in enumerate(sentences.forms)}
    counts = sentences.counts()[:, [place[form] for form in sorted(vectors.rows, key=vectors.rows.__getitem__)]]
    matrix = unit_rows(vectors.matrix) * _idf(sentences.records, counts)[:, None]
    usable = usable_records(sentences.records, np.diff(counts.indptr) > 0)
    if len(usable) < LEAST_RECORDS:
        progress(
            f"2つ以上の文がある文章が{LEAST_RECORDS}件に足りない({len(usable)}件)ため、文章を見分ける学習は省きました。"
        )
        return WordVectors(vectors.name, vectors.rows, matrix)
    _learn(matrix, counts, usable, config, progress)
    return WordVectors(REFINED, vectors.rows, matrix)


def _idf(records: Sequence[Record], counts: csr_matrix) -> Float32Array:
    said = _sums(counts, [list(chain.from_iterable(record)) for record in records])
    occurs = np.bincount(said.indices, minlength=counts.shape[1])
    idf: Float32Array = np.log(1 + (len(records) - occurs + 0.5) / (occurs + 0.5)).astype(np.float32)
    return idf


def usable_records(records: Sequence[Record], telling: NDArray[np.bool_]) -> list[Record]:
    """The records that have two sentences or more of those that are ``telling``, each where it comes first.

    So none is asked for and stands in its own answer; a text that has none left is left out.
    """
    distinct = (_distinct(record, telling) for record in records)
    return [record for record in distinct if sum(map(len, record)) > 1]


def _distinct(record: Record, telling: NDArray[np.bool_]) -> Record:
    texts, seen = [], set[int]()
    for text in record:
        texts.append(tuple(number for number in dict.fromkeys(text) if telling[number] and number not in seen))
        seen.update(text)
    return tuple(filter(None, texts))


def _learn(
    matrix: Float32Array,
    counts: csr_matrix,
    records: Sequence[Record],
    config: ContrastConfig,
    progress: Callable[[str], None],
) -> None:
    """Changes ``matrix``."""
    rng = np.random.default_rng(_SEED)
    adam = _Adam(matrix)
    for step in range(1, config.steps + 1):
        chosen = rng.choice(len(records), min(config.batch, len(records)), replace=False)
        pairs = [_pair(records[number], config.cloze, rng) for number in chosen]
        asked, answers = (_bags(counts, side, config.drop, rng) for side in zip(*pairs, strict=True))
        _, gradient = loss_and_gradient(matrix, asked, answers, config.temperature)
        adam.move(gradient, step, config.rate * (1 - step / config.steps))
        if step % _STEPS_BETWEEN_LINES == 0:
            progress(f"文章を見分ける学習の{config.steps:,}回のうち{step:,}回が済みました。")


def _pair(record: Record, cloze: float, rng: np.random.Generator) -> tuple[Sequence[int], Sequence[int]]:
    if len(record) < 2 or rng.random() < cloze:
        every = list(chain.from_iterable(record))
        asked = every.pop(rng.integers(len(every)))
        return [asked], every
    one, other = rng.choice(len(record), 2, replace=False)
    return record[one], record[other]


def _bags(counts: csr_matrix, groups: Sequence[Sequence[int]], drop: float, rng: np.random.Generator) -> csr_matrix:
    """(groups, words): 1 + ln(times) of each word in each group of sentences, or 0 where it is dropped."""
    bags = _sums(counts, groups)
    bags.data = (1 + np.log(bags.data)) * (rng.random(len(bags.data), dtype=np.float32) >= drop)
    return bags


def _sums(counts: csr_matrix, groups: Sequence[Sequence[int]]) -> csr_matrix:
    """(groups, words): the sum of the rows of ``counts`` that each group names."""
    members = np.fromiter(chain.from_iterable(groups), np.int32)
    starts = np.cumsum([0, *map(len, groups)])
    picked = csr_matrix((np.ones(len(members), np.float32), members, starts), shape=(len(groups), counts.shape[0]))
    return (picked @ counts).tocsr()


def loss_and_gradient(
    matrix: Float32Array, asked: csr_matrix, answers: csr_matrix, temperature: float
) -> tuple[float, Float32Array]:
    """Mean negative log probability of finding each one's answer among all and of finding what asked it; by ``matrix``.

    ``asked`` and ``answers`` are (pairs, words); a text is the unit vector of the sum of its words' rows.
    """
    left, left_lengths = _unit(asked @ matrix)
    right, right_lengths = _unit(answers @ matrix)
    cosines = left @ right.T / temperature
    found, finding = _softmax(cosines, 1), _softmax(cosines, 0)
    loss = -float(np.mean(np.log(np.diag(found)) + np.log(np.diag(finding)))) / 2
    pull: Float32Array = (found + finding) / (2 * len(cosines) * temperature)
    pull[np.diag_indices_from(pull)] -= 1 / (len(cosines) * temperature)
    gradient = asked.T @ _before_unit(pull @ right, left, left_lengths)
    gradient += answers.T @ _before_unit(pull.T @ left, right, right_lengths)
    return loss, gradient


def _unit(rows: Float32Array) -> tuple[Float32Array, Float32Array]:
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _SHORTEST)
    return rows / lengths, lengths


def _before_unit(gradient: Float32Array, unit: Float32Array, lengths: Float32Array) -> Float32Array:
    """The gradient by a row from that by its unit row: only what turns it counts."""
    turning: Float32Array = (gradient - (gradient * unit).sum(axis=1, keepdims=True) * unit) / lengths
    return turning


def _softmax(values: Float32Array, axis: int) -> Float32Array:
    powers = np.exp(values - values.max(axis=axis, keepdims=True))
    shares: Float32Array = powers / powers.sum(axis=axis, keepdims=True)
    return shares


class _Adam:
    """Moves ``matrix`` in place against gradients, by their running mean over the root of their mean square."""

    def __init__(self, matrix: Float32Array) -> None:
        self._matrix = matrix
        self._mean, self._square = np.zeros_like(matrix), np.zeros_like(matrix)

    def move(self, gradient: Float32Array, step: int, rate: float) -> None:
        """``step`` counts from 1."""
        for start in range(0, len(gradient), _BLOCK):
            rows = slice(start, start + _BLOCK)
            slope, mean, square = gradient[rows], self._mean[rows], self._square[rows]
            mean += (1 - _MEAN) * (slope - mean)
            square += (1 - _SQUARE) * (slope * slope - square)
            spread = np.sqrt(square / (1 - _SQUARE**step)) + _TINY
            self._matrix[rows] -= rate / (1 - _MEAN**step) * mean / spread
