"""Past cases in the database. Those that come with the program are real, so they stay in use beside a city's own."""

from collections.abc import Sequence

from corpus import tables
from corpus.records.cases import Case
from corpus.session import Session
from corpus.store import rows
from corpus.store.rows import Changes, Count, Shelf

_TABLE = tables.cases.cases
_SHELF = Shelf(
    table=_TABLE,
    record=Case,
    searched=("title", "issue", "departments", "partners", "city", "role_sought", "effect", "outlook"),
)


def upsert(s: Session, records: Sequence[Case], *, dry_run: bool = False) -> Changes:
    """Writes each over the row with its key, else adds it; see ``rows.upsert``."""
    return rows.upsert(s, _SHELF, records, dry_run=dry_run)


def get(s: Session, id: str) -> Case | None:
    """None when there is none."""
    return by_ids(s, [id]).get(id)


def by_ids(s: Session, ids: Sequence[str]) -> dict[str, Case]:
    """Those that are stored, in the order asked for."""
    return rows.by_ids(s, _SHELF, ids)


def page(
    s: Session, *, text: str = "", prefecture: str = "", city: str = "", limit: int, offset: int = 0
) -> tuple[list[Case], int]:
    """A slice by (title, id), and the number of all that match. "" means "any"."""
    equal = {"prefecture": prefecture, "city": city}
    return rows.page(s, _SHELF, text=text, equal=equal, order=[_TABLE.c.title], limit=limit, offset=offset)


def rankable_digests(s: Session) -> dict[str, str]:
    """Id -> digest of every case."""
    return rows.digests(s, _SHELF)


def count(s: Session) -> Count:
    """The city's own, and those that came with the program."""
    return rows.count(s, _SHELF)
