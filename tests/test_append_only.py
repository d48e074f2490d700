"""No statement rewrites a row of a table that only grows."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime

import pytest
from databases import PostgresqlDatabases, SqliteFiles, on_sqlite
from sqlalchemy import Connection, Table, insert, select, text
from sqlalchemy.exc import DatabaseError

from corpus import tables
from corpus.database import Database, connect
from corpus.tables import metadata

GROWING = [
    tables.decisions.rankings,
    tables.decisions.reviews,
    tables.decisions.introductions,
    tables.decisions.stage_events,
    tables.decisions.voidings,
    tables.decisions.introduction_voidings,
    tables.models.reader_calls,
    tables.models.reader_outcomes,
    tables.models.weight_choices,
]
VALUES: dict[str, object] = {
    "is_sample": False,
    "seeks_partner": True,
    "active": True,
    "missed": False,
    "grade": None,
    "stage": "agreed",
    "release_level": "public",
    "status": "open",
    "shown": [],
    "fields": [],
    "partners": [],
    "recorded_at": datetime(2026, 4, 1, tzinfo=UTC),
    "created_at": datetime(2026, 4, 1, tzinfo=UTC),
    "updated_at": datetime(2026, 4, 1, tzinfo=UTC),
    "introduced_on": date(2026, 4, 1),
    "happened_on": date(2026, 4, 1),
    "confirmed_on": None,
    "posted_on": None,
}


@pytest.fixture(scope="module")
def db(databases: SqliteFiles | PostgresqlDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with databases.new(tmp_path_factory.mktemp("growing")) as url, closing(connect(url)) as db:
        yield db


def fill(conn: Connection, table: Table, **given: object) -> None:
    """One row, and before it those it refers to; all have the number 7."""
    for other in {key.column.table for key in table.foreign_keys}:
        if conn.execute(select(other.c.id)).first() is None:
            fill(conn, other, **given)
    row = {column.name: VALUES.get(column.name, "7") for column in table.columns}
    conn.execute(insert(table).values({**row, **{name: value for name, value in given.items() if name in row}}))


def test_the_tables_that_only_grow_are_all_listed_here(db: Database) -> None:
    triggers = {
        "sqlite": "SELECT tbl_name FROM sqlite_master WHERE name LIKE '%\\_no\\_delete' ESCAPE '\\'",
        "postgresql": "SELECT relname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE tgname ~ '_no_delete$'",
    }
    with db.read() as conn:
        found = conn.execute(text(triggers[conn.dialect.name]))
        assert set(found.scalars()) == {table.name for table in GROWING} < set(metadata.tables)


@pytest.mark.parametrize("table", GROWING, ids=lambda table: table.name)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {0} SET recorded_at = '2000-01-01'",
        "INSERT INTO {0} SELECT * FROM {0} WHERE true ON CONFLICT (id) DO UPDATE SET recorded_at = '2000-01-01'",
        "DELETE FROM {0}",
    ],
)
def test_a_row_is_neither_changed_nor_deleted(db: Database, table: Table, statement: str) -> None:
    with db.writer.connect() as conn:  # undone at its end
        fill(conn, table)
        with pytest.raises(DatabaseError, match="append-only"):
            conn.execute(text(statement.format(table.name)))


@on_sqlite
@pytest.mark.parametrize("table", GROWING, ids=lambda table: table.name)
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OR REPLACE INTO {0} SELECT * FROM {0}",
        "REPLACE INTO {0} SELECT * FROM {0}",
        "UPDATE OR REPLACE {0} SET id = 8",
    ],
)
def test_a_row_is_not_replaced_by_any_words_that_sqlite_has_for_it(db: Database, table: Table, statement: str) -> None:
    with db.writer.connect() as conn:  # undone at its end
        fill(conn, table)
        with pytest.raises(DatabaseError, match="append-only"):
            conn.execute(text(statement.format(table.name)))


def test_what_a_sample_took_part_in_may_still_go(db: Database) -> None:
    with db.write() as conn:
        fill(conn, tables.decisions.introductions, is_sample=True)
        assert conn.execute(text("DELETE FROM introductions")).rowcount == 1
