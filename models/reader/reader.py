"""A reader over the first candidates: a language model is asked for an order, and its answer is judged before use.

Nothing the model says is taken on trust. It can only permute the candidates it was given, and a reason is kept only
when it quotes both texts literally. E-mail addresses and telephone numbers in the texts are masked before they go out.
"""

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from matcher.records import Document, Query
from models.reader.chat import Cost, Endpoint, Outcome, ReaderFailed, ask
from models.reader.contacts import MASK, masked
from models.reader.wording import fault

MOST_CANDIDATES = 20
MOST_FAILURES = 3  # in a row, of a measurement
_LONGEST_REASON = 200  # characters of a reason and of a quote that are shown
_SHORTEST_QUOTE = 5  # characters, as the prompt says; a shorter one stands in almost every text
_FEWEST_LETTERS = 2  # of a quote; a date or a row of dashes says nothing
_LETTERS = ("Lo", "Ll", "Lu", "Lt")  # kanji and kana are Lo; the mark of a long vowel alone is Lm
_LEAST_SHARE = 100  # characters of a candidate's text below which there is nothing to judge by
_MARKS = "「」『』\"'“”‘’"  # quotation marks that a model puts around a quote


@dataclass(frozen=True, slots=True)
class Profile:
    """A candidate as it may be sent: a public text and a name, no contact person. ``id`` itself is never sent."""

    id: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in the model's words (plain text, to be escaped), with a literal piece of each text."""

    text: str
    issue_quote: str
    organisation_quote: str


@dataclass(frozen=True, slots=True)
class ReaderAnswer:
    """``order`` holds every candidate's id once; ``reasons`` only those whose quotes were found in the texts.

    The first ``named`` of ``order`` are those that the model placed; the others follow as they came. ``problems`` are
    codes of what was dropped, one for each time: "unknown", "duplicate", "quote", "markup", "contact" (a way to reach
    someone) and "decision" (words of choosing, asking, paying or blaming).
    """

    order: tuple[str, ...]
    reasons: Mapping[str, Reason]
    cost: Cost
    problems: tuple[str, ...] = ()
    named: int = 0


def read(endpoint: Endpoint, issue: str, candidates: Sequence[Profile]) -> ReaderAnswer:
    """The first ``MOST_CANDIDATES`` in the order of the model; those it leaves out follow as they came.

    Raises ReaderFailed, also when not one candidate is named in the answer, or when the texts do not fit.
    """
    told = masked(issue)
    shown = _cut(told, [_masked(profile) for profile in candidates[:MOST_CANDIDATES]], endpoint.characters)
    content, cost = ask(endpoint, _prompt(), _question(told, shown))
    try:
        judged = _judged(content, told, shown)
    except ReaderFailed as failure:  # it was paid for all the same
        raise ReaderFailed(failure.outcome, cost) from failure
    named = judged.order
    rest = tuple(profile.id for profile in candidates if profile.id not in named)
    return replace(judged, order=named + rest, cost=cost, named=len(named))


def _prompt() -> str:
    return files("models.reader").joinpath("prompts", "reader.txt").read_text(encoding="utf-8")


def _masked(profile: Profile) -> Profile:
    return replace(profile, name=masked(profile.name), text=masked(profile.text))


def _cut(issue: str, candidates: Sequence[Profile], characters: int) -> list[Profile]:
    """Each candidate's text to an equal share of what the issue leaves."""
    share = (characters - len(issue)) // max(1, len(candidates))
    if share < _LEAST_SHARE:
        raise ReaderFailed(Outcome.TOO_LONG)
    names = [profile.name[:_LEAST_SHARE] for profile in candidates]
    return [
        replace(profile, name=name, text=profile.text[: share - len(name)])
        for profile, name in zip(candidates, names, strict=True)
    ]


def _question(issue: str, candidates: Sequence[Profile]) -> str:
    """As JSON, so that no text can end early and go on as something else."""
    numbered = [
        {"number": number, "name": profile.name, "text": profile.text}
        for number, profile in enumerate(candidates, start=1)
    ]
    return json.dumps({"issue": issue, "organisations": numbered}, ensure_ascii=False)


def _judged(content: str, issue: str, candidates: Sequence[Profile]) -> ReaderAnswer:
    """``issue`` and ``candidates`` as they were sent."""
    order: list[str] = []
    reasons: dict[str, Reason] = {}
    problems: list[str] = []
    for entry in _entries(content):
        profile = _profile(entry.get("number"), candidates)
        if profile is None or profile.id in order:
            problems.append("duplicate" if profile else "unknown")
            continue
        order.append(profile.id)
        reason = _reason(entry, issue, profile.text)
        if isinstance(reason, Reason):
            reasons[profile.id] = reason
        elif reason:
            problems.append(reason)
    if not order:
        raise ReaderFailed(Outcome.UNUSABLE)
    return ReaderAnswer(tuple(order), reasons, Cost(), tuple(problems))


def _entries(content: str) -> Iterator[dict[str, Any]]:
    """The objects under ``order``; what else stands there is passed over. Raises ReaderFailed for another shape."""
    try:
        answer = json.loads(_unfenced(content))
    except (ValueError, RecursionError) as error:
        raise ReaderFailed(Outcome.UNUSABLE) from error
    order = answer.get("order") if isinstance(answer, dict) else None
    if not isinstance(order, list):
        raise ReaderFailed(Outcome.UNUSABLE)
    return (entry for entry in order if isinstance(entry, dict))


def _unfenced(content: str) -> str:
    """Without the ```json around it that models write where a server cannot hold them to bare JSON."""
    text = content.strip()
    if text.startswith("```") and text.endswith("```"):
        return text.removeprefix("```").removeprefix("json").removesuffix("```")
    return text


def _profile(number: object, candidates: Sequence[Profile]) -> Profile | None:
    if isinstance(number, str) and number.isascii() and number.isdigit() and len(number) < 4:
        number = int(number)
    known = type(number) is int and 1 <= number <= len(candidates)
    return candidates[number - 1] if known and isinstance(number, int) else None


def _reason(entry: Mapping[str, Any], issue: str, organisation: str) -> Reason | str:
    """The reason, else the code of what is wrong with it, "" when none was given.

    A quote counts only as a literal substring, after quotation marks and white space around it are taken off: once
    widths or blanks may differ, a reader can no longer find with his eyes what is said to be there.
    """
    text = _plain(entry.get("reason"))
    if not text:
        return ""
    if wrong := fault(text, issue):
        return wrong
    quotes = _quote(entry.get("issue_quote"), issue), _quote(entry.get("organisation_quote"), organisation)
    return Reason(text, *quotes) if all(quotes) else "quote"


def _quote(value: object, source: str) -> str:
    """A quote without ``MASK`` stands in the text before masking too."""
    quote = _bare(value) if isinstance(value, str) else ""
    long_enough = len(quote) >= _SHORTEST_QUOTE or quote == _bare(source)
    letters = sum(unicodedata.category(character) in _LETTERS for character in quote)
    is_literal = quote in source and MASK not in quote
    return quote[:_LONGEST_REASON] if long_enough and letters >= _FEWEST_LETTERS and is_literal else ""


def _bare(text: str) -> str:
    return text.strip().strip(_MARKS).strip()


def _plain(value: object) -> str:
    """On one line, without control characters, marks of direction and halves of characters."""
    line = " ".join(value.split()) if isinstance(value, str) else ""
    return "".join(character for character in line if unicodedata.category(character)[0] != "C")[:_LONGEST_REASON]


class RankingReader:
    """A reader for measurements: where it fails, the order stays, and both are counted.

    After ``MOST_FAILURES`` in a row it asks no more: a server that hangs would cost the whole time-out every time.
    ``begin`` is told once, before the first call, how many there will be at most; it may raise to prevent them.
    """

    def __init__(self, endpoint: Endpoint, begin: Callable[[int], None] = lambda calls: None) -> None:
        self._endpoint = endpoint
        self.begin = begin
        self.outcomes: Counter[Outcome] = Counter()
        self.not_asked = 0
        self._failures = 0  # since the last answer that could be used

    def __call__(self, query: Query, documents: Sequence[Document]) -> Sequence[str]:
        """The owners of ``documents``, one document each, in the order of the model, else as they came."""
        profiles = [Profile(each.owner, each.title, _text(each)) for each in documents]
        as_they_came = [profile.id for profile in profiles]
        if self._failures == MOST_FAILURES:
            self.not_asked += 1
            return as_they_came
        try:
            order: Sequence[str] = read(self._endpoint, query.text, profiles).order
        except ReaderFailed as failure:
            self.outcomes[failure.outcome] += 1
            self._failures += failure.outcome is not Outcome.TOO_LONG  # nothing was sent: that is not the server's
            return as_they_came
        self.outcomes[Outcome.READ] += 1
        self._failures = 0
        return order


def _text(document: Document) -> str:
    return "\n".join(part for part in (document.aim, document.body, document.offer) if part)
