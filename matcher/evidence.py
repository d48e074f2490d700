"""Why an owner is suggested: the score taken apart, the best sentence of each side, and what is missing."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from matcher.analysis import AnalysedQuery, AnalysedText
from matcher.context import nearest
from matcher.document_index import DocumentIndex
from matcher.parts import CasePart, MeaningPart, ScorePart
from matcher.records import Bridge, Contribution, Evidence, Part
from matcher.text import Term, compounds, sentence_spans

_MISSING = 5  # how many nouns that the profile lacks are named
_COMPARED = 200  # sentences of a side that are paired: those whose own terms add most

Key = tuple[Part, str]  # a part of the score and a form compared in it
Parts = Sequence[tuple[ScorePart, float]]  # with their weights
Values = Mapping[Key, float]  # what each adds to the score


def evidence_of(asked: AnalysedQuery, fitted: DocumentIndex, parts: Parts, row: int) -> Evidence:
    """Why the owner of document ``row`` is suggested, which gave the score; ``parts`` are those with a weight."""
    document = fitted.documents[row]
    rows = fitted.rows_of_owner(document.owner)
    analysed = [fitted.analysed(asked, one) for one in rows]
    spoke = analysed[row - rows.start]
    contributions = [
        Contribution(one.part, one.term, one.matched, weight * one.value, one.form)
        for part, weight in parts
        for one in part.explain(row, document, spoke)
    ]
    relation, ours, theirs = nearest(asked.query.areas, document.areas)
    values = {(one.part, one.form): one.value for one in contributions}
    query_quote, document_quote = _quotes(asked, spoke, document.title.strip(), values, _speaking(parts, row))
    return Evidence(
        contributions=tuple(sorted(contributions, key=lambda c: (-c.value, c.part, c.form))),
        query_quote=query_quote,
        document_quote=document_quote,
        fields=tuple(sorted(asked.query.fields & document.fields)),
        area=relation,
        query_area=ours,
        document_area=theirs,
        missing=_missing(asked, fitted, analysed),
        bridge=_bridge(parts, contributions),
    )


def _speaking(parts: Parts, row: int) -> int:
    """The number of the sentence that speaks by its meaning; -1 where no part looks at meaning."""
    return next((part.speaking(row) for part, _ in parts if isinstance(part, MeaningPart)), -1)


def _bridge(parts: Parts, contributions: Sequence[Contribution]) -> Bridge | None:
    """The one that adds to the score, with how like its partner the suggested is."""
    told = {(one.form, one.matched): one.value for one in contributions if one.part is Part.CASES}
    for part, weight in parts:
        for bridge in part.bridges if isinstance(part, CasePart) else ():
            value = told.get((bridge.case, bridge.partner_name))
            if value:
                return replace(bridge, likeness=value / (weight * bridge.strength))
    return None


def _quotes(asked: AnalysedQuery, other: AnalysedText, title: str, values: Values, speaking: int) -> tuple[str, str]:
    """The pair of sentences whose shared terms add most to the score, each term counted once; the first of equals.

    So both quotes speak of the same thing. What a word adds by its meaning belongs to the document's sentence number
    ``speaking``. A document's title is quoted only where nothing else is shared. "" for a side without text.
    """
    meant = {key for key in values if key[0] is Part.MEANING}
    asking = {**asked.analysed.terms, Part.MEANING: asked.analysed.words}
    ours, theirs = _sentences(asked.analysed, values, asking), _sentences(other, values, other.terms)
    if 0 <= speaking < len(theirs):
        theirs[speaking][1].update(meant)
    if not ours or not theirs:
        return "", ""
    mine, others = _compared(ours, title, values), _compared(theirs, title, values)
    pairs = [(_shared(ours[i][1], theirs[j][1], values), theirs[j][0] != title, -i, -j) for i in mine for j in others]
    telling = [pair for pair in pairs if pair[0] > 0 and pair[1]]
    _, _, first, second = max(telling or pairs)
    return ours[-first][0], theirs[-second][0]


def _sentences(
    analysed: AnalysedText, values: Values, terms: Mapping[Part, Sequence[Term]]
) -> list[tuple[str, set[Key]]]:
    """Each sentence as written, with those of ``terms`` that add to the score."""
    spans = sentence_spans(analysed.text)
    starts = [start for start, _ in spans]
    found: list[set[Key]] = [set() for _ in spans]
    for part, some in terms.items():
        adding = {key[1]: key for key in values if key[0] is part}
        for term in some if adding else ():
            if key := adding.get(term.form):
                found[bisect_right(starts, term.start) - 1].add(key)
    return [(analysed.text[start:end], keys) for (start, end), keys in zip(spans, found, strict=True)]


def _compared(sentences: Sequence[tuple[str, set[Key]]], title: str, values: Values) -> list[int]:
    """The numbers of those worth pairing, in their order: a text may have as many sentences as it has characters.

    Of sentences with the same terms the first, and of very many those whose own terms add most.
    """
    first: dict[tuple[frozenset[Key], bool], int] = {}
    for number, (written, keys) in enumerate(sentences):
        first.setdefault((frozenset(keys), written == title), number)
    if len(first) <= _COMPARED:
        return list(first.values())
    worth = {number: _shared(set(keys), set(keys), values) for (keys, _), number in first.items()}
    return sorted(sorted(worth, key=lambda number: (-worth[number], number))[:_COMPARED])


def _shared(one: set[Key], other: set[Key], values: Values) -> float:
    """Rounded, so that the order of summing cannot tell two equal sums apart."""
    return round(sum(values[key] for key in one & other), 12)


def _missing(asked: AnalysedQuery, fitted: DocumentIndex, analysed: Sequence[AnalysedText]) -> tuple[str, ...]:
    """Nouns of the side in need that stand nowhere on the side that could help, neither as written nor all their words;
    those that tell most first, then as written. ``analysed`` are all texts of the owner.
    """
    present = {term.form for one in analysed for term in one.terms[Part.WORDS]}
    needed, written = asked.nouns, "\n".join(one.text for one in analysed)
    if asked.query.offers:
        present, needed, written = set(asked.surfaces[Part.WORDS]), compounds(written), asked.query.text
    found: dict[str, tuple[bool, float, float]] = {}
    for noun in needed:
        lacking = [form for form in noun.forms if form not in present]
        if lacking and noun.surface not in found:
            found[noun.surface] = max(_telling(asked, fitted, form) for form in lacking)
    most_telling = sorted(found, key=lambda surface: found[surface], reverse=True)
    return tuple(islice((surface for surface in most_telling if surface not in written), _MISSING))


def _telling(asked: AnalysedQuery, fitted: DocumentIndex, form: str) -> tuple[bool, float, float]:
    """How much it says of one owner that it lacks a word, to sort by: of words that others have, those that tell most
    by the length of their vector, or by their rarity. A word without a vector is a rare one, and tells much.
    """
    index, vectors = fitted.indexes[Part.WORDS], asked.learned.vectors
    return index.holds(form), vectors.length(form) if vectors else 0.0, index.idf(form)
