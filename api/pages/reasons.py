"""Why something is suggested, as pages, the terminal and workbooks show it: the points line by line, and what is alike.

Nothing in here changes a score: what is left out of a table stands in it as a sum.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor

from matcher.records import Bridge, Contribution, Evidence, Part, Suggestion

_UNITS = 1000  # points are shown in thousandths
_MOST_ROWS: Mapping[Part, int] = {Part.MEANING: 5, Part.CHARACTERS: 8}  # the rest of such a part is one line
_ALIKE: Mapping[Part, str] = {
    Part.WORDS: "＝",
    Part.CHARACTERS: "＝",
    Part.FIELDS: "＝",
    Part.SYNONYMS: "≈",
    Part.MEANING: "≈",
}
_FEW = 3  # pairs that a reader takes in at a glance
_TELLING = 0.1  # the share of the score from which a case like the query is told in full


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A line of the table of points. ``others`` above 0: the sum of that many contributions, without their words.

    ``sign`` is ＝ (the same), ≈ (near), ≠ (speaks against) or empty. ``case`` is the id of the case named.
    """

    part: Part
    term: str
    matched: str
    sign: str
    value: float
    others: int = 0
    case: str = ""


def score_rows(suggestion: Suggestion) -> list[ScoreRow]:
    """Part by part, the largest first in each. The values have three decimals and sum to the score so rounded.

    So each may differ from its contribution by less than a thousandth.
    """
    found = suggestion.evidence.contributions
    rows = [row for part in Part for row in _rows(part, [c for c in found if c.part is part])]
    shown = _summing_to(suggestion.score, [row.value for row in rows])
    return [replace(row, value=value) for row, value in zip(rows, shown, strict=True)]


def _rows(part: Part, found: Sequence[Contribution]) -> list[ScoreRow]:
    most = _MOST_ROWS.get(part, len(found))
    if len(found) <= most + 1:  # a line for a single one left out would save nothing
        return [_row(c) for c in found]
    largest = {id(c) for c in sorted(found, key=lambda c: -abs(c.value))[:most]}
    rest = [c.value for c in found if id(c) not in largest]
    return [*(_row(c) for c in found if id(c) in largest), ScoreRow(part, "", "", "", sum(rest), others=len(rest))]


def _row(c: Contribution) -> ScoreRow:
    sign = _ALIKE.get(c.part, "")
    if c.part is Part.MEANING:
        sign = "≠" if c.value < 0 else "＝" if c.term == c.matched else "≈"
    return ScoreRow(c.part, c.term, c.matched, sign, c.value, case=c.form if c.part is Part.CASES else "")


def _summing_to(total: float, values: Sequence[float]) -> list[float]:
    """All rounded down, and those that lost most one unit up, as many as the total needs; the first of equals."""
    scaled = [value * _UNITS for value in values]
    units = [floor(value) for value in scaled]
    short = round(round(total, 3) * _UNITS) - sum(units)
    for number in sorted(range(len(units)), key=lambda n: units[n] - scaled[n])[:short]:
        units[number] += 1
    return [unit / _UNITS for unit in units]


def issue_terms(evidence: Evidence) -> list[str]:
    """What to mark in the text of the asking side."""
    return _legible(evidence, "term")


def organisation_terms(evidence: Evidence) -> list[str]:
    """What to mark in the text of the answering side."""
    return _legible(evidence, "matched")


def _legible(evidence: Evidence, side: str) -> list[str]:
    """Words and longer runs; single characters only where nothing else speaks, since they would mark everything."""
    found = evidence.contributions
    telling = [*_of(Part.WORDS, found), *_of(Part.SYNONYMS, found), *_meant(evidence)]
    characters = _of(Part.CHARACTERS, found)
    words = [text for c in (*telling, *characters) if len(text := str(getattr(c, side))) > 1 or c in telling]
    return words or [str(getattr(c, side)) for c in characters]


def near_pairs(evidence: Evidence) -> list[tuple[str, str]]:
    """At most three pairs of different words that mean much the same, the asking side's first: synonyms, then others.

    A word that the answering side has itself needs no other beside it.
    """
    same = {c.form for c in _of(Part.WORDS, evidence.contributions)}
    meant = [c for c in _meant(evidence) if c.form not in same]
    near = [*_of(Part.SYNONYMS, evidence.contributions), *meant]
    return list(dict.fromkeys((c.term, c.matched) for c in near if c.matched and c.term != c.matched))[:_FEW]


def near_words(evidence: Evidence) -> str:
    """The pairs of ``near_pairs`` on one line: 育児 ≈ 子育て、…; empty where there are none."""
    return "、".join(f"{term} ≈ {matched}" for term, matched in near_pairs(evidence))


def telling_case(suggestion: Suggestion) -> Bridge | None:
    """The past case to tell beside the quotes: one that names this very partner, or gives a good part of the score.

    Every case adds a little for everyone who resembles its partner a little; of that the table of points is enough.
    """
    bridge = suggestion.evidence.bridge
    if bridge is None or bridge.partner == suggestion.owner:
        return bridge
    added = sum(c.value for c in _of(Part.CASES, suggestion.evidence.contributions))
    return bridge if added >= _TELLING * suggestion.score else None


def _meant(evidence: Evidence) -> list[Contribution]:
    """The few words that add most by their meaning."""
    return [c for c in _of(Part.MEANING, evidence.contributions) if c.value > 0][:_FEW]


def _of(part: Part, found: Iterable[Contribution]) -> list[Contribution]:
    return [c for c in found if c.part is part]
