"""The table of synonyms and near-synonyms as a text file that a city can edit: read and checked as a whole."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path

from matcher.folding import nfkc
from matcher.synonyms import Group, Synonyms, member_key
from matcher.text import word_forms

_LONGEST_LINE = 300
_REMARK = re.compile(r"[#＃].*")
_SAME, _NEAR = re.compile(r"[=＝]"), re.compile(r"[~～〜∼]")
# Words of which one alone would make any issue meet any organisation.
_TOO_GENERAL = frozenset(
    word_forms(
        "支援 活動 地域 市民 相談 住民 国民 社会 生活 問題 団体 組織 会 人 者 方 皆 町 市 県 国 サービス 利用 提供 "
        "参加 交流 連携 協力 制度 施設 場所 場 作り 大切 重要 充実 強化 整備 改善 解決 不足 啓発 向上 確保 育成 実現"
    )
)


class BrokenSynonyms(Exception):
    """The table cannot be used; ``problems`` are all of its problems, Japanese sentences with their lines."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str


def read_synonyms(path: Path) -> Synonyms:
    """The table of a file in UTF-8, with or without a mark of its order of bytes.

    Raises BrokenSynonyms with every problem found, OSError where the file cannot be opened.
    """
    lines = _lines(path)
    problems = [(line.number, problem) for line in lines for problem in _problems(line)]
    wrong = {number for number, _ in problems}
    groups = [_group(line) for line in lines if line.number not in wrong]
    problems += _repeated(groups)
    if problems:
        raise BrokenSynonyms(tuple(f"{number}行目: {problem}" for number, problem in sorted(problems)))
    return Synonyms(tuple(groups))


_MOST_BYTES = 10_000_000


@lru_cache(maxsize=1)
def shipped_synonyms() -> Synonyms:
    """The table that comes with the program."""
    with as_file(files("corpus") / "data" / "synonyms.txt") as path:
        return read_synonyms(path)


def _lines(path: Path) -> list[_Line]:
    """The lines that hold more than a remark."""
    if _is_endless(path):
        raise BrokenSynonyms((f"{path.name} は、ふつうのファイルではないか、大きすぎます。10 MBまでにしてください。",))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BrokenSynonyms((_not_utf8(path, error),)) from error
    written = [_Line(number, _REMARK.sub("", line).strip()) for number, line in enumerate(text.split("\n"), start=1)]
    return [line for line in written if line.text]


def _is_endless(path: Path) -> bool:
    """A device or a pipe, or larger than any table; a folder and what is not there say so when they are opened."""
    if path.is_file():
        return path.stat().st_size > _MOST_BYTES
    return path.exists() and not path.is_dir()


def _not_utf8(path: Path, error: UnicodeDecodeError) -> str:
    line = error.object[: error.start].count(b"\n") + 1
    return f"{line}行目: {path.name} は文字コードがUTF-8ではありません。UTF-8を選んで保存し直してください。"


def _group(line: _Line) -> Group:
    near = bool(_NEAR.search(line.text))
    members = (_NEAR if near else _SAME).split(line.text)
    return Group(tuple(member.strip() for member in members), near, line.number)


def _problems(line: _Line) -> Iterator[str]:
    """What is wrong with one line; the words are looked at only where the line as a whole is in order."""
    if len(line.text) > _LONGEST_LINE:
        yield f"1行が{len(line.text):,}文字あります。{_LONGEST_LINE}文字までにしてください。"
        return
    if _SAME.search(line.text) and _NEAR.search(line.text):
        yield "= と ~ が混ざっています。どちらか一方だけでつないでください。"
        return
    members = [member for member in _group(line).members if member]
    if len(members) < len(_group(line).members):
        yield "区切りの = や ~ の前か後ろに語がありません。語を書くか、余分な区切りを消してください。"
    elif len(members) == 1:
        yield f"「{members[0]}」の1語しかありません。「育児 = 子育て」のように、2語以上を = か ~ でつないでください。"
    folded = [nfkc(member) for member in members]
    for position, member in enumerate(members):
        if folded[position] in folded[:position]:
            yield f"「{member}」が2度書かれています。1つだけ残してください。"
        elif problem := _member_problem(member):
            yield problem


def _member_problem(member: str) -> str:
    """Why the program could not find what is meant; empty when it can."""
    forms = word_forms(nfkc(member))
    if not forms:
        return f"「{member}」には、手がかりになる語がありません。内容を表す語(名詞や動詞)を書いてください。"
    if len(forms) == 1 and forms[0] in _TOO_GENERAL and not any(c.isdecimal() for c in member):
        return f"「{member}」は、どの文章にも出る語です。「子育て支援」のように、内容を表す語を添えてください。"
    return ""


def _repeated(groups: list[Group]) -> Iterator[tuple[int, str]]:
    first: dict[frozenset[tuple[str, ...]], int] = {}
    for group in groups:
        line = first.setdefault(frozenset(map(member_key, group.members)), group.line)
        if line != group.line:
            yield group.line, f"{line}行目と同じ組です。どちらか一方を消してください。"
