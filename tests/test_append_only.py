"""No statement rewrites a row of a table that only grows."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, insert, text
from sqlalchemy.exc import IntegrityError

from corpus import tables
from corpus.database import Database, connect, migrate
from corpus.tables import metadata

GROWING = [
    tables.rankings,
    tables.reviews,
    tables.introductions,
    tables.stage_events,
    tables.voidings,
    tables.introduction_voidings,
    tables.reader_calls,
    tables.reader_outcomes,
    tables.weight_choices,
]
VALUES: dict[str, object] = {
    "is_sample": False,
    "missed": False,
    "grade": None,
    "stage": "agreed",
    "shown": [],
    "recorded_at": datetime(2026, 4, 1, tzinfo=UTC),
    "introduced_on": date(2026, 4, 1),
    "happened_on": date(2026, 4, 1),
}


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path: Path = tmp_path_factory.mktemp("growing") / "k.db"
    db = connect(f"sqlite:///{path}")
    migrate(db)
    with closing(db):
        yield db


def fill(conn: Connection, table: Table, **given: object) -> None:
    """One row; what it refers to does not matter here."""
    conn.execute(text("PRAGMA defer_foreign_keys = ON"))
    row = {column.name: VALUES.get(column.name, "7") for column in table.columns}
    conn.execute(insert(table).values({**row, **given}))


def test_the_tables_that_only_grow_are_all_listed_here(db: Database) -> None:
    with db.read() as conn:
        found = conn.execute(text("SELECT tbl_name FROM sqlite_master WHERE name LIKE '%\\_no\\_delete' ESCAPE '\\'"))
        assert set(found.scalars()) == {table.name for table in GROWING} < set(metadata.tables)


@pytest.mark.parametrize("table", GROWING, ids=lambda table: table.name)
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OR REPLACE INTO {0} SELECT * FROM {0}",
        "REPLACE INTO {0} SELECT * FROM {0}",
        "UPDATE OR REPLACE {0} SET id = 8",
        "INSERT INTO {0} SELECT * FROM {0} WHERE true ON CONFLICT (id) DO UPDATE SET recorded_at = '2000-01-01'",
        "DELETE FROM {0}",
    ],
)
def test_a_row_is_neither_replaced_nor_changed_nor_deleted(db: Database, table: Table, statement: str) -> None:
    with db.writer.connect() as conn:  # undone at its end
        fill(conn, table)
        with pytest.raises(IntegrityError, match="append-only"):
            conn.execute(text(statement.format(table.name)))


def test_what_a_sample_took_part_in_may_still_go(db: Database) -> None:
    with db.write() as conn:
        fill(conn, tables.introductions, is_sample=True)
        assert conn.execute(text("DELETE FROM introductions")).rowcount == 1
