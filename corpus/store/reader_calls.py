"""The calls of the reader, counted. Append-only; no text that was sent or answered is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, insert, select

from corpus.clock import now
from corpus.session import Session
from corpus.tables.models import reader_calls, reader_outcomes
from corpus.values import text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyCount:
    """Calls of one outcome in one month. ``outcome`` "" : begun, and no end was ever recorded."""

    month: date  # its first day
    outcome: str
    calls: int
    tokens_in: int
    tokens_out: int
    milliseconds: int


def begin(s: Session, *, issue: str, since: datetime, most: int) -> int | None:
    """The number of a new call; None when there were ``most`` since that moment, whatever became of them.

    Counted before anything is sent, so that neither two at once nor a process that dies can go over the limit.
    """
    lately = select(func.count()).select_from(reader_calls).where(reader_calls.c.recorded_at >= since)
    if (s.conn.scalar(lately) or 0) >= most:
        return None
    row = insert(reader_calls).values(issue=issue, recorded_at=now(), actor=s.actor)
    number: int = s.conn.execute(row.returning(reader_calls.c.id)).scalar_one()
    return number


def under_way(s: Session, since: datetime) -> list[str]:
    """The issues of the calls begun since that moment that have no end yet, whichever process is waiting for it."""
    ended = reader_calls.outerjoin(reader_outcomes, reader_outcomes.c.call == reader_calls.c.id)
    waiting = reader_outcomes.c.id.is_(None) & (reader_calls.c.recorded_at >= since)
    return list(s.conn.scalars(select(reader_calls.c.issue).select_from(ended).where(waiting)))


def end(s: Session, call: int, *, outcome: str, tokens_in: int = 0, tokens_out: int = 0, milliseconds: int = 0) -> None:
    """What became of it. Raises IntegrityError the second time."""
    known = {"tokens_in": tokens_in, "tokens_out": tokens_out, "milliseconds": milliseconds}
    row = insert(reader_outcomes).values(call=call, outcome=outcome, recorded_at=now(), actor=s.actor)
    s.conn.execute(row.values(**known))


def by_month(s: Session, day_of: Callable[[datetime], date]) -> list[MonthlyCount]:
    """Newest month first, then by outcome. ``day_of`` says which day a moment belongs to."""
    took = [reader_outcomes.c[name] for name in ("outcome", "tokens_in", "tokens_out", "milliseconds")]
    ended = reader_calls.outerjoin(reader_outcomes, reader_outcomes.c.call == reader_calls.c.id)
    sums: dict[tuple[date, str], tuple[int, int, int, int]] = {}
    for moment, outcome, *figures in s.conn.execute(select(reader_calls.c.recorded_at, *took).select_from(ended)):
        if not isinstance(moment, datetime):
            continue  # a call whose moment cannot be read belongs to no month
        key = day_of(moment).replace(day=1), text_of(outcome)
        tokens_in, tokens_out, milliseconds = (figure if isinstance(figure, int) else 0 for figure in figures)
        before = sums.get(key, (0, 0, 0, 0))
        sums[key] = (before[0] + 1, before[1] + tokens_in, before[2] + tokens_out, before[3] + milliseconds)
    newest = sorted(sums.items(), key=lambda item: (-item[0][0].toordinal(), item[0][1]))
    return [
        MonthlyCount(month=month, outcome=outcome, calls=calls, tokens_in=sent, tokens_out=got, milliseconds=took_ms)
        for (month, outcome), (calls, sent, got, took_ms) in newest
    ]
