"""A reader over the first candidates: a language model is asked for an order, and its answer is judged before use.

Nothing the model says is taken on trust. It can only permute the candidates it was given, and a reason is kept only
when it quotes both texts literally.
"""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from matcher.records import Document, Query
from models.reading.chat import Cost, Endpoint, Outcome, ReaderFailed, ask

MOST_CANDIDATES = 20
_LONGEST_REASON = 200  # characters of a reason and of a quote that are shown
_SHORTEST_QUOTE = 2  # characters; a single one stands in almost every text
_LEAST_SHARE = 100  # characters of a candidate's text below which there is nothing to judge by
_MARKS = "「」『』\"'“”‘’"  # quotation marks that a model puts around a quote
_MARKUP = ("<", ">", "://", "www.")  # no explanation in plain words needs them


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
class Reading:
    """``order`` holds every candidate's id once; ``reasons`` only those whose quotes were found in the texts.

    ``problems`` are codes of what was dropped, one for each time: "unknown", "duplicate", "quote", "markup".
    """

    order: tuple[str, ...]
    reasons: Mapping[str, Reason]
    cost: Cost
    problems: tuple[str, ...] = ()


def read(endpoint: Endpoint, issue: str, candidates: Sequence[Profile]) -> Reading:
    """The first ``MOST_CANDIDATES`` in the order of the model; those it leaves out follow as they came.

    Raises ReaderFailed, also when not one candidate is named in the answer, or when the texts do not fit.
    """
    shown = _cut(issue, candidates[:MOST_CANDIDATES], endpoint.characters)
    content, cost = ask(endpoint, _prompt(), _question(issue, shown))
    try:
        judged = _judged(content, issue, shown)
    except ReaderFailed as failure:  # it was paid for all the same
        raise ReaderFailed(failure.outcome, cost) from failure
    named = judged.order
    rest = tuple(profile.id for profile in candidates if profile.id not in named)
    return replace(judged, order=named + rest, cost=cost)


def _prompt() -> str:
    return files("models.reading").joinpath("prompts", "reader.txt").read_text(encoding="utf-8")


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


def _judged(content: str, issue: str, candidates: Sequence[Profile]) -> Reading:
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
    return Reading(tuple(order), reasons, Cost(), tuple(problems))


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
    if any(mark in text.lower() for mark in _MARKUP):
        return "markup"
    quotes = _quote(entry.get("issue_quote"), issue), _quote(entry.get("organisation_quote"), organisation)
    return Reason(text, *quotes) if all(quotes) else "quote"


def _quote(value: object, source: str) -> str:
    quote = value.strip().strip(_MARKS).strip() if isinstance(value, str) else ""
    return quote[:_LONGEST_REASON] if len(quote) >= _SHORTEST_QUOTE and quote in source else ""


def _plain(value: object) -> str:
    """On one line, without control characters, marks of direction and halves of characters."""
    line = " ".join(value.split()) if isinstance(value, str) else ""
    return "".join(character for character in line if unicodedata.category(character)[0] != "C")[:_LONGEST_REASON]


class RankingReader:
    """A reader for measurements: where it fails, the order stays, and both are counted."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.outcomes: Counter[Outcome] = Counter()

    def __call__(self, query: Query, documents: Sequence[Document]) -> Sequence[str]:
        """The owners of ``documents``, one document each, in the order of the model, else as they came."""
        profiles = [Profile(each.owner, each.title, _text(each)) for each in documents]
        try:
            order: Sequence[str] = read(self._endpoint, query.text, profiles).order
        except ReaderFailed as failure:
            self.outcomes[failure.outcome] += 1
            return [profile.id for profile in profiles]
        self.outcomes[Outcome.READ] += 1
        return order


def _text(document: Document) -> str:
    return "\n".join(part for part in (document.aim, document.body, document.offer) if part)
