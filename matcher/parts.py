"""The parts of a score. Each answers for its numbers and for their explanation, so that they cannot drift apart."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from matcher.context import NEARNESS, FieldMasks, Places, nearest
from matcher.records import Contribution, Document, Part, Query
from matcher.sparse import TermIndex
from matcher.text import Compound, Term, character_forms, characters, compounds, word_forms, words

TERMS_OF: Mapping[Part, Callable[..., list[Term]]] = {Part.WORDS: words, Part.CHARACTERS: characters}
FORMS_OF: Mapping[Part, Callable[[str], list[str]]] = {
    Part.WORDS: word_forms,
    Part.CHARACTERS: character_forms,
}


@dataclass(frozen=True, slots=True)
class Analysed:
    """A text and its terms by part, in the order they are written: a query's all, a document's the shared ones."""

    text: str
    terms: Mapping[Part, Sequence[Term]]

    @classmethod
    def of(cls, written: str) -> "Analysed":
        """Analyse once, use for counting, surfaces and sentences."""
        return cls(written, {part: terms(written) for part, terms in TERMS_OF.items()})

    def counts(self, part: Part) -> dict[str, float]:
        """How often each form occurs."""
        return dict(Counter(term.form for term in self.terms[part]))

    def surfaces(self, part: Part) -> dict[str, str]:
        """Each form as it is written where it first occurs."""
        first: dict[str, str] = {}
        for term in self.terms[part]:
            first.setdefault(term.form, term.surface or term.form)
        return first


@dataclass(frozen=True, slots=True)
class Asked:
    """A query made ready: its text analysed, its terms counted and its surfaces known."""

    query: Query
    analysed: Analysed
    counts: Mapping[Part, Mapping[str, float]]
    surfaces: Mapping[Part, Mapping[str, str]]
    nouns: Sequence[Compound]
    scales: dict[Part, float] = field(default_factory=dict)  # worked out once a ranking, by the part that needs it

    @classmethod
    def of(cls, query: Query) -> "Asked":
        """Once a ranking."""
        analysed = Analysed.of(query.text)
        return cls(
            query,
            analysed,
            {part: analysed.counts(part) for part in TERMS_OF},
            {part: analysed.surfaces(part) for part in TERMS_OF},
            compounds(query.text),
        )

    def shared(self, written: str) -> Analysed:
        """A document's text with the terms that the query has too."""
        return Analysed(written, {part: terms(written, self.surfaces[part]) for part, terms in TERMS_OF.items()})


class ScorePart(Protocol):
    """One summand of every score: ``scores`` for all rows, ``explain`` for one; the explanation sums to the score."""

    def scores(self, asked: Asked) -> NDArray[np.float64]:
        """Shape (N,), in the order of the documents."""

    def explain(self, asked: Asked, row: int, document: Document, analysed: Analysed) -> list[Contribution]:
        """The summands of ``scores(asked)[row]``."""


@dataclass(frozen=True, slots=True)
class TermPart:
    """BM25 as a share of the highest sum that the query allows, times ``weight``: in 0..weight for every query."""

    part: Part
    weight: float
    index: TermIndex

    def scores(self, asked: Asked) -> NDArray[np.float64]:
        """See ``ScorePart``."""
        return self._scale(asked) * self.index.scores(asked.counts[self.part])

    def explain(self, asked: Asked, row: int, document: Document, analysed: Analysed) -> list[Contribution]:
        """Both surfaces as first written."""
        scale, matched, written = self._scale(asked), analysed.surfaces(self.part), asked.surfaces[self.part]
        return [
            Contribution(self.part, written[form], matched.get(form, form), scale * value, form)
            for form, value in self.index.contributions(asked.counts[self.part], row)
        ]

    def _scale(self, asked: Asked) -> float:
        if self.part not in asked.scales:
            bound = self.index.bound(asked.counts[self.part])
            asked.scales[self.part] = self.weight / bound if bound else 0.0
        return asked.scales[self.part]


@dataclass(frozen=True, slots=True)
class FieldPart:
    """The share of the query's activity fields that the document has, times ``weight``."""

    weight: float
    masks: FieldMasks

    def scores(self, asked: Asked) -> NDArray[np.float64]:
        """See ``ScorePart``."""
        return self.weight * self.masks.shares(asked.query.fields)

    def explain(self, asked: Asked, row: int, document: Document, analysed: Analysed) -> list[Contribution]:
        """One contribution a shared field, by code."""
        shared = sorted(asked.query.fields & document.fields)
        share = self.weight / max(1, len(asked.query.fields))
        return [Contribution(Part.FIELDS, str(code), str(code), share, str(code)) for code in shared]


@dataclass(frozen=True, slots=True)
class AreaPart:
    """``NEARNESS`` of the nearest places, times ``weight``; below 0 for another prefecture, 0 where unknown."""

    weight: float
    places: Places

    def scores(self, asked: Asked) -> NDArray[np.float64]:
        """See ``ScorePart``."""
        return self.weight * self.places.nearness(asked.query.areas)

    def explain(self, asked: Asked, row: int, document: Document, analysed: Analysed) -> list[Contribution]:
        """At most one contribution, naming both places."""
        relation, ours, theirs = nearest(asked.query.areas, document.areas)
        value = self.weight * NEARNESS[relation]
        return [Contribution(Part.AREA, str(ours), str(theirs), value)] if value else []
