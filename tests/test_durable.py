"""What is kept in the data folder: nobody else's to read, not begun anew over what is left, said when broken."""

import errno
import os
import re
import shutil
import socket
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from requests_of import done, reading, seen, writing
from service import INVENTORY, REGISTER, Service, client_of, first_issue, upload
from typer.testing import CliRunner

from api import app as service_of
from api.cli import app
from api.context import open_context
from api.errors import NotFound
from api.settings import Settings
from api.usecases import collection, imports
from corpus.access import LOCAL
from corpus.database import Database, connect
from corpus.database_faults import Busy, UnusableDatabase
from corpus.records.issues import IssueDraft
from corpus.store import meta


def open_to_others(folder: Path) -> list[str]:
    everything = [folder, *folder.rglob("*")]
    return sorted(path.name for path in everything if not path.is_symlink() and path.stat().st_mode & 0o077)


def used(folder: Path) -> None:
    """A collection with an index and a staged upload."""
    ctx = open_context(Settings(data=folder))
    with client_of(ctx) as client:
        client.post(f"{upload(client, '団体.csv', REGISTER.encode())}/confirm")
        client.post(f"{upload(client, '棚卸.csv', INVENTORY.encode())}/confirm")
        client.get(f"/issues/{first_issue(ctx)}")
        upload(client, "団体.csv", REGISTER.encode())
        assert (folder / "kyodo.sqlite3-wal").exists()
        assert open_to_others(folder) == []


def test_whatever_is_written_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        used(tmp_path / "data")
    finally:
        os.umask(umask)


def test_an_open_folder_is_closed_at_the_next_start_and_what_is_not_ours_is_left(tmp_path: Path) -> None:
    used(tmp_path / "data")
    (tmp_path / "outside").write_text("x")
    (tmp_path / "outside").chmod(0o644)
    (tmp_path / "data" / "index" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "data" / "backup.tar").write_text("x")
    for path in (tmp_path / "data", *(tmp_path / "data").rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    open_context(Settings(data=tmp_path / "data")).db.close()
    assert open_to_others(tmp_path / "data") == ["backup.tar"]
    assert (tmp_path / "outside").stat().st_mode & 0o777 == 0o644


def lose(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def without_tables(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 1")


@pytest.mark.parametrize("left", ["index", "uploads", "encoded"])
@pytest.mark.parametrize("happens", [lose, empty, without_tables])
def test_over_a_lost_database_nothing_is_begun_anew(tmp_path: Path, left: str, happens: object) -> None:
    used(tmp_path)
    (tmp_path / "encoded").mkdir()
    (tmp_path / "encoded" / "x").touch()
    for name in {"index", "uploads", "encoded"} - {left}:
        shutil.rmtree(tmp_path / name)
    happens(tmp_path / "kyodo.sqlite3")  # type: ignore[operator]
    (tmp_path / "kyodo.sqlite3-wal").unlink(missing_ok=True)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with pytest.raises(UnusableDatabase, match=f"データベースが見つからないか、空です。.*{left}.*元の場所に戻して"):
        open_context(Settings(data=tmp_path))
    assert sorted(path.name for path in tmp_path.rglob("*") if path.suffix != ".sqlite3-shm") >= before[:1]
    assert not (tmp_path / "kyodo.sqlite3").exists() or (tmp_path / "kyodo.sqlite3").stat().st_size < 10_000
    shutil.rmtree(tmp_path / left)
    ctx = open_context(Settings(data=tmp_path))
    assert seen(ctx, collection.issues).total == 0
    ctx.db.close()


def test_a_journal_without_its_database_is_a_lost_database(tmp_path: Path) -> None:
    (tmp_path / "kyodo.sqlite3-wal").write_bytes(b"x" * 5_000)
    with pytest.raises(UnusableDatabase, match=r"kyodo\.sqlite3-wal"):
        open_context(Settings(data=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["kyodo.sqlite3-wal"]


def text(path: Path) -> None:
    path.write_text("これは表ではありません。" * 500, encoding="utf-8")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def scribble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for at in range(8_192, len(content), 4_096):
        content[at : at + 300] = b"\xff" * 300
    path.write_bytes(content)


@pytest.mark.parametrize("happens", [text, cut, folder, scribble])
@pytest.mark.parametrize("command", [["serve"], ["samples", "remove"], ["import", "団体.csv"]])
def test_a_broken_database_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, happens: object, command: list[str]
) -> None:
    used(tmp_path)
    happens(tmp_path / "kyodo.sqlite3")  # type: ignore[operator]
    monkeypatch.setenv("KYODO_DATA", str(tmp_path))
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        monkeypatch.setenv("KYODO_PORT", str(free.getsockname()[1]))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "団体.csv").write_text(REGISTER, encoding="utf-8")
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert re.fullmatch(r"[^\n]*(壊れています|データベースではない)[^\n]*ください。\n", result.stderr)


def test_a_database_that_goes_while_the_service_runs_is_said_and_not_begun_anew(
    real: Service, caplog: pytest.LogCaptureFixture
) -> None:
    client, ctx = real
    issue = first_issue(ctx)
    (ctx.settings.data / "kyodo.sqlite3").unlink()
    body = IssueDraft(title="猫の相談", problem="人手がない")
    with pytest.raises(UnusableDatabase, match="なくなりました"):
        done(ctx, collection.write_issue, body)
    for path in ("/", f"/issues/{issue}"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert "知らせてください。" in answer.text
    assert "データベースのファイルがなくなりました。" in caplog.text
    assert not (ctx.settings.data / "kyodo.sqlite3").exists()


def test_a_writer_waits_as_long_as_it_has_patience(db: Database, database_url: str) -> None:
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with writing(db) as s:
            meta.bump(s)
            entered.set()
            leave.wait(30)

    holding = threading.Thread(target=hold)
    holding.start()
    entered.wait(30)
    for patience in (0, 0.2):
        with pytest.raises(Busy, match="しばらく待って"), db.write(patience):
            raise AssertionError("two write at once")
        assert holding.is_alive()  # it has not waited until the other was done
    with reading(db) as s:
        assert meta.revision(s) == 0
    threading.Timer(0.2, leave.set).start()
    with writing(db, patience=20) as s:
        meta.bump(s)
    holding.join()
    with closing(connect(database_url)) as of_another_process, of_another_process.write():
        for patience in (0, 0.2):
            with pytest.raises(Busy), db.write(patience):
                raise AssertionError("two write at once")
    with reading(db) as s:
        assert meta.revision(s) == 2


def test_a_failed_upload_leaves_nothing_and_what_is_old_or_odd_goes(
    real: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, ctx = real
    uploads = ctx.settings.data / "uploads"

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as still:
        still.setattr(imports.private, "write_new", full)
        answer = client.post("/imports", files={"file": ("団体.csv", REGISTER.encode())})
        asked = client.post("/api/v1/imports?dry_run=false", files={"file": ("a.csv", REGISTER.encode())})
    assert (answer.status_code, asked.status_code) == (507, 200)
    assert "ディスクの空きがありません。" in answer.text
    assert list(uploads.iterdir()) == []
    new = imports.stage_upload(ctx.settings, LOCAL, "a.csv", b"a")
    (uploads / ".draft-x").mkdir()
    (uploads / "file").write_text("x")
    (uploads / "link").symlink_to(ctx.settings.data / "kyodo.sqlite3")
    (uploads / "future").mkdir()
    for name in (".draft-x", "file", "link"):
        os.utime(uploads / name, (1, 1), follow_symlinks=False)
    os.utime(uploads / "future", (9e9, 9e9))
    assert imports.sweep_uploads(ctx.settings) == 4
    assert [path.name for path in uploads.iterdir()] == [new]
    (uploads / new / "content").unlink()
    (uploads / new / "content").mkdir()
    with pytest.raises(NotFound):
        imports.staged(ctx.settings, new)


def test_the_service_removes_an_old_upload_at_its_start_and_then_every_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx = open_context(Settings(data=tmp_path))
    uploads = tmp_path / "uploads"
    imports.stage_upload(ctx.settings, LOCAL, "団体.csv", b"a")
    imports.stage_upload(ctx.settings, LOCAL, "棚卸.csv", b"b")
    for path in uploads.iterdir():
        os.utime(path, (time.time() - imports.UPLOAD_SECONDS - 60,) * 2)
    with client_of(ctx):
        assert emptied(uploads)
    monkeypatch.setattr(imports, "UPLOAD_SECONDS", 0.2)  # a day passes quickly, and so does an hour
    monkeypatch.setattr(service_of, "_SWEEP_SECONDS", 0.1)
    with client_of(ctx):
        time.sleep(0.5)
        imports.stage_upload(ctx.settings, LOCAL, "団体.csv", b"a")
        assert emptied(uploads)


def emptied(folder: Path) -> bool:
    for _ in range(100):
        if not list(folder.iterdir()):
            return True
        time.sleep(0.1)
    return False


def test_a_file_in_the_place_of_the_uploads_gives_way(real: Service) -> None:
    _, ctx = real
    shutil.rmtree(ctx.settings.data / "uploads")
    (ctx.settings.data / "uploads").write_text("x")
    assert imports.sweep_uploads(ctx.settings) == 0
    assert imports.staged(ctx.settings, imports.stage_upload(ctx.settings, LOCAL, "a.csv", b"a")) == ("a.csv", b"a")
