"""Headings by meaning: how well the words of a column's heading fit an item (項目).

Japanese compounds carry their meaning at the end (業務執行上の課題 is a 課題), so an item's word counts most
as the whole heading, then at its end, then at its start.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from matcher.folding import nfkc

_ACCEPTED = 0.58  # below it a heading is not taken for the item
_LONGEST = 60  # characters; a longer cell is no heading
_LONGEST_WITH_NOTES = 5_000  # a heading's own line and what is explained below it
_REMEMBERED = 5_000  # columns; sheets of one city have some hundred
_NUMBERING = re.compile(r"^\s*(?:[①-⑳⑴-⒇⒈-⒛Ⅰ-Ⅻ■●◎○◆★]|[(（]?(?:[0-9０-９]{1,2}|[ア-ン])[)）.．、:：])\s*")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕|<[^<>]*>")
_JOINTS = re.compile(r"[・/、,&+|\n]|及び|および|または|又は|並びに|と")
_ABOUT = re.compile(r"(?:番号|コード|id|数|値|率|日|性|度|評価|有無)$")  # 課題数, 目的妥当性: not the thing itself
_READING = ("カナ", "フリガナ", "ふりがな", "よみ", "読み")
_VAGUE = frozenset({"内容", "有無", "名称", "概要", "記入欄", "記述"})  # sub-headings that say only what the group says


class Role(Enum):
    """What an item is to its row.

    NAME names the row (業務名, 団体名): a 記入例 mark may stand in it. NUMBER (№) and CONTEXT make no row alone.
    CONTEXT (部署, 年度, 市) belongs to a block or the whole sheet: it may stand above the table, and an empty cell
    takes the value of the row above.
    """

    TEXT = "text"
    NAME = "name"
    NUMBER = "number"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A canonical 項目 and the headings that mean it. ``exact``: only a whole heading counts, not a part of one."""

    name: str
    spellings: tuple[str, ...]  # the name itself need not be repeated
    role: Role = Role.TEXT
    exact: bool = False


def heading_key(text: str) -> str:
    """Letters and digits only, without numbering in front and notes after ※."""
    return _letters(_unnumbered(text))


def _unnumbered(text: str) -> str:
    text = _NUMBERING.sub("", text.strip(), count=1)
    head, _, _ = text.partition("※")
    return nfkc(head or text).casefold()


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


class Meanings:
    """What the headings of one kind of file mean. ``content``: the items that make a row, by themselves, data."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.content = frozenset(item.name for item in items if item.role in (Role.NAME, Role.TEXT))
        self._whole: dict[str, set[str]] = {}
        self._partial: list[tuple[str, str]] = []  # spelling, item
        for item in items:
            for spelling in {heading_key(spelling) for spelling in (item.name, *item.spellings)} - {""}:
                self._whole.setdefault(spelling, set()).add(item.name)
                if not item.exact and len(spelling) >= 2:
                    self._partial.append((spelling, item.name))
        self._seen: dict[tuple[str, ...], dict[str, float]] = {}
        self._headings: dict[str, dict[str, float]] = {}

    def best(self, pieces: tuple[str, ...]) -> dict[str, float]:
        """The items a column may hold with their likeness, equals only. ``pieces`` are its headings from the top down.

        The lowest heading decides; where it says nothing of its own, the group above it does.
        """
        if pieces in self._seen:
            return self._seen[pieces]
        found = self._likeness(pieces)
        top = max(found.values(), default=0.0)
        best = {name: value for name, value in found.items() if value == top >= _ACCEPTED}
        if len(self._seen) < _REMEMBERED and sum(map(len, pieces)) <= 3 * _LONGEST:
            self._seen[pieces] = best
        return best

    def exactly(self, text: str) -> set[str]:
        """The items whose name or spelling this is, asides in brackets apart."""
        if len(text) > _LONGEST_WITH_NOTES:
            return set()
        return self._whole.get(heading_key(text)) or self._whole.get(_letters(_ASIDE.sub("", _unnumbered(text))), set())

    def _likeness(self, pieces: tuple[str, ...]) -> dict[str, float]:
        found = self._of_heading(pieces[-1])
        if len(pieces) > 1:
            _raise_to(found, self._of_heading("".join(pieces)), 0.99)
            _raise_to(found, self._of_heading(pieces[0]), 0.75 if heading_key(pieces[-1]) in _VAGUE else 0.62)
        return found

    def _of_heading(self, heading: str) -> dict[str, float]:
        """A copy, which the caller may raise."""
        if len(heading) > _LONGEST_WITH_NOTES:
            return {}
        if heading not in self._headings:
            self._headings[heading] = self._meaning(heading)
        return dict(self._headings[heading])

    def _meaning(self, heading: str) -> dict[str, float]:
        whole, bare = heading_key(heading), _ASIDE.sub("", _unnumbered(heading))
        if len(bare.partition("\n")[0]) > _LONGEST:
            return {}
        found = dict.fromkeys(self._whole.get(whole, ()), 1.0)
        if any(mark in heading for mark in _READING):
            return found  # 団体名（フリガナ） is not the 団体名
        _raise_to(found, dict.fromkeys(self._whole.get(_letters(bare), ()), 0.97))
        for piece in _JOINTS.split(bare):
            _raise_to(found, dict.fromkeys(self._whole.get(_letters(piece), ()), 0.85))
        for spelling, name in self._partial:
            if spelling in whole:
                _raise_to(found, {name: _partial_likeness(spelling, _letters(bare))})
        return found


def _raise_to(found: dict[str, float], others: dict[str, float], factor: float = 1.0) -> None:
    for name, value in others.items():
        found[name] = max(found.get(name, 0.0), value * factor)


def _partial_likeness(spelling: str, heading: str) -> float:
    share = len(spelling) / max(len(heading), 1)
    if heading.endswith(spelling):
        return 0.6 + 0.25 * share
    if spelling not in heading or _ABOUT.search(heading):
        return 0.0
    return (0.5 if heading.startswith(spelling) else 0.4) + 0.25 * share
