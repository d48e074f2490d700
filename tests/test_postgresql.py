"""PostgreSQL instead of the SQLite file: the same tables, the same refusals, the same figures."""

import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from databases import ELSEWHERE, PostgresqlDatabases, Server, serving
from model_server import order, say
from model_server import serving as answering
from requests_of import choose, done, judge, matcher_of, seen, suggest_for_issue, track
from service import INVENTORY, REGISTER
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError
from test_weight_choices import ONE, learned

from api.context import Context, open_context
from api.errors import NotFound
from api.settings import Settings
from api.usecases import collection, doctor, imports, indicators, reader, reviews, samples, suggestions, weights
from corpus import database
from corpus.access import LOCAL
from corpus.database import Database
from corpus.database_faults import UnusableDatabase
from corpus.readers.base import ReadOptions
from corpus.records.decisions import Grade, Stage
from corpus.records.issues import IssueDraft, ReleaseLevel
from corpus.store import organisations
from corpus.tables import metadata


@pytest.fixture(scope="module", params=["newest", "oldest"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The server of all tests, and the oldest there is: offices run older ones."""
    if request.param == "newest":
        yield request.getfixturevalue("postgresql")
    elif os.environ.get(ELSEWHERE):
        pytest.skip(f"only the server of {ELSEWHERE} is tried")
    else:
        with serving(oldest=True) as server:
            yield server


@pytest.fixture(scope="module")
def lending(server: Server) -> Iterator[PostgresqlDatabases]:
    with closing(PostgresqlDatabases(server)) as databases:
        yield databases


@pytest.fixture
def ctx(lending: PostgresqlDatabases, tmp_path: Path) -> Iterator[Context]:
    with lending.new(tmp_path) as url:
        context = open_context(Settings(data=tmp_path, database_url=url))
        with closing(context.db):
            yield context


START_AND_BE_KILLED = """
import os, signal
from databases import serving
with serving() as server:
    print(server.url.query["host"], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(bool(os.environ.get(ELSEWHERE)), reason="no server is started here")
def test_a_server_of_tests_that_were_killed_leaves_neither_a_folder_nor_a_process(postgresql: Server) -> None:
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run([sys.executable, "-c", START_AND_BE_KILLED], env=here, capture_output=True, text=True)
    folder = Path(killed.stdout.strip())
    assert folder.name.startswith("kyodo-")
    for _ in range(600):
        if not (folder.exists() or working_in(folder)):
            return
        time.sleep(0.05)
    pytest.fail("the server, or its folder, is still there")


def working_in(folder: Path) -> bool:
    commands = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            commands.append(path.read_bytes())
    return any(os.fsencode(folder) in command for command in commands)


def shape(db: Database) -> dict[str, Any]:
    """Tables with their columns, keys, rules and indexes, as the database itself tells them."""
    with db.read() as conn:
        seen = inspect(conn)
        return {table: shape_of(seen, table) for table in seen.get_table_names()}


def shape_of(seen: Any, table: str) -> Any:
    indexes = [one for one in seen.get_indexes(table) if "duplicates_constraint" not in one]
    columns = [
        (one["name"], one["type"].python_type, getattr(one["type"], "length", None), one["nullable"])
        for one in seen.get_columns(table)
    ]
    named = {one["name"]: one["column_names"] for one in [*indexes, *seen.get_unique_constraints(table)]}
    foreign = {one["name"]: (one["constrained_columns"], one["referred_table"]) for one in seen.get_foreign_keys(table)}
    checks = {one["name"] for one in seen.get_check_constraints(table)}
    return columns, seen.get_pk_constraint(table)["constrained_columns"], named, foreign, checks


def test_the_migrations_make_the_same_tables_columns_and_indexes_as_on_sqlite(ctx: Context, tmp_path: Path) -> None:
    with closing(database.connect(f"sqlite:///{tmp_path / 'k.db'}")) as other:
        database.migrate(other)
        assert shape(ctx.db) == shape(other)
    with ctx.write(LOCAL) as s:
        context = MigrationContext.configure(s.conn, opts={"target_metadata": metadata, "compare_type": True})
        assert compare_metadata(context, metadata) == []


def whole_way(ctx: Context) -> list[Any]:
    """From files to figures; every table that only grows gets a row. Gives all that is told on the way."""
    told: list[Any] = [samples.load_if_empty(ctx), seen(ctx, collection.overview)]
    for _ in range(2):
        for name, content in [("団体.csv", REGISTER), ("棚卸.csv", INVENTORY)]:
            told.append(imports.as_json(imports.import_file(ctx, LOCAL, name, content.encode(), ReadOptions())))
    told += [seen(ctx, collection.overview), seen(ctx, collection.issues), seen(ctx, collection.organisations, "猫")]
    issue = seen(ctx, collection.issues, "猫の相談").items[0]
    found = [suggest_for_issue(ctx, issue.id, record=True) for _ in range(2)]
    organisation, number = found[0].candidates[0].id, found[0].ranking_id
    told += [suggestions.as_json(found[0]), number, found[1].ranking_id]
    judge(ctx, issue.id, organisation, Grade.SUITABLE, "activity_fits", "手術に詳しい", number)
    made = [done(ctx, reviews.introduce, issue.id, organisation, date(2024, 3, day)).id for day in (30, 31)]
    wrong = done(ctx, reviews.add_event, made[0], Stage.AGREED, date(2024, 3, 30))
    for stage, day in [(Stage.AGREED, date(2024, 3, 31)), (Stage.STARTED, date(2024, 4, 1))]:
        done(ctx, reviews.add_event, made[0], stage, day)
    done(ctx, reviews.void_event, wrong.id)
    done(ctx, reviews.void_introduction, made[1])
    decided = track(ctx, issue.id)
    judged = decided.latest[organisation]
    told += [judged.rank, judged.score, judged.band, judged.model, [len(one.events) for one in decided.introductions]]
    told += [indicators.as_json(seen(ctx, indicators.indicators, year)) for year in (2023, 2024)]
    return told + asked(ctx, issue.id) + chosen(ctx)


def asked(ctx: Context, issue: str) -> list[Any]:
    """The reader, of whose single call only what is counted by month is told."""
    draft = IssueDraft(title="猫の相談", problem="猫の世話", release_level=ReleaseLevel.PUBLIC)
    changed = done(ctx, collection.edit_issue, issue, seen(ctx, collection.issue, issue).version, draft)
    with answering(say(order((1, "", "", "")), {"prompt_tokens": 8, "completion_tokens": 3})) as server:
        asking = replace(ctx, settings=ctx.settings.model_copy(update={"reader_url": server.url}))
        failure = reader.read_for_issue(asking, LOCAL, issue, changed.version).failure
    return [failure, [(one.outcome, one.calls, one.tokens_in, one.tokens_out) for one in seen(ctx, reader.calls)]]


def chosen(ctx: Context) -> list[Any]:
    learned(ctx, characters=0.75)
    choose(ctx, ONE, "試す")
    names = [matcher_of(ctx.indexes.organisations).name]
    done(ctx, weights.roll_back, ctx.ruling)
    names.append(matcher_of(ctx.indexes.organisations).name)
    return names + [(choice.id, choice.weights) for choice in seen(ctx, weights.overview, ctx.ruling).history]


@pytest.fixture(scope="module")
def on_a_file(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What the whole way tells with SQLite."""
    context = open_context(Settings(data=tmp_path_factory.mktemp("file")))
    with closing(context.db):
        return whole_way(context)


def test_the_whole_way_tells_the_same_as_with_sqlite(ctx: Context, on_a_file: list[Any]) -> None:
    told = whole_way(ctx)
    assert told == on_a_file
    assert [one["value"] for year in told[-8:-6] for one in year["indicators"]] == [1, 0, 0, 1]
    assert told[-5] == [("read", 1, 8, 3)]
    assert told[-4] != told[-3]  # lists by other weights have another name
    assert told[-2:] == [(2, ""), (1, ONE)]


def test_what_a_sample_took_part_in_may_still_go(ctx: Context) -> None:
    samples.load_if_empty(ctx)
    issue = seen(ctx, collection.issues).items[0].id
    organisation = suggest_for_issue(ctx, issue, record=True).candidates[0].id
    done(ctx, reviews.introduce, issue, organisation, date(2024, 4, 1))
    removed = done(ctx, samples.remove)
    assert (removed.rankings, removed.introductions) == (1, 1)
    assert seen(ctx, collection.overview).organisations.samples == 0


def test_buttons_pressed_twice_at_once_store_once(ctx: Context) -> None:
    draft = IssueDraft(title="猫の相談", problem="人手がない")
    written = at_once(lambda: done(ctx, collection.write_issue, draft))
    edited = at_once(lambda: done(ctx, collection.edit_issue, written.id, 1, replace(draft, note="急ぎ")))
    assert (edited.version, seen(ctx, collection.issues).total) == (2, 1)
    learned(ctx)
    first = at_once(lambda: choose(ctx, ONE, "試す"))
    at_once(lambda: done(ctx, weights.roll_back, ctx.ruling, first.id))
    assert [choice.id for choice in seen(ctx, weights.overview, ctx.ruling).history] == [2, 1]


def test_who_only_reads_does_not_wait_for_those_who_queue_to_write(ctx: Context) -> None:
    draft = IssueDraft(title="猫の相談", problem="人手がない")
    with ThreadPoolExecutor(20) as pool, ctx.db.write():
        writing = [pool.submit(done, ctx, collection.write_issue, replace(draft, note=str(n))) for n in range(20)]
        while not all(one.running() for one in writing):
            time.sleep(0.02)
        for _ in range(20):
            assert seen(ctx, collection.issues).total == 0
    assert [one.exception() for one in writing] == [None] * 20
    assert seen(ctx, collection.issues).total == 20


def test_rows_are_found_by_plans_made_for_those_that_are_asked_for(ctx: Context) -> None:
    """A plan for any list of ids compares each row with each id."""
    asked = "SELECT sum(custom_plans), sum(generic_plans) FROM pg_prepared_statements WHERE statement ~ 'organisations'"
    with ctx.write(LOCAL) as s:
        for _ in range(20):
            assert organisations.by_ids(s, [f"o-{n}" for n in range(500)]) == {}
        made, general = s.conn.exec_driver_sql(asked).one()
    assert (made > 5, general) == (True, 0)


def test_the_doctor_looks_at_a_server_too_and_an_emptied_one_is_not_begun_anew(ctx: Context) -> None:
    samples.load_if_empty(ctx)
    ctx.indexes.refresh()
    wrong = {one.subject: one.message for one in doctor.examine(ctx.settings, {}) if one.severity}
    assert "データベース" not in wrong
    with ctx.write(LOCAL) as s:
        was = s.conn.execute(text("DELETE FROM alembic_version RETURNING version_num")).scalar_one()
    wrong = {one.subject: one.message for one in doctor.examine(ctx.settings, {}) if one.severity}
    assert "前のデータ(index)は残っています。" in wrong["データベース"]
    with pytest.raises(UnusableDatabase, match="index"):
        open_context(ctx.settings)
    with ctx.db.write() as conn:  # as the next test needs it
        conn.execute(text("INSERT INTO alembic_version VALUES (:was)"), {"was": was})


def at_once(press: Callable[[], Any]) -> Any:
    """What all four presses answer."""
    gate = Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: (gate.wait(), press())[1], range(4)))
    assert answers == [answers[0]] * 4
    return answers[0]


def test_what_no_row_can_have_is_looked_for_in_vain(ctx: Context) -> None:
    assert seen(ctx, collection.issues, "猫\0", department="\0").total == 0
    for number in (2**31, 2**63, -(2**70)):
        with pytest.raises(NotFound):
            done(ctx, reviews.void_event, number)
        with pytest.raises(NotFound):
            done(ctx, reviews.void_introduction, number)
    with pytest.raises(NotFound):
        seen(ctx, collection.issue, "i-\0")


def test_an_error_of_the_database_does_not_quote_the_row(ctx: Context) -> None:
    done(ctx, collection.write_issue, IssueDraft(title="秘密の業務", problem="人手がない"))
    with pytest.raises(IntegrityError, match="ck_issues_status") as refused, ctx.db.write() as conn:
        conn.execute(text("UPDATE issues SET status = 'none'"))
    assert "秘密" not in "".join(traceback.format_exception(refused.value))


def test_a_database_without_an_encoding_serves_too(server: Server, tmp_path: Path) -> None:
    with server.database("ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0") as url:
        context = open_context(Settings(data=tmp_path, database_url=url))
        imports.import_file(context, LOCAL, "団体.csv", REGISTER.encode(), ReadOptions())
        assert seen(context, collection.organisations, "猫").items[0].name == "猫と暮らす会"
        context.db.close()
