"""Which weights of the ranking were put in force. Append-only: the newest choice counts, all stay on record."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from corpus.store import meta, rows
from corpus.tables import weight_choices


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightChoice:
    """A decision. ``weights`` is the id of a learned set, "" for those that come with the program."""

    id: int
    weights: str
    reason: str
    recorded_at: datetime


def add(conn: Connection, *, weights: str, reason: str) -> WeightChoice:
    """The choice as recorded, stamped with this moment. Raises the revision: every list may now come out anew."""
    row = insert(weight_choices).values(weights=weights, reason=reason, recorded_at=rows.now())
    meta.bump(conn)
    return WeightChoice(**conn.execute(row.returning(*weight_choices.c)).mappings().one())


def newest(conn: Connection) -> WeightChoice | None:
    """The one that counts; None while nobody has chosen."""
    return next(iter(history(conn, limit=1)), None)


def history(conn: Connection, limit: int | None = None) -> list[WeightChoice]:
    """Newest first."""
    choices = select(weight_choices).order_by(weight_choices.c.id.desc()).limit(limit)
    return rows.readable(WeightChoice, conn.execute(choices).mappings(), weight_choices)
