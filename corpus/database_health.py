"""What can be said of a database without changing anything in it or beside it."""

from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from corpus.access import PROGRAM
from corpus.database import DatabaseVersion, file_of, onlooker, version
from corpus.session import Session
from corpus.store import weight_choices
from corpus.tables import metadata

_TIMES = ("recorded_at", "updated_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseHealth:
    """``opens`` False: the rest is not known. ``kind``: sqlite or postgresql.

    ``journal``: SQLite keeps what is written in a file beside, so that who reads and who writes do not wait for each
    other. ``unsettled``: a program that was cut off has left that file. ``newest`` is the latest time in any row,
    ``weights`` the id of the set in force, "" for that of the program.
    """

    kind: str
    opens: bool = False
    sound: bool = True
    journal: bool = True
    unsettled: bool = False
    version: DatabaseVersion = DatabaseVersion.NONE
    newest: datetime | None = None
    weights: str = ""


def look(url: str) -> DatabaseHealth | None:
    """None where there is no SQLite file, or an empty one. Raises UnusableDatabase for a URL that cannot serve."""
    file = file_of(url)
    if file is not None and not (file.is_dir() or (file.is_file() and file.stat().st_size)):
        return None
    kind, engine = "postgresql" if file is None else "sqlite", onlooker(url)
    try:
        return _seen(engine, kind, file)
    except (DBAPIError, ValueError):  # also of a row that holds what no program of ours writes
        return DatabaseHealth(kind=kind)
    finally:
        engine.dispose()


def _seen(engine: Engine, kind: str, file: Path | None) -> DatabaseHealth:
    with engine.connect() as conn:
        found = version(conn)
        sound = file is None or conn.exec_driver_sql("PRAGMA quick_check(1)").scalar() == "ok"
        readable = sound and found is DatabaseVersion.CURRENT
        chosen = weight_choices.newest(Session(conn, PROGRAM)) if readable else None
        return DatabaseHealth(
            kind=kind,
            opens=True,
            sound=sound,
            journal=file is None or _keeps_a_journal(file),
            unsettled=file is not None and _is_unsettled(file),
            version=found,
            newest=_newest(conn) if readable else None,
            weights=chosen.weights if chosen else "",
        )


def _keeps_a_journal(file: Path) -> bool:
    with closing(file.open("rb")) as opened:
        return opened.read(20)[18:] == b"\x02\x02"  # as a header of SQLite says it


def _is_unsettled(file: Path) -> bool:
    with suppress(OSError):
        return not Path(f"{file}-shm").exists() and Path(f"{file}-wal").stat().st_size > 0
    return False


def _newest(conn: Connection) -> datetime | None:
    columns = [column for table in metadata.sorted_tables for column in table.c if column.name in _TIMES]
    found = [conn.scalar(select(func.max(column, type_=column.type))) for column in columns]
    return max((time for time in found if time is not None), default=None)
