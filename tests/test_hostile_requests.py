"""What was asked of the service to break it, and rows and folders that a hand has left in disorder."""

import errno
import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from requests_of import done, judge, seen, similar_issues, suggest_for_text
from service import Service, client_of, first_issue

from api.context import Context, open_context
from api.errors import Invalid
from api.failures import describe
from api.settings import Settings, read_settings
from api.usecases import collection, imports, reviews
from corpus.access import LOCAL
from corpus.readers.base import ReadOptions
from corpus.records.decisions import Grade
from corpus.records.issues import IssueDraft
from corpus.synonyms import BrokenSynonyms, read_synonyms

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        '{"title":"a","problem":"b","fields":[' + ",".join(["[]"] * 300_000) + "]}",
        '{"title":"a","problem":"b","fields":[' + ",".join(['"a"'] * 240_000) + "]}",
        "{" + ",".join(f'"k{n}":0' for n in range(90_000)) + "}",
        "[" + ",".join(["{}"] * 300_000) + "]",
    ],
    ids=["lists", "texts", "unknown keys", "objects"],
)
def test_a_refusal_is_short_however_much_is_wrong(real: Service, body: str) -> None:
    answer = real[0].post("/api/v1/issues", content=body, headers=JSON)
    assert answer.status_code == 422
    assert len(answer.content) < 20_000
    assert len(answer.json()["error"]["details"]) <= 20


@pytest.mark.parametrize("origin", ["http://[::1", "http://]", "http://[x]:8000", "null", "//", "http://evil.example"])
def test_an_origin_that_is_no_address_of_ours_is_refused(real: Service, origin: str) -> None:
    assert real[0].post("/candidates", data={"text": "猫"}, headers={"origin": origin}).status_code == 403


def by_hand(ctx: Context, *statements: str) -> None:
    """As with any SQL tool, which minds no keys to other tables."""
    with closing(sqlite3.connect(ctx.settings.data / "kyodo.sqlite3", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def decided(ctx: Context) -> tuple[str, str, str]:
    """An issue, an organisation that was judged and introduced, another organisation."""
    issue = first_issue(ctx, "猫")
    first, second = (one.id for one in seen(ctx, collection.organisations).items)
    for body in (first, second):
        judge(ctx, issue, body, Grade.SUITABLE)
        done(ctx, reviews.introduce, issue, body, date(2024, 5, 1))
    return issue, first, second


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM organisations WHERE id = '{body}'",
        "UPDATE organisations SET id = '' WHERE id = '{body}'",
        "DELETE FROM issues WHERE id = '{issue}'",
        "UPDATE issues SET version = -1 WHERE id = '{issue}'",
        "DELETE FROM revision",
        "INSERT INTO revision (id, number) VALUES (7, 5)",
    ],
)
def test_a_row_that_is_gone_or_doubled_costs_no_page(real: Service, statement: str) -> None:
    client, ctx = real
    issue, body, other = decided(ctx)
    by_hand(ctx, statement.format(issue=issue, body=body), "UPDATE revision SET number = number + 1")
    for path in ("/", "/issues", "/organisations", f"/organisations/{other}", "/indicators", "/models"):
        assert client.get(path).status_code == 200, path
    for path in (f"/issues/{issue}", f"/issues/{issue}/edit", f"/organisations/{body}"):
        assert client.get(path).status_code in (200, 404), path
    assert client.post("/api/v1/suggestions", json={"text": "猫の世話"}).status_code == 200
    assert client.post("/api/v1/issues", json={"title": "a", "problem": "b"}).status_code == 201
    assert "a" in client.get("/issues").text


def test_a_partner_that_is_gone_is_still_mentioned(real: Service) -> None:
    client, ctx = real
    issue, body, _ = decided(ctx)
    by_hand(ctx, f"DELETE FROM organisations WHERE id = '{body}'", "UPDATE revision SET number = number + 1")
    assert reviews.GONE in client.get(f"/issues/{issue}").text


def test_a_revision_that_was_lost_is_begun_anew_where_no_state_is_known_by_it(real: Service) -> None:
    _, ctx = real
    suggest_for_text(ctx, "猫の世話")
    by_hand(ctx, "DELETE FROM revision")
    draft = IssueDraft(title="カブトムシの観察", problem="カブトムシを教える人がいない")
    written = done(ctx, collection.write_issue, draft)
    other = done(ctx, collection.write_issue, IssueDraft(title="虫の会", problem="カブトムシの話をしたい"))
    assert written.id in [one.id for one in similar_issues(ctx, other.id).candidates]


@pytest.mark.parametrize("identifier", ["new", ".", ".."])
def test_an_id_that_is_an_address_of_its_own_is_refused(real: Service, identifier: str) -> None:
    line = json.dumps({"id": identifier, "title": "a", "text": "b"}).encode()
    report = imports.import_file(real[1], LOCAL, "a.jsonl", line, ReadOptions())
    assert not report.stored
    assert "使えない形です" in report.problems[0].message


@pytest.mark.parametrize("name", ["index", "encoded"])
def test_a_folder_of_derived_things_that_leads_to_itself_stops_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "kyodo.sqlite3").touch()
    ctx = open_context(Settings(data=tmp_path / "data"))
    ctx.db.close()
    (tmp_path / "data" / name).symlink_to(tmp_path / "data" / name)
    ctx = open_context(Settings(data=tmp_path / "data"), patient=False)
    with client_of(ctx) as client:
        assert client.get("/").status_code == 200


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EPERM])
def test_a_folder_that_cannot_be_written_has_its_sentence(number: int) -> None:
    status, code, message, _ = describe(OSError(number, "no"))
    assert (status, code) == (503, "not_writable")
    assert "書き込めません" in message


def test_an_empty_variable_does_not_make_the_current_folder_the_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYODO_DATA", "")
    assert read_settings().data == Path("data")


@pytest.mark.parametrize("name", ["READ_SECONDS", "READ_MEMORY_BYTES", "READ_OUTPUT_BYTES"])
def test_a_limit_that_no_system_takes_is_said_at_the_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"KYODO_{name}", "99999999999999999999")
    with pytest.raises(Invalid, match=name):
        read_settings()


def test_a_table_of_synonyms_without_an_end_is_not_read() -> None:
    with pytest.raises(BrokenSynonyms, match="大きすぎます"):
        read_synonyms(Path("/dev/zero"))
