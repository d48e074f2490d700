"""What the collection knows about itself: the revision that every change raises, and a few named values."""

import secrets

from sqlalchemy import func, insert, select, update

from corpus import tables
from corpus.session import Session
from corpus.values import text_of


def revision(s: Session) -> int:
    """A number that grows with every change of organisations, issues or cases; the same number, the same content."""
    return s.conn.scalar(select(func.max(tables.state.revision.c.number))) or 0


def bump(s: Session) -> None:
    """Raises the revision. Every function of this package that changes the collection does so itself."""
    written = s.conn.execute(update(tables.state.revision).values(number=tables.state.revision.c.number + 1))
    if written.rowcount == 0:  # a hand in the database took it away; no state is known by so large a number
        s.conn.execute(insert(tables.state.revision).values(id=1, number=2**29 + secrets.randbelow(2**30)))


def get(s: Session, key: str) -> str | None:
    """None when nothing was put there."""
    found = s.conn.scalar(select(tables.state.meta.c.value).where(tables.state.meta.c.key == key))
    return None if found is None else text_of(found)


def put(s: Session, key: str, value: str) -> None:
    """Over whatever was there."""
    written = s.conn.execute(update(tables.state.meta).where(tables.state.meta.c.key == key).values(value=value))
    if written.rowcount == 0:
        s.conn.execute(insert(tables.state.meta).values(key=key, value=value))
