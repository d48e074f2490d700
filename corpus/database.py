"""Opening the collection's database, and bringing its tables up to date: the only place that knows which one it is."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from corpus import private
from corpus.database_faults import DAMAGED, Busy, UnusableDatabase, named

# A connection for every thread that the service has: a look never waits for one.
_POOL: Mapping[str, int] = {"pool_size": 5, "max_overflow": 25}
_CONNECTING: Mapping[str, int] = {"connect_timeout": 5}  # seconds for a server to answer
PATIENCE = 8.0  # seconds that a writer waits; a person at a page waits no longer
_MIGRATING = 600.0  # seconds that another process may take to bring a large collection up to date


class DatabaseVersion(Enum):
    """Whose tables a database holds: this program's, those of an earlier or a later one, or none of ours."""

    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Database:
    """Where the collection is kept. Every statement runs inside one of the two blocks.

    Both raise UnusableDatabase for a file that is lost or damaged, and DiskFull. ``file`` is None for a server's.
    """

    reader: Engine
    writer: Engine
    file: Path | None = None
    _door: Lock = field(default_factory=Lock)  # lest writers that wait hold a connection each

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One unchanging view for the length of the block; a statement that writes is refused by the database."""
        with named(self.file), self.reader.connect() as conn:
            yield conn

    @contextmanager
    def write(self, patience: float | None = None) -> Iterator[Connection]:
        """One transaction: kept when the block ends, undone when it raises. Writers queue at the door.

        Raises Busy when others do not leave it within ``patience`` seconds (``PATIENCE``); 0 tries without waiting.
        """
        until = monotonic() + (PATIENCE if patience is None else patience)
        writer = self.writer.execution_options(until=until)
        with named(self.file), self._alone(until), writer.begin() as conn:
            yield conn

    @contextmanager
    def _alone(self, until: float) -> Iterator[None]:
        if not self._door.acquire(timeout=_left(until)):
            raise Busy
        try:
            yield
        finally:
            self._door.release()

    def close(self) -> None:
        """Lets go of every connection; the object can be used again."""
        self.reader.dispose()
        self.writer.dispose()


def connect(url: str) -> Database:
    """Opens nothing yet; creates an SQLite file, empty, where there is none. Raises UnusableDatabase, OSError."""
    file = file_of(url)
    with _readable():
        return _postgresql(url) if file is None else _sqlite(url, file)


def file_of(url: str) -> Path | None:
    """The SQLite file that is meant; None for a server. Raises UnusableDatabase for a URL that cannot serve."""
    with _readable():
        target = make_url(url)
        backend, place = target.get_backend_name(), target.database or ""
    if backend not in ("sqlite", "postgresql"):
        raise UnusableDatabase(
            f"データベースの種類「{backend}」には対応していません。"
            "KYODO_DATABASE_URL には sqlite か postgresql で始まるURLを指定してください。"
        )
    if backend == "sqlite" and place in ("", ":memory:"):
        raise UnusableDatabase(
            "メモリー上のデータベースは使えません。KYODO_DATABASE_URL にはファイルの場所を指定してください。"
        )
    return Path(place) if backend == "sqlite" else None


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (ArgumentError, ValueError) as error:  # the URL may hold a password, so it is not repeated
        raise UnusableDatabase(
            "KYODO_DATABASE_URL に書かれたデータベースの場所を読み取れません。「sqlite:///data/kyodo.db」や"
            "「postgresql+psycopg://利用者@サーバー/データベース」のように書いてください。"
        ) from error


# As Japanese, not as \u escapes: a clerk's database stays readable with any SQL tool.
_as_json = partial(json.dumps, ensure_ascii=False)


# hide_parameters, here and below: an error of the database must not carry a row's text into a log.
def _sqlite(url: str, file: Path) -> Database:
    private.make_folder(file.parent)
    with suppress(FileExistsError):
        private.write_new(file, b"")  # the two files that SQLite keeps beside it get the same rights
    reader, writer = (create_engine(url, json_serializer=_as_json, hide_parameters=True, **_POOL) for _ in range(2))
    _prepare(reader, "BEGIN", "query_only=ON")
    # Taking the write lock first queues writers; a transaction that reads first would fail when it comes to write.
    _prepare(writer, "BEGIN IMMEDIATE", *_WRITING)
    return Database(reader, writer, file)


# synchronous=FULL: what was acknowledged is on the disk. recursive_triggers: without it INSERT OR REPLACE deletes a row
# past the triggers that keep tables append-only.
_WRITING = ("foreign_keys=ON", "synchronous=FULL", "journal_mode=WAL", "recursive_triggers=ON")


def _text(stored: bytes) -> str:
    """What is not UTF-8 (a damaged row) is shown with signs that stand for it."""
    return stored.decode("utf-8", "replace")


def _prepare(engine: Engine, begin: str, *pragmas: str) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.text_factory = _text  # the driver's own refuses a whole list for one text, and says that text
        connection.isolation_level = None  # the driver's own idea of when to begin is switched off
        # temp_store: a temporary folder that is full must not keep a sorted list from anybody.
        for pragma in (_busy(PATIENCE), "temp_store=MEMORY", *pragmas):
            _insist(connection, f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(conn: Connection) -> None:
        if "until" in conn.get_execution_options():
            conn.exec_driver_sql(f"PRAGMA {_busy(_left(conn.get_execution_options()['until']))}")
        conn.exec_driver_sql(begin)


def _insist(connection: sqlite3.Connection, statement: str) -> None:
    """Processes that start at once change the journal at once, and for that SQLite does not always wait by itself."""
    until = monotonic() + PATIENCE
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or monotonic() > until:
                raise
        sleep(0.05)


def _busy(seconds: float) -> str:
    return f"busy_timeout={int(seconds * 1_000)}"


def _left(until: float) -> float:
    return max(0.0, until - monotonic())


def _postgresql(url: str) -> Database:
    # Two pools: writers that queue hold their connections, and a page that only reads must not wait for one of them.
    reader, writer = (_engine_of_postgresql(url, _CONNECTING, **options) for options in (_READING, {}))
    event.listen(writer, "begin", _queue)
    return Database(reader, writer)


def _engine_of_postgresql(url: str, connecting: Mapping[str, Any], **options: Any) -> Engine:
    engine = create_engine(
        url,
        json_serializer=_as_json,
        hide_parameters=True,
        pool_pre_ping=True,
        **_POOL,
        # Asked for, since of a database without an encoding (SQL_ASCII) the driver would hand out bytes.
        connect_args={"client_encoding": "utf8", **connecting},
        execution_options=options,
    )
    event.listen(engine, "connect", _plan_for_what_is_asked)
    event.listen(engine, "before_cursor_execute", _without_nul, retval=True)
    event.listen(engine, "handle_error", _keep_first_line)
    return engine


_READING: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_WRITE_LOCK = 4_920_115  # any number, the same for every process


def _plan_for_what_is_asked(connection: Any, _record: object) -> None:
    """A plan made once for all lists of ids compares every row with every id: 60,000 rows would take minutes."""
    connection.execute("SET plan_cache_mode = force_custom_plan")
    connection.commit()


def _queue(conn: Connection) -> None:
    """As on SQLite, so that what is looked up before writing (a button pressed twice, the newest choice) stays true."""
    until = conn.get_execution_options().get("until", 0.0)
    conn.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, int(_left(until) * 1_000))}")  # 0 would be for ever
    conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")


def _without_nul(
    conn: Connection, cursor: object, statement: str, parameters: Any, context: object, executemany: bool
) -> tuple[str, Any]:
    """Nothing stored holds NUL, which PostgreSQL refuses; who asks for it finds nothing, as on SQLite."""
    cleaned = [_cleaned(row) for row in parameters] if executemany else _cleaned(parameters)
    return statement, cleaned


def _cleaned(row: Any) -> Any:
    """``exec_driver_sql`` has no names for its parameters."""
    if not isinstance(row, Mapping):
        return row
    return {name: value.replace("\0", "\ufffd") if isinstance(value, str) else value for name, value in row.items()}


def _keep_first_line(context: ExceptionContext) -> None:
    """Below it PostgreSQL quotes the row, whatever ``hide_parameters`` says."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).partition("\n")[0],)


def migrate(db: Database) -> None:
    """Brings the tables to this program's version; does nothing when they are. Safe when two processes start at once.

    Raises UnusableDatabase when a newer program has been at work on them.
    """
    config = migration_config()
    scripts = ScriptDirectory.from_config(config)
    with db.read() as conn:
        if _is_current(conn, scripts):
            return
    with db.write(_MIGRATING) as conn:
        if not _is_current(conn, scripts):  # the other process may have been first
            config.attributes["connection"] = conn
            command.upgrade(config, "head")


def has_tables(db: Database) -> bool:
    """Whether a program of ours, of whatever version, has been at work in it."""
    with db.read() as conn:
        return version(conn) is not DatabaseVersion.NONE


def check(db: Database) -> None:
    """Looks through all of an SQLite file, some seconds a gigabyte; a server looks after itself.

    Raises UnusableDatabase where something in it is damaged.
    """
    if db.file is not None:
        with db.read() as conn:
            if conn.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok":
                raise UnusableDatabase(DAMAGED)


def onlooker(url: str) -> Engine:
    """For who only looks: writes nothing, leaves no file behind, waits five seconds. The file of SQLite is there.

    Of an SQLite file that is in use by nobody, what its journal holds is not seen.
    """
    file = file_of(url)
    if file is None:
        with _readable():
            return _engine_of_postgresql(url, _CONNECTING, **_READING)
    in_use = Path(f"{file}-shm").exists()
    address = f"{file.resolve().as_uri()}?mode=ro{'' if in_use else '&immutable=1'}"
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=NullPool)
    _prepare(engine, "BEGIN", "query_only=ON")
    return engine


def migration_config() -> Config:
    """Where the migrations are; their env.py expects ``attributes["connection"]``, inside a transaction."""
    config = Config()
    config.set_main_option("script_location", "corpus:migrations")  # found as a package, installed or not
    return config


def version(conn: Connection) -> DatabaseVersion:
    """Which program's tables these are, by the last migration that was run."""
    return _version(conn, ScriptDirectory.from_config(migration_config()))


def _version(conn: Connection, scripts: ScriptDirectory) -> DatabaseVersion:
    found = MigrationContext.configure(conn).get_current_revision()
    if found is None:
        return DatabaseVersion.NONE
    if found == scripts.get_current_head():
        return DatabaseVersion.CURRENT
    return (
        DatabaseVersion.OLDER
        if found in {script.revision for script in scripts.walk_revisions()}
        else DatabaseVersion.NEWER
    )


def _is_current(conn: Connection, scripts: ScriptDirectory) -> bool:
    found = _version(conn, scripts)
    if found is DatabaseVersion.NEWER:
        raise UnusableDatabase(
            "このデータベースは、より新しい版のプログラムで作られています"
            f"(版の印: {MigrationContext.configure(conn).get_current_revision()})。"
            "プログラムを新しくしてから、もう一度始めてください。"
        )
    return found is DatabaseVersion.CURRENT
