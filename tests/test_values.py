"""What columns may hold is checked at one door, and one bad row costs its own mention, never a page of others."""

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta

import pytest
from databases import on_sqlite
from requests_of import done, judge, seen
from service import Service, client_of, first_issue, upload
from starlette.testclient import TestClient

from api.context import Context, open_context
from api.errors import Invalid
from api.settings import Settings
from api.usecases import collection, reviews
from api.usecases.given import place_given
from corpus.access import LOCAL
from corpus.clock import today
from corpus.records.cases import Case, ProgrammeYear
from corpus.records.decisions import Grade, Stage
from corpus.records.issues import Issue, IssueDraft, IssueStatus
from corpus.records.organisations import Organisation
from corpus.store import cases as case_rows
from corpus.store import issues as issue_rows
from corpus.store import organisations as organisation_rows
from corpus.values import MAX_PLACE, Unstorable, faults

BAD_FIELDS = ([99], [-1], [0], [21], [32], [2**40])
DRAFT = {"title": "猫の相談", "problem": "猫が増えている"}
HALF = "\ud800"


@pytest.fixture
def empty(ctx: Context, read_here: None) -> Iterator[Service]:
    """The service on either database."""
    with client_of(ctx) as client:
        yield client, ctx


@pytest.fixture
def decided(real: Service) -> tuple[TestClient, Context, str, str]:
    """Two issues and organisations, one pair judged, introduced and begun; one case."""
    client, ctx = real
    issue, organisation = first_issue(ctx, "猫"), seen(ctx, collection.organisations, "猫").items[0].id
    assert client.get(f"/issues/{issue}").status_code == 200
    judge(ctx, issue, organisation, Grade.SUITABLE, ranking=1)
    met = done(ctx, reviews.introduce, issue, organisation, today())
    done(ctx, reviews.add_event, met.id, Stage.STARTED, today())
    with ctx.write(LOCAL) as s:
        steps = (ProgrammeYear(fiscal_year=2015, stage="ニーズ調査"),)
        case_rows.upsert(s, [Case(id="c-1", key="k", title="猫の見守り", issue="猫", programme=steps)])
    return client, ctx, issue, organisation


def pages(issue: str, organisation: str) -> list[str]:
    names = ["/", "/issues", f"/issues/{issue}", f"/issues/{issue}/edit", "/organisations", "/cases", "/indicators"]
    names += [f"/organisations/{organisation}", "/imports", "/imports/new", "/models", "/issues?text=猫", "/cases/c-1"]
    inner = ["issues", f"issues/{issue}", f"issues/{issue}/suggestions", f"issues/{issue}/reviews", "organisations"]
    inner += [f"issues/{issue}/introductions", f"organisations/{organisation}/suggestions", "cases", "cases/c-1"]
    inner += ["health", "indicators", f"issues/{issue}/similar-cases", f"issues/{issue}/similar-issues"]
    return names + [f"/api/v1/{name}" for name in inner]


@pytest.mark.parametrize("fields", BAD_FIELDS)
def test_fields_that_the_law_does_not_list_are_refused_by_json_and_form(real, fields):
    client, ctx = real
    sent = client.post("/api/v1/issues", json={**DRAFT, "fields": fields})
    issue = first_issue(ctx)
    changed = client.put(f"/api/v1/issues/{issue}", json={**DRAFT, "fields": fields, "version": 1})
    form = client.post("/issues", data={**DRAFT, "fields": fields})
    chosen = client.post(f"/issues/{issue}/fields", data={"version": 1, "chosen": fields})

    assert [answer.status_code for answer in (sent, changed, form, chosen)] == [422] * 4
    assert sent.json()["error"]["details"][0]["field"] == "fields"
    assert "1から20" in sent.json()["error"]["details"][0]["message"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"fiscal_year": 10**6},
        {"fiscal_year": -1},
        {"fiscal_year": 2**70},
        {"city": "市" * 100_000},
        {"city": HALF},
        {"prefecture": "岡" * (MAX_PLACE + 1)},
        {"department": "課" * 201},
        {"title": HALF},
        {"title": "\0"},
        {"note": "あ" * 32_768},
        {"area": "\udfff"},
        {"release_level": "everyone"},
        {HALF: 1},
        {"語" * 100_000: 1},
    ],
)
def test_what_no_column_takes_is_refused_with_a_sentence_that_does_not_repeat_it(real, wrong):
    client, _ = real
    answer = client.post("/api/v1/issues", content=json.dumps({**DRAFT, **wrong}).encode())

    assert answer.status_code == 422
    assert len(answer.text) < 1_000
    assert all(detail["message"].endswith("。") for detail in answer.json()["error"]["details"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("suggestions", {"text": "猫", "city": HALF}),
        ("suggestions", {"text": "猫", "prefecture": HALF}),
        ("suggestions", {"text": HALF}),
        ("suggestions", {"text": "猫", "city": "市" * 100_000}),
        ("issues/{issue}/reviews", {"organisation": HALF, "grade": "suitable"}),
        ("issues/{issue}/reviews", {"organisation": "o-1", "grade": "suitable", "reason": HALF}),
        ("issues/{issue}/reviews", {"organisation": "o-1", "grade": "suitable", "comment": HALF}),
        ("issues/{issue}/missed", {"organisation": HALF}),
        ("issues/{issue}/introductions", {"organisation": HALF, "introduced_on": "2024-05-27"}),
    ],
)
def test_half_a_character_is_refused_wherever_a_text_comes_in(real, path, body):
    client, ctx = real
    answer = client.post(f"/api/v1/{path.format(issue=first_issue(ctx))}", content=json.dumps(body).encode())

    assert answer.status_code == 422
    assert len(answer.text) < 1_000


def test_versions_and_numbers_that_no_column_can_hold_are_never_an_error_of_the_server(real):
    client, ctx = real
    issue, huge = first_issue(ctx), 2**70
    organisation = seen(ctx, collection.organisations).items[0].id
    graded = {"organisation": organisation, "grade": "suitable"}
    answers = [
        client.put(f"/api/v1/issues/{issue}", json={**DRAFT, "version": huge}),
        client.put(f"/api/v1/issues/{issue}/status", json={"version": -huge, "status": "open"}),
        client.post(f"/issues/{issue}", data={**DRAFT, "version": huge}),
        client.post(f"/issues/{issue}/status", data={"version": huge, "status": "open"}),
        client.post(f"/issues/{issue}/fields", data={"version": "9" * 5_000, "chosen": 1}),
        client.post(f"/issues/{issue}/fields", data={"version": 1, "chosen": "9" * 5_000}),
        client.post(f"/issues/{issue}/reviews", data={**graded, "ranking": "9" * 5_000}),
        client.post(f"/issues/{issue}/reviews", data={**graded, "ranking": "٣"}),
        client.post(f"/api/v1/issues/{issue}/reviews", json={**graded, "ranking": huge}),
        client.post(f"/api/v1/introductions/{huge}/void"),
        client.post(f"/api/v1/introductions/{'9' * 5_000}/void"),
        client.post(f"/api/v1/events/{huge}/void"),
        client.post(f"/issues/{issue}/introductions/{huge}/events", data={"stage": "started", "on": "R6.5.27"}),
        client.get(f"/issues?page={huge}"),
        client.get(f"/api/v1/issues?fiscal_year={huge}"),
        client.get(f"/indicators?year={'9' * 400}"),
        client.get(f"/issues?year={'9' * 400}"),
        client.get(f"/api/v1/organisations?city={'市' * 3_000}"),
        client.get(f"/organisations?kind={'種' * 3_000}"),
        client.get("/issues/%ED%A0%80"),
        client.get("/api/v1/organisations/%ED%A0%80"),
        client.get("/api/v1/cases/%00"),
    ]

    assert {answer.status_code for answer in answers} <= {404, 409, 422}
    assert all(len(answer.text) < 60_000 and "9" * 200 not in answer.text for answer in answers)


def test_half_characters_in_forms_addresses_and_names_of_files_are_no_error_of_the_server(real):
    client, ctx = real
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    issue = first_issue(ctx)
    answers = [
        client.post("/candidates", content=b"text=%E7%8C%AB&city=%ED%A0%80", headers=form),
        client.post("/issues", content=b"title=%ED%A0%80&problem=%00", headers=form),
        client.post(f"/issues/{issue}/missed", content=b"organisation=%ED%A0%80", headers=form),
        client.get("/issues?text=%ED%A0%80&department=%ED%A0%80"),
        client.get(f"/issues/{issue}?find=%ED%A0%80%00"),
        client.get("/organisations?kind=%00"),
    ]

    assert all(answer.status_code < 500 for answer in answers)
    assert upload(client, "団体\udce3.csv".encode("utf-8", "replace").decode(), "団体名\n猫の会\n".encode())


def test_a_long_place_in_a_form_is_not_shown_again(real):
    client, _ = real
    answer = client.post("/candidates", data={"text": "猫", "city": "市" * 100_000})

    assert answer.status_code == 422
    assert len(answer.text) < 30_000


@pytest.mark.parametrize("on", [date(1, 1, 1), date(1989, 1, 7), today() + timedelta(days=1), date(9999, 12, 31)])
def test_nobody_was_introduced_before_heisei_or_will_have_been(real, on):
    client, ctx = real
    issue, organisation = first_issue(ctx), seen(ctx, collection.organisations).items[0].id
    made = {"organisation": organisation, "introduced_on": on.isoformat()}

    assert client.post(f"/api/v1/issues/{issue}/introductions", json=made).status_code == 422
    met = done(ctx, reviews.introduce, issue, organisation, date(1989, 1, 8))
    event = {"stage": "agreed", "happened_on": on.isoformat()}
    assert client.post(f"/api/v1/introductions/{met.id}/events", json=event).status_code == 422


def test_a_draft_sent_twice_is_stored_once_but_sent_after_a_change_it_is_another_issue(empty):
    _, ctx = empty
    draft = IssueDraft(title="猫の相談", problem="猫が増えている")
    first = done(ctx, collection.write_issue, draft)
    assert done(ctx, collection.write_issue, draft) == first

    done(ctx, collection.edit_issue, first.id, 1, replace(draft, title="犬の相談"))
    second = done(ctx, collection.write_issue, draft)
    assert done(ctx, collection.write_issue, draft) == second
    assert (second.id != first.id, second.title) == (True, "猫の相談")

    done(ctx, collection.set_status, second.id, 1, IssueStatus.CLOSED)
    third = done(ctx, collection.write_issue, draft)
    assert seen(ctx, collection.issues).total == 3
    assert third.status is IssueStatus.OPEN


def test_the_store_takes_nothing_that_its_columns_cannot_hold(empty):
    _, ctx = empty
    wrong = [
        (issue_rows, Issue(id="i", key="i", title="業務", fields=frozenset({99}))),
        (issue_rows, Issue(id="i", key="i", title=HALF)),
        (issue_rows, Issue(id="i" * 65, key="i", title="業務")),
        (issue_rows, Issue(id="i", key="i", title="業務", fiscal_year=10**10)),
        (organisation_rows, Organisation(id="o", key="o", name="会", city="市" * 101)),
        (case_rows, Case(id="c", key="c", title="例", partners=("\0",))),
        (case_rows, Case(id="c", key="c", title="例", programme=(ProgrammeYear(fiscal_year=9, stage=""),))),
    ]
    for store, record in wrong:
        with pytest.raises(Unstorable), ctx.write(LOCAL) as s:
            store.upsert(s, [record])
    assert faults(Issue(id="i", key="i", title="業務", fields=frozenset({1, 20}))) == []


def test_a_row_of_a_file_that_no_column_takes_is_named_and_kept_out(empty):
    client, _ = empty
    long = json.dumps({"name": "猫の会", "city": "市" * 101, "activities": "世話"}, ensure_ascii=False)
    good = json.dumps({"name": "犬の会", "city": "岡山市", "activities": "散歩"}, ensure_ascii=False)
    preview = upload(client, "団体.jsonl", f"{long}\n{good}\n".encode())

    assert "100文字まで" in client.get(preview).text


def test_places_given_on_the_command_line_may_be_no_text():
    for place in ("\udce3\udc81", "市" * 101):
        with pytest.raises(Invalid) as refused:
            place_given("", place)
        assert len(refused.value.message) < 100


TABLES = ["organisations", "issues", "cases", "rankings", "reviews", "introductions", "stage_events", "imports"]
BROKEN = {
    "text that is none": "CAST(x'ff80' AS TEXT)",
    "bytes": "x'00ff'",
    "a long number": "9223372036854775807",
    "JSON of another shape": '\'{"a": [99, "\\ud800", null]}\'',
    "JSON of half characters": '\'["\\ud800", 99, -1, true, {"stage": 5, "fiscal_year": "x"}]\'',
}


@on_sqlite  # a file takes whatever is written into it
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_one_bad_row_costs_its_own_mention_and_no_page(decided, broken, caplog):
    _, ctx, issue, organisation = decided
    client = client_of(ctx, raise_server_exceptions=False)
    failed = []
    for table, column in _columns(ctx):
        which = {"organisations": f"id = '{organisation}'", "issues": f"id = '{issue}'"}.get(table, "true")
        with closing(_raw(ctx)) as raw:
            number, before = raw.execute(f"SELECT rowid, {column} FROM {table} WHERE {which} LIMIT 1").fetchone()
            _set(raw, table, column, number, broken)
            asked = [(page, client.get(page)) for page in _pages_of(table, issue, organisation)]
            failed += [(table, column, page) for page, answer in asked if answer.status_code >= 500]
            assert all("川辺の会" in answer.text for page, answer in asked if page == "/organisations")
            _set(raw, table, column, number, "?", before)

    assert failed == []
    assert not any(
        word in record.getMessage() for record in caplog.records for word in ("猫", "922337203", "fiscal_year")
    )


def _raw(ctx: Context) -> sqlite3.Connection:
    raw = sqlite3.connect(ctx.settings.data / "kyodo.sqlite3")
    raw.execute("PRAGMA ignore_check_constraints=ON")
    for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        raw.execute(f"DROP TRIGGER {trigger}")
    return raw


def _columns(ctx: Context) -> list[tuple[str, str]]:
    """All but those by which rows refer to one another."""
    referring = ("id", "key", "issue", "organisation", "introduction", "ranking")
    with closing(_raw(ctx)) as raw:
        named = [(table, row[1]) for table in TABLES for row in raw.execute(f"PRAGMA table_info({table})")]
    found = [(table, column) for table, column in named if table == "cases" or column not in referring]
    assert len(found) > 90
    return [pair for pair in found if pair[1] not in ("id", "key")]


def _set(raw: sqlite3.Connection, table: str, column: str, number: int, expression: str, *values: object) -> None:
    raw.execute(f"UPDATE {table} SET {column} = {expression} WHERE rowid = ?", (*values, number))
    raw.execute("UPDATE revision SET number = number + 1")
    raw.commit()


def _pages_of(table: str, issue: str, organisation: str) -> list[str]:
    """Those that show rows of a table; of the long tables of content, all."""
    if table in ("issues", "organisations", "cases"):
        names = ["issues", f"issues/{issue}", "organisations", f"organisations/{organisation}", "cases", "cases/c-1"]
        suggested = [f"/api/v1/issues/{issue}/suggestions", f"/issues/{issue}/edit"]
        return [f"{way}/{name}" for way in ("", "/api/v1") for name in names] + suggested
    return [page for page in pages(issue, organisation) if issue in page or "import" in page or "indicators" in page]


@on_sqlite
def test_a_bad_row_stops_no_start_and_no_index(decided, caplog):
    _, ctx, issue, organisation = decided
    with closing(_raw(ctx)) as raw:
        raw.execute("UPDATE issues SET fields = '[99]', title = CAST(x'e3ff' AS TEXT), fiscal_year = 999999")
        raw.execute("UPDATE organisations SET area = CAST(x'e3ff' AS TEXT), fields = 'broken', digest = x'ff'")
        raw.commit()
    ctx.db.close()
    again = open_context(Settings(data=ctx.settings.data))
    with client_of(again) as client, caplog.at_level(logging.WARNING):
        assert [page for page in pages(issue, organisation) if client.get(page).status_code >= 500] == []
