"""Why an owner is suggested: the score taken apart, the best sentence of each side, and what is missing."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence

from matcher.context import nearest
from matcher.parts import Analysed, Asked, ScorePart
from matcher.records import Document, Evidence, Part
from matcher.text import sentence_spans

_MISSING = 5  # how many words the profile lacks are named
_SAYS_LITTLE = re.compile(r".|.*[㐀-鿿々][ぁ-ん]+|[ぁ-んー]{1,3}")


def evidence_of(
    asked: Asked,
    parts: Iterable[ScorePart],
    documents: Sequence[Document],
    speaker: int,
    row: int,
    rarity: Callable[[str], float],
) -> Evidence:
    """Evidence for the owner of ``documents``, of which number ``speaker`` (row ``row`` of the parts) gave the score.

    ``rarity`` of a word's form orders what is missing.
    """
    analysed = [asked.shared(joined_text(document)) for document in documents]
    document = documents[speaker]
    contributions = [c for part in parts for c in part.explain(asked, row, document, analysed[speaker])]
    relation, ours, theirs = nearest(asked.query.areas, document.areas)
    values = {(c.part, c.form): c.value for c in contributions}
    return Evidence(
        contributions=tuple(sorted(contributions, key=lambda c: (-c.value, c.part, c.form))),
        query_quote=_best_sentence(asked.analysed, values),
        document_quote=_best_sentence(analysed[speaker], values),
        fields=tuple(sorted(asked.query.fields & document.fields)),
        area=relation,
        query_area=ours,
        document_area=theirs,
        missing=_missing(asked, analysed, rarity),
    )


def joined_text(document: Document) -> str:
    """The parts of a document as one text, a part a line."""
    return "\n".join(part for part in document.texts if part)


def _best_sentence(analysed: Analysed, values: Mapping[tuple[Part, str], float]) -> str:
    """The sentence whose terms add most to the score, each counted once; the first of equals; "" for an empty text."""
    spans = sentence_spans(analysed.text)
    if not spans:
        return ""
    starts = [start for start, _ in spans]
    found: list[dict[tuple[Part, str], float]] = [{} for _ in spans]
    for part, terms in analysed.terms.items():
        for term in terms:
            if (part, term.form) in values:
                found[bisect_right(starts, term.start) - 1][part, term.form] = values[part, term.form]
    sums = [round(sum(sorted(values.values())), 12) for values in found]
    start, end = spans[sums.index(max(sums))]
    return analysed.text[start:end]


def _missing(asked: Asked, analysed: Sequence[Analysed], rarity: Callable[[str], float]) -> tuple[str, ...]:
    """Words of the query that stand in none of the owner's texts, the rarest first.

    Single characters, inflected words (増え, 多い) and short words in kana (とき) say little on their own: left out.
    """
    present = {term.form for one in analysed for term in one.terms[Part.WORDS]}
    rest = [
        (rarity(form), surface)
        for form, surface in asked.surfaces[Part.WORDS].items()
        if form not in present and not _SAYS_LITTLE.fullmatch(surface)
    ]
    return tuple(surface for _, surface in sorted(rest, key=lambda pair: (-pair[0], pair[1]))[:_MISSING])
