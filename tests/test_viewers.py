"""What a viewer is shown is the same whether the issues that they may not see exist or not."""

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import date
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest
from databases import SqliteFiles
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from requests_of import done, issues_for_organisation, judge, seen, suggest_for_issue
from service import client_of, routes_below
from starlette.testclient import TestClient

from api import context as context_module
from api import dependencies
from api.app import create_app
from api.commands.suggesting import _left_out, department_rows
from api.context import Context, open_context
from api.errors import KyodoError, Refused
from api.pages import routes as pages
from api.settings import Settings
from api.usecases import collection, imports, indicators, reviews
from corpus.access import ANONYMOUS, LOCAL, PROGRAM
from corpus.records.cases import Case
from corpus.records.decisions import Grade, Stage
from corpus.records.issues import Issue, IssueStatus, ReleaseLevel
from corpus.records.organisations import Organisation
from corpus.store import cases, issues, organisations, rankings
from corpus.tables import metadata
from models.search import index
from models.search.index import NotReady

WORDS = (
    "猫の世話",
    "捕獲と手術",
    "子どもの居場所",
    "学習の支援",
    "川辺の清掃",
    "高齢者の見守り",
    "空き家の片付け",
    "外国人の相談",
)
texts = st.lists(st.sampled_from(WORDS), max_size=3).map("。".join)
levels = st.sampled_from([*ReleaseLevel, ReleaseLevel.PUBLIC])
statuses = st.sampled_from([*[IssueStatus.OPEN] * 5, IssueStatus.CLOSED])
mostly = st.sampled_from([*[True] * 5, False])
drafts = st.builds(
    Issue,
    id=st.just(""),
    key=st.just(""),
    title=st.sampled_from(WORDS),
    department=st.sampled_from(["環境課", "福祉課", ""]),
    fiscal_year=st.sampled_from([None, 2024, 2025]),
    purpose=texts,
    problem=texts,
    release_level=levels,
    status=statuses,
    seeks_partner=mostly,
    is_sample=mostly.map(lambda real: not real),
    city=st.sampled_from(["", "岡山市"]),
)
bodies = st.lists(st.tuples(texts, mostly), min_size=2, max_size=3)
_NUMBERS = count()


@pytest.fixture
def fresh(tmp_path: Path, sqlite_databases: SqliteFiles, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Opens one empty collection after the other; what is learned is read once."""
    stock = context_module.find_resources(context_module.places_of(Settings(data=tmp_path)))
    monkeypatch.setattr(context_module, "find_resources", lambda places: stock)
    with ExitStack() as open_ones:

        def opened() -> Context:
            folder = tmp_path / str(next(_NUMBERS))
            folder.mkdir()
            open_ones.enter_context(sqlite_databases.new(folder))
            ctx = open_context(Settings(data=folder))
            open_ones.enter_context(closing(ctx.db))
            return ctx

        yield opened


def fill(ctx: Context, drawn: list[Issue], profiles: list[tuple[str, bool]]) -> None:
    """The issues, organisations, a case, and what was decided about every second issue."""
    with ctx.write(LOCAL) as s:
        organisations.upsert(
            s,
            [
                Organisation(id=f"o-{n}", key=f"k{n}", name=f"会{n}", activities=text, active=active or n == 0)
                for n, (text, active) in enumerate(profiles)
            ],
        )
        issues.upsert(s, drawn)
        cases.upsert(s, [Case(id="c-1", key="c1", title="猫の見守り", issue="猫の世話", partners=("会0",))])
    for one in drawn[::2]:
        judge(ctx, one.id, "o-0", Grade.POSSIBLE, comment=f"{one.id} について")
        made = done(ctx, reviews.introduce, one.id, "o-0", date(2025, 5, 1))
        done(ctx, reviews.add_event, made.id, Stage.AGREED, date(2025, 5, 2))
        suggest_for_issue(ctx, one.id, record=True)


def numbered(drawn: list[Issue]) -> list[Issue]:
    return [replace(one, id=f"i-{n}", key=f"k{n}") for n, one in enumerate(drawn)]


def addresses(ctx: Context, ids: Mapping[str, list[str]]) -> Iterator[str]:
    """Every address that answers to GET, for each of the ids, and lists with their filters."""
    paths = [path for path, ways in create_app(ctx).openapi()["paths"].items() if "get" in ways]
    paths += [route.path for route in routes_below(pages.router) if "GET" in route.methods]
    assert len(paths) > 25
    for path in paths:
        names = re.findall(r"{(\w+)}", path)
        for chosen in product(*(ids[name] for name in names)):
            yield path.format(**dict(zip(names, chosen, strict=True)))
    for interface in ("", "/api/v1"):
        for asked in ("text=猫", "text=の", "department=環境課", "department=福祉課"):
            yield f"{interface}/issues?{asked}"
    yield "/issues?year=2024"
    yield "/api/v1/issues?fiscal_year=2024"


def told(ctx: Context, ids: Mapping[str, list[str]]) -> dict[str, tuple[int, str]]:
    with client_as(ctx, ANONYMOUS) as client:
        found = {}
        for address in addresses(ctx, ids):
            answer = client.get(address, follow_redirects=False)
            found[address] = answer.status_code, answer.text
        for name in ("環境課", "福祉課"):
            found[f"workbook {name}"] = 0, workbook_of(ctx, name)
        for text in WORDS[:3]:
            answer = client.post("/api/v1/suggestions", json={"text": text})
            found[text] = answer.status_code, answer.text
            answer = client.post("/candidates", data={"text": text})
            found[f"page {text}"] = answer.status_code, answer.text
        return found


def workbook_of(ctx: Context, department: str) -> str:
    """The lines of the workbook about a department, or why there is none."""
    with ctx.read(ANONYMOUS) as s:
        try:
            meant = collection.department_issues(s, department)
        except KyodoError as error:
            return error.message
        return str(department_rows(s, ctx.indexes, meant, 10)) + _left_out(s, meant)


def client_as(ctx: Context, viewer: Any) -> TestClient:
    client = client_of(ctx)
    client.app.dependency_overrides[dependencies.viewer] = lambda: viewer  # type: ignore[attr-defined]
    return client


@settings(
    max_examples=6,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(drafts, min_size=4, max_size=6).map(numbered), bodies)
def test_what_is_hidden_from_a_viewer_changes_nothing_that_the_viewer_is_shown(fresh, drawn, profiles):
    hidden = {one.id for one in drawn if one.release_level is not ReleaseLevel.PUBLIC}
    whole, part = fresh(), fresh()
    fill(whole, drawn, profiles)
    fill(part, [one for one in drawn if one.id not in hidden], profiles)
    ids = {
        "issue_id": [one.id for one in drawn],
        "organisation_id": [f"o-{n}" for n in range(len(profiles))],
        "case_id": ["c-1"],
        "token": ["x"],
    }
    with_them, without_them = told(whole, ids), told(part, ids)
    assert with_them == without_them
    assert {with_them[f"/issues/{id}"][0] for id in hidden} <= {404}
    assert {with_them[f"/issues/{one.id}"][0] for one in drawn if one.id not in hidden} <= {200}
    assert {status for status, _ in with_them.values()} <= {0, 200, 303, 403, 404}


def test_who_records_nothing_changes_nothing_and_is_told_so(fresh):
    ctx = fresh()
    fill(
        ctx,
        [Issue(id="i-0", key="k0", title="猫の世話", problem="人手", release_level=ReleaseLevel.PUBLIC)],
        [("猫", True)],
    )
    before = everything(ctx)
    ids = {"issue_id": "i-0", "introduction_id": "1", "event_id": "1", "token": "x" * 22}
    ways = [
        (way, path) for path, ways in create_app(ctx).openapi()["paths"].items() for way in ways if way != "get"
    ] + [("post", route.path) for route in routes_below(pages.router) if "POST" in route.methods]
    assert len(ways) > 20
    with client_as(ctx, ANONYMOUS) as client:
        for way, path in ways:
            if path not in ("/candidates", "/issues/new", "/api/v1/suggestions"):  # what they send is stored nowhere
                for sent in ({"data": FORM}, {"json": BODY}):
                    answer = client.request(way, path.format(**ids), follow_redirects=False, **sent)
                    assert answer.status_code in (403, 404, 422), (way, path, answer.status_code)
        assert client.post("/issues/i-0/reviews", data=FORM).status_code == 403
        assert client.post("/api/v1/issues", json={"title": "業務", "problem": "人手"}).status_code == 403
        assert client.post("/imports", files={"file": ("a.csv", b"x")}).status_code == 403
        assert (
            client.post("/api/v1/imports", files={"file": ("a.csv", b"x")}, data={"dry_run": True}).status_code == 403
        )
        assert "利用を認められた人だけ" in client.post("/issues/i-0/reviews", data=FORM).text
    assert everything(ctx) == before


FORM = {
    "organisation": "o-0",
    "grade": "suitable",
    "on": "2025-06-01",
    "stage": "started",
    "version": "1",
    "status": "closed",
    "chosen": "1",
    "title": "書き換え",
    "problem": "書き換え",
    "reason": "",
    "seen": "1",
}
BODY = {"title": "書き換え", "problem": "書き換え", "version": 1}


def everything(ctx: Context) -> dict[str, list[Any]]:
    with ctx.read(PROGRAM) as s:
        return {table.name: list(map(tuple, s.conn.execute(table.select()))) for table in metadata.sorted_tables}


def test_what_colleagues_decided_is_for_colleagues_also_about_a_public_issue(fresh):
    ctx = fresh()
    fill(
        ctx,
        [Issue(id="i-0", key="k0", title="猫の世話", problem="人手", release_level=ReleaseLevel.PUBLIC)],
        [("猫", True)],
    )
    with client_as(ctx, LOCAL) as client:
        assert "i-0 について" in client.get("/issues/i-0").text
    with client_as(ctx, ANONYMOUS) as client:
        page = client.get("/issues/i-0")
        assert (page.status_code, "i-0 について" in page.text) == (200, False)
        assert client.get("/api/v1/issues/i-0/reviews").json()["history"] == []
        assert client.get("/api/v1/issues/i-0/introductions").json() == []


def test_a_recorded_list_of_a_hidden_issue_is_nobodys(fresh):
    ctx = fresh()
    fill(ctx, [Issue(id="i-0", key="k0", title="猫の世話", problem="人手")], [("猫", True)])
    assert seen(ctx, rankings.get, 1).issue == "i-0"
    assert seen(ctx, rankings.get, 1, viewer=ANONYMOUS) is None


def test_the_figures_are_for_those_who_see_all_that_they_count_whatever_that_is(fresh):
    for levels_of_issues in ([], [ReleaseLevel.PUBLIC], [ReleaseLevel.SECTION]):
        ctx = fresh()
        drawn = [Issue(id="i-0", key="k0", title="猫", problem="猫", release_level=level) for level in levels_of_issues]
        fill(ctx, drawn, [("猫", True)])
        with pytest.raises(Refused, match="すべての課題を見られる人だけ"):
            seen(ctx, indicators.indicators, 2025, viewer=ANONYMOUS)
        assert seen(ctx, indicators.indicators, 2025)[0].value == len(levels_of_issues)


def test_the_level_decides_from_the_next_request_on(fresh):
    ctx = fresh()
    fill(
        ctx,
        [Issue(id="i-0", key="k0", title="猫の世話", problem="人手", release_level=ReleaseLevel.PUBLIC)],
        [("猫の世話", True)],
    )
    assert [one.id for one in issues_for_organisation(ctx, "o-0", viewer=ANONYMOUS).candidates] == ["i-0"]
    stored = seen(ctx, collection.issue, "i-0")
    with ctx.write(LOCAL) as s:
        issues.update(s, replace(stored, release_level=ReleaseLevel.REGISTERED), stored.version)
    assert issues_for_organisation(ctx, "o-0", viewer=ANONYMOUS).candidates == ()
    assert [one.id for one in issues_for_organisation(ctx, "o-0").candidates] == ["i-0"]


def test_while_a_large_change_of_issues_is_taken_in_who_sees_a_part_only_waits(fresh, monkeypatch):
    ctx = fresh()
    ctx = open_context(ctx.settings, patient=False)
    public = [
        Issue(id=f"i-{n}", key=f"k{n}", title="猫の世話", problem="人手", release_level=ReleaseLevel.PUBLIC)
        for n in range(3)
    ]
    fill(ctx, public, [("猫の世話", True)])
    assert len(issues_for_organisation(ctx, "o-0", viewer=ANONYMOUS).candidates) == 3
    monkeypatch.setattr(index, "_MANY", 1)
    monkeypatch.setattr(index.Index, "_take_in", lambda self: None)
    with ctx.write(LOCAL) as s:
        issues.upsert(s, [replace(one, problem="内輪の話", release_level=ReleaseLevel.SECTION) for one in public[:2]])
    with pytest.raises(NotReady):
        issues_for_organisation(ctx, "o-0", viewer=ANONYMOUS)
    with client_as(ctx, ANONYMOUS) as client:  # in words, on a page and for programs, with the time to come again
        page, told = client.get("/organisations/o-0"), client.get("/api/v1/organisations/o-0/suggestions")
    assert (page.status_code, told.status_code) == (503, 503)
    assert page.headers["retry-after"] == told.headers["retry-after"] == "5"
    assert told.json()["error"]["code"] == "preparing"
    assert "しばらく待ってから" in told.json()["error"]["message"]
    assert told.json()["error"]["message"] in page.text
    assert "読み込んでいる途中" in issues_for_organisation(ctx, "o-0").message


def test_what_is_taken_in_that_a_viewer_may_not_see_keeps_nothing_from_them(fresh, monkeypatch):
    monkeypatch.setattr(index.Index, "_take_in", lambda self: None)
    alone, beside = (open_context(fresh().settings, patient=False) for _ in range(2))
    public = [
        Issue(id=f"i-{n}", key=f"k{n}", title="猫の世話", problem="人手", release_level=ReleaseLevel.PUBLIC)
        for n in range(2)
    ]
    for released in ([], public):
        monkeypatch.setattr(index, "_MANY", 2_000)
        for ctx in (alone, beside):
            fill(ctx, released, [("猫の世話", True)])
            issues_for_organisation(ctx, "o-0")
        monkeypatch.setattr(index, "_MANY", 1)
        with beside.write(LOCAL) as s:
            hidden = [Issue(id=f"h-{n}-{len(released)}", key=f"h{n}-{len(released)}", title="猫") for n in range(5)]
            issues.upsert(s, hidden)
        shown, same = (issues_for_organisation(ctx, "o-0", viewer=ANONYMOUS) for ctx in (alone, beside))
        assert shown == same
        assert len(shown.candidates) == len(released)
    for ctx in (alone, beside):
        ctx.db.close()


def test_an_upload_is_nobodys_who_may_not_bring_in_files(fresh):
    ctx = fresh()
    token = imports.stage_upload(ctx.settings, LOCAL, "団体.csv", b"x")
    place = ctx.settings.data / "uploads" / token
    os.utime(place, (time.time() - imports.UPLOAD_SECONDS - 60,) * 2)
    with client_as(ctx, ANONYMOUS) as client:
        asked = [client.get(f"/imports/{one}") for one in (token, "x" * 22)]
        asked += [client.post(f"/imports/{one}/{way}") for one in (token, "x" * 22) for way in ("confirm", "cancel")]
    assert [answer.status_code for answer in asked] == [403] * 6
    assert all("すべての課題を見られる人だけ" in answer.text for answer in asked)
    ctx.db.close()
