"""A text's probabilities of the twenty activity fields, from plain arrays: weighed terms times coefficients.

How the arrays are learned stands in ``models.fields.learning``; nothing here needs what that needs.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import expit

from corpus.activity_fields import FIELDS
from matcher.analysis import AnalysedQuery
from matcher.document_index import State
from matcher.records import Part
from matcher.text import character_forms, word_forms
from models.artefacts import BrokenArtefact, load_model

KIND, FORM = "fields", 1
CODES = tuple(FIELDS)  # columns of every matrix of probabilities
MOST = 3  # fields proposed for one text
LIKELY = 0.5  # from this probability on a proposal is shown as likely, below as possible
# Different words that the model knows, for a likely proposal. Of introductions cut to their first 1, 2, 3 such words,
# 0.70, 0.74, 0.77 of these proposals were right by ten-fold cross-validation; from 4 on 0.78 or more.
FEWEST_WORDS = 4
_RARE = 3  # a term of fewer texts is forgotten: it says little, and no text can be put together from the others
_CHARACTER = "#"  # begins the terms that are characters, so that the word 水 and the character 水 are two

Terms = Sequence[str]
Table = NDArray[np.float64]  # a row per text, a column per code


class Classifier(Protocol):
    """``threshold``: from which probability on a field is said to be one of the text's."""

    @property
    def threshold(self) -> float:
        """Between 0 and 1."""

    def probabilities(self, texts: Sequence[Terms]) -> Table:
        """Shape (texts, 20), columns in the order of ``CODES``, each from 0 to 1."""


def terms_of(text: str | AnalysedQuery) -> list[str]:
    """Words, and characters of kanji and katakana runs: together 0.04 better in macro-F1 than words alone.

    Of what is asked of a ranking they are known, and the text is not read again.
    """
    characters = text.forms(Part.CHARACTERS) if isinstance(text, AnalysedQuery) else character_forms(text)
    return _words_of(text) + [_CHARACTER + form for form in characters]


def _words_of(text: str | AnalysedQuery) -> list[str]:
    return text.forms(Part.WORDS) if isinstance(text, AnalysedQuery) else word_forms(text)


@dataclass(frozen=True, slots=True)
class Weighing:
    """tf-idf: (1 + ln count) * idf, rows of length 1; a text of unknown terms is a row of zeros."""

    vocabulary: Mapping[str, int]
    idf: NDArray[np.float32]

    @classmethod
    def of(cls, texts: Sequence[Terms], rare: int = _RARE) -> "Weighing":
        """From the texts' own terms; idf = 1 + ln((1 + texts) / (1 + texts that hold the term))."""
        held = Counter(term for text in texts for term in set(text))
        kept = sorted(term for term, number in held.items() if number >= rare)
        numbers = np.array([held[term] for term in kept], dtype=np.float64)
        idf = 1 + np.log((1 + len(texts)) / (1 + numbers))
        return cls({term: column for column, term in enumerate(kept)}, idf.astype(np.float32))

    def rows(self, texts: Sequence[Terms]) -> Any:
        """Sparse, shape (texts, terms of the vocabulary)."""
        known = [Counter(self.vocabulary[term] for term in text if term in self.vocabulary) for text in texts]
        columns = [np.array(sorted(counts), dtype=np.int32) for counts in known]
        values = [self._row(counts, each) for counts, each in zip(known, columns, strict=True)]
        starts = np.cumsum([0, *map(len, columns)], dtype=np.int32)
        indices = np.concatenate([np.zeros(0, dtype=np.int32), *columns])
        shape = (len(texts), len(self.vocabulary))
        return sp.csr_matrix((np.concatenate([np.zeros(0), *values]), indices, starts), shape)

    def _row(self, counts: Mapping[int, int], columns: NDArray[np.int32]) -> Table:
        weights = (1 + np.log([counts[column] for column in columns.tolist()])) * self.idf[columns]
        length = float(np.linalg.norm(weights))
        return np.asarray(weights / length if length else weights, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class FieldModel:
    """A logistic regression for each field. ``coefficients``: 20 x terms; an intercept of -inf is a field not learned.

    ``threshold`` is the probability from which a field is proposed.
    """

    weighing: Weighing
    coefficients: NDArray[np.float32]
    intercepts: NDArray[np.float32]
    threshold: float

    def probabilities(self, texts: Sequence[Terms]) -> Table:
        """Shape (texts, 20), columns in the order of ``CODES``; 0 throughout for a field that was not learned."""
        scores = self.weighing.rows(texts) @ self.coefficients.T.astype(np.float64)
        return np.asarray(expit(scores + self.intercepts), dtype=np.float64)

    def of(self, text: str | AnalysedQuery) -> dict[int, float]:
        """Code -> probability of all fields that were learned; {} for a text without any known term."""
        terms = [term for term in terms_of(text) if term in self.weighing.vocabulary]
        (row,) = self.probabilities([terms])
        return {code: float(p) for code, p in zip(CODES, row, strict=True) if p > 0} if terms else {}

    def proposed(self, text: str | AnalysedQuery) -> dict[int, float]:
        """Those of ``of`` at the threshold or above: the ``MOST`` likely ones, likeliest first, ties by code."""
        likely = sorted(self.of(text).items(), key=lambda one: (-one[1], one[0]))
        return {code: p for code, p in likely[:MOST] if p >= self.threshold}

    def likely(self, text: str | AnalysedQuery) -> frozenset[int]:
        """Those of ``proposed`` that may be shown as likely, from ``LIKELY`` on.

        None for a text with fewer than ``FEWEST_WORDS`` different words that the model knows, characters not counted:
        so little text is judged by what else its one or two words stand beside in the register.
        """
        if len(self.weighing.vocabulary.keys() & set(_words_of(text))) < FEWEST_WORDS:
            return frozenset()
        return frozenset(code for code, p in self.proposed(text).items() if p >= LIKELY)

    def state(self) -> State:
        """Everything that ``from_state`` needs."""
        arrays = {"idf": self.weighing.idf, "coefficients": self.coefficients, "intercepts": self.intercepts}
        tables = {"vocabulary": list(self.weighing.vocabulary), "threshold": self.threshold}
        return State(arrays, tables)

    @classmethod
    def from_state(cls, state: State) -> "FieldModel":
        """The model whose ``state`` this is. Raises KeyError or ValueError when parts are missing or do not fit."""
        idf, coefficients, intercepts = (state.arrays[name] for name in ("idf", "coefficients", "intercepts"))
        vocabulary = {str(term): column for column, term in enumerate(state.tables["vocabulary"])}
        expected = ((len(vocabulary),), (len(CODES), len(vocabulary)), (len(CODES),))
        if (idf.shape, coefficients.shape, intercepts.shape) != expected:
            raise ValueError("the arrays are not of one model")
        return cls(Weighing(vocabulary, idf), coefficients, intercepts, float(state.tables["threshold"]))


def load_field_model(folder: Path) -> FieldModel:
    """The model kept in ``folder``. Raises BrokenArtefact."""
    state, _ = load_model(folder, KIND, FORM)
    try:
        return FieldModel.from_state(state)
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenArtefact(f"{folder.name} の中身が、活動分野のモデルとしてそろっていません。") from error
