"""Failures as pages, and who is let in."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from requests_of import suggest_for_issue, track
from service import Service, client_of, first_issue
from starlette.testclient import TestClient

from api.app import create_app
from api.context import open_context
from api.errors import Invalid, KyodoError
from api.failures import STATUS
from api.settings import Settings
from api.usecases import collection
from corpus import database


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/issues/none", 404),
        ("GET", "/organisations/none", 404),
        ("GET", "/cases/none", 404),
        ("GET", "/imports/none", 404),
        ("DELETE", "/issues", 405),
        ("GET", "/issues?page=0", 422),
        ("GET", "/indicators?year=soon", 422),
    ],
)
def test_a_failure_is_a_page_with_a_sentence_and_the_way_back(
    shown: Service, method: str, path: str, status: int
) -> None:
    client, _ = shown
    answer = client.request(method, path)
    assert answer.status_code == status
    assert "前の画面へ戻る" in answer.text
    assert re.search(r'role="alert">\s*<p>[^<]+。</p>', answer.text)


def test_an_unexpected_failure_shows_no_inside_and_keeps_the_headers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx = open_context(Settings(data=tmp_path))
    monkeypatch.setattr(collection, "cases", lambda *_: 1 / 0)
    answer = client_of(ctx, raise_server_exceptions=False).get("/cases")
    assert answer.status_code == 500
    assert "申し訳ありません" in answer.text
    assert "ZeroDivision" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_every_expected_error_has_its_own_status_and_code() -> None:
    kinds = KyodoError.__subclasses__() + Invalid.__subclasses__()
    assert set(kinds) | {KyodoError} == set(STATUS)
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_while_another_program_writes_pages_are_seen_and_what_must_be_written_is_told_to_wait(
    real: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client, ctx = real
    monkeypatch.setattr(database, "PATIENCE", 0.1)
    issue = first_issue(ctx, "猫")
    body = suggest_for_issue(ctx, issue).candidates[0].id
    with closing(sqlite3.connect(ctx.settings.data / "kyodo.sqlite3", isolation_level=None)) as other_program:
        other_program.execute("BEGIN IMMEDIATE")
        seen = client.get(f"/issues/{issue}")
        asked = client.get(f"/api/v1/issues/{issue}/suggestions")
        refused = client.post(f"/api/v1/issues/{issue}/reviews", json={"organisation": body, "grade": "suitable"})
        other_program.execute("ROLLBACK")
    assert (seen.status_code, asked.status_code) == (200, 200)
    (shown_as,) = set(re.findall(r'name="ranking" value="([0-9a-f]{64})"', seen.text))
    assert f"候補の一覧を記録できませんでした(課題 {issue}、Busy)。" in caplog.text
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "busy")
    assert "もう一度お試しください" in refused.text
    for shown, known in [("0" * 64, (None, False, None)), (shown_as, (1, True, 1))]:  # another list is not taken for it
        said = {"organisation": body, "grade": "suitable", "ranking": shown, "comment": shown[:1]}
        assert client.post(f"/issues/{issue}/reviews", data=said).status_code == 200
        review = track(ctx, issue).history[0]
        assert (review.rank, review.model != "", review.ranking) == known
    assert 'name="ranking" value="1"' in client.get(f"/issues/{issue}").text


def test_only_this_machine_is_served_unless_the_setting_allows_others(tmp_path: Path) -> None:
    for allowed, status in [(False, 403), (True, 200)]:
        ctx = open_context(Settings(data=tmp_path, allow_remote=allowed, hosts="Kyodo.example"))
        client = TestClient(create_app(ctx), base_url="http://kyodo.example", client=("192.0.2.7", 50000))
        assert client.get("/imports").status_code == status


def test_another_host_name_is_refused_so_that_no_foreign_name_can_point_here(
    shown: Service,
) -> None:
    client, _ = shown
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 403
    assert client.get("/", headers={"Host": "localhost:8000"}).status_code == 200
    assert client.get("/", headers={"Host": "[::1]:8000"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Origin": "http://127.0.0.1:8000"}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:9000"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:8000"}, 403),
    ],
)
def test_a_change_is_taken_from_our_own_pages_only(shown: Service, headers: dict[str, str], status: int) -> None:
    client, _ = shown
    answer = client.post(f"/imports/{'x' * 22}/cancel", headers=headers, follow_redirects=False)
    assert answer.status_code == status


def test_too_much_is_refused_before_and_while_it_is_read(shown: Service) -> None:
    client, _ = shown
    announced = client.post("/candidates", data={"text": "あ" * 400_000})
    unannounced = client.post(
        "/candidates",
        content=(b"text=" + b"a" * 100_000 for _ in range(20)),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert (announced.status_code, unannounced.status_code) == (413, 413)
    assert "MB までです" in announced.text


def test_every_answer_carries_the_protecting_headers_and_pages_are_kept_in_no_cache(
    shown: Service,
) -> None:
    client, _ = shown
    for path, cache in [("/", "no-store"), ("/api/v1/health", "no-store"), ("/nothing", "no-store")]:
        headers = client.get(path).headers
        assert headers["cache-control"] == cache
        assert headers["x-content-type-options"] == "nosniff"
        assert "script-src" not in headers["content-security-policy"]  # default-src 'none' holds
    assert client.get("/static/style.css").headers["cache-control"] == "no-cache"


def test_a_head_request_gets_the_headers_of_the_page_without_the_page(shown: Service) -> None:
    client, _ = shown
    answer = client.head("/")
    assert (answer.status_code, answer.content) == (200, b"")
    assert client.head("/nothing").status_code == 404
