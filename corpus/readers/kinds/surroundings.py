"""What a row does not say itself: its department, fiscal year and place, from around the table."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from corpus import dates
from corpus.places.addresses import AmbiguousPlace, UnknownPlace, find_city, split_address
from corpus.readers.base import ReadOptions
from corpus.readers.kinds.cells import CheckedRow
from corpus.readers.layout.headings import Table
from matcher.folding import nfkc

_YEAR_IN_TITLE = re.compile(
    r"(?:令和|平成|昭和|[RHS])\s*(?:元|\d{1,2}|[一二三四五六七八九十]{1,3})\s*年度|(?:19|20)\d\d\s*年度"
)
_DEPARTMENT = re.compile(r".{1,30}(課|室|局|部|係|班|センター|支所|出張所|事務所|保健所|消防署|図書館|公民館|区役所)")
_SHEET_NUMBER = re.compile(r"^\s*(?:\d+|[①-⑳])\s*[._\-．、）)]?\s*")
_COPY_NUMBER = re.compile(r"(?<!\s)\s*+\(\d++\)\s*+$")  # 環境課 (2): what a spreadsheet program names a copied sheet
_NO_DEPARTMENT = frozenset({"全部", "一部", "各課", "全課", "全部局", "各部", "担当課", "部署", "部局"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What fills a row's empty cells. Empty and None mean unknown."""

    department: str = ""
    fiscal_year: int | None = None
    prefecture: str = ""
    city: str = ""


def surroundings_of(table: Table, options: ReadOptions) -> Surroundings:
    """From the lines above the heading, else the sheet's name, else what the caller knows."""
    above = {item: cell.text.strip() for item, cell in table.preamble.items()}
    return Surroundings(
        department=full_department(above.get("部局", ""), above.get("担当課", ""))
        or department_in(table.sheet.name)
        or options.department,
        fiscal_year=_first_year((above.get("年度", ""), *table.title, table.sheet.name)) or options.fiscal_year,
        prefecture=above.get("都道府県", "") or options.prefecture,
        city=above.get("市区町村", "") or options.city,
    )


def full_department(bureau: str, section: str) -> str:
    """部局 and 課 in one, the 部局 not twice."""
    if not bureau or bureau in section:
        return section
    return f"{bureau}\u3000{section}" if section else bureau


def department_in(sheet_name: str) -> str:
    """The sheet's name, without a number before it, where it reads like a department (健康づくり課); else ""."""
    name = _COPY_NUMBER.sub("", _SHEET_NUMBER.sub("", sheet_name)).strip()
    folded = nfkc(name)
    return name if _DEPARTMENT.fullmatch(folded) and folded not in _NO_DEPARTMENT else ""


def _first_year(texts: Iterable[str]) -> int | None:
    """Of the first text that has 令和６年度 in it or is a year alone (R6). A day (記入日) names no fiscal year."""
    for text in texts:
        found = _YEAR_IN_TITLE.search(nfkc(text))
        year = dates.parse_fiscal_year(found[0] if found else text)
        if year is not None:
            return year
    return None


def place_of(row: CheckedRow, around: Surroundings, address: str = "") -> tuple[str, str]:
    """都道府県 and 市区町村 of a row: its own columns, else its address, else what is around it; "" for unknown."""
    prefecture, city = row.text("都道府県"), row.text("市区町村")
    if city:
        return prefecture or _prefecture_of(row, city, around.prefecture), city
    area = split_address(address if address.startswith(prefecture) else prefecture + address) if address else None
    if area is None and address and not prefecture:  # 府中市 of the prefecture that the caller names
        nearer = split_address(around.prefecture + address)
        area = nearer if nearer and nearer.city else None
    if area:
        return area.prefecture or prefecture, area.city or ""
    return (prefecture, "") if prefecture else (around.prefecture, around.city)


def _prefecture_of(row: CheckedRow, city: str, likely: str) -> str:
    if area := split_address(likely + city) or split_address(city):
        return area.prefecture or ""
    try:
        return find_city(city).prefecture or ""
    except (AmbiguousPlace, UnknownPlace) as unclear:
        message = f"{row.label('市区町村')}から都道府県が決まりません。{unclear}"
        row.warn("市区町村", city, "都道府県と市区町村", message)
        return ""
