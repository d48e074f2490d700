"""Lists as they were shown: what a review looks back at. Append-only."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from corpus.store import rows, samples
from corpus.tables import rankings


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRanking:
    """One list. ``shown`` is as it was recorded: its entries best first, each with its organisation under "id"."""

    id: int
    issue: str
    issue_version: int
    model: str
    shown: tuple[dict[str, Any], ...]
    recorded_at: datetime


def record(conn: Connection, *, issue: str, issue_version: int, model: str, shown: Sequence[Mapping[str, Any]]) -> int:
    """The list's number. The same list of the same version of the issue by the same model is recorded once.

    Entries must be plain JSON and name their organisation under "id". Raises IntegrityError for an unknown issue.
    """
    is_sample = samples.take_part(conn, issue, [entry["id"] for entry in shown])
    number = find(conn, issue=issue, issue_version=issue_version, model=model, shown=shown)
    return number if number is not None else _insert(conn, issue, issue_version, model, shown, is_sample)


def find(
    conn: Connection, *, issue: str, issue_version: int, model: str, shown: Sequence[Mapping[str, Any]]
) -> int | None:
    """The number under which ``record`` has kept this very list, None when it has not; writes nothing."""
    same = {"issue": issue, "issue_version": issue_version, "model": model, "digest": digest(shown)}
    return conn.scalar(select(rankings.c.id).filter_by(**same))


def _insert(
    conn: Connection, issue: str, issue_version: int, model: str, shown: Sequence[Mapping[str, Any]], is_sample: bool
) -> int:
    row = insert(rankings).values(
        issue=issue,
        issue_version=issue_version,
        model=model,
        digest=digest(shown),
        shown=[dict(entry) for entry in shown],
        is_sample=is_sample,
        recorded_at=rows.now(),
    )
    number: int = conn.execute(row.returning(rankings.c.id)).scalar_one()
    return number


def digest(shown: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 (hex) of the entries of a list."""
    written = json.dumps([dict(entry) for entry in shown], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()


def get(conn: Connection, id: int) -> ShownRanking | None:
    """None when there is none."""
    columns = [column for column in rankings.c if column.name not in ("digest", "is_sample")]
    found = conn.execute(select(*columns).where(rankings.c.id == id)).mappings()
    return next(iter(rows.readable(ShownRanking, found, rankings)), None)
