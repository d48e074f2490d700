"""The sample collection as a whole: whether it still counts, what it took part in, and how it goes."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, not_, select

from corpus import tables
from corpus.store import meta
from corpus.tables import issues, organisations, rankings, reviews


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """How many rows of each kind went. ``events`` counts the steps after introductions, voided ones too."""

    organisations: int
    issues: int
    cases: int
    rankings: int
    reviews: int
    introductions: int
    events: int


def any_real(conn: Connection) -> bool:
    """Whether an organisation is stored, active or not, that is not invented. From then on samples are not ranked."""
    return bool(conn.scalar(select(exists().where(organisations.c.is_sample.is_(False)))))


def take_part(conn: Connection, issue: str, organisation_ids: Sequence[str]) -> bool:
    """Whether the issue or one of the organisations is invented, so that what is noted about them counts nowhere.

    Holds the issue's row until the transaction ends: the second press of a button waits and finds the first.
    """
    invented = conn.scalar(select(issues.c.is_sample).where(issues.c.id == issue).with_for_update())
    among = organisations.c.id.in_(organisation_ids) & organisations.c.is_sample
    return bool(invented) or bool(conn.scalar(select(exists().where(among))))


def remove(conn: Connection, *, include_cases: bool = False) -> Removed:
    """Deletes the invented organisations and issues and all that was noted about them; the cases, being real, if asked.

    A list that showed invented organisations stays where the review of a real one still refers to it.
    """
    referred = exists().where(and_(reviews.c.ranking == rankings.c.id, not_(reviews.c.is_sample)))
    _delete(conn, tables.voidings)
    _delete(conn, tables.introduction_voidings)
    removed = Removed(
        events=_delete(conn, tables.stage_events),
        introductions=_delete(conn, tables.introductions),
        reviews=_delete(conn, tables.reviews),
        rankings=_delete(conn, tables.rankings, ~referred),
        issues=_delete(conn, tables.issues),
        organisations=_delete(conn, tables.organisations),
        cases=_delete(conn, tables.cases) if include_cases else 0,
    )
    meta.bump(conn)
    return removed


def _delete(conn: Connection, table: Table, *conditions: ColumnElement[bool]) -> int:
    return conn.execute(delete(table).where(table.c.is_sample, *conditions)).rowcount
