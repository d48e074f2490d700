"""What the learned fields are measured against: how frequent each field is, and the words of the law."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logit

from models.fields.classifier import Table, Terms, Weighing
from models.fields.learning import LabelledText, best_threshold, law_terms, scale, truth_of, words_of

_SELDOM = 0.005  # a field that no text has is taken to be this frequent


@dataclass(frozen=True, slots=True)
class MostFrequent:
    """Says the same of every text: each field as probable as it is frequent."""

    frequencies: Table
    threshold: float

    @classmethod
    def learn(cls, given: Sequence[LabelledText]) -> "MostFrequent":
        truth = truth_of(given)
        frequencies = truth.mean(axis=0)
        return cls(frequencies, best_threshold(np.tile(frequencies, (len(given), 1)), truth))

    def probabilities(self, texts: Sequence[Terms]) -> Table:
        """Shape (texts, 20), all rows alike."""
        return np.tile(self.frequencies, (len(texts), 1))


@dataclass(frozen=True, slots=True)
class LawWords:
    """The cosine of a text and a field's wording in the law, both as tf-idf, and how frequent the field is.

    A slope for the cosine, one for the frequency (as log odds) and an offset, the same for all fields, make a
    probability of the two. Without the frequency it was worse.
    """

    weighing: Weighing
    slope: float
    offsets: Table  # by code
    threshold: float

    @classmethod
    def learn(cls, given: Sequence[LabelledText]) -> "LawWords":
        """The rarity of words, the frequencies, slopes, offset and threshold; no word is learned for any field."""
        truth, texts = truth_of(given), words_of(given)
        weighing = Weighing.of([*texts, *law_terms()], rare=1)
        odds = logit(np.clip(truth.mean(axis=0), _SELDOM, 1 - _SELDOM))
        (slope, weight), offset = scale(truth, _cosines(weighing, texts), np.tile(odds, (len(given), 1)))
        plain = cls(weighing, slope, odds * weight + offset, 0.5)
        return replace(plain, threshold=best_threshold(plain.probabilities(texts), truth))

    def probabilities(self, texts: Sequence[Terms]) -> Table:
        """Shape (texts, 20), columns in the order of ``CODES``, each above 0 and below 1."""
        return np.asarray(expit(_cosines(self.weighing, texts) * self.slope + self.offsets), dtype=np.float64)


def _cosines(weighing: Weighing, texts: Sequence[Terms]) -> Table:
    return np.asarray((weighing.rows(texts) @ weighing.rows(law_terms()).T).todense())
