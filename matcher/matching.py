"""The Matcher: documents in, a ranking with evidence out, the same for issues, organisations and cases."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from matcher.analysis import AnalysedQuery, LanguageResources
from matcher.document_index import NO_BACKGROUND, Background, DocumentIndex, State
from matcher.evidence import evidence_of
from matcher.parts import PARTS, TEXT_PARTS, ScorePart
from matcher.records import Band, Bridge, Document, Part, Query, Ranking, Suggestion
from matcher.sparse import Bm25
from matcher.text import DICTIONARY_EDITION

_STATE_FORMAT = 4  # raise when the analysis of text or the layout of the state changes

Mask = NDArray[np.bool_]  # shape (owners,), in their order


@dataclass(frozen=True, slots=True, init=False)
class Weights:
    """What each part of a score counts, by default as it states itself; see docs/ranking-and-quality.md."""

    by_part: tuple[float, ...]  # in the order of ``Part``

    def __init__(self, **weights: float) -> None:
        """By the names of the parts; those not named keep their defaults. Raises TypeError for a name of no part."""
        if unknown := weights.keys() - set(Part):
            raise TypeError(f"no parts of a score: {sorted(unknown)}")
        object.__setattr__(self, "by_part", tuple(weights.get(part, PARTS[part].weight) for part in Part))

    def of(self, part: Part) -> float:
        return self.named[part]

    @property
    def named(self) -> dict[str, float]:
        """By part, in the order of ``Part``."""
        return dict(zip(map(str, Part), self.by_part, strict=True))

    @property
    def learnable(self) -> dict[str, float]:
        """All but the area's, by part, in the order of the columns of ``Matcher.features``."""
        return {part: weight for part, weight in self.named.items() if PARTS[Part(part)].learnable}


# What each part is of a clue: as it is weighed by default, whatever is in force, for by that the bands were measured.
# Where all of them are switched off nothing is a clue, for no text is compared then.
_CLUE = {part: Weights().of(part) / sum(map(Weights().of, TEXT_PARTS)) for part in TEXT_PARTS}


@dataclass(frozen=True, slots=True)
class MatcherConfig:
    """How scores are made.

    ``text_weights`` multiply the counts of title, aim, body and offer. ``kindred`` is the cosine from which a sentence
    that shares no word and no character with the query is a reason all the same. ``some`` and ``strong`` are the lower
    bounds of the bands, see ``Matcher._band``.
    """

    bm25: Bm25 = field(default_factory=Bm25)
    text_weights: tuple[float, float, float, float] = (2.0, 1.0, 1.0, 1.0)
    weights: Weights = field(default_factory=Weights)
    kindred: float = 0.5
    # Of the development issues with the partner among the first ten, at most one in ten is told that nothing fits; of
    # the lists from which the partner was taken out, about one in ten still begins with a strong clue.
    some: float = 0.12
    strong: float = 0.23

    def weighing(self, **weights: float) -> "MatcherConfig":
        """The same but for the weights named."""
        return replace(self, weights=Weights(**self.weights.named | weights))

    @property
    def name(self) -> str:
        """The same name, the same scores on the same documents, with the same resources and background."""
        known = asdict(self) | {"weights": self.weights.named}
        known["part_weights"] = known.pop("text_weights")  # as they were called when models were first named
        return f"kyodo-{_fingerprint(known)}"

    @property
    def counting(self) -> str:
        """Fingerprint of what a state's counts depend on; weights applied later are not part of it."""
        return _fingerprint(self.text_weights)


def _fingerprint(value: object) -> str:
    known = json.dumps([_STATE_FORMAT, DICTIONARY_EDITION, value], sort_keys=True)
    return hashlib.sha256(known.encode()).hexdigest()[:12]


class Matcher:
    """Ranks owners of documents for a query. Immutable: ``updated`` gives another one, so threads may share it."""

    def __init__(self, fitted: DocumentIndex, config: MatcherConfig, learned: LanguageResources) -> None:
        """Use ``fit`` or ``from_state``."""
        self.config = config
        self._fitted = fitted
        self._learned = learned

    @classmethod
    def fit(
        cls,
        documents: Iterable[Document],
        config: MatcherConfig | None = None,
        learned: LanguageResources | None = None,
        background: Background = NO_BACKGROUND,
    ) -> "Matcher":
        """From nothing. ``background``, the ``statistics`` of another matcher, weighs words along with the public
        documents. Raises ValueError when two documents share an id.
        """
        config, learned = config or MatcherConfig(), learned or LanguageResources()
        empty = DocumentIndex.empty(config.bm25, background)
        return cls(empty.changed([], _ordered(documents), config.text_weights, learned), config, learned)

    @property
    def name(self) -> str:
        """The model's name, stored with every ranking."""
        return f"{self.config.name}-{self._learned.name}"

    @property
    def documents(self) -> Sequence[Document]:
        """Sorted by (owner, id)."""
        return self._fitted.documents

    @property
    def owners(self) -> list[str]:
        """Each once, sorted: the order of scores, features and masks."""
        return self._fitted.owners

    @property
    def not_encoded(self) -> list[str]:
        """Owners with a text that an encoder was asked to read and failed at, sorted; none without an encoder."""
        without = ~self._fitted.texts.small.any(axis=1)  # a row a document; none without an encoder
        return sorted({self.documents[row].owner for row in np.flatnonzero(without).tolist()})

    @property
    def statistics(self) -> Background:
        """What weighs words here, from the public documents alone, to be another matcher's background."""
        return self._fitted.statistics

    def updated(self, changes: Mapping[str, Sequence[Document]]) -> "Matcher":
        """Owners with their documents as they are now; an empty list retires the owner. Ranks like a fresh fit."""
        kept = [row for row, document in enumerate(self.documents) if document.owner not in changes]
        added = _ordered(d for documents in changes.values() for d in documents)
        fitted = self._fitted.changed(kept, added, self.config.text_weights, self._learned)
        return Matcher(fitted, self.config, self._learned)

    def weighed(self, weights: Weights) -> "Matcher":
        """The same documents ranked by other weights."""
        return Matcher(self._fitted, replace(self.config, weights=weights), self._learned)

    def is_beside(self, background: Background) -> bool:
        """Whether it is weighed along with these very statistics."""
        return self._fitted.is_beside(background)

    def beside(self, background: Background) -> "Matcher":
        """The same documents with words weighed along with another background; ranks like a fresh fit with it."""
        return Matcher(self._fitted.beside(background), self.config, self._learned)

    def asked(self, query: Query | AnalysedQuery) -> AnalysedQuery:
        """A query made ready for every ranking with what was learned here.

        What is ready stays as it is; made with something else that was learned, it raises ValueError.
        """
        if isinstance(query, Query):
            return AnalysedQuery.of(query, self._learned)
        if query.learned.name != self._learned.name:
            raise ValueError("the query was made ready with something else that was learned")
        return query

    def scores(self, query: Query | AnalysedQuery, bridges: Sequence[Bridge] = ()) -> NDArray[np.float64]:
        """One score an owner, shape (owners,), in the order of ``owners``: that of its best document."""
        rows, *_ = self._scored(self._parts(self.asked(query), bridges))
        return self._fitted.by_owner(rows)

    def features(self, query: Query | AnalysedQuery, bridges: Sequence[Bridge] = ()) -> NDArray[np.float64]:
        """Shape (owners, parts): of each owner's best document what each part gives before its weight.

        Columns in the order of ``Weights.learnable``; 0 for a part that finds nothing. Which document is the best, the
        first of equals, the area helps to decide, though it has no column.
        """
        by_part = {part.part: part.scores() for part in self._parts(self.asked(query), bridges)}
        none = np.zeros(len(self.documents))
        rows = sum((self.config.weights.of(part) * scores for part, scores in by_part.items()), none)
        best = [self._best_row(number, rows) for number in range(len(self.owners))]
        columns = [by_part[Part(name)][best] for name in self.config.weights.learnable]
        return np.array(columns).T

    def best(self, query: Query | AnalysedQuery, k: int, bridges: Sequence[Bridge] = ()) -> list[tuple[str, float]]:
        """The ``min(k, N)`` first owners with their scores, by (-score, owner), without evidence."""
        scores = self.scores(query, bridges)
        return [(self.owners[i], float(scores[i])) for i in first(scores, k)]

    def rank(
        self,
        query: Query | AnalysedQuery,
        k: int = 10,
        without: Collection[str] = (),
        bridges: Sequence[Bridge] = (),
        among: Mask | None = None,
    ) -> Ranking:
        """The first ``k`` owners whose texts or cases have something to do with the query, with the evidence.

        Owners in ``without`` are passed over. ``among``, shape (owners,), says who is here at all: the others get no
        rank, and no case speaks for them or for those like them. None is all; another length raises IndexError.
        """
        asked = self.asked(query)
        parts = self._parts(asked, bridges, among)
        rows, reasons, clues = self._scored(parts)
        rows = np.where(reasons, rows, -np.inf)
        scores = self._fitted.by_owner(rows)
        numbers = self._fitted.numbers
        scores[[numbers[owner] for owner in without if owner in numbers]] = -np.inf
        if among is not None:
            scores[~among] = -np.inf
        chosen = [self._best_row(number, rows) for number in first(scores, k) if np.isfinite(scores[number])]
        found = tuple(
            self._suggestion(asked, parts, rank, row, self._band(clues[row]))
            for rank, row in enumerate(chosen, start=1)
        )
        return Ranking(asked.query.id, self.name, any(s.band is not Band.WEAK for s in found), found)

    def state(self) -> State:
        """Everything that ``from_state`` needs, but for the config, what was learned and the background."""
        return self._fitted.state()

    @classmethod
    def from_state(
        cls,
        state: State,
        config: MatcherConfig,
        learned: LanguageResources | None = None,
        background: Background = NO_BACKGROUND,
    ) -> "Matcher":
        """The matcher whose ``state`` this is, ranking alike to the last bit beside the same background.

        ``config.counting`` and the name of ``learned`` must be the same as when it was fitted.
        """
        return cls(DocumentIndex.of_state(state, config.bm25, background), config, learned or LanguageResources())

    def _parts(self, asked: AnalysedQuery, bridges: Sequence[Bridge], among: Mask | None = None) -> list[ScorePart]:
        """Of one ranking, in the order of ``PARTS``; a case whose partner is not here says nothing."""
        numbers = self._fitted.numbers
        here = [one for one in bridges if one.partner in numbers and (among is None or among[numbers[one.partner]])]
        return [part(asked, self._fitted, here) for part in PARTS.values()]

    def _scored(self, parts: Sequence[ScorePart]) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
        """Of each document the score, whether there is a reason for it, and its clue, 0..1."""
        rows, clues = np.zeros(len(self.documents)), np.zeros(len(self.documents))
        clue = _CLUE if any(map(self.config.weights.of, TEXT_PARTS)) else {}
        reasons = np.zeros(len(self.documents), dtype=bool)
        for part in parts:
            weight, share = self.config.weights.of(part.part), clue.get(part.part, 0.0)
            if weight or share:
                scores = part.scores()
                rows += weight * scores
                clues += share * scores
                if weight:
                    reasons |= scores > part.reason_above(self.config.kindred)
        return rows, reasons, clues

    def _best_row(self, number: int, rows: NDArray[np.float64]) -> int:
        """The document of an owner that has most of ``rows``, the first of equals."""
        return max(self._fitted.rows_of(number), key=lambda row: (rows[row], -row))

    def _suggestion(
        self, asked: AnalysedQuery, parts: Sequence[ScorePart], rank: int, row: int, band: Band
    ) -> Suggestion:
        weighed = [(part, weight) for part in parts if (weight := self.config.weights.of(part.part))]
        evidence = evidence_of(asked, self._fitted, weighed, row)
        score = float(sum(one.value for one in evidence.contributions))
        document = self.documents[row]
        return Suggestion(rank, document.owner, document.id, score, band, evidence)

    def _band(self, clue: float) -> Band:
        """By what the texts share, as a share of the most that the parts which compare texts could give.

        Being near, in the same field or like a past partner is no clue of its own; the bounds are measured ones, see
        docs/ranking-and-quality.md.
        """
        if clue >= self.config.strong:
            return Band.STRONG
        return Band.SOME if clue >= self.config.some else Band.WEAK


def first(scores: NDArray[np.float64], k: int) -> NDArray[np.intp]:
    """The ``min(k, N)`` positions of the highest scores, by (-score, position)."""
    k = min(k, len(scores))
    if k <= 0:
        return np.zeros(0, dtype=np.intp)
    bound = np.partition(scores, len(scores) - k)[len(scores) - k]
    near = np.flatnonzero(scores >= bound)
    return near[np.lexsort((near, -scores[near]))][:k]


def _ordered(documents: Iterable[Document]) -> list[Document]:
    ordered = sorted(documents, key=lambda document: (document.owner, document.id))
    repeated = [i for i, times in Counter(document.id for document in ordered).items() if times > 1]
    if repeated:
        raise ValueError(f"document ids are not unique: {repeated[:3]}")
    return ordered
