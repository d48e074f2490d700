import logging
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from requests_of import reading, writing
from sqlalchemy import inspect, text
from sqlalchemy.exc import DatabaseError

from corpus import database, tables
from corpus.database_faults import UnusableDatabase
from corpus.store import meta

MIGRATE_AND_BUMP = """
import sys
from corpus.access import PROGRAM
from corpus.database import connect, migrate
from corpus.session import Session
from corpus.store import meta
db = connect(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
migrate(db)
with db.write() as conn:
    meta.bump(Session(conn, PROGRAM))
db.close()
"""


def url_of(path):
    return f"sqlite:///{path}"


@pytest.fixture
def bare(bare_url):
    with closing(database.connect(bare_url)) as db:
        yield db


def test_the_migrations_make_exactly_the_tables_the_code_declares(bare):
    database.migrate(db := bare)
    with db.write() as conn:
        context = MigrationContext.configure(conn, opts={"target_metadata": tables.metadata, "compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
        declared = {c.name for table in tables.metadata.tables.values() for c in table.constraints if c.name}
        made = {
            check["name"] for table in tables.metadata.tables for check in inspect(conn).get_check_constraints(table)
        }
        assert made == {name for name in declared if name.startswith("ck_")}


def test_the_folder_is_created_and_a_second_run_changes_nothing(tmp_path):
    path = tmp_path / "岡山" / "data" / "k.db"
    db = database.connect(url_of(path))
    database.migrate(db)
    with writing(db) as s:
        meta.bump(s)
    database.migrate(db)
    database.migrate(database.connect(url_of(path)))
    with reading(db) as s:
        assert meta.revision(s) == 1


def test_migrating_says_nothing(bare, capfd, caplog):
    caplog.set_level(logging.WARNING)
    database.migrate(bare)
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_processes_that_start_at_once_from_anywhere_share_one_database(bare, bare_url, tmp_path):
    run = [sys.executable, "-W", "error", "-c", MIGRATE_AND_BUMP, bare_url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started = [subprocess.Popen(run, cwd=tmp_path, text=True, **pipes) for _ in range(3)]
    assert [process.stdout.readline() for process in started] == ["ready\n"] * 3
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60) for process in started] == [("", "")] * 3
    with reading(bare) as s:
        assert meta.revision(s) == 3
        assert database.version(s.conn) is database.DatabaseVersion.CURRENT


def test_a_migration_that_fails_leaves_nothing_behind(bare, monkeypatch):
    def fail_half_way(config, revision):
        config.attributes["connection"].execute(text("CREATE TABLE half (id INTEGER)"))
        raise OSError("disk full")

    db = bare
    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", fail_half_way)
        with pytest.raises(OSError, match="disk full"):
            database.migrate(db)
    with db.read() as conn:
        assert inspect(conn).get_table_names() == []
    database.migrate(db)
    with reading(db) as s:
        assert meta.revision(s) == 0


def test_a_database_of_a_newer_program_is_refused_in_words(bare):
    database.migrate(db := bare)
    with db.write() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UnusableDatabase, match=r"より新しい版のプログラム.*9999"):
        database.migrate(db)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/kyodo"])
def test_a_database_that_cannot_serve_is_refused_in_words(url):
    with pytest.raises(UnusableDatabase, match=r"(データベースは使えません|対応していません)。"):
        database.connect(url)


def test_a_url_that_is_none_is_refused_in_words():
    with pytest.raises(UnusableDatabase, match="URL"):
        database.connect("data/kyodo.db")


def test_sqlite_is_set_up_for_a_service_and_a_command_at_once(tmp_path):
    db = database.connect(url_of(tmp_path / "k.db"))
    with db.write() as conn:
        pragmas = {
            name: conn.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "foreign_keys", "synchronous", "temp_store")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "temp_store": 2}


def test_a_reading_block_cannot_write(db):
    with pytest.raises(DatabaseError, match=r"read-?only"), reading(db) as s:
        meta.bump(s)


def test_a_reading_block_sees_one_state_throughout(db):
    with reading(db) as before:
        assert meta.revision(before) == 0
        with writing(db) as s:
            meta.bump(s)
        assert meta.revision(before) == 0
    with reading(db) as s:
        assert meta.revision(s) == 1


def test_a_writing_block_that_raises_is_undone(db):

    def bump_and_fail():
        with writing(db) as s:
            meta.bump(s)
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        bump_and_fail()
    with reading(db) as s:
        assert meta.revision(s) == 0


def test_the_first_migration_can_be_taken_back(bare):
    database.migrate(db := bare)
    with db.write() as conn:
        config = database.migration_config()
        config.attributes["connection"] = conn
        command.downgrade(config, "base")
    with db.read() as conn:
        assert inspect(conn).get_table_names() == ["alembic_version"]
    database.migrate(db)


def test_every_file_of_the_migrations_is_declared_for_the_package():
    folder = Path(database.__file__).parent / "migrations"
    assert {path.name for path in folder.iterdir() if path.name != "__pycache__"} == {
        "__init__.py",
        "env.py",
        "script.py.mako",
        "versions",
    }
