"""Which weights of the ranking were put in force. Append-only: the newest choice counts, all stay on record."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from corpus.clock import now
from corpus.session import Session
from corpus.store import meta, rows
from corpus.tables.models import weight_choices


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightChoice:
    """A decision. ``weights`` is the id of a learned set, "" for those that come with the program."""

    id: int
    weights: str
    reason: str
    recorded_at: datetime
    actor: str = ""


def add(s: Session, *, weights: str, reason: str) -> WeightChoice:
    """The choice as recorded, stamped with this moment. Raises the revision: every list may now come out anew."""
    row = insert(weight_choices).values(weights=weights, reason=reason, recorded_at=now(), actor=s.actor)
    meta.bump(s)
    return WeightChoice(**s.conn.execute(row.returning(*weight_choices.c)).mappings().one())


def newest(s: Session) -> WeightChoice | None:
    """The one that counts; None while nobody has chosen."""
    return next(iter(history(s, limit=1)), None)


def history(s: Session, limit: int | None = None) -> list[WeightChoice]:
    """Newest first."""
    choices = select(weight_choices).order_by(weight_choices.c.id.desc()).limit(limit)
    return rows.readable(WeightChoice, s.conn.execute(choices).mappings(), weight_choices)
