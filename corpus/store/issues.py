"""Issues in the database."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, func, select

from corpus import tables
from corpus.records import Issue, IssueStatus
from corpus.store import rows, samples
from corpus.store.rows import NOTHING_MEANT, Changes, Conflict, Count, Meant, Shelf
from corpus.values import text_of

__all__ = [
    "Conflict",
    "add",
    "by_ids",
    "count",
    "departments",
    "get",
    "overwriting",
    "page",
    "rankable_digests",
    "update",
    "upsert",
]

_TABLE = tables.issues
_SHELF = Shelf(
    table=_TABLE,
    record=Issue,
    searched=(
        *("title", "department", "purpose", "situation", "problem", "partner_sought", "idea", "note", "area"),
        "partners",
    ),
    kept=frozenset({"release_level", "status"}),
    decided=frozenset({"fields"}),  # sheets seldom name any, so that people accept or correct a proposal
)


def upsert(
    conn: Connection, records: Sequence[Issue], meant: Meant = NOTHING_MEANT, *, dry_run: bool = False
) -> Changes:
    """Writes each over the row with its key, else adds it; a row keeps its release level and status.

    A row that a person has edited also keeps its fields where the record names none.
    """
    return rows.upsert(conn, _SHELF, records, meant, dry_run=dry_run)


def overwriting(conn: Connection, records: Sequence[Issue], meant: Meant = NOTHING_MEANT) -> list[Issue]:
    """Those that ``upsert`` would write over an issue that a person has edited since it was imported."""
    return rows.overwriting(conn, _SHELF, records, meant)


def add(conn: Connection, issue: Issue) -> Issue:
    """Stores an issue written by a person, as version 1. Raises IntegrityError when its id or key is taken."""
    first = replace(issue, version=1)
    rows.add(conn, _SHELF, first)
    return first


def update(conn: Connection, issue: Issue, expected_version: int) -> Issue:
    """Writes what a person edited over the row with this id; returns it as it is now stored.

    Raises Conflict when the row is no longer at ``expected_version``, unless it already says the very same (a button
    pressed twice).
    """
    current = get(conn, issue.id)
    wanted = replace(issue, key=current.key if current else issue.key)
    if current and current == replace(wanted, version=current.version):
        return current
    rows.replace(conn, _SHELF, wanted, expected_version, current)
    return replace(wanted, version=expected_version + 1)


def get(conn: Connection, id: str) -> Issue | None:
    """None when there is none."""
    return by_ids(conn, [id]).get(id)


def by_ids(conn: Connection, ids: Sequence[str]) -> dict[str, Issue]:
    """Those that are stored, in the order asked for."""
    return rows.by_ids(conn, _SHELF, ids)


def page(
    conn: Connection,
    *,
    text: str = "",
    department: str = "",
    fiscal_year: int | None = None,
    status: IssueStatus | None = None,
    is_sample: bool | None = None,
    limit: int,
    offset: int = 0,
) -> tuple[list[Issue], int]:
    """A slice, newest year first, then by (newest day of posting, department, title, id), and the number of all.

    "" and None mean "any"; issues without a year or a day come last.
    """
    equal = {"department": department, "fiscal_year": fiscal_year, "status": status, "is_sample": is_sample}
    newest = [column.desc().nulls_last() for column in (_TABLE.c.fiscal_year, _TABLE.c.posted_on)]
    order = [*newest, _TABLE.c.department, _TABLE.c.title]
    return rows.page(conn, _SHELF, text=text, equal=equal, order=order, limit=limit, offset=offset)


def departments(conn: Connection, *, is_sample: bool | None = None) -> list[tuple[str, int]]:
    """Each department that has issues, with their number, by name; "" stands for issues that name none.

    ``is_sample`` True counts only invented issues, False only real ones.
    """
    tally = select(_TABLE.c.department, func.count()).group_by(_TABLE.c.department).order_by(_TABLE.c.department)
    if is_sample is not None:
        tally = tally.where(_TABLE.c.is_sample.is_(is_sample))
    return [(text_of(name), number) for name, number in conn.execute(tally)]


def rankable_digests(conn: Connection) -> dict[str, str]:
    """Id -> digest of the open ones that seek a partner; samples only while no real organisation is stored."""
    conditions: list[ColumnElement[bool]] = [_TABLE.c.status == IssueStatus.OPEN.value, _TABLE.c.seeks_partner]
    if samples.any_real(conn):
        conditions.append(_TABLE.c.is_sample.is_(False))
    return rows.digests(conn, _TABLE, *conditions)


def count(conn: Connection) -> Count:
    """Open or closed."""
    return rows.count(conn, _TABLE)
