"""Where an organisation is active or an issue lies (活動区域), read from the words people use for it.

A place narrower than our levels (青梅市小曾木地区) or between them (静岡県西部) becomes the narrowest level that surely
holds it. Single places, by address or by name, are read in ``corpus.places.addresses``.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from corpus.places.addresses import (
    area_of,
    cut_place,
    cut_prefecture,
)
from corpus.places.gazetteer import gazetteer, neighbourhoods, place_key, tidy
from matcher.folding import nfkc
from matcher.records import Area

# 首都圏, 近畿圏: 首都圏整備法 and 近畿圏整備法, article 2 with their orders. The others as schoolbooks have them.
_REGIONS = {
    "東北": "青森 岩手 宮城 秋田 山形 福島",
    "関東": "茨城 栃木 群馬 埼玉 千葉 東京 神奈川",
    "北関東": "茨城 栃木 群馬",
    "南関東": "埼玉 千葉 東京 神奈川",
    "首都圏": "茨城 栃木 群馬 埼玉 千葉 東京 神奈川 山梨",
    "23区": "東京",
    "東京23区": "東京",
    "関東甲信越": "茨城 栃木 群馬 埼玉 千葉 東京 神奈川 新潟 山梨 長野",
    "甲信越": "新潟 山梨 長野",
    "信越": "新潟 長野",
    "北陸": "富山 石川 福井",
    "東海": "岐阜 静岡 愛知 三重",
    "中部地方": "新潟 富山 石川 福井 山梨 長野 岐阜 静岡 愛知",
    "近畿圏": "福井 三重 滋賀 京都 大阪 兵庫 奈良 和歌山",
    "近畿": "滋賀 京都 大阪 兵庫 奈良 和歌山",
    "関西": "滋賀 京都 大阪 兵庫 奈良 和歌山",
    "中国地方": "鳥取 島根 岡山 広島 山口",
    "中国四国": "鳥取 島根 岡山 広島 山口 徳島 香川 愛媛 高知",
    "中四国": "鳥取 島根 岡山 広島 山口 徳島 香川 愛媛 高知",
    "山陰": "鳥取 島根",
    "山陽": "岡山 広島 山口",
    "四国": "徳島 香川 愛媛 高知",
    "九州": "福岡 佐賀 長崎 熊本 大分 宮崎 鹿児島",
}

_BRACKETS = re.compile(r"[(\[【「『〈《]([^()\[\]【】「」『』〈〉《》]*)[)\]】」』〉》]")
_OPEN_LIST = re.compile(r"など|ほか|等|主|特に|中心|除|以外")
_SEPARATOR = re.compile(
    r"[、,，・･/|;。\n\r\t→~〜]|及び|および|並びに|ならびに|又は|または|ほか|その他|他(?![都道府県市区町村地])|など|等(?!々)"
    r"|を?中心(?:に|として|とした|とする)"
)
_LONGEST_TEXT, _LONGEST_WORD = 10_000, 300  # signs, once folded; what stands beyond them names no place
_CACHED = 200  # signs of a text whose places are kept
_AROUND = r"(?:全域|全体|一円|一帯|周辺|近郊|方面|市?内|市街地|中心部)"
_AROUND_ENDING = re.compile(rf"{_AROUND}{{1,5}}$")
_LINK = re.compile(rf"{_AROUND}{{0,5}}(?:と|や|から|[&+])(?:その)?(?P<next>.+)")
_EXCEPT = re.compile(r"(?:を除(?:く|き|いた)|以外の?)(?P<next>.*)")
_WHOLE_COUNTRY = re.compile(
    r"全国|国内|(?:全|47)都道府県|日本(?:全国|全域|全土|国内|各地|中|$)|どこでも|(?:制限|限定)(?:は|し|せ)?(?:な|ず)"
    r"|(?:地域|場所|区域)[はを]?問わ"
)
_OWN_PREFECTURE = re.compile(
    r"(?:本|当|同|全)?(?P<kind>[都道府県])(?:内|下|全|域|央|民|一円|[東西南北中](?:[東西央部]|$)|$)"
)
_OWN_WARD = re.compile(r"(?:本|当|同|全)?区(?:内|域|全|民|一円|$)")
_OWN_CITY = re.compile(
    r"(?:本|当|同|全)?[市区町村](?:内|下|域|全|街|民|中心|一円|[東西南北]|$)|地元|近隣|周辺|近郊|隣接|地区内|校区内|学区内"
)
_SCHOOL = re.compile(r"(?P<name>.{1,40}?)(?:(?P<junior>中学校区)|小学校区|小?学区|小?校区)")
_BEFORE_SCHOOL = re.compile(r"^(?:.+地区|.{2,}?町(?=..))")
_NO_SCHOOL = re.compile(r"^[全各]|[全各]$|[都道府県市区町村]内|[中高学等]$")
_REGION_NAME = re.compile(
    r"全?(?P<name>" + "|".join(sorted(_REGIONS, key=len, reverse=True)) + r")"
    r"(?:地方|地域|地区|圏|エリア|各地|各県|[東西南北中]部|\d県)?(?=$|の|全|内|一円|一帯|周辺|と|や|から)"
)
_REGION_ENDING = re.compile(r"(?:地域|地方|広域|エリア|圏域?)$")
_DISTRICT_ENDING = re.compile(rf"(?:地区|地域|エリア|{_AROUND}){{1,5}}$")
_WIDER_THAN_A_CITY = re.compile(r"地域|地方|流域|圏|半島|島$|沿岸|沿線|[東西南北中]部|丘陵")
_PART_OF_A_CITY = re.compile(r"[地学校]区|[区町]$|丁目|駅|周辺|通り|団地|商店街|集落|自治会|町内会")
_SHARED_ENDING = re.compile(r"(小学校区|中学校区|学区|校区|区|市)$")


def parse_areas(text: str, prefecture: str = "", city: str = "") -> tuple[Area, ...]:
    """The areas that a text names, in its order, each once; () when it names none that is known.

    ``prefecture`` and ``city`` say where the writer sits: 市内 and 北区 are theirs, 府中市 that of their prefecture.
    Brackets explain the word before them and are left out, unless they list parts of it: 市内（北区・中区）.
    Of a text of more than 10,000 characters, some thousand places, only so much is read.
    """
    read = _areas_in if len(text) <= _CACHED else _areas_in.__wrapped__
    return read(text[:_LONGEST_TEXT], prefecture, city)


@lru_cache(maxsize=16384)
def _areas_in(text: str, prefecture: str, city: str) -> tuple[Area, ...]:
    home = area_of(prefecture, city)
    plain = nfkc(text)[:_LONGEST_TEXT].replace("中国・四国", "中国四国")
    areas = _read_list(_BRACKETS.sub(" ", plain), home)
    listed = _BRACKETS.search(plain)
    if listed is None or (areas and _OPEN_LIST.search(listed[1])):
        return areas
    parts = _read_list(listed[1], areas[0] if areas else home)
    narrower = len(areas) == 1 and all(part != areas[0] and _holds(areas[0], part) for part in parts)
    return parts if parts and (narrower or not areas) else areas


def _read_list(text: str, home: Area | None) -> tuple[Area, ...]:
    """Places one after the other, each read in the light of the one before; after a space it may narrow that one."""
    found: list[Area] = []
    last = home
    for group in _share_endings([part.split() for part in _SEPARATOR.split(text) if part.strip()]):
        near = Area(last.prefecture, last.city) if last else None
        for position, word in enumerate(group):
            areas = _read(tidy(word[:_LONGEST_WORD]), near, home)
            if position and found and areas and areas[0] != found[-1] and _holds(found[-1], areas[0]):
                found.pop()
            found += areas
            near = last = next((area for area in reversed(areas) if area.prefecture), near)
    return tuple(dict.fromkeys(found))


def _share_endings(groups: list[list[str]]) -> list[list[str]]:
    """岡北・岡輝中学校区 means 岡北中学校区 too, 岡山・倉敷市 means 岡山市: the names before an ending share it."""
    ending = ""
    for group in reversed(groups):
        if own := _SHARED_ENDING.search(group[-1]):
            ending = own[1]
        elif ending and len(group) == 1 and _takes(group[0], ending):
            group[0] += ending
        else:
            ending = ""
    return groups


def _takes(name: str, ending: str) -> bool:
    if not re.fullmatch(r"[^\W\d_]{1,6}", name) or name[-1] in "都道府県市区町村郡国内外域":
        return False
    known, key = gazetteer(), place_key(name + ending)
    return ending.endswith("校区") or ending == "学区" or key in known.places or key in known.wards


def _holds(wide: Area, narrow: Area) -> bool:
    """Whether ``narrow`` names all that ``wide`` names."""
    return all(w in (None, n) for w, n in zip(wide.levels, narrow.levels, strict=True))


def _read(word: str, near: Area | None, home: Area | None) -> tuple[Area, ...]:
    """The areas of a word without separators; the first way of reading that understands it decides."""
    if _WHOLE_COUNTRY.match(word):
        return (Area(),)
    for reader in _READERS:
        if areas := reader(word, near):
            return areas
    return _relative(word, home or near) or _vague(word, near)


def _ward(word: str, near: Area | None) -> tuple[Area, ...]:
    """北区 of the city last named."""
    if near is None or near.city is None:
        return ()
    found, rest = cut_place(near.city + word, near)
    return _with_rest(found, rest) if found and found.ward else ()


def _county(word: str, near: Area | None) -> tuple[Area, ...]:
    """真庭郡 stands for its municipalities, and for 真庭市 too when that is where the writer sits."""
    own, rest = cut_prefecture(word)
    within = own or near
    name = rest[: rest.find("郡") + 1]
    everywhere = gazetteer().counties.get(place_key(name), ())
    areas = tuple(area for area in everywhere if within is None or area.prefecture == within.prefecture)
    if not areas or cut_place(rest, within)[0] or len({area.prefecture for area in areas}) > 1:
        return ()
    city = f"{name[:-1]}市"
    return areas + ((Area(areas[0].prefecture, city),) if near and near.city == city else ())


def _named(word: str, near: Area | None) -> tuple[Area, ...]:
    """A prefecture, municipality or ward in full, a school district in it, and what と or や adds: 岡山市と倉敷市."""
    own, rest = cut_prefecture(word)
    for within in (own,) if own else (near, None):
        found, after = cut_place(rest, within)
        if found and (own or _may_be_meant(found, near)):
            return _with_rest(found, after)
    return _with_rest(own, rest) if own else ()


def _may_be_meant(found: Area, near: Area | None) -> bool:
    """A 町 or 村 of another prefecture must name it, for neighbourhoods everywhere bear such names."""
    return near is None or found.prefecture == near.prefecture or (found.city or "").endswith(("市", "区"))


def _region(word: str, near: Area | None) -> tuple[Area, ...]:
    found = _REGION_NAME.match(word)
    if found is None:
        return ()
    known = gazetteer().short_prefectures
    areas = tuple(known[place_key(name)] for name in _REGIONS[found["name"]].split())
    link = _LINK.match(word[found.end() :])
    return areas + (_read(link["next"], near, near) if link else ())


def _school(word: str, near: Area | None) -> tuple[Area, ...]:
    return _with_rest(near, word) if near and _cut_school_district(word, near)[0] else ()


def _with_rest(place: Area, rest: str) -> tuple[Area, ...]:
    """The place, narrowed to a school district that follows, and what is linked to it; nothing of it after 以外."""
    district, rest = _cut_school_district(rest, place)
    if excepted := _EXCEPT.match(rest):
        return _read(excepted["next"], place, place)
    link = _LINK.match(rest)
    return (district or place, *(_read(link["next"], place, place) if link else ()))


def _cut_school_district(text: str, place: Area) -> tuple[Area | None, str]:
    """岡北中学校区御野小学校区 of a city, and what follows. 学区 and 校区 alone are those of an elementary school.

    Of 竹中校区 nobody can say whether a 中学校 is meant: no district is taken from it.
    """
    junior, elementary = place.junior_high, None
    begun = False
    while (found := _SCHOOL.match(text)) and not (begun and _LINK.match(text)):
        name = _BEFORE_SCHOOL.sub("", found["name"])
        if _NO_SCHOOL.search(name):
            break
        junior, elementary = (f"{name}中学校区", elementary) if found["junior"] else (junior, f"{name}小学校区")
        begun, text = True, text[found.end() :]
    if not begun or place.city is None:
        return None, text
    return Area(place.prefecture, place.city, place.ward, junior, elementary), text


def _short(word: str, near: Area | None) -> tuple[Area, ...]:
    """岡山, 倉敷周辺: a prefecture, else the one municipality, without its ending; 津山地域 only where 津山市 is near.

    多摩地域 is not 多摩市, and 徳之島 holds more than 徳之島町.
    """
    key, known = place_key(_AROUND_ENDING.sub("", word)), gazetteer()
    if found := known.short_prefectures.get(key):
        return (found,)
    if near and near.city and place_key(_REGION_ENDING.sub("", word)) == place_key(near.city)[:-1]:
        return (Area(near.prefecture, near.city),)
    places = known.shortened(key, near.prefecture if near else None)
    if len(places) != 1 or (key.endswith("島") and not (places[0].city or "").endswith("市")):
        return ()
    return places if near or (places[0].city or "").endswith("市") else ()


def _part_of_city(word: str, near: Area | None) -> tuple[Area, ...]:
    """A 町 or 大字 of the city last named, or what several of them begin with: 御津地域 for 御津宇垣, 御津草生 …."""
    key = place_key(_DISTRICT_ENDING.sub("", word))
    if near is None or near.prefecture is None or near.city is None or len(key) < 2:
        return ()
    names = neighbourhoods(near.prefecture, near.city)
    known = key in names or sum(name.startswith(key) for name in names) > 1
    return (Area(near.prefecture, near.city),) if known else ()


_READERS: tuple[Callable[[str, Area | None], tuple[Area, ...]], ...] = (
    _ward,
    _county,
    _named,
    _region,
    _school,
    _short,
    _part_of_city,
)


def _relative(word: str, home: Area | None) -> tuple[Area, ...]:
    """県内, 市内, 区内, 近隣: seen from where the writer sits."""
    if home is None or home.prefecture is None:
        return ()
    if (own := _OWN_PREFECTURE.match(word)) and home.prefecture.endswith(own["kind"]):
        return (Area(home.prefecture),)
    if _OWN_WARD.match(word):
        return (Area(home.prefecture, home.city, home.ward),)
    return (Area(home.prefecture, home.city),) if _OWN_CITY.match(word) else ()


def _vague(word: str, near: Area | None) -> tuple[Area, ...]:
    """Names that we do not know: 播磨地域 lies in the prefecture, 甲子園地区 in the city."""
    if near is None or near.prefecture is None:
        return ()
    if _WIDER_THAN_A_CITY.search(word):
        return (Area(near.prefecture),)
    return (Area(near.prefecture, near.city),) if _PART_OF_A_CITY.search(word) else ()
