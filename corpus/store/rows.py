"""What the stores share: rows as records, runs of a size that a database takes, what an import or an edit came to."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Table

from corpus import values

_LOG = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Changes:
    """What an import did, in rows. Two records with one key are one row, so the sum may be less than the records."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Count:
    """Rows of a table: the real ones, and those of the sample collection."""

    real: int
    samples: int


class ChangedMeanwhile(Exception):
    """Somebody else has changed the row meanwhile. ``found`` is its version now, None when it is gone."""

    def __init__(self, row: str, expected: int, found: int | None) -> None:
        super().__init__(f"{row}: expected version {expected}, found {found}")
        self.row, self.expected, self.found = row, expected, found


def readable(record: type[T], rows: Iterable[Mapping[Any, Any]], table: Table) -> list[T]:
    """Rows as records. What cannot be read in one takes its default; a row of which nothing can be said is left out."""
    found = []
    for row in rows:
        try:
            found.append(values.restored(record, dict(row)))
        except values.Unreadable as error:
            _LOG.warning("表 %s の行 %s は、%s を読み取れないため除きました。", table.name, values.shown_id(row), error)
    return found


def batches(items: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    """Runs of at most ``size``: a statement must not hold more parameters than a database takes."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
