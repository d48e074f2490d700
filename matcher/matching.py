"""The Matcher: documents in, a ranking with evidence out, the same for issues, organisations and cases."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.sparse as sp
from joblib import Parallel, delayed
from numpy.typing import NDArray

from matcher.context import FieldMasks, Places
from matcher.evidence import evidence_of
from matcher.parts import FORMS_OF, AreaPart, Asked, FieldPart, ScorePart, TermPart
from matcher.records import Area, Band, Document, Evidence, Part, Query, Ranking, Suggestion
from matcher.sparse import Bm25, CountedRows, Counts, TermIndex
from matcher.text import DICTIONARY_EDITION

_CHUNK = 500  # documents analysed at a time; bounds the memory of a fit
_STATE_FORMAT = 1  # raise when the analysis of text or the layout of the state changes


@dataclass(frozen=True, slots=True)
class MatcherConfig:
    """What the score is made of. The reasons for the numbers stand in the README, section 順位のつけ方.

    ``part_weights`` multiply the counts of title, aim, body and offer. ``characters``, ``fields`` and ``area`` are
    weights against 1 for words. ``some`` and ``strong`` are the lower bounds of the bands, see ``Matcher._band``.
    """

    bm25: Bm25 = field(default_factory=Bm25)
    part_weights: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    characters: float = 0.5
    fields: float = 0.1
    # A body at the place gains as much as one sharing a fifth of the words, and a body of another prefecture
    # must be better by a strong clue: in a country's register most good texts are far away. Never fitted.
    area: float = 0.2
    some: float = 0.35
    strong: float = 0.6

    @property
    def name(self) -> str:
        """The model's name: the same name, the same scores on the same documents."""
        return f"words-characters-{_fingerprint(asdict(self))}"

    @property
    def counting(self) -> str:
        """Fingerprint of what a state's counts depend on; weights applied later are not part of it."""
        return _fingerprint(self.part_weights)


def _fingerprint(value: object) -> str:
    known = json.dumps([_STATE_FORMAT, DICTIONARY_EDITION, value], sort_keys=True)
    return hashlib.sha256(known.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class State:
    """A fitted matcher as plain arrays and JSON values, to be kept and brought back by ``Matcher.from_state``."""

    arrays: Mapping[str, NDArray[Any]]
    tables: Mapping[str, Any]


class Matcher:
    """Ranks owners of documents for a query. Immutable: ``updated`` gives another one, so threads may share it."""

    def __init__(self, documents: Sequence[Document], indexes: Mapping[Part, TermIndex], config: MatcherConfig) -> None:
        """``documents`` sorted by (owner, id), the rows of ``indexes``; use ``fit`` or ``from_state``."""
        self.documents = documents
        self.config = config
        self._indexes = indexes
        self.owners = sorted({document.owner for document in documents})
        rows = {owner: row for row, owner in reversed(list(enumerate(d.owner for d in documents)))}
        self._starts = np.array([rows[owner] for owner in self.owners], dtype=np.intp)
        self._numbers = {owner: number for number, owner in enumerate(self.owners)}
        self._words = TermPart(Part.WORDS, 1.0, indexes[Part.WORDS])
        self._characters = TermPart(Part.CHARACTERS, config.characters, indexes[Part.CHARACTERS])
        self._fields = FieldPart(config.fields, FieldMasks.of(documents))
        self._area = AreaPart(config.area, Places(documents))

    @classmethod
    def fit(cls, documents: Iterable[Document], config: MatcherConfig | None = None) -> "Matcher":
        """From nothing. Raises ValueError when two documents share an id."""
        config = config or MatcherConfig()
        empty = cls([], {part: TermIndex.empty(config.bm25) for part in FORMS_OF}, config)
        return empty._with(_ordered(documents), [])

    @property
    def name(self) -> str:
        """The model's name, stored with every ranking."""
        return self.config.name

    def updated(self, changes: Mapping[str, Sequence[Document]]) -> "Matcher":
        """Owners with their documents as they are now; an empty list retires the owner. Ranks like a fresh fit."""
        kept = [row for row, document in enumerate(self.documents) if document.owner not in changes]
        return self._with(_ordered(d for documents in changes.values() for d in documents), kept)

    def _with(self, added: Sequence[Document], kept: Sequence[int]) -> "Matcher":
        joined = [*self.documents, *added]
        known = [*kept, *range(len(self.documents), len(joined))]
        rows = sorted(known, key=lambda row: (joined[row].owner, joined[row].id))
        new = {part: CountedRows(index.vocabulary) for part, index in self._indexes.items()}
        for counts in _counted(added, self.config.part_weights):
            for part, counted in new.items():
                counted.add(counts[part])
        indexes = {part: index.updated(new[part], rows) for part, index in self._indexes.items()}
        return Matcher([joined[row] for row in rows], indexes, self.config)

    def scores(self, query: Query) -> NDArray[np.float64]:
        """One score an owner, in the order of ``owners``: that of its best document."""
        asked = Asked.of(query)
        return self._by_owner(self._text_scores(asked) + self._context_scores(asked))

    def best(self, query: Query, k: int) -> list[tuple[str, float]]:
        """The ``min(k, N)`` first owners with their scores, by (-score, owner), without evidence."""
        scores = self.scores(query)
        return [(self.owners[i], float(scores[i])) for i in first(scores, k)]

    def rank(self, query: Query, k: int = 10, without: Collection[str] = ()) -> Ranking:
        """The first ``k`` owners that share at least one word or character with the query, with the evidence.

        Owners in ``without`` are passed over.
        """
        asked = Asked.of(query)
        texts = self._text_scores(asked)
        rows = np.where(texts > 0, texts + self._context_scores(asked), -np.inf)  # being near is no reason of its own
        scores = self._by_owner(rows)
        scores[[self._numbers[owner] for owner in without if owner in self._numbers]] = -np.inf
        numbers = [number for number in first(scores, k) if np.isfinite(scores[number])]
        found = tuple(self._suggestion(asked, rows, number, rank) for rank, number in enumerate(numbers, start=1))
        return Ranking(query.id, self.name, any(s.band is not Band.WEAK for s in found), found)

    def state(self) -> State:
        """Everything that ``from_state`` needs."""
        arrays: dict[str, NDArray[Any]] = {}
        tables: dict[str, Any] = {"documents": [_plain(document) for document in self.documents]}
        for part, index in self._indexes.items():
            counts = index.counts
            arrays |= {f"{part}-{name}": getattr(counts, name) for name in ("indptr", "indices", "data")}
            tables[f"{part}-vocabulary"] = list(index.vocabulary)
        return State(arrays, tables)

    @classmethod
    def from_state(cls, state: State, config: MatcherConfig) -> "Matcher":
        """The matcher whose ``state`` this is, ranking alike to the last bit; ``config.counting`` must be the same."""
        documents = [_document(plain) for plain in state.tables["documents"]]
        indexes = {}
        for part in FORMS_OF:
            vocabulary = {term: number for number, term in enumerate(state.tables[f"{part}-vocabulary"])}
            data, indices, indptr = (state.arrays[f"{part}-{name}"] for name in ("data", "indices", "indptr"))
            counts = sp.csr_matrix((data, indices, indptr), shape=(len(documents), len(vocabulary)))
            indexes[part] = TermIndex(vocabulary, counts, config.bm25)
        return cls(documents, indexes, config)

    def _text_scores(self, asked: Asked) -> NDArray[np.float64]:
        """By document: 0 where it shares neither a word nor a character with the query."""
        return self._words.scores(asked) + self._characters.scores(asked)

    def _context_scores(self, asked: Asked) -> NDArray[np.float64]:
        """By document."""
        return self._fields.scores(asked) + self._area.scores(asked)

    def _by_owner(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.maximum.reduceat(rows, self._starts) if len(self._starts) else np.zeros(0)

    def _rows_of(self, number: int) -> range:
        end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self.documents)
        return range(self._starts[number], end)

    def _suggestion(self, asked: Asked, scores: NDArray[np.float64], number: int, rank: int) -> Suggestion:
        rows = self._rows_of(number)
        best = max(rows, key=lambda row: (scores[row], -row))
        texts = [self.documents[row] for row in rows]
        rarity = self._indexes[Part.WORDS].idf
        parts: list[ScorePart] = [self._words, self._characters, self._fields, self._area]
        evidence = evidence_of(asked, parts, texts, best - rows.start, best, rarity)
        score = float(sum(c.value for c in evidence.contributions))
        return Suggestion(
            rank, self.owners[number], self.documents[best].id, score, self._band(asked, evidence), evidence
        )

    def _band(self, asked: Asked, evidence: Evidence) -> Band:
        """By the words alone: being near or in the same field is no reason of its own, and characters are faint.

        It is the words' share of what the query allows, times the root of the number of its words: the share alone
        would call every long issue weak, and a plain sum every long issue strong, since chance overlap grows with
        length.
        """
        share = sum(c.value for c in evidence.contributions if c.part is Part.WORDS)
        clue = share * sum(asked.counts[Part.WORDS].values()) ** 0.5
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


def _counted(documents: Sequence[Document], weights: Sequence[float]) -> Iterator[dict[Part, Counts]]:
    """The weighted counts of each document, in order. Two threads: Sudachi releases the interpreter lock."""
    chunks = (documents[i : i + _CHUNK] for i in range(0, len(documents), _CHUNK))
    work = Parallel(n_jobs=2, prefer="threads", return_as="generator", pre_dispatch=4)
    for counted in work(delayed(_count_chunk)(chunk, weights) for chunk in chunks):
        yield from counted


def _count_chunk(documents: Sequence[Document], weights: Sequence[float]) -> list[dict[Part, Counts]]:
    return [{part: _count(document, weights, forms) for part, forms in FORMS_OF.items()} for document in documents]


def _count(document: Document, weights: Sequence[float], forms: Callable[[str], list[str]]) -> Counts:
    counts: dict[str, float] = {}
    for text, weight in zip(document.texts, weights, strict=True):
        for form in forms(text) if text and weight else ():
            counts[form] = counts.get(form, 0.0) + weight
    return counts


def _plain(document: Document) -> dict[str, Any]:
    """A document as JSON values; ``_document`` reads it back."""
    plain = {name: getattr(document, name) for name in ("id", "owner", "title", "aim", "body", "offer")}
    return plain | {"fields": sorted(document.fields), "areas": [area.levels for area in document.areas]}


@lru_cache(maxsize=10_000)
def _area(levels: tuple[str | None, ...]) -> Area:
    """One object for a place however many documents name it: a register's 60,000 rows name some thousand places."""
    return Area(*levels)


def _document(plain: Mapping[str, Any]) -> Document:
    areas = tuple(_area(tuple(levels)) for levels in plain["areas"])
    return Document(**{**plain, "fields": frozenset(plain["fields"]), "areas": areas})
