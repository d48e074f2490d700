"""Groups of words that mean the same or meet each other, and where they stand in a text.

A member is compared by the forms of its words (買い物弱者 = 買い物 + 弱者), so spellings
that share their forms are one.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from matcher.folding import nfkc
from matcher.text import Term, words

MOST_MEMBERS = 8
MOST_GROUPS = 4  # that one member may stand in
# The same word is cut in another way beside other words (見守り, but の見 + 守りを; 片付け, but 片付ける + 活動).
_SURROUNDINGS = (("", ""), ("の", "を"), ("", "活動"))


@dataclass(frozen=True, slots=True)
class Group:
    """``members`` as written, two or more; ``near``: they meet rather than mean the same; ``line`` counts from 1."""

    members: tuple[str, ...]
    near: bool
    line: int


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A member that stands at ``text[start:end]``: the numbers of its group and of the member within that."""

    group: int
    member: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _MemberWords:
    """The words of a member, and in ``beside`` what is no word before, between and after them, in NFKC.

    飼い主のいない猫: forms 飼い主, 猫; beside "", のいない, "". 8050問題: form 問題; beside 8050, "".
    """

    forms: tuple[str, ...]
    beside: tuple[str, ...]

    def span(self, text: str, found: Sequence[Term]) -> tuple[int, int] | None:
        """Where it stands, given terms with its forms; what it has between its words may be left out."""
        start, end = found[0].start, found[-1].end
        if len(found) > 1:
            for last, term, written in zip(found, found[1:], self.beside[1:], strict=False):
                if last.end != term.start and _folded(text[last.end : term.start]) != written:
                    return None
        before, after = self.beside[0], self.beside[-1]
        if before or after:
            outer, outer_end = max(start - len(before), 0), end + len(after)
            if (_folded(text[outer:start]), _folded(text[end:outer_end])) != (before, after):
                return None
            return outer, outer_end
        return start, end


# A reading and the members that have it, as numbers of group and member.
_Readings = tuple[tuple[_MemberWords, tuple[tuple[int, int], ...]], ...]


@dataclass(frozen=True)  # without slots: what follows from the groups is worked out once, on first use
class Synonyms:
    """A table of groups, in the order of the file it was read from; every member has a word."""

    groups: tuple[Group, ...]

    @cached_property
    def name(self) -> str:
        """A fingerprint of what the groups say; remarks and line numbers do not change it."""
        said = "\n".join(("~" if group.near else "=") + "\t".join(group.members) for group in self.groups)
        return hashlib.sha256(said.encode()).hexdigest()

    def occurrences(self, text: str, terms: Sequence[Term]) -> list[Occurrence]:
        """Where members stand in ``text``, given all of its ``words``; by place, and at one place by group.

        Of the members that start at a word the longest are taken, each for all of its groups, unless a longer one
        before covers them: 病院 is not found in 動物病院 where that is a member too.
        """
        lengths, readings = self._lengths, self._readings
        forms = tuple([term.form for term in terms])
        found: list[Occurrence] = []
        covered = 0
        for at in [at for at, form in enumerate(forms) if form in lengths]:
            for length in lengths[forms[at]]:
                known = readings.get(forms[at : at + length])
                if known and (standing := _standing(known, text, terms[at : at + length])):
                    if standing[0].end > covered:
                        covered = standing[0].end
                        found += standing
                    break
        return found

    @cached_property
    def _readings(self) -> Mapping[tuple[str, ...], _Readings]:
        """Forms -> their readings, those with most beside the words first."""
        members: dict[_MemberWords, list[tuple[int, int]]] = defaultdict(list)
        for number, group in enumerate(self.groups):
            for position, member in enumerate(group.members):
                for reading in dict.fromkeys(_readings_of(member)):
                    members[reading].append((number, position))
        table: dict[tuple[str, ...], list[_MemberWords]] = defaultdict(list)
        for reading in sorted(members, key=_outside, reverse=True):
            table[reading.forms].append(reading)
        return {forms: tuple((one, tuple(members[one])) for one in some) for forms, some in table.items()}

    @cached_property
    def _lengths(self) -> Mapping[str, tuple[int, ...]]:
        """First form -> how many words the members have that begin with it, most first."""
        lengths: dict[str, set[int]] = defaultdict(set)
        for forms in self._readings:
            lengths[forms[0]].add(len(forms))
        return {form: tuple(sorted(some, reverse=True)) for form, some in lengths.items()}


def member_key(member: str) -> tuple[str, ...]:
    """What tells members apart: two with one key are the same to the program (障がい者, 障害者)."""
    alone = next(_readings_of(member))
    return (alone.beside[0], *alone.forms, alone.beside[-1])


def doubts(synonyms: Synonyms) -> list[str]:
    """What is allowed but probably not meant, a sentence each, with the lines."""
    keys = {member: member_key(member) for group in synonyms.groups for member in group.members}
    lines_of: dict[tuple[str, ...], list[int]] = defaultdict(list)
    found = []
    for group in synonyms.groups:
        for key in dict.fromkeys(keys[member] for member in group.members):
            lines_of[key].append(group.line)
            found += _same_word(group, [member for member in group.members if keys[member] == key])
        if len(group.members) > MOST_MEMBERS:
            found.append(
                f"{group.line}行目: 1組に{len(group.members)}語あります。{MOST_MEMBERS}語までに分けてください。"
            )
    written = {key: member for member, key in reversed(keys.items())}
    return found + [_too_often(written[key], lines) for key, lines in lines_of.items() if len(lines) > MOST_GROUPS]


def _same_word(group: Group, spellings: Sequence[str]) -> list[str]:
    if len(spellings) < 2:
        return []
    named = "と".join(f"「{spelling}」" for spelling in spellings)
    return [f"{group.line}行目: {named}は、プログラムにはもともと同じ語です。1つだけを残してください。"]


def _too_often(member: str, lines: Sequence[int]) -> str:
    where = "、".join(str(line) for line in lines)
    return f"{lines[-1]}行目: 「{member}」が{len(lines)}組({where}行目)にあります。{MOST_GROUPS}組までにしてください。"


def _folded(text: str) -> str:
    return nfkc(text)


def _outside(reading: _MemberWords) -> int:
    """Characters beside its words: of readings with the same forms, the one with more is the longer."""
    return len(reading.beside[0]) + len(reading.beside[-1])


def _readings_of(member: str) -> Iterator[_MemberWords]:
    """How a member is cut into words, first alone, then beside others; where it grows together with them, not."""
    folded = _folded(member)
    for before, after in _SURROUNDINGS:
        start, end = len(before), len(before) + len(folded)
        text = before + folded + after
        terms = [term for term in words(text) if term.end > start and term.start < end]
        if all(start <= term.start and term.end <= end for term in terms) and (terms or not start):
            starts, ends = [*(term.start for term in terms), end], [start, *(term.end for term in terms)]
            beside = tuple(text[one:other] for one, other in zip(ends, starts, strict=True))
            yield _MemberWords(tuple(term.form for term in terms), beside)


def _standing(known: _Readings, text: str, found: Sequence[Term]) -> list[Occurrence]:
    """The longest of those that stand there."""
    standing: list[Occurrence] = []
    longest = 0
    for reading, members in known:
        if _outside(reading) < longest:
            break
        if span := reading.span(text, found):
            longest = _outside(reading)
            standing += [Occurrence(group, member, *span) for group, member in members]
    return standing
