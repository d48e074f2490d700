"""The parts of a score. Each answers for its numbers and for their explanation, so that they cannot drift apart.

To add one: name it in ``matcher.records.Part``, write its class and enter it in ``PARTS``; weights, features, evidence
and ``tests/test_score_parts.py`` follow. One that compares terms of a new kind says what they are in
``analysis.TERM_EXTRACTORS``; what another works out of a query once is a cached property of ``analysis.AnalysedQuery``.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import islice
from math import inf
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from matcher.analysis import AnalysedQuery, AnalysedText
from matcher.context import NEARNESS
from matcher.context import nearest as nearest_places
from matcher.dense import NearestRow, WordVectors, log_counts, unit_rows
from matcher.document_index import DocumentIndex
from matcher.records import Bridge, Contribution, Document, Part
from matcher.text import Term, has_digit, sentence_spans

_COMPARED = 1_000  # different words of a sentence that are compared with each word asked
_NEAR_WORDS = 0.45  # the cosine from which two words are shown side by side; by chance one pair in a thousand has it


class PartKind(Enum):
    """What a part compares, and with that what may be concluded from it."""

    TEXT = "text"  # what both sides wrote, word by word: a reason to suggest, and a clue by which the bands are made
    CONTEXT = "context"  # what no word can be shown for: moves those who are suggested for another reason
    CASE = "case"  # what happened before: a reason, but no clue


@dataclass(frozen=True)  # without slots: what hangs on query and documents together is worked out once
class ScorePart(ABC):
    """One summand of every score of what is asked, made for one ranking and gone with it.

    Every part keeps to this, and ``tests/test_score_parts.py`` holds each one of ``PARTS`` to it:

    - ``scores()`` has shape (N,), in the order of ``fitted.documents``, float64 and finite, before the part's weight.
      It is 0 where the part finds nothing, and nowhere below ``least``.
    - ``explain(row, ...)`` gives the summands of ``scores()[row]``, equal to rounding; none where the score is 0. Each
      is of this part, and no two have the same ``form``. A text part's name what is written: ``term`` stands in the
      query's text, ``matched`` in the document's, or is "".
    - A query that has nothing of what the part compares gives 0 for all.
    - Asked twice it answers alike to the last bit, and a collection that was changed like one that is fitted afresh.
    - What fields and places say is told by the parts of their own: they change nothing in a text part.
    """

    asked: AnalysedQuery
    fitted: DocumentIndex
    bridges: Sequence[Bridge]  # to partners that are here

    part: ClassVar[Part]
    kind: ClassVar[PartKind]
    weight: ClassVar[float]  # by default; see docs/ranking-and-quality.md
    learnable: ClassVar[bool] = True  # whether another weight may be learned from reviews
    least: ClassVar[float] = 0.0  # the lowest score there may be

    @abstractmethod
    def scores(self) -> NDArray[np.float64]:
        """What each document gets, shape (N,)."""

    @abstractmethod
    def explain(self, row: int, document: Document, analysed: AnalysedText) -> list[Contribution]:
        """The summands of ``scores()[row]``. ``document`` is the one of that row, ``analysed`` its text."""

    def reason_above(self, kindred: float) -> float:
        """A score above this is a reason to suggest the document. ``kindred`` is ``MatcherConfig.kindred``."""
        return inf if self.kind is PartKind.CONTEXT else 0.0


class TermPart(ScorePart):
    """BM25 as a share of the highest sum that the query's terms in ``bound`` allow: 0..1 where that is the part itself.

    The formula is in ``matcher.sparse``.
    """

    kind = PartKind.TEXT
    bound: ClassVar[Part]

    def scores(self) -> NDArray[np.float64]:
        """0 for all where the query has no term of the kind."""
        return self._scale * self.fitted.indexes[self.part].scores(self.asked.counts[self.part])

    def explain(self, row: int, document: Document, analysed: AnalysedText) -> list[Contribution]:
        """One a term that both have, with the surfaces as first written on either side; by form."""
        matched, written = analysed.surfaces(self.part), self.asked.surfaces[self.part]
        return [
            Contribution(self.part, written[form], matched.get(form, form), self._scale * value, form)
            for form, value in self.fitted.indexes[self.part].contributions(self.asked.counts[self.part], row)
        ]

    @cached_property
    def _scale(self) -> float:
        bound = self.fitted.indexes[self.bound].bound(self.asked.counts[self.bound])
        return 1.0 / bound if bound else 0.0


class WordsPart(TermPart):
    """The same words, by their normalised forms."""

    part = Part.WORDS
    weight = 1.0
    bound = Part.WORDS


class CharactersPart(TermPart):
    """The same characters of kanji and katakana, alone and in pairs."""

    part = Part.CHARACTERS
    weight = 0.4
    bound = Part.CHARACTERS


class SynonymsPart(TermPart):
    """Words that stand in one group of the table with a word of the query, and not in the query itself.

    They are measured by the bound of the query's own words, and so may exceed 1 where they are the rarer ones.
    """

    part = Part.SYNONYMS
    weight = 0.2
    bound = Part.WORDS


class MeaningPart(ScorePart):
    """The cosine of the query's text with the document's nearest sentence, 0..1; what points away counts 0."""

    part = Part.MEANING
    kind = PartKind.TEXT
    weight = 0.3

    def scores(self) -> NDArray[np.float64]:
        """0 for all where no word of the query has a vector."""
        scores: NDArray[np.float64] = np.maximum(self.fitted.sentences.best(self.asked.meaning)[:, 0], 0.0)
        return scores

    def reason_above(self, kindred: float) -> float:
        """A little of meaning is in any two texts."""
        return kindred

    def explain(self, row: int, document: Document, analysed: AnalysedText) -> list[Contribution]:
        """One a word of the query, beside the word of the sentence that it lies nearest to, "" where none is near.

        A word that points away from the sentence has a value below 0.
        """
        vectors = self.asked.learned.vectors
        nearest = self._speaking(row)
        if vectors is None or nearest.cosine <= 0:
            return []
        counts = {form: n for form, n in log_counts(self.asked.forms(Part.WORDS)).items() if form in vectors.rows}
        beside = _nearest_terms(list(counts), sentence_terms(analysed, nearest.number), vectors)
        written = self.asked.surfaces[Part.WORDS]
        return [
            Contribution(self.part, written[form], matched, float(share), form)
            for form, share, matched in zip(counts, _shares(counts, nearest, vectors), beside, strict=True)
        ]

    def speaking(self, row: int) -> int:
        """The number of the sentence of the document that gives the score, from 0; the first of equals."""
        return self._speaking(row).number

    def _speaking(self, row: int) -> NearestRow:
        return self.fitted.sentences.speaking(self.asked.meaning, row)


def _shares(counts: Mapping[str, float], nearest: NearestRow, vectors: WordVectors) -> NDArray[np.float64]:
    """What each word adds to the cosine with a sentence, shape (words,), in sum the cosine.

    The sum of the words is the text, so each word's share is its own product with the sentence. Rows are rounded, and
    the words share what that changes in the cosine.
    """
    weighed = np.array(list(counts.values()))[:, None] * vectors.matrix[[vectors.rows[form] for form in counts]]
    shares: NDArray[np.float64] = weighed @ nearest.row / np.linalg.norm(weighed.sum(axis=0))
    shares += (nearest.cosine - shares.sum()) * np.abs(shares) / np.abs(shares).sum()
    return shares


def sentence_terms(analysed: AnalysedText, number: int) -> list[Term]:
    """All words of a sentence of the text, which counts its sentences from 0."""
    start, end = sentence_spans(analysed.text)[number]
    return [term for term in analysed.words if start <= term.start < end]


def _nearest_terms(forms: Sequence[str], terms: Sequence[Term], vectors: WordVectors) -> list[str]:
    """For each word the surface of the term it lies nearest to, the first of equals; "" where none is near.

    A number is near to none: that it stands in like sentences says nothing of what it means.
    """
    known = dict(islice(_comparable(terms, vectors).items(), _COMPARED))
    if not known:
        return [""] * len(forms)
    ours, theirs = (unit_rows(vectors.matrix[[vectors.rows[form] for form in some]]) for some in (forms, known))
    cosines, written = ours @ theirs.T, list(known.values())
    return [
        written[number] if cosine >= _NEAR_WORDS and not has_digit(form) else ""
        for form, number, cosine in zip(forms, cosines.argmax(axis=1), cosines.max(axis=1), strict=True)
    ]


def _comparable(terms: Sequence[Term], vectors: WordVectors) -> dict[str, str]:
    """The forms that have a vector and no digit, each as it is first written, in that order."""
    surfaces: dict[str, str] = {}
    for term in terms:
        if term.form in vectors.rows and not has_digit(term.form):
            surfaces.setdefault(term.form, term.surface)
    return surfaces


class EncoderPart(ScorePart):
    """The cosine of the two texts as a sentence encoder sees them, 0..1; it cannot be taken apart into words.

    In many an encoder all texts lie near each other: that makes it no reason of its own.
    """

    part = Part.ENCODER
    kind = PartKind.CONTEXT
    weight = 0.3

    def scores(self) -> NDArray[np.float64]:
        """0 for all without an encoder, which then is not asked."""
        if not self._speaks:
            return np.zeros(len(self.fitted.documents))
        scores: NDArray[np.float64] = np.maximum(self.fitted.texts.best(self.asked.encoded)[:, 0], 0.0)
        return scores

    def explain(self, row: int, document: Document, analysed: AnalysedText) -> list[Contribution]:
        """At most one contribution, for the whole texts, which names no words."""
        value = self.fitted.texts.speaking(self.asked.encoded, row).cosine if self._speaks else 0.0
        return [Contribution(self.part, "", "", value)] if value > 0 else []

    @property
    def _speaks(self) -> bool:
        return len(self.fitted.texts.small) > 0


class FieldPart(ScorePart):
    """The share of the query's activity fields that the document has, 0..1."""

    part = Part.FIELDS
    kind = PartKind.CONTEXT
    weight = 0.1

    def scores(self) -> NDArray[np.float64]:
        """0 for all where the query has no field."""
        return self.fitted.fields.shares(self.asked.query.fields)

    def explain(self, row: int, document: Document, analysed: AnalysedText) -> list[Contribution]:
        """One contribution a shared field, by code; all are alike."""
        fields = self.asked.query.fields
        share = 1 / max(1, len(fields))
        return [Contribution(self.part, str(c), str(c), share, str(c)) for c in sorted(fields & document.fields)]


class AreaPart(ScorePart):
    """``NEARNESS`` of the nearest places, -0.5..1; below 0 for another prefecture, 0 where a side names no place."""

    part = Part.AREA
    kind = PartKind.CONTEXT
    # A body at the place gains as much as one sharing a fifth of the words, and a body of another prefecture
    # must be better by a strong clue: in a country's register most good texts are far away. Never fitted.
    weight = 0.2
    learnable = False
    least = min(NEARNESS.values())

    def scores(self) -> NDArray[np.float64]:
        """0 for all where the query names no place."""
        return self.fitted.places.nearness(self.asked.query.areas)

    def explain(self, row: int, document: Document, analysed: AnalysedText) -> list[Contribution]:
        """At most one contribution, naming both places."""
        relation, ours, theirs = nearest_places(self.asked.query.areas, document.areas)
        value = NEARNESS[relation]
        return [Contribution(self.part, str(ours), str(theirs), value)] if value else []


class CasePart(ScorePart):
    """A past case like the query speaks for its partner, and less for those like the partner, 0..1.

    That is strength x likeness. The likeness of a partner's own documents is 1, of others the cosine of the whole
    texts. Of several cases the one that gives most counts, the first of equals.
    """

    part = Part.CASES
    kind = PartKind.CASE
    weight = 0.05

    def scores(self) -> NDArray[np.float64]:
        """0 for all without a case."""
        scores: NDArray[np.float64] = self._by_case.max(axis=1, initial=0.0)
        return scores

    def explain(self, row: int, document: Document, analysed: AnalysedText) -> list[Contribution]:
        """At most one, that names the case and its partner."""
        values = self._by_case[row]
        if values.max(initial=0.0) <= 0:
            return []
        bridge = self.bridges[int(np.argmax(values))]
        return [Contribution(self.part, bridge.title, bridge.partner_name, float(values.max()), bridge.case)]

    def reason_above(self, kindred: float) -> float:
        """A little of a case is in any two texts, so it is measured by the case that can give most."""
        return kindred * max((bridge.strength for bridge in self.bridges), default=0.0)

    @cached_property
    def _by_case(self) -> NDArray[np.float64]:
        """(documents, bridges)."""
        profiles, partners = self.fitted.profiles, [self.fitted.rows_of_owner(one.partner) for one in self.bridges]
        if not partners:
            return np.zeros((len(self.fitted.documents), 0))
        whole = np.concatenate([profiles.sum_of(rows) for rows in partners])
        likeness = np.maximum(profiles.best(whole), 0.0)
        for number, rows in enumerate(partners):
            likeness[rows.start : rows.stop, number] = 1.0
        by_case: NDArray[np.float64] = likeness * [bridge.strength for bridge in self.bridges]
        return by_case


# In the order in which a score is summed, on which its last bit hangs. Columns and pages have the order of ``Part``.
_IN_ORDER: Sequence[type[ScorePart]] = (
    WordsPart,
    CharactersPart,
    SynonymsPart,
    MeaningPart,
    EncoderPart,
    FieldPart,
    AreaPart,
    CasePart,
)
PARTS: Mapping[Part, type[ScorePart]] = {one.part: one for one in _IN_ORDER}
TEXT_PARTS = tuple(part for part, one in PARTS.items() if one.kind is PartKind.TEXT)
