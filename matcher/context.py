"""What is known beside the words: activity fields and places, each a separate, visible part of the score."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.records import Area, AreaRelation, Document

# How near each relation counts, times the weight of the area. Containment counts alike however wide the holder is,
# so that a body of the whole prefecture or country is not pushed behind the neighbours; unknown lies in between.
NEARNESS = {
    AreaRelation.INSIDE: 1.0,
    AreaRelation.SAME_CITY: 0.8,
    AreaRelation.SAME_PREFECTURE: 0.3,
    AreaRelation.UNKNOWN: 0.0,
    AreaRelation.ELSEWHERE: -0.5,
}
_LEVELS = 5


def relation(one: Area, other: Area) -> AreaRelation:
    """How two places lie to each other, by containment. Symmetric; never UNKNOWN."""
    pairs = list(zip(one.levels, other.levels, strict=True))
    if all(a is None or b is None or a == b for a, b in pairs):
        return AreaRelation.INSIDE
    same_prefecture = one.prefecture is not None and one.prefecture == other.prefecture
    if same_prefecture and one.city is not None and one.city == other.city:
        return AreaRelation.SAME_CITY
    return AreaRelation.SAME_PREFECTURE if same_prefecture else AreaRelation.ELSEWHERE


def nearest(ones: Sequence[Area], others: Sequence[Area]) -> tuple[AreaRelation, Area | None, Area | None]:
    """The nearest pair of two lists of places; ties by the lists' order; UNKNOWN if either list is empty."""
    pairs = [(relation(one, other), one, other) for one in ones for other in others]
    if not pairs:
        return AreaRelation.UNKNOWN, next(iter(ones), None), next(iter(others), None)
    return max(pairs, key=lambda pair: NEARNESS[pair[0]])


@dataclass(frozen=True, slots=True)
class FieldMasks:
    """Each document's activity fields as the bits of one number, shape (N,)."""

    masks: NDArray[np.uint32]

    @classmethod
    def of(cls, documents: Sequence[Document]) -> "FieldMasks":
        """In the order of the documents."""
        return cls(np.array([_mask(document.fields) for document in documents], dtype=np.uint32))

    def shares(self, fields: frozenset[int]) -> NDArray[np.float64]:
        """The share of ``fields`` that each document has, 0..1; all 0 when none is asked for."""
        if not fields:
            return np.zeros(len(self.masks))
        shared: NDArray[np.uint8] = np.bitwise_count(self.masks & np.uint32(_mask(fields)))
        return shared / len(fields)


class AreaTable:
    """Each document's places; compares one query's places with all of them at once."""

    def __init__(self, documents: Sequence[Document]) -> None:
        """Areas are numbered once: a country's register names a few thousand of them."""
        numbers: dict[Area, int] = {}
        pairs = [(row, numbers.setdefault(area, len(numbers))) for row, d in enumerate(documents) for area in d.areas]
        self._size = len(documents)
        self._areas = list(numbers)
        self._rows, self._numbers = (np.array(pairs, dtype=np.intp).reshape(-1, 2)).T
        self._codes: list[dict[str | None, int]] = [{None: 0} for _ in range(_LEVELS)]
        self._table = np.array([self._encode(area) for area in self._areas], dtype=np.int32).reshape(-1, _LEVELS)

    def nearness(self, areas: Sequence[Area]) -> NDArray[np.float64]:
        """The ``NEARNESS`` of each document's nearest place, shape (N,); 0 where either side is unknown."""
        values = np.zeros(self._size)
        if not areas or not self._areas:
            return values
        best = np.max([self._against(area) for area in areas], axis=0)[self._numbers]
        values[self._rows] = -np.inf
        np.maximum.at(values, self._rows, best)
        return values

    def _against(self, area: Area) -> NDArray[np.float64]:
        """``relation`` against every known area, as numbers."""
        asked = np.array([codes.get(name, -1) for codes, name in zip(self._codes, area.levels, strict=True)])
        table = self._table
        inside = ((asked == 0) | (table == 0) | (asked == table)).all(axis=1)
        prefecture = (asked[0] != 0) & (table[:, 0] == asked[0])
        city = prefecture & (asked[1] != 0) & (table[:, 1] == asked[1])
        relations = [AreaRelation.INSIDE, AreaRelation.SAME_CITY, AreaRelation.SAME_PREFECTURE]
        values = [NEARNESS[relation] for relation in relations]
        return np.select([inside, city, prefecture], values, NEARNESS[AreaRelation.ELSEWHERE])

    def _encode(self, area: Area) -> list[int]:
        return [codes.setdefault(name, len(codes)) for codes, name in zip(self._codes, area.levels, strict=True)]


def _mask(fields: frozenset[int]) -> int:
    return sum(1 << code for code in fields)
