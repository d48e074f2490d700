"""Lists as they were shown: what a review looks back at. Append-only."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, insert, select

from corpus.access import of_visible_issues
from corpus.clock import now
from corpus.session import Session
from corpus.store import rows, samples
from corpus.tables.decisions import rankings


@dataclass(frozen=True, slots=True, kw_only=True)
class ListToShow:
    """A list as it is shown: of which version of which issue, by which model, its entries best first.

    Entries are plain JSON and name their organisation under "id".
    """

    issue: str
    issue_version: int
    model: str
    shown: tuple[Mapping[str, Any], ...]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the entries."""
        written = json.dumps([dict(entry) for entry in self.shown], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(written.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedList:
    """A list that somebody was shown, by its number; all of it as of that moment, ``shown`` best first."""

    id: int
    issue: str
    issue_version: int
    model: str
    shown: tuple[dict[str, Any], ...]
    recorded_at: datetime
    actor: str = ""


def record(s: Session, given: ListToShow) -> int:
    """The list's number. The same list of the same version of the issue by the same model is recorded once.

    Raises IntegrityError for an unknown issue.
    """
    is_sample = samples.take_part(s, given.issue, [entry["id"] for entry in given.shown])
    number = find(s, given)
    return number if number is not None else _insert(s, given, is_sample)


def find(s: Session, given: ListToShow) -> int | None:
    """The number under which ``record`` has kept this very list, None when it has not; writes nothing."""
    same = {"issue": given.issue, "issue_version": given.issue_version, "model": given.model, "digest": given.digest}
    return s.conn.scalar(select(rankings.c.id).filter_by(**same).where(_visible(s)))


def _visible(s: Session) -> ColumnElement[bool]:
    return of_visible_issues(s.viewer, rankings.c.issue)


def _insert(s: Session, given: ListToShow, is_sample: bool) -> int:
    row = insert(rankings).values(
        issue=given.issue,
        issue_version=given.issue_version,
        model=given.model,
        digest=given.digest,
        shown=[dict(entry) for entry in given.shown],
        is_sample=is_sample,
        recorded_at=now(),
        actor=s.actor,
    )
    number: int = s.conn.execute(row.returning(rankings.c.id)).scalar_one()
    return number


def get(s: Session, id: int) -> RecordedList | None:
    """None when there is none, or the viewer may not see its issue."""
    columns = [column for column in rankings.c if column.name not in ("digest", "is_sample")]
    found = s.conn.execute(select(*columns).where(rankings.c.id == id, _visible(s))).mappings()
    return next(iter(rows.readable(RecordedList, found, rankings)), None)
