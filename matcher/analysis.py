"""What a text is made of, for every part of a score: once for a document when it is counted, once for what is asked."""

import hashlib
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from matcher.dense import Float32Array, TextEncoder, WordVectors, quantised
from matcher.records import Document, Part, Query
from matcher.sparse import Counts
from matcher.synonyms import Synonyms, member_key
from matcher.text import Compound, Term, character_forms, characters, compounds, sentence_spans, words

_CHUNK = 500  # documents analysed at a time; bounds the memory of a fit
_NEAR = 0.5  # what a near-synonym counts against a synonym


@dataclass(frozen=True)  # without slots: the tables that follow from the synonyms are worked out once
class LanguageResources:
    """What is known of words and texts beyond the collection: a table that people wrote, and what was learned."""

    synonyms: Synonyms = field(default_factory=lambda: Synonyms(()))
    vectors: WordVectors | None = None
    encoder: TextEncoder | None = None

    @cached_property
    def name(self) -> str:
        """A fingerprint, twelve hexadecimal digits: the same name, the same analysis of every text."""
        names = [self.synonyms.name, *(learned.name if learned else "" for learned in (self.vectors, self.encoder))]
        return hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]

    def meanings(self, texts: Sequence[Sequence[str]]) -> Float32Array:
        """A row a text, given as the forms of its words; zeros where none is known, and where there are no vectors."""
        return self.vectors.text_rows(texts) if self.vectors else np.zeros((len(texts), 1), np.float32)

    def members(self, text: str, terms: Sequence[Term]) -> list[Term]:
        """The members of the table that stand in ``text``, given all of its words, each once a place."""
        found = self.synonyms.occurrences(text, terms)
        places = {(self._keys[one.group][one.member], one.start, one.end): None for one in found}
        return [Term(key, text[start:end], start, end) for key, start, end in places]

    def others(self, text: str, terms: Sequence[Term]) -> dict[str, tuple[float, Term]]:
        """Members that do not stand in ``text`` but in one group with one that does: what each counts, and that one.

        The form of the term is the other member's. The first that counts most, where there are several.
        """
        found = self.synonyms.occurrences(text, terms)
        present = {self._keys[one.group][one.member] for one in found}
        others: dict[str, tuple[float, Term]] = {}
        for one in found:
            counts = _NEAR if self.synonyms.groups[one.group].near else 1.0
            for key in self._keys[one.group]:
                if key not in present and others.get(key, (0.0,))[0] < counts:
                    others[key] = (counts, Term(key, text[one.start : one.end], one.start, one.end))
        return others

    @cached_property
    def _keys(self) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(" ".join(member_key(m)).strip() for m in group.members) for group in self.synonyms.groups)


class TermExtractor(ABC):
    """How texts become the terms of one part of the score. ``found`` are all words of the text that is given.

    What is said of a document by ``forms`` is indexed, what is said of a query by ``asked`` is looked up there, and
    ``shared`` finds the terms behind a meeting of both in the document's text.
    """

    @abstractmethod
    def of(self, text: str, found: Sequence[Term], learned: LanguageResources) -> Sequence[Term]:
        """The terms of a text, in the order they are written; a form stands as often as it occurs."""

    def forms(self, text: str, found: Sequence[Term], learned: LanguageResources) -> Sequence[str]:
        """The forms of ``of``, where they come faster without their places."""
        return [term.form for term in self.of(text, found, learned)]

    def asked(self, text: str, found: Sequence[Term], learned: LanguageResources) -> Sequence[tuple[float, Term]]:
        """The terms that a query of this text looks for, with what each occurrence counts, above 0."""
        return [(1.0, term) for term in self.of(text, found, learned)]

    def shared(
        self, text: str, found: Sequence[Term], learned: LanguageResources, asked: Container[str]
    ) -> Sequence[Term]:
        """Those of ``of`` whose form is in ``asked``."""
        return [term for term in self.of(text, found, learned) if term.form in asked]


class _Words(TermExtractor):
    def of(self, text: str, found: Sequence[Term], learned: LanguageResources) -> Sequence[Term]:
        return found


class _Characters(TermExtractor):
    def of(self, text: str, found: Sequence[Term], learned: LanguageResources) -> Sequence[Term]:
        return characters(text)

    def forms(self, text: str, found: Sequence[Term], learned: LanguageResources) -> Sequence[str]:
        return character_forms(text)

    def shared(
        self, text: str, found: Sequence[Term], learned: LanguageResources, asked: Container[str]
    ) -> Sequence[Term]:
        return characters(text, asked)


class _Synonyms(TermExtractor):
    """A document has the members that stand in it; a query looks for what stands for its own in other words."""

    def of(self, text: str, found: Sequence[Term], learned: LanguageResources) -> Sequence[Term]:
        return learned.members(text, found)

    def asked(self, text: str, found: Sequence[Term], learned: LanguageResources) -> Sequence[tuple[float, Term]]:
        return list(learned.others(text, found).values())


# By the parts that compare terms, in the order in which a state keeps them.
TERM_EXTRACTORS: Mapping[Part, TermExtractor] = {
    Part.WORDS: _Words(),
    Part.CHARACTERS: _Characters(),
    Part.SYNONYMS: _Synonyms(),
}


@dataclass(frozen=True, slots=True)
class AnalysedText:
    """A text and its terms by part, in the order they are written: a query's all, a document's the shared ones.

    ``words`` are all of its words.
    """

    text: str
    terms: Mapping[Part, Sequence[Term]]
    words: Sequence[Term]

    def surfaces(self, part: Part) -> dict[str, str]:
        """Each form as it is written where it first occurs."""
        first: dict[str, str] = {}
        for term in self.terms[part]:
            first.setdefault(term.form, term.surface or term.form)
        return first


@dataclass(frozen=True)  # without slots: what not every ranking needs is worked out by the first that does
class AnalysedQuery:
    """A query made ready, once for all rankings of one request: its terms, their counts, their surfaces.

    Nothing here hangs on what is ranked. The matchers that share ``learned`` take it in place of the query.
    """

    query: Query
    learned: LanguageResources
    analysed: AnalysedText
    counts: Mapping[Part, Counts]
    surfaces: Mapping[Part, Mapping[str, str]]

    @classmethod
    def of(cls, query: Query, learned: LanguageResources) -> "AnalysedQuery":
        """Reads the text, which is the dear part of asking."""
        found = words(query.text)
        asked = {part: kind.asked(query.text, found, learned) for part, kind in TERM_EXTRACTORS.items()}
        analysed = AnalysedText(query.text, {part: [term for _, term in some] for part, some in asked.items()}, found)
        counts: dict[Part, dict[str, float]] = {part: {} for part in asked}
        for part, some in asked.items():
            for times, term in some:
                _add(counts[part], [term.form], times)
        return cls(query, learned, analysed, counts, {part: analysed.surfaces(part) for part in asked})

    @cached_property
    def nouns(self) -> Sequence[Compound]:
        """The whole nouns of the text, as ``text.compounds`` gives them."""
        return compounds(self.query.text)

    @cached_property
    def meaning(self) -> Float32Array:
        """The sum of the words' vectors, (1, dimensions); zeros where none is known."""
        return self.learned.meanings([self.forms(Part.WORDS)])

    @cached_property
    def encoded(self) -> Float32Array:
        """The text as the encoder sees it, (1, dimensions); no dimensions without one."""
        encoder = self.learned.encoder
        return encoder.encode_queries([self.query.text]) if encoder else np.zeros((1, 0), np.float32)

    def forms(self, part: Part) -> list[str]:
        """The forms of its terms, in the order they are written."""
        return [term.form for term in self.analysed.terms[part]]

    def shared(self, written: str, found: Sequence[Term]) -> AnalysedText:
        """A document's text, ``found`` its words, with the terms of each kind that the query looks for."""
        terms = {
            part: kind.shared(written, found, self.learned, self.surfaces[part]) if self.surfaces[part] else []
            for part, kind in TERM_EXTRACTORS.items()
        }
        return AnalysedText(written, terms, found)


@dataclass(frozen=True, slots=True)
class AnalysedDocuments:
    """Documents made ready, in their order: the weighted counts and the words of each, the rows of sentences and texts.

    ``words`` stand at their places in the joined text. ``sentences`` are ``sizes[d]`` rows of document ``d``, at least
    one; ``texts`` is a row a document, or None without an encoder. Rows come quantised, with their scales.
    """

    counts: Sequence[Mapping[Part, Counts]]
    words: Sequence[Sequence[Term]]
    sentences: tuple[NDArray[np.int8], Float32Array]
    sizes: Sequence[int]
    texts: tuple[NDArray[np.int8], Float32Array] | None


def analysed_documents(
    documents: Sequence[Document], weights: Sequence[float], learned: LanguageResources
) -> Iterator[AnalysedDocuments]:
    """Chunk by chunk, in the order of ``documents``; ``weights`` multiply the counts of the four texts of a document.

    Two threads: Sudachi releases the interpreter lock.
    """
    chunks = (documents[i : i + _CHUNK] for i in range(0, len(documents), _CHUNK))
    work = Parallel(n_jobs=2, prefer="threads", return_as="generator", pre_dispatch=4)
    yield from work(delayed(_count_chunk)(chunk, weights, learned) for chunk in chunks)


def joined_text(document: Document) -> str:
    """The texts of a document as one, each on lines of its own."""
    return "\n".join(part for part in document.texts if part)


def _count_chunk(
    documents: Sequence[Document], weights: Sequence[float], learned: LanguageResources
) -> AnalysedDocuments:
    read = [_read(document, weights, learned) for document in documents]
    sentences = [forms for one in read for forms in one.sentences]
    encode = learned.encoder.encode_passages if learned.encoder else None
    texts = quantised(encode([joined_text(document) for document in documents])) if encode else None
    return AnalysedDocuments(
        [one.counts for one in read],
        [one.words for one in read],
        quantised(learned.meanings(sentences)),
        [len(one.sentences) for one in read],
        texts,
    )


@dataclass(frozen=True, slots=True)
class _AnalysedDocument:
    """A document: its weighted counts by part, its words in the joined text, the forms of each sentence, at least one.

    A text without a sentence has one without forms.
    """

    counts: Mapping[Part, Counts]
    words: Sequence[Term]
    sentences: Sequence[Sequence[str]]


def _read(document: Document, weights: Sequence[float], learned: LanguageResources) -> _AnalysedDocument:
    counts: dict[Part, dict[str, float]] = {part: {} for part in TERM_EXTRACTORS}
    placed: list[Term] = []
    sentences: list[list[str]] = []
    start = 0
    for text, weight in zip(document.texts, weights, strict=True):
        if text:
            found = words(text)
            placed.extend(Term(term.form, term.surface, start + term.start, start + term.end) for term in found)
            start += len(text) + 1
            sentences.extend(_by_sentence(text, found))
            for part, kind in TERM_EXTRACTORS.items():
                _add(counts[part], kind.forms(text, found, learned), weight)
    return _AnalysedDocument(counts, placed, sentences or [[]])


def _add(counts: dict[str, float], forms: Sequence[str], weight: float) -> None:
    for form in forms if weight else ():
        counts[form] = counts.get(form, 0.0) + weight


def _by_sentence(text: str, terms: Sequence[Term]) -> list[list[str]]:
    """The forms of each sentence."""
    starts = [start for start, _ in sentence_spans(text)]
    forms: list[list[str]] = [[] for _ in starts]
    for term in terms:
        forms[bisect_right(starts, term.start) - 1].append(term.form)
    return forms
