"""A disk without room, and a temporary folder without room, for real: a small one is mounted for each test."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from requests_of import seen, suggest_for_issue, track
from service import INVENTORY, REGISTER, Service, client_of, first_issue, upload
from typer.testing import CliRunner

from api.cli import app
from api.context import open_context
from api.settings import Settings
from api.usecases import collection
from corpus.places import gazetteer


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 12 MB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "kyodo-test", place], capture_output=True)
    if mounted.returncode:
        pytest.skip("a full disk is not tried, because nothing may be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(place: Path) -> None:
    """To the last byte."""
    with (place / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4_096)
    with suppress(OSError), (place / "crumbs").open("wb", buffering=0) as file:
        while True:
            file.write(b"x")


def make_room(place: Path) -> None:
    for name in ("filler", "crumbs"):
        (place / name).unlink(missing_ok=True)


@pytest.fixture
def full(small: Path) -> Iterator[Service]:
    """A service with some entries whose disk has become full."""
    ctx = open_context(Settings(data=small / "data"))
    with client_of(ctx, raise_server_exceptions=False) as client:
        for name, text in [("団体.csv", REGISTER), ("棚卸.csv", INVENTORY)]:
            client.post(f"{upload(client, name, text.encode())}/confirm")
        client.get("/")
        fill(small)
        yield client, ctx
        make_room(small)


def test_pages_are_seen_and_asked_for_while_the_disk_is_full(full: Service) -> None:
    client, ctx = full
    issue = first_issue(ctx, "猫")
    for path in ("/", "/issues", f"/issues/{issue}", "/imports", f"/api/v1/issues/{issue}/suggestions"):
        assert client.get(path).status_code == 200, path
    answer = client.post("/api/v1/suggestions", json={"text": "猫の世話", "city": "岡山市"})
    assert answer.status_code == 200


def test_what_cannot_be_kept_is_refused_with_its_own_sentence_and_nothing_is_left(full: Service, small: Path) -> None:
    client, ctx = full
    issue = first_issue(ctx, "猫")
    body = suggest_for_issue(ctx, issue).candidates[0].id
    before = sorted((ctx.settings.data / "uploads").iterdir())
    long = "あ" * 1_900
    many = ["団体名,所在地,活動内容", *(f"会{n},岡山市北区,{long}" for n in range(3_000))]
    answers = [
        client.post(f"/issues/{issue}/reviews", data={"organisation": body, "grade": "suitable", "comment": long}),
        client.post(f"/api/v1/issues/{issue}/reviews", json={"organisation": body, "grade": "suitable"}),
        client.post("/imports", files={"file": ("団体.csv", REGISTER.encode())}),
        client.post("/api/v1/imports", files={"file": ("団体.csv", "\n".join(many).encode())}),
    ]
    for answer in answers:
        assert answer.status_code == 507
        assert "ディスクの空きがありません。" in answer.text
    assert answers[1].json()["error"]["code"] == "disk_full"
    assert sorted((ctx.settings.data / "uploads").iterdir()) == before
    assert track(ctx, issue).history == ()
    assert seen(ctx, collection.organisations).total == 2
    make_room(small)
    for kept in range(1, 3):
        answer = client.post(
            f"/issues/{issue}/reviews", data={"organisation": body, "grade": "suitable", "comment": f"{kept}"}
        )
        assert answer.status_code == 200
        assert len(track(ctx, issue).history) == kept
    assert client.post(f"{upload(client, 'a.csv', REGISTER.encode())}/confirm").status_code == 200


def test_the_terminal_says_that_the_disk_is_full(full: Service, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, ctx = full
    monkeypatch.setenv("KYODO_DATA", str(ctx.settings.data))
    (small.parent / "団体.csv").write_text(REGISTER.replace("川の清掃", "川の清掃と調査" * 900), encoding="utf-8")
    result = CliRunner().invoke(app, ["import", str(small.parent / "団体.csv")])
    assert (result.exit_code, result.stderr) == (1, _SENTENCE)
    assert CliRunner().invoke(app, ["suggest", "猫の世話", "--city", "岡山市"]).exit_code == 0
    ctx.db.close()  # the last one to go takes the working files with it, and they cannot be made again
    result = CliRunner().invoke(app, ["suggest", "猫の世話"])
    assert (result.exit_code, result.stderr) in ((0, ""), (1, _SENTENCE))
    make_room(small)
    assert CliRunner().invoke(app, ["import", str(small.parent / "団体.csv")]).exit_code == 0


_SENTENCE = (
    "ディスクの空きがないため、書き込めませんでした。何も変えていません。空きを作ってから、もう一度お試しください。\n"
)


def test_a_new_folder_on_a_full_disk_is_said_in_a_sentence(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(small)
    monkeypatch.setenv("KYODO_DATA", str(small / "data"))
    result = CliRunner().invoke(app, ["indicators"])
    assert result.exit_code == 1
    assert "ディスク" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_full_temporary_folder_stops_only_what_needs_it(
    real: Service, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, ctx = real
    monkeypatch.setattr(tempfile, "tempdir", str(small))
    monkeypatch.setenv("SQLITE_TMPDIR", str(small))
    fill(small)
    gazetteer.gazetteer.cache_clear()
    asked = client.post("/api/v1/suggestions", json={"text": "猫の世話", "prefecture": "岡山県", "city": "岡山市"})
    assert asked.status_code == 200
    assert client.post("/imports", files={"file": ("団体.csv", REGISTER.encode())}).status_code == 200
    for path in ("/imports", "/api/v1/imports"):
        answer = client.post(path, files={"file": ("団体.csv", REGISTER.encode() + b"\n" * 3_000_000)})
        assert answer.status_code == 507
        assert "ディスクの空きがありません。" in answer.text
    assert len(list((ctx.settings.data / "uploads").iterdir())) == 1
