"""One place by its address, its name or its postal code, as levels of an ``Area``."""

import re
from functools import lru_cache
from itertools import takewhile

from corpus.places.gazetteer import gazetteer, place_key, postal_places, tidy
from matcher.folding import nfkc
from matcher.records import Area

_LONGEST = 300  # signs of a place or an address that are looked at
_QUOTED = 40  # signs of a name that a sentence repeats


class UnknownPlace(Exception):
    """A name that no place bears; the text is a Japanese sentence for the person who typed it."""


class AmbiguousPlace(Exception):
    """A name that several places bear; the text is a Japanese sentence that asks which of ``candidates``."""

    def __init__(self, name: str, candidates: tuple[Area, ...]) -> None:
        holders = [str(Area(area.prefecture, area.city if area.ward else None)) for area in candidates]
        example = f"「{candidates[0]}」のように都道府県から書いてください。"
        if len(holders) == 2:
            super().__init__(f"{name}は{holders[0]}と{holders[1]}にあります。どちらの{name}か、{example}")
        else:
            super().__init__(f"{name}は{'、'.join(holders)}にあります。どの{name}か、{example}")
        self.candidates = candidates


def find_prefecture(name: str) -> Area:
    """岡山県, or 岡山 for short. Raises UnknownPlace."""
    if found := _prefecture(name):
        return found
    raise UnknownPlace(f"「{_short(name)}」という都道府県はありません。「岡山県」のように書いてください。")


def _short(name: str) -> str:
    """As a sentence repeats it."""
    written = name.strip()
    return written if len(written) <= _QUOTED else written[:_QUOTED] + "…"


def _prefecture(name: str) -> Area | None:
    key, known = place_key(name[:_LONGEST]), gazetteer()
    return known.prefectures.get(key) or known.short_prefectures.get(key)


def find_city(name: str, prefecture: str = "") -> Area:
    """The one municipality or ward of that name: 岡山市, 岡山, 岡山市北区, 岡山県岡山市, 世田谷区.

    Raises AmbiguousPlace when several bear it (府中市, 北区), and UnknownPlace when none does, there or at all.
    """
    own, rest = cut_prefecture(tidy(name[:_LONGEST]))
    given = find_prefecture(prefecture) if prefecture.strip() else own
    within = given.prefecture if given else None
    everywhere = _bearing(place_key(rest), own.prefecture if own else None)
    found = tuple(area for area in everywhere if within in (None, area.prefecture))
    if len(found) > 1:
        raise AmbiguousPlace(rest, found)
    if not found:
        raise UnknownPlace(_not_found(_short(name), within, everywhere))
    return found[0]


def _bearing(key: str, prefecture: str | None) -> tuple[Area, ...]:
    """The places of exactly that folded name: in full, as a ward alone, or else without its ending."""
    known = gazetteer()
    wards = tuple(ward for ward in known.wards.get(key, ()) if prefecture in (None, ward.prefecture))
    return known.named(key, prefecture) + wards or known.shortened(key, prefecture)


def _not_found(name: str, within: str | None, elsewhere: tuple[Area, ...]) -> str:
    if not name:
        return "市区町村の名前がありません。「岡山市」のように書いてください。"
    if _prefecture(name):
        return f"「{name}」は都道府県の名前です。市区町村の名前を「岡山市」のように書いてください。"
    if within and elsewhere:
        others = "、".join(map(str, elsewhere))
        return f"{within}に「{name}」は見つかりません。同じ名前の市区町村には{others}があります。"
    where = within or "全国"
    return f"{where}に「{name}」という市区町村は見つかりません。「岡山市」や「岡山市北区」のように書いてください。"


def by_postal_code(text: str) -> Area | None:
    """The place of a postal code such as 〒700-8544: what all the places it serves share. None when unknown."""
    digits = re.sub(r"[\W_ー]", "", nfkc(text[:_LONGEST]))
    places = postal_places(digits) if re.fullmatch(r"[0-9]{7}", digits) else ()
    levels = zip(*(place.levels for place in places), strict=True)
    shared = [names[0] for names in takewhile(lambda names: len(set(names)) == 1, levels)]
    return Area(*shared) if shared else None


_BEFORE_ADDRESS = re.compile(r"[\W_]*(?P<postal>[0-9]{3}[‐-―−ー-]?[0-9]{4}(?![0-9]))?[\W_]*")


def split_address(text: str) -> Area | None:
    """Prefecture, municipality and ward of an address; the rest of it is not looked at.

    What the address leaves out, the prefecture or a municipality that has since changed its name, is taken from a
    leading postal code, or from the municipality where only one has the name. None when nothing is recognised.
    """
    address = tidy(text[:_LONGEST])
    before = _BEFORE_ADDRESS.match(address)
    postal = by_postal_code(before["postal"]) if before and before["postal"] else None
    own, rest = cut_prefecture(address[before.end() :] if before else address)
    place, _ = cut_place(rest, own or postal)
    return place or (postal if own is None or (postal and postal.prefecture == own.prefecture) else own)


def cut_prefecture(text: str) -> tuple[Area | None, str]:
    """The prefecture that a tidy text starts with, and what follows it; (None, text) without one."""
    key = place_key(text)
    for length in (3, 4):
        if found := gazetteer().prefectures.get(key[:length]):
            return found, text[length:]
    return None, text


def cut_place(text: str, within: Area | None) -> tuple[Area | None, str]:
    """The municipality or ward that a tidy text starts with, in the prefecture of ``within``, and what follows it.

    (None, text) without one or with several of the name. 北区 alone is nobody's: Tokyo's or that of a large city.
    """
    known = gazetteer()
    spelling, places = known.starting(place_key(text), within.prefecture if within else None)
    if len(places) != 1 or (within is None and spelling in known.wards):
        return None, text
    return places[0], text[len(spelling) :]


def area_of(prefecture: str, city: str) -> Area | None:
    """The place of a record's two columns; None when they name none.

    The city may hold its prefecture, 郡 or ward too (川崎市中原区), or repeat the prefecture. A municipality that is
    no more is taken as typed when the prefecture is known.
    """
    return _area_of(prefecture[:_LONGEST], city[:_LONGEST])


@lru_cache(maxsize=4096)
def _area_of(prefecture: str, city: str) -> Area | None:
    named, rest = cut_prefecture(tidy(city))
    own = named or _prefecture(prefecture)
    place, _ = cut_place(rest, own)
    if place is None and own and re.fullmatch(r"[^\W\d_]{1,9}[市町村]", rest):
        return Area(own.prefecture, re.sub(r"^.+?郡(?=.+[町村]$)", "", rest))
    return place or own
