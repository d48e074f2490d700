"""A database of every revision, with something in each of its tables, becomes one of today and loses nothing."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from requests_of import reading, writing
from sqlalchemy import Connection, inspect, text

from corpus.database import Database, connect, migrate, migration_config
from corpus.store import (
    cases,
    imports,
    introductions,
    issues,
    meta,
    organisations,
    rankings,
    reader_calls,
    reviews,
    weight_choices,
)
from corpus.tables import metadata

TIME = "2024-05-27 01:02:03.000004"
Row = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """What a revision brought: tables with a row for each, and new columns of older tables with a value for each.

    Written as the database takes it, never changed afterwards, and independent of what the program has become.
    """

    tables: dict[str, Row] = field(default_factory=dict)
    columns: dict[str, Row] = field(default_factory=dict)


def texts(*names: str) -> Row:
    return {name: f"{name}の「'字'」" for name in names}


CONTENT = {"is_sample": False, "version": 2, "digest": "d" * 64, "imported": "", "search": "ねこ"}
CONTENT |= {"created_at": TIME, "updated_at": TIME}
RECORDED = {"is_sample": False, "recorded_at": TIME}
PAIR = {"issue": "i-1", "organisation": "o-1"}
STEPS = {
    "0001": Step(
        tables={
            "organisations": {
                **texts("kind", "purpose", "activities", "offers", "prefecture", "city", "address", "area", "founded"),
                **texts("website", "inactive_reason", "source", "representative", "contact_person", "contact"),
                **{"id": "o-1", "key": "na:ねこの会|", "name": "ＮＰＯ法人　ねこの会", "corporate_number": ""},
                **{"fields": "[7, 13]", "active": True, "confirmed_on": "2024-05-27", **CONTENT},
            },
            "issues": {
                **texts("title", "department", "purpose", "situation", "problem", "partner_sought", "idea"),
                **texts("collaboration", "legal_basis", "note", "prefecture", "city", "area", "source_name"),
                **{"source_url": "", "id": "i-1", "key": "k", "fiscal_year": 2024, "seeks_partner": True},
                **{"fields": "[7]", "partners": '["猫の会"]', "origin": "inventory", "release_level": "centre"},
                **{"status": "open", "posted_on": None, **CONTENT},
            },
            "cases": {
                **texts("title", "issue", "prefecture", "city", "role_sought", "effect", "outlook", "source_name"),
                **{"source_url": "", "id": "c-1", "key": "k", "departments": '["環境課"]', "partners": '["猫の会"]'},
                **{"programme": '[{"fiscal_year": 2015, "stage": "調査", "note": ""}]', "fields": "[7]", **CONTENT},
            },
            "rankings": {
                **{"issue": "i-1", "issue_version": 2, "model": "m", "digest": "d" * 64},
                **{"shown": '[{"id": "o-1", "rank": 1}]', **RECORDED},
            },
            "reviews": {
                **{**PAIR, "grade": "suitable", "reason": "area", "comment": "話が合う", "missed": False, "model": "m"},
                **{"rank": 1, "score": 0.1, "band": "strong", "ranking": 1, **RECORDED},
            },
            "introductions": {**PAIR, "introduced_on": "2024-05-27", "note": "電話で", **RECORDED},
            "stage_events": {
                **{"introduction": 1, "stage": "agreed", "happened_on": "2024-06-01", "note": "", **RECORDED},
            },
            "voidings": {"event": 1, "note": "まちがい", **RECORDED},
            "introduction_voidings": {"introduction": 1, "note": "まちがい", **RECORDED},
            "imports": {
                **{"name": "棚卸.xlsx", "kind": "inventory", "added": 4, "changed": 3, "unchanged": 2, "skipped": 1},
                "recorded_at": TIME,
            },
            "meta": {"key": "samples", "value": "removed"},
            "revision": {"id": 2, "number": 9},  # beside the one that the migration itself writes
        }
    ),
    "0002": Step(
        tables={
            "reader_calls": {"issue": "i-1", "recorded_at": TIME},
            "reader_outcomes": {
                **{"call": 1, "outcome": "read", "tokens_in": 30, "tokens_out": 20, "milliseconds": 10},
                "recorded_at": TIME,
            },
        }
    ),
    "0003": Step(tables={"weight_choices": {"weights": "a" * 12, "reason": "試す", "recorded_at": TIME}}),
    "0004": Step(columns={"organisations": {"comparable_name": "ねこの会"}}),
    "0005": Step(
        columns={
            table: {"actor": "local"}
            for table in (
                *("rankings", "reviews", "introductions", "stage_events", "voidings", "introduction_voidings"),
                *("imports", "reader_calls", "reader_outcomes", "weight_choices"),
            )
        }
        | {"issues": {"imported_release_level": "centre"}}
    ),
}
REVISIONS = [script.revision for script in ScriptDirectory.from_config(migration_config()).walk_revisions()][::-1]


def rows_at(revision: str) -> dict[str, Row]:
    """By table, in an order in which they may be written."""
    rows: dict[str, Row] = {}
    for step in (STEPS[one] for one in REVISIONS[: REVISIONS.index(revision) + 1]):
        rows = {table: {**row, **step.columns.get(table, {})} for table, row in rows.items()} | step.tables
    return rows


def go(conn: Connection, revision: str) -> None:
    """Up or down."""
    config, there = migration_config(), MigrationContext.configure(conn).get_current_revision()
    config.attributes["connection"] = conn
    (command.downgrade if there and there > revision else command.upgrade)(config, revision)


def kept(conn: Connection, rows: dict[str, Row]) -> dict[str, list[Any]]:
    """What stands in all that there was, as the database itself tells it."""
    quoted = {table: ", ".join(f'CAST("{name}" AS TEXT)' for name in row) for table, row in rows.items()}
    return {
        table: sorted(map(str, conn.execute(text(f"SELECT {cols} FROM {table}")))) for table, cols in quoted.items()
    }


def shape(conn: Connection) -> dict[str, set[str]]:
    seen = inspect(conn)
    names = set(seen.get_table_names()) - {"alembic_version"}
    return {name: {column["name"] for column in seen.get_columns(name)} for name in names}


@pytest.fixture
def db(bare_url: str) -> Iterator[Database]:
    with closing(connect(bare_url)) as db:
        yield db


@pytest.fixture(params=REVISIONS)
def old(db: Database, request: pytest.FixtureRequest) -> str:
    """The revision of a database that has a row in each of its tables."""
    revision = str(request.param)
    assert revision in STEPS, f"STEPS does not say what revision {revision} brought, nor a row of it"
    with db.write() as conn:
        go(conn, revision)
        for table, row in rows_at(revision).items():
            put(conn, table, row)
    return revision


def put(conn: Connection, table: str, row: Row) -> None:
    columns, values = ", ".join(f'"{name}"' for name in row), ", ".join(f":{name}" for name in row)
    conn.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)


def test_there_is_a_value_for_every_column_of_the_revision(db: Database, old: str) -> None:
    numbered = {table for table, row in rows_at(old).items() if "id" not in row and table != "meta"}
    with db.read() as conn:
        assert shape(conn) == {
            table: {*row, "id"} if table in numbered else {*row} for table, row in rows_at(old).items()
        }


def test_every_row_is_there_afterwards_and_the_tables_are_as_declared(db: Database, old: str) -> None:
    with db.read() as conn:
        before = kept(conn, rows_at(old))
    migrate(db)
    with db.write() as conn:
        assert kept(conn, rows_at(old)) == before
        context = MigrationContext.configure(conn, opts={"target_metadata": metadata, "compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_stores_read_what_was_written_and_go_on_from_there(db: Database, old: str) -> None:
    migrate(db)
    with writing(db) as s:
        organisation, issue = organisations.get(s, "o-1"), issues.get(s, "i-1")
        assert organisation is not None
        assert issue is not None
        assert (organisation.fields, organisation.confirmed_on, organisation.version) == ({7, 13}, date(2024, 5, 27), 2)
        assert organisations.ids_by_name(s, ["ねこの会"]) == {"ねこの会": "o-1"}
        assert (issue.fiscal_year, issue.partners, issue.note) == (2024, ("猫の会",), "noteの「'字'」")
        assert [step.stage for case in cases.by_ids(s, ["c-1"]).values() for step in case.programme] == ["調査"]
        [review] = reviews.history(s, "i-1")
        assert (review.comment, review.score, review.ranking) == ("話が合う", 0.1, 1)
        assert list(rankings.get(s, 1).shown) == [{"id": "o-1", "rank": 1}]  # type: ignore[union-attr]
        assert [one.voided for one in introductions.of_issue(s, "i-1")] == [True]
        assert [one.voided for one in introductions.events(s, 1)] == [True]
        assert [one.name for one in imports.recent(s)] == ["棚卸.xlsx"]
        assert meta.get(s, "samples") == "removed"
        if "reader_calls" in rows_at(old):
            [month] = reader_calls.by_month(s, lambda moment: moment.date())
            assert (month.outcome, month.calls, month.tokens_in) == ("read", 1, 30)
        if "weight_choices" in rows_at(old):
            assert [one.weights for one in weight_choices.history(s)] == ["a" * 12]
        assert introductions.add(s, **PAIR, introduced_on=date(2024, 7, 1)).id == 2


def test_the_way_back_and_up_again_keeps_every_row(db: Database, old: str) -> None:
    with db.read() as conn:
        before, was = kept(conn, rows_at(old)), shape(conn)
    migrate(db)
    with db.write() as conn:
        today = shape(conn)
        go(conn, old)
        assert (kept(conn, rows_at(old)), shape(conn)) == (before, was)
    migrate(db)
    with db.write() as conn:
        assert (kept(conn, rows_at(old)), shape(conn)) == (before, today)


def test_of_rows_from_before_0005_nobody_knows_who_recorded_them(db: Database) -> None:
    with db.write() as conn:
        go(conn, "0004")
        for table, row in rows_at("0004").items():
            put(conn, table, row)
    migrate(db)
    with reading(db) as s:
        assert [one.actor for one in (*reviews.history(s, "i-1"), *introductions.of_issue(s, "i-1"))] == ["", ""]
        assert [one.actor for one in (*imports.recent(s), *weight_choices.history(s))] == ["", ""]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"version": 1, "release_level": "public"}, "public"),  # nobody has changed it since
        ({"version": 1, "release_level": "centre", "origin": "posted"}, "centre"),
        ({"version": 2, "key": "|環境課|2024|清掃"}, "section"),  # of a sheet, which says nothing else
        ({"version": 2, "key": "id:i-1"}, ""),
        ({"version": 2, "origin": "posted"}, ""),
        ({"version": 1, "imported": ""}, ""),  # written by hand
    ],
)
def test_what_the_file_of_an_issue_from_before_0005_said_is_known_where_it_can_be(
    db: Database, given: dict[str, object], said: str
) -> None:
    row = rows_at("0004")["issues"] | {"imported": "d", "origin": "inventory"} | given
    with db.write() as conn:
        go(conn, "0004")
        put(conn, "issues", row)
    migrate(db)
    with db.read() as conn:
        levels = conn.execute(text("SELECT imported_release_level, release_level FROM issues")).one()
    assert tuple(levels) == (said, row["release_level"])
