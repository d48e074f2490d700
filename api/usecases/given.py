"""Texts, years and places as people give them, or a failure that says what would be right."""

from collections.abc import Iterable

from api.errors import AmbiguousPlaceGiven, Detail, Invalid, Refused
from api.settings import Settings
from corpus.access import Viewer
from corpus.dates import parse_fiscal_year
from corpus.places.addresses import AmbiguousPlace, UnknownPlace, find_city, find_prefecture
from corpus.readers.base import ItemOverride, Kind, ReadOptions
from corpus.readers.formats.sheets import shortened
from corpus.values import MAX_DEPARTMENT, MAX_PLACE, text_fault
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


def year_given_or_none(text: str, name: str) -> int | None:
    """令和6, R6 or 2024; None for nothing typed. Raises Invalid."""
    return year_given(text, name) if text.strip() else None


def read_options_given(sent: Iterable[tuple[str, str]], settings: Settings) -> ReadOptions:
    """How a file shall be read, from the parts of an address; corrections are ``map:SHEET:項目=列``. Raises Invalid."""
    pairs = [(name, value.strip()) for name, value in sent]
    plain = dict(pairs)
    department = check_text(plain.get("department", ""), MAX_DEPARTMENT, "department")
    place = place_given(plain.get("prefecture", ""), plain.get("city", "")) or Area()
    return ReadOptions(
        kind=_kind_from(plain.get("kind", "")),
        overrides=_overrides_from(pairs),
        department=department,
        fiscal_year=year_given_or_none(plain.get("year", ""), "year"),
        prefecture=place.prefecture or "",
        city=f"{place.city or ''}{place.ward or ''}",
        max_rows=settings.max_rows,
        max_bytes=settings.max_unpacked_bytes,
    )


def _kind_from(text: str) -> Kind | None:
    if text in ("", "auto"):
        return None
    try:
        return Kind(text)
    except ValueError as error:
        sentence = "ファイルの種類を、選択肢から選び直してください。"
        raise Invalid(sentence, (Detail("kind", sentence),)) from error


def _overrides_from(pairs: Iterable[tuple[str, str]]) -> tuple[ItemOverride, ...]:
    """``map:4月:課題`` = ``E``; an empty letter frees the 項目. Raises Invalid when two want one column."""
    overrides = []
    claimed: dict[tuple[str, str], str] = {}
    for name, column in pairs:
        if not name.startswith("map:"):
            continue
        sheet, _, item = name.removeprefix("map:").rpartition(":")  # a sheet's name may hold a colon, an item's never
        if column and claimed.setdefault((sheet, column), item) != item:
            first = claimed[sheet, column]
            sentence = f"{column} 列が「{first}」と「{item}」の両方に選ばれています。どちらか一つにしてください。"
            raise Invalid(sentence, (Detail("mapping", sentence),))
        overrides.append(ItemOverride(item=item, column=column, sheet=sheet))
    return tuple(overrides)
