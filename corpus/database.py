"""Opening the collection's database, and bringing its tables up to date: the only place that knows which one it is."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from sqlite3 import Connection as SQLiteConnection
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError


class UnusableDatabase(Exception):
    """The database cannot be worked with; the text is a Japanese sentence for the person who runs the service."""


@dataclass(frozen=True, slots=True)
class Database:
    """Where the collection is kept. Every statement runs inside one of the two blocks."""

    reader: Engine
    writer: Engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One unchanging view for the length of the block; a statement that writes is refused by the database."""
        with self.reader.connect() as conn:
            yield conn

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: kept when the block ends, undone when it raises. Writers queue at the door."""
        with self.writer.begin() as conn:
            yield conn

    def close(self) -> None:
        """Lets go of every connection; the object can be used again."""
        self.reader.dispose()
        self.writer.dispose()


def connect(url: str) -> Database:
    """Opens nothing yet; creates the folder of an SQLite file. Raises UnusableDatabase for a URL that cannot serve."""
    try:
        target = make_url(url)
        backend = target.get_backend_name()
        if backend == "sqlite":
            return _sqlite(url, target.database or "")
        if backend == "postgresql":
            return _postgresql(url)
    except (ArgumentError, ValueError) as error:  # the URL may hold a password, so it is not repeated
        raise UnusableDatabase(
            "KYODO_DATABASE_URL に書かれたデータベースの場所を読み取れません。「sqlite:///data/kyodo.db」や"
            "「postgresql+psycopg://利用者@サーバー/データベース」のように書いてください。"
        ) from error
    raise UnusableDatabase(
        f"データベースの種類「{backend}」には対応していません。"
        "KYODO_DATABASE_URL には sqlite か postgresql で始まるURLを指定してください。"
    )


# As Japanese, not as \u escapes: a clerk's database stays readable with any SQL tool.
_as_json = partial(json.dumps, ensure_ascii=False)


# hide_parameters, here and below: an error of the database must not carry a row's text into a log.
def _sqlite(url: str, path: str) -> Database:
    if path in ("", ":memory:"):
        raise UnusableDatabase(
            "メモリー上のデータベースは使えません。KYODO_DATABASE_URL にはファイルの場所を指定してください。"
        )
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    reader, writer = (create_engine(url, json_serializer=_as_json, hide_parameters=True) for _ in range(2))
    _prepare(reader, begin="BEGIN", pragmas=("query_only=ON",))
    # Taking the write lock first queues writers; a transaction that reads first would fail when it comes to write.
    _prepare(writer, begin="BEGIN IMMEDIATE", pragmas=_WRITING)
    return Database(reader, writer)


# recursive_triggers: without it INSERT OR REPLACE deletes a row past the triggers that keep tables append-only.
_WRITING = ("foreign_keys=ON", "synchronous=NORMAL", "journal_mode=WAL", "recursive_triggers=ON")
# Longer than the largest import holds the write lock, so that a review saved meanwhile waits and is not lost.
_BUSY_MILLISECONDS = 30_000


def _prepare(engine: Engine, begin: str, pragmas: tuple[str, ...]) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: SQLiteConnection, _record: object) -> None:
        connection.isolation_level = None  # the driver's own idea of when to begin is switched off
        for pragma in (f"busy_timeout={_BUSY_MILLISECONDS}", *pragmas):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(conn: Connection) -> None:
        conn.exec_driver_sql(begin)


def _postgresql(url: str) -> Database:
    # Two pools: writers that queue hold their connections, and a page that only reads must not wait for one of them.
    reader, writer = (_engine_of_postgresql(url, **options) for options in (_READING, {}))
    event.listen(writer, "begin", _queue)
    return Database(reader, writer)


def _engine_of_postgresql(url: str, **options: Any) -> Engine:
    engine = create_engine(
        url,
        json_serializer=_as_json,
        hide_parameters=True,
        pool_pre_ping=True,
        # Asked for, since of a database without an encoding (SQL_ASCII) the driver would hand out bytes.
        connect_args={"client_encoding": "utf8"},
        execution_options=options,
    )
    event.listen(engine, "before_cursor_execute", _without_nul, retval=True)
    event.listen(engine, "handle_error", _keep_first_line)
    return engine


_READING: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_WRITE_LOCK = 4_920_115  # any number, the same for every process


def _queue(conn: Connection) -> None:
    """As on SQLite, so that what is looked up before writing (a button pressed twice, the newest choice) stays true."""
    conn.exec_driver_sql(f"SET LOCAL lock_timeout = {_BUSY_MILLISECONDS}")
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
    with db.write() as conn:
        if not _is_current(conn, scripts):  # the other process may have been first
            config.attributes["connection"] = conn
            command.upgrade(config, "head")


def migration_config() -> Config:
    """Where the migrations are; their env.py expects ``attributes["connection"]``, inside a transaction."""
    config = Config()
    config.set_main_option("script_location", "corpus:migrations")  # found as a package, installed or not
    return config


def _is_current(conn: Connection, scripts: ScriptDirectory) -> bool:
    found = MigrationContext.configure(conn).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if found is not None and found not in known:
        raise UnusableDatabase(
            f"このデータベースは、より新しい版のプログラムで作られています（版の印: {found}）。"
            "プログラムを新しくしてから、もう一度始めてください。"
        )
    return found == scripts.get_current_head()
