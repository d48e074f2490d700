"""The log of imports: which file, how many rows, when. No text of any row is kept here."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import insert, select

from corpus import values
from corpus.clock import now
from corpus.readers.base import Kind
from corpus.session import Session
from corpus.store import rows
from corpus.store.rows import Changes
from corpus.tables.imports import imports


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One stored file, by its name. ``skipped`` rows had an error."""

    id: int
    name: str
    kind: Kind
    added: int
    changed: int
    unchanged: int
    skipped: int
    recorded_at: datetime
    actor: str = ""


def record(s: Session, *, name: str, kind: str, changes: Changes, skipped: int) -> Import:
    """The entry as recorded, stamped with this moment."""
    named = values.text_of(name)  # the name of a file may hold bytes that are no text
    row = insert(imports).values(
        name=named, kind=kind, **asdict(changes), skipped=skipped, recorded_at=now(), actor=s.actor
    )
    return values.restored(Import, s.conn.execute(row.returning(*imports.c)).mappings().one())


def recent(s: Session, limit: int = 20) -> list[Import]:
    """Newest first."""
    newest = select(imports).order_by(imports.c.id.desc()).limit(limit)
    return rows.readable(Import, s.conn.execute(newest).mappings(), imports)
