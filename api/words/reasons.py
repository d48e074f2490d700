"""Why something is suggested, as pages, the terminal and workbooks show it: the points line by line, and what is alike.

Nothing in here changes a score: what is left out of a table stands in it as a sum.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor

from api.usecases.suggestions import Candidate, CandidateList, Inquiry
from api.words.labels import BAND_LABELS
from matcher.records import Band, Bridge, Contribution, Evidence, Part, Suggestion

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
_TELLING = 0.5  # the likeness to the partner from which a candidate is told beside it

_NO_GOOD_MATCH = "はっきりした手がかりのある候補は見つかりませんでした。"
_NO_GOOD_ISSUE = "はっきりした手がかりのある課題は見つかりませんでした。"
_NO_NEAR_CASE = "近いと言える過去の事例も見つかりませんでした。"
_FOR_REFERENCE = "挙げたものは参考です。ほかにも合うものがあるかもしれません。"
_NEXT_STEP = (
    "課題をもう少し詳しく書く、別の種類の団体も見てみる、範囲を広げる、協働の窓口に相談する、といった方法があります。"
)
_NEXT_FOR_AN_ORGANISATION = "団体の「できること」を書き足した名簿を取り込むと、見つかりやすくなります。"


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A line of the table of points. ``others`` above 0: the sum of that many contributions, without their words.

    ``sign`` is ＝ (the same), ≈ (near), ≠ (speaks against) or empty. A word without ``matched`` stands beside all that
    the sentence says. ``case`` is the id of the case named.
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
    if c.part is Part.MEANING and c.value < 0:  # no word of the sentence is what it speaks against, but the whole
        return ScoreRow(c.part, c.term, "", "≠", c.value)
    sign = "＝" if c.part is Part.MEANING and c.term == c.matched else _ALIKE.get(c.part, "")
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
    characters = [str(getattr(c, side)) for c in _of(Part.CHARACTERS, found)]
    return [str(getattr(c, side)) for c in telling] + [text for text in characters if len(text) > 1] or characters


def near_pairs(evidence: Evidence) -> list[tuple[str, str]]:
    """At most three pairs of different words, the asking side's first: synonyms, then what is near by its meaning."""
    near = [*_of(Part.SYNONYMS, evidence.contributions), *_meant(evidence)]
    return list(dict.fromkeys((c.term, c.matched) for c in near if c.term != c.matched))[:_FEW]


def near_words(evidence: Evidence) -> str:
    """The pairs of ``near_pairs`` on one line: 育児 ≈ 子育て、…; empty where there are none."""
    return "、".join(f"{term} ≈ {matched}" for term, matched in near_pairs(evidence))


def telling_case(suggestion: Suggestion) -> Bridge | None:
    """The past case to tell beside the quotes: one whose partner the candidate is, or is much like.

    Every case adds a little for everyone who resembles its partner a little; of that the table of points is enough.
    """
    bridge = suggestion.evidence.bridge
    return bridge if bridge and bridge.likeness >= _TELLING else None


def case_sentence(suggestion: Suggestion) -> str:
    """The case of ``telling_case`` as sentences; empty without one."""
    case = telling_case(suggestion)
    if case is None:
        return ""
    if case.partner == suggestion.owner:
        return f"『{case.title}』に似ています。このときの相手は{case.partner_name}でした。"
    return f"『{case.title}』に似ています。このときの相手（{case.partner_name}）と活動が近い団体です。"


def _meant(evidence: Evidence) -> list[Contribution]:
    """Of the words that add most by their meaning those that tell something new: neither side has the other's word.

    What stands beside a word that both have is most often its shadow.
    """
    same = _of(Part.WORDS, evidence.contributions)
    forms, surfaces = {c.form for c in same}, {c.matched for c in same}
    strongest = [c for c in _of(Part.MEANING, evidence.contributions) if c.value > 0][:_FEW]
    return [c for c in strongest if c.matched and c.form not in forms and c.matched not in surfaces]


def _of(part: Part, found: Iterable[Contribution]) -> list[Contribution]:
    return [c for c in found if c.part is part]


def list_message(asking: Inquiry, found: CandidateList) -> str:
    """What there is to say about a list as a whole, in sentences: without a good match the nearest past cases too.

    Empty where the list speaks for itself. The pages say the same with links and quotes.
    """
    if found.message or found.good_match:
        return found.message
    reference = _FOR_REFERENCE if found.candidates else ""
    if found.query.offers:
        return _NO_GOOD_ISSUE + reference + _NEXT_FOR_AN_ORGANISATION
    return _NO_GOOD_MATCH + reference + _nearest(asking.cases()) + _NEXT_STEP


def near_cases(cases: CandidateList) -> list[Candidate]:
    """Those that can be called near: more than a weak clue."""
    return [case for case in cases.candidates if case.suggestion.band is not Band.WEAK]


def _nearest(cases: CandidateList) -> str:
    near = near_cases(cases)
    if near:
        told = "、".join(f"『{case.name}』（{BAND_LABELS[case.suggestion.band]}）" for case in near)
        return f"近い過去の事例に{told}があります。"
    weak = "".join(f"『{case.name}』" for case in cases.candidates)
    return f"{_NO_NEAR_CASE}弱い手がかりしかない事例として{weak}があります。" if weak else _NO_NEAR_CASE
