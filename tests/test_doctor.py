"""``kyodo doctor`` names what is wrong, says what to do, and changes nothing."""

import json
import os
import resource
import shutil
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from service import INVENTORY, REGISTER, client_of, first_issue, upload
from typer.testing import CliRunner

from api.cli import app
from api.context import open_context
from api.settings import Settings
from api.usecases import doctor
from api.usecases.doctor import Verdict, examine
from corpus import database
from corpus.access import LOCAL


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder in which a service has been at work."""
    ctx = open_context(Settings(data=tmp_path / "data"))
    with client_of(ctx) as client:
        for name, text in [("団体.csv", REGISTER), ("棚卸.csv", INVENTORY)]:
            client.post(f"{upload(client, name, text.encode())}/confirm")
        client.get(f"/issues/{first_issue(ctx)}")
    return tmp_path / "data"


def told(settings: Settings, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Subject -> sentence of whatever is not well."""
    return {
        one.subject: one.message for one in examine(settings, environment or {}) if one.severity is not Verdict.WELL
    }


def everything(folder: Path) -> list[tuple[str, int, int]]:
    return sorted((str(path), path.lstat().st_mtime_ns, path.lstat().st_mode) for path in folder.rglob("*"))


def test_a_service_that_is_well_is_said_to_be_and_nothing_changes(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(data)
    monkeypatch.setenv("KYODO_DATA", str(data))
    result = CliRunner().invoke(app, ["doctor"])
    assert (result.exit_code, result.stdout.count("[よい]")) == (0, len(result.stdout.splitlines()))
    assert everything(data) == before


def test_before_the_first_start_all_is_well_and_nothing_is_made(tmp_path: Path) -> None:
    assert told(Settings(data=tmp_path / "new")) == {}
    assert list(tmp_path.iterdir()) == []


def test_beside_a_service_at_work_it_looks_without_getting_in_the_way(data: Path) -> None:
    ctx = open_context(Settings(data=data))
    with ctx.write(LOCAL) as s:
        s.conn.exec_driver_sql("UPDATE revision SET number = number + 1")
        assert told(ctx.settings) == {}
    ctx.db.close()


def lost(data: Path) -> None:
    (data / "kyodo.sqlite3").unlink()


def no_database(data: Path) -> None:
    (data / "kyodo.sqlite3").write_text("これは表ではありません。" * 500, encoding="utf-8")


def cut(data: Path) -> None:
    content = (data / "kyodo.sqlite3").read_bytes()
    (data / "kyodo.sqlite3").write_bytes(content[: len(content) // 2])


def scribbled(data: Path) -> None:
    content = bytearray((data / "kyodo.sqlite3").read_bytes())
    for at in range(4_096 * 3, len(content), 4_096):
        content[at : at + 300] = b"\xff" * 300
    (data / "kyodo.sqlite3").write_bytes(content)


def newer(data: Path) -> None:
    statement(data, "UPDATE alembic_version SET version_num = '9999'")


def foreign(data: Path) -> None:
    lost(data)
    statement(data, "CREATE TABLE t (a)")


def another_journal(data: Path) -> None:
    statement(data, "PRAGMA journal_mode = DELETE")


def from_tomorrow(data: Path) -> None:
    later = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S.%f")
    statement(data, f"UPDATE issues SET updated_at = '{later}'")


def statement(data: Path, sql: str) -> None:
    with closing(sqlite3.connect(data / "kyodo.sqlite3", isolation_level=None)) as conn:
        conn.execute(sql)


def cut_off(data: Path) -> None:
    (data / "kyodo.sqlite3-wal").write_bytes(b"x" * 5_000)


def open_to_all(data: Path) -> None:
    data.chmod(0o755)


def damaged_index(data: Path) -> None:
    (manifest,) = (data / "index").glob("organisations-*/manifest.json")
    manifest.write_bytes(manifest.read_bytes()[:-5])


def damaged_vectors(data: Path) -> None:
    (data / "models" / "vectors").mkdir(parents=True)


def old_upload(data: Path) -> None:
    (data / "uploads" / "x").mkdir(mode=0o700)
    os.utime(data / "uploads" / "x", (time.time() - 90_000,) * 2)


@pytest.mark.parametrize(
    ("happens", "subject", "says", "severity"),
    [
        (lost, "データベース", "前のデータ(index)は残っています。", 2),
        (no_database, "データベース", "データベースのファイルを開けません。", 2),
        (cut, "データベース", "バックアップ", 2),
        (scribbled, "データベース", "バックアップ", 2),
        (newer, "データベース", "より新しい版", 2),
        (foreign, "データベース", "前のデータ(index)は残っています。", 2),
        (another_journal, "データベース", "待ち合う", 1),
        (cut_off, "データベース", "途中で止まった", 1),
        (from_tomorrow, "時計", "それより後のもの", 1),
        (open_to_all, "データの置き場所", "ほかの利用者も読めるもの", 1),
        (damaged_index, "検索用のデータ", "1件が壊れています", 1),
        (damaged_vectors, "単語ベクトル", "市で作った単語ベクトル", 1),
        (old_upload, "取り込み途中のファイル", "1件、1日を過ぎて", 1),
    ],
)
def test_what_is_wrong_is_named_and_left_as_it_is(
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    happens: Callable[[Path], None],
    subject: str,
    says: str,
    severity: int,
) -> None:
    happens(data)
    before = everything(data)
    monkeypatch.setenv("KYODO_DATA", str(data))
    result = CliRunner().invoke(app, ["doctor", "--json"])
    answer = json.loads(result.stdout)
    wrong = {one["subject"]: one["message"] for one in answer["findings"] if one["severity"] != "well"}
    assert list(wrong) == [subject]
    assert says in wrong[subject]
    assert (result.exit_code, answer["severity"]) == (severity, ("well", "look", "broken")[severity])
    assert everything(data) == before


def test_a_place_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "フォルダーではありません" in told(Settings(data=tmp_path / "file"))["データの置き場所"]


def test_settings_that_cannot_be_right_are_named_and_never_what_they_hold(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data=data, host="0.0.0.0", reader_key=SecretStr("the-key"))
    found = [one for one in examine(settings, {"KYODO_DATEN": "the-word"}) if one.severity is not Verdict.WELL]
    assert [one.severity for one in found] == [Verdict.LOOK, Verdict.BROKEN, Verdict.LOOK]
    assert "KYODO_DATEN" in found[0].message
    assert "the-" not in str(found)
    assert "KYODO_HOSTS がない" in told(Settings(data=data, allow_remote=True))["設定"]
    assert "KYODO_ALLOW_REMOTE がない" in told(Settings(data=data, proxies="127.0.0.1"))["設定"]
    monkeypatch.setenv("KYODO_PORT", "99999")
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 2
    assert result.stdout.startswith("[故障] 設定: 環境変数 KYODO_PORT")


@pytest.mark.parametrize("url", ["postgresql+psycopg://u:the-word@127.0.0.1:1/x", "mysql://u:the-word@h/x", "nothing"])
def test_a_database_that_cannot_be_reached_is_named_without_its_password(data: Path, url: str) -> None:
    found = told(Settings(data=data, database_url=url))
    assert list(found) == ["データベース"]
    assert "the-word" not in str(found)


def test_little_room_and_few_descriptors_are_named(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(data)
    for free, severity in [(40_000_000, Verdict.BROKEN), (500_000_000, Verdict.LOOK)]:
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage._replace(free=free))
        found = {one.subject: one for one in examine(Settings(data=data), {})}
        assert found["ディスク"].severity is severity
        assert f"{free // 1_000_000} MB" in found["ディスク"].message
    for most, severity in [(64, Verdict.BROKEN), (256, Verdict.LOOK), (resource.RLIM_INFINITY, Verdict.WELL)]:
        monkeypatch.setattr(doctor.resource, "getrlimit", lambda _, most=most: (most, most))
        assert {one.subject: one.severity for one in examine(Settings(data=data), {})}["接続の数"] is severity


def test_a_clock_that_was_never_set_is_named() -> None:
    (found,) = doctor._clock(None, datetime(1970, 1, 1, tzinfo=UTC))
    assert (found.severity, "1970-01-01 09:00" in found.message) == (Verdict.BROKEN, True)


def test_an_earlier_programs_database_is_left_to_the_next_start(data: Path) -> None:
    db = database.connect(f"sqlite:///{data / 'kyodo.sqlite3'}")
    with db.write() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '0003'")
    db.close()
    assert "前の版" in told(Settings(data=data))["データベース"]
