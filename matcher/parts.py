"""The parts of a score. Each answers for its numbers and for their explanation, so that they cannot drift apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from matcher.analysis import Analysed, Asked
from matcher.context import NEARNESS, FieldMasks, Places
from matcher.context import nearest as nearest_places
from matcher.dense import RowGroups, Speaking, WordVectors, log_counts, unit_rows
from matcher.records import Bridge, Contribution, Document, Part
from matcher.sparse import TermIndex
from matcher.text import Term, has_digit, sentence_spans

_COMPARED = 1_000  # different words of a sentence that are compared with each word asked
_NEAR_WORDS = 0.45  # the cosine from which two words are shown side by side; by chance one pair in a thousand has it


class ScorePart(Protocol):
    """One summand of every score of what is asked: ``scores`` for all rows, ``explain`` for one, summing to the score.

    Made for one ranking, so that what hangs on query and documents together is worked out once and goes no further.
    """

    @property
    def part(self) -> Part:
        """Which one it is."""

    def scores(self) -> NDArray[np.float64]:
        """Shape (N,), in the order of the documents, before the part's weight."""

    def explain(self, row: int, document: Document, analysed: Analysed) -> list[Contribution]:
        """The summands of ``scores()[row]``."""


@dataclass(frozen=True)  # without slots: the scale is worked out once
class TermPart:
    """BM25 as a share of the highest sum that the query's terms allow in ``bound``: 0..1 where that is ``index``.

    What stands for a word of the query in other words (synonyms) is measured by the bound of the words themselves.
    """

    asked: Asked
    part: Part
    index: TermIndex
    bound: tuple[Part, TermIndex]

    def scores(self) -> NDArray[np.float64]:
        """See ``ScorePart``."""
        return self._scale * self.index.scores(self.asked.counts[self.part])

    def explain(self, row: int, document: Document, analysed: Analysed) -> list[Contribution]:
        """Both surfaces as first written."""
        matched, written = analysed.surfaces(self.part), self.asked.surfaces[self.part]
        return [
            Contribution(self.part, written[form], matched.get(form, form), self._scale * value, form)
            for form, value in self.index.contributions(self.asked.counts[self.part], row)
        ]

    @cached_property
    def _scale(self) -> float:
        part, index = self.bound
        bound = index.bound(self.asked.counts[part])
        return 1.0 / bound if bound else 0.0


@dataclass(frozen=True, slots=True)
class MeaningPart:
    """The cosine of the query's text with the document's nearest sentence, 0..1; what points away counts 0."""

    asked: Asked
    rows: RowGroups
    part: Part = Part.MEANING

    def scores(self) -> NDArray[np.float64]:
        """See ``ScorePart``."""
        scores: NDArray[np.float64] = np.maximum(self.rows.best(self.asked.meaning)[:, 0], 0.0)
        return scores

    def explain(self, row: int, document: Document, analysed: Analysed) -> list[Contribution]:
        """One a word of the query, beside the word of the sentence that it lies nearest to, "" where none is near.

        The sum of the words is the text, so each word's share of the cosine is its own product with the sentence. Rows
        are rounded, and the words share what that changes in the cosine.
        """
        vectors = self.asked.learned.vectors
        nearest = self._speaking(row)
        if vectors is None or nearest.cosine <= 0:
            return []
        counted = [(f, n) for f, n in log_counts(self.asked.forms(Part.WORDS)).items() if f in vectors.rows]
        weighed = np.array([n for _, n in counted])[:, None] * vectors.matrix[[vectors.rows[f] for f, _ in counted]]
        shares = weighed @ nearest.row / np.linalg.norm(weighed.sum(axis=0))
        shares += (nearest.cosine - shares.sum()) * np.abs(shares) / np.abs(shares).sum()
        beside = _nearest_terms([form for form, _ in counted], sentence_terms(analysed, nearest.number), vectors)
        written = self.asked.surfaces[Part.WORDS]
        return [
            Contribution(self.part, written[form], matched, float(share), form)
            for (form, _), share, matched in zip(counted, shares, beside, strict=True)
        ]

    def speaking(self, row: int) -> int:
        """The number of the sentence of the document that gives the score."""
        return self._speaking(row).number

    def _speaking(self, row: int) -> Speaking:
        return self.rows.speaking(self.asked.meaning, row)


def sentence_terms(analysed: Analysed, number: int) -> list[Term]:
    """All words of a sentence of the text, which counts its sentences from 0."""
    start, end = sentence_spans(analysed.text)[number]
    return [term for term in analysed.words if start <= term.start < end]


def _nearest_terms(forms: Sequence[str], terms: Sequence[Term], vectors: WordVectors) -> list[str]:
    """For each word the surface of the term it lies nearest to, the first of equals; "" where none is near.

    A number is near to none: that it stands in like sentences says nothing of what it means.
    """
    first: dict[str, Term] = {}
    for term in terms:
        if term.form in vectors.rows and not has_digit(term.form):
            first.setdefault(term.form, term)
    known = list(first.values())[:_COMPARED]
    if not known:
        return [""] * len(forms)
    ours, theirs = (
        unit_rows(vectors.matrix[[vectors.rows[form] for form in some]])
        for some in (forms, [term.form for term in known])
    )
    cosines = ours @ theirs.T
    return [
        known[number].surface if cosine >= _NEAR_WORDS and not has_digit(form) else ""
        for form, number, cosine in zip(forms, cosines.argmax(axis=1), cosines.max(axis=1), strict=True)
    ]


@dataclass(frozen=True, slots=True)
class EncoderPart:
    """The cosine of the two texts as a sentence encoder sees them, 0..1; it cannot be taken apart into words."""

    asked: Asked
    rows: RowGroups
    part: Part = Part.ENCODER

    def scores(self) -> NDArray[np.float64]:
        """See ``ScorePart``."""
        scores: NDArray[np.float64] = np.maximum(self.rows.best(self.asked.encoded)[:, 0], 0.0)
        return scores

    def explain(self, row: int, document: Document, analysed: Analysed) -> list[Contribution]:
        """One contribution for the whole texts, which names no words."""
        value = self.rows.speaking(self.asked.encoded, row).cosine
        return [Contribution(self.part, "", "", value)] if value > 0 else []


@dataclass(frozen=True)  # without slots: what the cases give is worked out once
class CasePart:
    """A past case like the query speaks for its partner, and less for those like the partner: strength x likeness.

    ``bridges``, at least one, are of partners that are here. ``profiles`` has a row a document. The likeness of a
    partner's own documents is 1, of others the cosine of the whole texts. Of several cases the one that gives most
    counts.
    """

    bridges: Sequence[Bridge]
    profiles: RowGroups
    rows_of: Callable[[str], range]
    part: Part = Part.CASES

    @property
    def strongest(self) -> float:
        """The most that a case can give."""
        return max(bridge.strength for bridge in self.bridges)

    def scores(self) -> NDArray[np.float64]:
        """See ``ScorePart``; 0..1."""
        scores: NDArray[np.float64] = self._by_case.max(axis=1)
        return scores

    def explain(self, row: int, document: Document, analysed: Analysed) -> list[Contribution]:
        """One, that names the case and its partner."""
        values = self._by_case[row]
        if values.max() <= 0:
            return []
        bridge = self.bridges[int(np.argmax(values))]
        return [Contribution(self.part, bridge.title, bridge.partner_name, float(values.max()), bridge.case)]

    @cached_property
    def _by_case(self) -> NDArray[np.float64]:
        """(documents, bridges)."""
        partners = [self.rows_of(bridge.partner) for bridge in self.bridges]
        whole = np.concatenate([self.profiles.sum_of(rows) for rows in partners])
        likeness = np.maximum(self.profiles.best(whole), 0.0)
        for number, rows in enumerate(partners):
            likeness[rows.start : rows.stop, number] = 1.0
        by_case: NDArray[np.float64] = likeness * [bridge.strength for bridge in self.bridges]
        return by_case


@dataclass(frozen=True, slots=True)
class FieldPart:
    """The share of the query's activity fields that the document has."""

    asked: Asked
    masks: FieldMasks
    part: Part = Part.FIELDS

    def scores(self) -> NDArray[np.float64]:
        """See ``ScorePart``."""
        return self.masks.shares(self.asked.query.fields)

    def explain(self, row: int, document: Document, analysed: Analysed) -> list[Contribution]:
        """One contribution a shared field, by code."""
        fields = self.asked.query.fields
        share = 1 / max(1, len(fields))
        return [Contribution(self.part, str(c), str(c), share, str(c)) for c in sorted(fields & document.fields)]


@dataclass(frozen=True, slots=True)
class AreaPart:
    """``NEARNESS`` of the nearest places; below 0 for another prefecture, 0 where unknown."""

    asked: Asked
    places: Places
    part: Part = Part.AREA

    def scores(self) -> NDArray[np.float64]:
        """See ``ScorePart``."""
        return self.places.nearness(self.asked.query.areas)

    def explain(self, row: int, document: Document, analysed: Analysed) -> list[Contribution]:
        """At most one contribution, naming both places."""
        relation, ours, theirs = nearest_places(self.asked.query.areas, document.areas)
        value = NEARNESS[relation]
        return [Contribution(self.part, str(ours), str(theirs), value)] if value else []
