"""Past cases in the database. Those that come with the program are real, so they stay in use beside a city's own."""

from collections.abc import Sequence

from sqlalchemy import Connection

from corpus import tables
from corpus.records import Case
from corpus.store import rows
from corpus.store.rows import Changes, Count, Shelf

_TABLE = tables.cases
_SHELF = Shelf(
    table=_TABLE,
    record=Case,
    searched=("title", "issue", "departments", "partners", "city", "role_sought", "effect", "outlook"),
)


def upsert(conn: Connection, records: Sequence[Case], *, dry_run: bool = False) -> Changes:
    """Writes each over the row with its key, else adds it; see ``rows.upsert``."""
    return rows.upsert(conn, _SHELF, records, dry_run=dry_run)


def get(conn: Connection, id: str) -> Case | None:
    """None when there is none."""
    return by_ids(conn, [id]).get(id)


def by_ids(conn: Connection, ids: Sequence[str]) -> dict[str, Case]:
    """Those that are stored, in the order asked for."""
    return rows.by_ids(conn, _SHELF, ids)


def page(
    conn: Connection, *, text: str = "", prefecture: str = "", city: str = "", limit: int, offset: int = 0
) -> tuple[list[Case], int]:
    """A slice by (title, id), and the number of all that match. "" means "any"."""
    equal = {"prefecture": prefecture, "city": city}
    return rows.page(conn, _SHELF, text=text, equal=equal, order=[_TABLE.c.title], limit=limit, offset=offset)


def rankable_digests(conn: Connection) -> dict[str, str]:
    """Id -> digest of every case."""
    return rows.digests(conn, _TABLE)


def count(conn: Connection) -> Count:
    """The city's own, and those that came with the program."""
    return rows.count(conn, _TABLE)
