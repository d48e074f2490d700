"""The sample collection as a whole: whether it still counts, what it took part in, and how it goes."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, and_, delete, exists, not_, select

from corpus import tables
from corpus.session import Session
from corpus.store import issues, meta
from corpus.tables.decisions import rankings, reviews
from corpus.tables.organisations import organisations


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalCounts:
    """How many rows of each kind went. ``events`` counts the steps after introductions, voided ones too."""

    organisations: int
    issues: int
    cases: int
    rankings: int
    reviews: int
    introductions: int
    events: int


def take_part(s: Session, issue: str, organisation_ids: Sequence[str]) -> bool:
    """Whether the issue, which is held, or one of the organisations is invented: what is noted then counts nowhere."""
    invented = issues.hold(s, issue)
    among = organisations.c.id.in_(organisation_ids) & organisations.c.is_sample
    return invented or bool(s.conn.scalar(select(exists().where(among))))


def remove(s: Session, *, include_cases: bool = False) -> RemovalCounts:
    """Deletes the invented organisations and issues and all that was noted about them; the cases, being real, if asked.

    A list that showed invented organisations stays where the review of a real one still refers to it.
    """
    referred = exists().where(and_(reviews.c.ranking == rankings.c.id, not_(reviews.c.is_sample)))
    _delete(s, tables.decisions.voidings)
    _delete(s, tables.decisions.introduction_voidings)
    removed = RemovalCounts(
        events=_delete(s, tables.decisions.stage_events),
        introductions=_delete(s, tables.decisions.introductions),
        reviews=_delete(s, tables.decisions.reviews),
        rankings=_delete(s, tables.decisions.rankings, ~referred),
        issues=issues.remove_samples(s),
        organisations=_delete(s, tables.organisations.organisations),
        cases=_delete(s, tables.cases.cases) if include_cases else 0,
    )
    meta.bump(s)
    return removed


def _delete(s: Session, table: Table, *conditions: ColumnElement[bool]) -> int:
    return s.conn.execute(delete(table).where(table.c.is_sample, *conditions)).rowcount
