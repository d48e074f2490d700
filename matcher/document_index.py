"""Documents and all that was counted of them; knows of no weight, and so outlives every change of weights."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from matcher.analysis import (
    TERM_EXTRACTORS,
    AnalysedDocuments,
    AnalysedQuery,
    AnalysedText,
    LanguageResources,
    analysed_documents,
    joined_text,
)
from matcher.context import AreaTable, FieldMasks
from matcher.dense import NO_ROWS, RowGroups
from matcher.records import Area, Document, Part
from matcher.sparse import NO_STATISTICS, Bm25, RowBuilder, Statistics, TermIndex
from matcher.tokens import NO_TOKENS, DocumentTokens, TokenRows, token_rows


@dataclass(frozen=True, slots=True)
class State:
    """A fitted matcher as plain arrays and JSON values, to be kept and brought back by ``Matcher.from_state``."""

    arrays: Mapping[str, NDArray[Any]]
    tables: Mapping[str, Any]


Background = Mapping[Part, Statistics]  # by the parts that compare terms; one that is not there is nothing
NO_BACKGROUND: Background = {}


@dataclass(frozen=True)  # without slots: what follows from the documents is worked out once
class DocumentIndex:
    """Documents sorted by (owner, id), and what was counted of them in the same order; it knows of no weight."""

    documents: Sequence[Document]
    indexes: Mapping[Part, TermIndex]
    tokens: DocumentTokens
    sentences: RowGroups
    texts: RowGroups

    @classmethod
    def empty(cls, bm25: Bm25, background: Background = NO_BACKGROUND) -> "DocumentIndex":
        """No documents yet, to begin with: ``changed`` takes them in."""
        indexes = {part: TermIndex.empty(bm25, background.get(part, NO_STATISTICS)) for part in TERM_EXTRACTORS}
        return cls([], indexes, NO_TOKENS, NO_ROWS, NO_ROWS)

    def changed(
        self, kept: Sequence[int], added: Sequence[Document], weights: Sequence[float], learned: LanguageResources
    ) -> "DocumentIndex":
        """The rows ``kept`` and documents ``added``; ``weights`` and ``learned`` as for the rows that are here."""
        joined = [*self.documents, *added]
        known = [*kept, *range(len(self.documents), len(joined))]
        rows = sorted(known, key=lambda row: (joined[row].owner, joined[row].id))
        vocabularies = {part: index.vocabulary for part, index in self.indexes.items()}
        new, readings, sentences, texts = _gathered(analysed_documents(added, weights, learned), vocabularies)
        documents = [joined[row] for row in rows]
        return DocumentIndex(
            documents,
            {part: index.updated(new[part], rows, _public(documents)) for part, index in self.indexes.items()},
            self.tokens.chosen(readings, rows),
            self.sentences.chosen(sentences, rows),
            self.texts.chosen(texts, rows) if learned.encoder else NO_ROWS,
        )

    def is_beside(self, background: Background) -> bool:
        """By identity: equal ones that were counted anew are others."""
        return all(index.background is background.get(part, NO_STATISTICS) for part, index in self.indexes.items())

    def beside(self, background: Background) -> "DocumentIndex":
        """The same documents, weighed anew."""
        indexes = {part: index.beside(background.get(part, NO_STATISTICS)) for part, index in self.indexes.items()}
        return replace(self, indexes=indexes)

    @cached_property
    def statistics(self) -> Background:
        """Of the public documents, without the background."""
        return {part: index.statistics for part, index in self.indexes.items()}

    def state(self) -> State:
        """Everything that ``of_state`` needs, but for the background."""
        arrays: dict[str, NDArray[Any]] = {}
        tables: dict[str, Any] = {"documents": [_plain(document) for document in self.documents]}
        for part, index in self.indexes.items():
            counts = index.counts
            arrays |= {f"{part}-{name}": getattr(counts, name) for name in ("indptr", "indices", "data")}
            tables[f"{part}-vocabulary"] = list(index.vocabulary)
        for kind, rows in (("readings", self.tokens), ("sentences", self.sentences), ("texts", self.texts)):
            arrays |= {f"{kind}-{name}": array for name, array in rows.state().items()}
        return State(arrays, tables)

    @classmethod
    def of_state(cls, state: State, bm25: Bm25, background: Background = NO_BACKGROUND) -> "DocumentIndex":
        """The documents whose ``state`` this is; ``bm25`` may be another, since counts do not hang on it."""
        documents = [_document(plain) for plain in state.tables["documents"]]
        indexes = {}
        for part in TERM_EXTRACTORS:
            vocabulary = {term: number for number, term in enumerate(state.tables[f"{part}-vocabulary"])}
            data, indices, indptr = (state.arrays[f"{part}-{name}"] for name in ("data", "indices", "indptr"))
            counts = sp.csr_matrix((data, indices, indptr), shape=(len(documents), len(vocabulary)))
            indexes[part] = TermIndex(vocabulary, counts, bm25, _public(documents), background.get(part, NO_STATISTICS))
        sentences, texts = (
            RowGroups(*(state.arrays[f"{kind}-{name}"] for name in ("small", "scales", "starts")))
            for kind in ("sentences", "texts")
        )
        readings = DocumentTokens(state.arrays["readings-words"], state.arrays["readings-starts"])
        return cls(documents, indexes, readings, sentences, texts)

    @cached_property
    def owners(self) -> list[str]:
        """The owners of the documents, each once, sorted; ``starts`` and ``numbers`` have their order."""
        return sorted({document.owner for document in self.documents})

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """The first row of each owner, shape (owners,)."""
        rows = {document.owner: row for row, document in reversed(list(enumerate(self.documents)))}
        return np.array([rows[owner] for owner in self.owners], dtype=np.intp)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Owner -> its number among the owners."""
        return {owner: number for number, owner in enumerate(self.owners)}

    @cached_property
    def fields(self) -> FieldMasks:
        """The activity fields of every document. Worked out on first use, like ``places``."""
        return FieldMasks.of(self.documents)

    @cached_property
    def places(self) -> AreaTable:
        return AreaTable(self.documents)

    @cached_property
    def profiles(self) -> RowGroups:
        """A row a document: all that it says. Worked out when the first past case asks for it."""
        return self.sentences.summed()

    def rows_of(self, number: int) -> range:
        """The rows of an owner by its number."""
        end = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.documents)
        return range(self.starts[number], end)

    def rows_of_owner(self, owner: str) -> range:
        """The rows of an owner by its id; none for one that is not here."""
        return self.rows_of(self.numbers[owner]) if owner in self.numbers else range(0)

    def analysed(self, asked: AnalysedQuery, row: int) -> AnalysedText:
        """The text of ``documents[row]`` with the terms in it that the query looks for."""
        text = joined_text(self.documents[row])
        return asked.shared(text, self.tokens.terms(row, text, self.indexes[Part.WORDS].forms))

    def by_owner(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """From a number a document, (N,), to one an owner, (owners,): the highest of its rows."""
        return np.maximum.reduceat(rows, self.starts) if len(self.starts) else np.zeros(0)


def _gathered(
    chunks: Iterable[AnalysedDocuments], vocabularies: Mapping[Part, Mapping[str, int]]
) -> tuple[dict[Part, RowBuilder], DocumentTokens, RowGroups, RowGroups]:
    """Chunks joined: the counts by part, the words, the rows of sentences and those of whole texts."""
    new = {part: RowBuilder(vocabulary) for part, vocabulary in vocabularies.items()}
    sentences, texts = [], []
    readings: list[TokenRows] = []
    sizes: list[int] = []
    for chunk in chunks:
        for counts in chunk.counts:
            for part, rows in new.items():
                rows.add(counts[part])
        readings += [token_rows(new[Part.WORDS].numbered(t.form for t in terms), terms) for terms in chunk.words]
        sentences.append(chunk.sentences)
        sizes.extend(chunk.sizes)
        texts += [chunk.texts] if chunk.texts else []
    return (
        new,
        DocumentTokens.joined(readings),
        RowGroups.joined(sentences, sizes),
        RowGroups.joined(texts, [1] * len(sizes)),
    )


def _public(documents: Sequence[Document]) -> NDArray[np.bool_]:
    return np.array([document.public for document in documents], dtype=bool)


def _plain(document: Document) -> dict[str, Any]:
    """A document as JSON values; ``_document`` reads it back."""
    plain = {name: getattr(document, name) for name in ("id", "owner", "title", "aim", "body", "offer", "public")}
    return plain | {"fields": sorted(document.fields), "areas": [area.levels for area in document.areas]}


@lru_cache(maxsize=10_000)
def _area(levels: tuple[str | None, ...]) -> Area:
    """One object for a place however many documents name it: a register's 60,000 rows name some thousand places."""
    return Area(*levels)


def _document(plain: Mapping[str, Any]) -> Document:
    areas = tuple(_area(tuple(levels)) for levels in plain["areas"])
    return Document(**{**plain, "fields": frozenset(plain["fields"]), "areas": areas})
