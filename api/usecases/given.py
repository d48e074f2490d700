"""Texts, years and places as people give them, or a failure that says what would be right."""

import re

from api.errors import AmbiguousPlaceGiven, Detail, Invalid
from corpus.areas import AmbiguousPlace, UnknownPlace, find_city, find_prefecture
from corpus.dates import parse_fiscal_year
from matcher.records import Area

_UNSTORABLE = re.compile("[\\x00\\ud800-\\udfff]")  # half a character, or none: neither a database nor a sheet takes it


def fault_of(text: str, limit: int) -> str:
    """Why ``text`` cannot be taken (longer than ``limit`` characters, no real characters), as a sentence; else ""."""
    if len(text) > limit:
        return f"文章が長すぎます（{len(text):,}文字）。{limit:,}文字までにしてください。"
    if _UNSTORABLE.search(text):
        return "文字として読み取れない部分があります。文字化けしていないか確かめて、入れなおしてください。"
    return ""


def year_given(text: str, field: str = "year") -> int:
    """The fiscal year of 令和6, R6, 2024 … Raises Invalid."""
    year = parse_fiscal_year(text)
    if year is None:
        sentence = f"「{text}」は年度として読み取れません。「令和6」「R6」「2024」のように書いてください。"
        raise Invalid(sentence, (Detail(field, sentence),))
    return year


def place_given(prefecture: str, city: str) -> Area | None:
    """The municipality, else the prefecture; None for neither. Raises Invalid, or AmbiguousPlaceGiven to ask which."""
    field = "city" if city.strip() else "prefecture"
    try:
        if city.strip():
            return find_city(city, prefecture)
        return find_prefecture(prefecture) if prefecture.strip() else None
    except AmbiguousPlace as error:
        raise AmbiguousPlaceGiven(str(error), (Detail(field, str(error)),)) from error
    except UnknownPlace as error:
        raise Invalid(str(error), (Detail(field, str(error)),)) from error
