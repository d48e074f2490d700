"""Days and fiscal years as clerks write them: 令和6年5月27日, R6.5.27, 2024/5/27, 令和６年度, H30."""

import re
from dataclasses import dataclass
from datetime import date

from matcher.folding import nfkc


@dataclass(frozen=True, slots=True)
class Era:
    """年号. Both days belong to it: 1912-07-30 is 明治45年 and 大正元年, 1926-12-25 is 大正15年 and 昭和元年."""

    name: str
    letter: str
    first: date
    last: date

    def western(self, year: int) -> int:
        """The Western year of a year counted from 1."""
        return self.first.year + year - 1

    def __str__(self) -> str:
        end = "" if self.last == date.max else f"{self.last.year}年{self.last.month}月{self.last.day}日"
        return f"{self.first.year}年{self.first.month}月{self.first.day}日から{end}"


# The days on which 改元 took effect (昭和64年政令第1号, 平成31年政令第143号 and the edicts before them); newest first.
ERAS = (
    Era("令和", "R", date(2019, 5, 1), date.max),
    Era("平成", "H", date(1989, 1, 8), date(2019, 4, 30)),
    Era("昭和", "S", date(1926, 12, 25), date(1989, 1, 7)),
    Era("大正", "T", date(1912, 7, 30), date(1926, 12, 25)),
    Era("明治", "M", date(1868, 1, 25), date(1912, 7, 30)),
)
_ERA_OF = {spelling: era for era in ERAS for spelling in (era.name, era.name[0], era.letter)}

_ERA_YEAR = r"(?P<era>令和|平成|昭和|大正|明治|[令平昭大明RHSTM])\.?(?P<year>元|\d{1,2})"
_WESTERN_YEAR = r"(?P<western>(?:18|19|20|21)\d\d)"
_YEAR = rf"(?:{_ERA_YEAR}|{_WESTERN_YEAR})"
_CLOCK = r"(?:T?\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?)?"
_DATE = re.compile(rf"{_YEAR}(?:年|(?P<sep>[./-]))(?P<month>\d{{1,2}})(?(sep)(?P=sep)|月)(?P<day>\d{{1,2}})日?{_CLOCK}")
_COMPACT = re.compile(rf"{_WESTERN_YEAR}(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])")
_FISCAL_YEAR = re.compile(rf"(?:FY)?{_YEAR}(?:年度?)?", re.ASCII)
# Dashes and strokes that are typed between numbers and that NFKC leaves alone.
_SEPARATORS = str.maketrans({**dict.fromkeys("‐‑‒–—―−ー", "-"), "⁄": "/", "∕": "/", "・": ".", "。": "."})
_LONGEST = 100  # signs: no day and no year is written in more
_KANJI_NUMBER = re.compile("([一二三四五六七八九])?十([一二三四五六七八九])?|[〇一二三四五六七八九]")


def _folded(text: str) -> str:
    """Upper case, ASCII digits (for kanji too), no spaces, no brackets with a weekday or the other calendar's year."""
    text = re.sub(r"\s", "", nfkc(text)).upper()
    return _KANJI_NUMBER.sub(_digits, re.sub(r"\([^()]*\)", "", text).translate(_SEPARATORS))


def _digits(found: re.Match[str]) -> str:
    """二十七 is 27, 十 is 10; signs without 十 stand for themselves: 二〇二四."""
    if "十" not in found[0]:
        return str("〇一二三四五六七八九".index(found[0]))
    tens, ones = (" 一二三四五六七八九".index(sign) if sign else None for sign in found.groups())
    return f"{tens or 1}{ones or 0}"


def _western_year(found: re.Match[str]) -> int:
    groups = found.groupdict()
    if groups["western"]:
        return int(groups["western"])
    return _ERA_OF[groups["era"]].western(1 if groups["year"] == "元" else int(groups["year"]))


def parse_date(text: str) -> date | None:
    """The day that ``text`` names; None when it is not written as a day at all (a year alone, words, nothing).

    Raises ValueError, with a sentence for the person who typed it, for a day that does not exist (2024/2/30) or that
    lies outside the era it names (R1.4.30).
    """
    if len(text) > _LONGEST:
        return None
    folded = _folded(text)
    if compact := _COMPACT.fullmatch(folded):
        return _existing(int(compact["western"]), compact, text)
    found = _DATE.fullmatch(folded)
    if found is None:
        return None
    day = _existing(_western_year(found), found, text)
    if found["era"] and not _ERA_OF[found["era"]].first <= day <= _ERA_OF[found["era"]].last:
        era = _ERA_OF[found["era"]]
        raise ValueError(f"「{text.strip()}」は{era.name}の期間にない日付です。{era.name}は{era}です。")
    return day


def _existing(year: int, found: re.Match[str], text: str) -> date:
    try:
        return date(year, int(found["month"]), int(found["day"]))
    except ValueError:
        raise ValueError(f"「{text.strip()}」という日付はありません。年月日を確かめてください。") from None


def fiscal_year_of(d: date) -> int:
    """The Western year in which the fiscal year of ``d`` began, on 1 April."""
    return d.year if d.month >= 4 else d.year - 1


def parse_fiscal_year(text: str) -> int | None:
    """The fiscal year that ``text`` names and nothing else: R6, 令和６年度, H30, 2024年度. None when it names none.

    A year beyond an era's end is read on, since plans are written ahead: 平成32年度 is 2020.
    """
    found = _FISCAL_YEAR.fullmatch(_folded(text)) if len(text) <= _LONGEST else None
    if found is None or found["year"] in ("0", "00"):
        return None
    return _western_year(found)


def _era_year(d: date) -> str:
    """令和6年; 元年 for the first; 1850年 for a day before 明治."""
    for era in ERAS:
        if era.first <= d:
            year = d.year - era.first.year + 1
            return f"{era.name}{'元' if year == 1 else year}年"
    return f"{d.year}年"


def era_label(d: date) -> str:
    """The day in words, by the newer era where two share it: 令和6年5月27日."""
    return f"{_era_year(d)}{d.month}月{d.day}日"


def fiscal_year_label(year: int) -> str:
    """The fiscal year in words: 2024 is 令和6年度; 2019, begun in 平成31年, is 令和元年度."""
    return f"{_era_year(date(year, 5, 1))}度"
