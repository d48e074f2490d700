"""Texts, years and places as people give them, or a failure that says what would be right."""

from api.errors import AmbiguousPlaceGiven, Detail, Invalid, Refused
from corpus.access import Viewer
from corpus.dates import parse_fiscal_year
from corpus.places.addresses import AmbiguousPlace, UnknownPlace, find_city, find_prefecture
from corpus.readers.sheets import shortened
from corpus.values import MAX_PLACE, text_fault
from matcher.records import Area


def check_sees_all(viewer: Viewer) -> None:
    """For what tells of all issues at once. Raises Refused, whatever there is to be told."""
    if not viewer.sees_all:
        raise Refused("このページは、すべての課題を見られる人だけが開けます。")


def check_text(text: str, limit: int, field: str) -> str:
    """The text itself. Raises Invalid where it is longer than ``limit`` characters or holds what is no character."""
    if fault := text_fault(text, limit):
        raise Invalid(fault, (Detail(field, fault),))
    return text


def year_given(text: str, field: str = "year") -> int:
    """The fiscal year of 令和6, R6, 2024 … Raises Invalid."""
    year = parse_fiscal_year(check_text(text, MAX_PLACE, field))
    if year is None:
        sentence = f"「{shortened(text)}」は年度として読み取れません。「令和6」「R6」「2024」のように書いてください。"
        raise Invalid(sentence, (Detail(field, sentence),))
    return year


def place_given(prefecture: str, city: str) -> Area | None:
    """The municipality, else the prefecture; None for neither. Raises Invalid, or AmbiguousPlaceGiven to ask which."""
    check_text(prefecture, MAX_PLACE, "prefecture")
    check_text(city, MAX_PLACE, "city")
    field = "city" if city.strip() else "prefecture"
    try:
        if city.strip():
            return find_city(city, prefecture)
        return find_prefecture(prefecture) if prefecture.strip() else None
    except AmbiguousPlace as error:
        raise AmbiguousPlaceGiven(str(error), (Detail(field, str(error)),)) from error
    except UnknownPlace as error:
        raise Invalid(str(error), (Detail(field, str(error)),)) from error
