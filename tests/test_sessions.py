"""One request, one view of the database, and what it costs there; two processes at one collection."""

import ast
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from requests_of import done, judge, seen, suggest_for_issue, suggest_for_text, track
from service import INVENTORY, REGISTER, Service, client_of, first_issue, upload
from sqlalchemy import Connection, event, text

from api.context import Context, open_context
from api.pages import imports as import_pages
from api.settings import Settings
from api.usecases import collection, imports, reader, reviews
from api.usecases.suggestions import ask_with_issue
from corpus.access import LOCAL, TERMINAL
from corpus.records.decisions import Grade, Stage
from corpus.records.issues import Issue, IssueStatus
from corpus.records.organisations import Organisation
from corpus.store import imports as import_rows
from corpus.store import introductions, issues, organisations, reader_calls
from corpus.store.rows import Changes
from matcher import text as text_module

ROOT = Path(__file__).parents[1]
DAY = date(2025, 5, 1)


def fill_one(ctx: Context) -> None:
    with ctx.write(LOCAL) as s:
        organisations.upsert(s, [Organisation(id="o-1", key="1", name="猫の会", activities="猫の世話")])
        issues.upsert(s, [Issue(id="i-1", key="1", title="猫の世話", problem="人手")])


@contextmanager
def watched(ctx: Context) -> Iterator[Counter[str]]:
    """Counts transactions and statements by kind."""
    counted: Counter[str] = Counter()

    def begun(name: str, conn: Connection) -> None:
        counted[name] += 1

    def executed(conn, cursor, statement, *_) -> None:
        words = statement.split()
        if words[0] == "SELECT" and "FROM issues" in " ".join(words) and "issues.problem" in statement:
            counted["issues looked up"] += 1

    with ExitStack() as undo:
        for name, engine in (("read", ctx.db.reader), ("written", ctx.db.writer)):
            begin = lambda conn, name=name: begun(name, conn)  # noqa: E731
            event.listen(engine, "begin", begin)
            undo.callback(event.remove, engine, "begin", begin)
            event.listen(engine, "before_cursor_execute", executed)
            undo.callback(event.remove, engine, "before_cursor_execute", executed)
        yield counted


def test_the_page_of_an_issue_is_one_reading_and_one_short_writing_the_first_time(real: Service) -> None:
    client, ctx = real
    issue = first_issue(ctx, "猫")
    client.get(f"/issues/{issue}")  # the matchers are ready now
    with ctx.write(LOCAL) as s:
        s.conn.execute(text("UPDATE issues SET version = version + 1"))  # the list is another one from now on
    with watched(ctx) as first:
        assert client.get(f"/issues/{issue}").status_code == 200
    assert first == {"read": 1, "written": 1, "issues looked up": 1}
    with watched(ctx) as again:
        assert client.get(f"/issues/{issue}").status_code == 200
    assert again == {"read": 1, "issues looked up": 1}


def test_the_text_of_an_issue_is_read_once_for_its_whole_page(real: Service, monkeypatch) -> None:
    client, ctx = real
    issue = seen(ctx, collection.issue, first_issue(ctx, "猫"))
    assert not issue.fields  # so that some are proposed
    client.get(f"/issues/{issue.id}")
    pieces: Counter[str] = Counter()
    before = text_module._pieces

    def counted(given: str) -> Iterator[tuple[int, str]]:
        pieces[given] += 1
        return before(given)

    queries = []
    asked = ask_with_issue.__globals__["issue_query"]
    monkeypatch.setitem(ask_with_issue.__globals__, "issue_query", lambda one: queries.append(one.id) or asked(one))
    monkeypatch.setattr(text_module, "_pieces", counted)
    assert client.get(f"/issues/{issue.id}").status_code == 200
    assert queries == [issue.id]
    assert [number for given, number in pieces.items() if issue.problem in given] == [2]  # its words, its whole nouns
    assert set(pieces.values()) == {2}


@pytest.mark.parametrize(
    "path", ["/", "/issues", "/organisations", "/cases", "/imports", "/models", "/reader", "/api/v1/weights"]
)
def test_other_pages_are_one_reading_and_no_writing(real: Service, path: str) -> None:
    client, ctx = real
    with watched(ctx) as counted:
        assert client.get(path).status_code == 200
    assert (counted["read"], counted["written"]) == (1, 0)


def test_a_preview_waits_for_no_writer_and_holds_nobody_up(real: Service) -> None:
    client, ctx = real
    preview = upload(client, "団体.csv", REGISTER.encode())
    with ctx.write(LOCAL) as s, watched(ctx) as counted:
        s.conn.execute(text("UPDATE revision SET number = number"))
        assert client.get(preview).status_code == 200
        assert (counted["read"], counted["written"]) == (1, 0)


def test_what_is_wrong_with_a_form_is_said_while_another_writes(real: Service) -> None:
    client, ctx = real
    issue = first_issue(ctx, "猫")
    organisation = seen(ctx, collection.organisations).items[0].id
    judged = {"organisation": organisation, "grade": "suitable", "reason": "place_differs"}
    with ctx.write(LOCAL):
        answers = [
            client.post(f"/issues/{issue}/reviews", data=judged),
            client.post(f"/api/v1/issues/{issue}/reviews", json=judged),
            client.post(f"/issues/{issue}/introductions", data={"organisation": organisation, "on": "2999-01-01"}),
            client.post(f"/issues/{issue}/fields", data={"version": "1"}),
            client.post("/issues", data={"title": ""}),
            client.post(f"/issues/{issue}", data={"title": "", "version": "1"}),
            client.post("/api/v1/issues", json={"title": "業務"}),
            client.post("/models/choose", data={"id": "", "reason": ""}),
        ]
    assert [answer.status_code for answer in answers] == [422] * len(answers)  # who waits in vain hears 503


def test_who_reads_sees_one_state_from_the_first_statement_to_the_last(ctx: Context) -> None:
    with ctx.write(LOCAL) as s:
        organisations.upsert(s, [Organisation(id="o-1", key="1", name="猫の会", activities="猫の世話")])
        issues.upsert(s, [Issue(id="i-1", key="1", title="猫の世話", problem="人手")])
    with ctx.read(LOCAL) as s:
        issue = collection.issue(s, "i-1")
        with ctx.write(LOCAL) as other:
            organisations.upsert(other, [Organisation(id="o-1", key="1", name="犬の会", activities="犬の世話")])
            organisations.upsert(other, [Organisation(id="o-2", key="2", name="川の会", activities="猫の世話")])
        found = ask_with_issue(s, ctx.indexes, issue).organisations()
        assert [one.name for one in found.candidates] == ["猫の会"]
        assert found.total == 1
    assert [one.name for one in suggest_for_issue(ctx, "i-1").candidates] == ["川の会", "犬の会"]


def test_what_is_recorded_bears_who_recorded_it_and_older_rows_say_that_nobody_knows(ctx: Context) -> None:
    fill_one(ctx)
    judge(ctx, "i-1", "o-1", Grade.SUITABLE)
    with ctx.write(TERMINAL) as s:
        made = introductions.add(s, issue="i-1", organisation="o-1", introduced_on=DAY)
        step = introductions.add_event(s, introduction=made.id, stage=Stage.AGREED, happened_on=DAY)
        s.conn.execute(
            text(
                "INSERT INTO introductions (id, issue, organisation, introduced_on, note, is_sample, recorded_at)"
                " VALUES (99, 'i-1', 'o-1', '2020-01-01', '', FALSE, '2020-01-01 00:00:00')"
            )
        )
    found = track(ctx, "i-1")
    assert found.latest["o-1"].actor == "local"
    assert [(one.introduction.id, one.introduction.actor) for one in found.introductions] == [
        (99, ""),
        (made.id, "terminal"),
    ]
    assert found.introductions[1].events == (step,)
    assert step.actor == "terminal"
    with client_of(ctx) as client:
        page = client.get("/issues/i-1").text
        assert [page.count(f"記録した人：{who}") for who in ("不明", "端末")] == [1, 2]
        assert 'data-label="記録した人">この画面の利用者' in page
        assert client.get("/api/v1/issues/i-1/introductions").json()[1]["events"][0]["actor"] == "terminal"


def test_a_fact_said_again_by_another_is_recorded_once_and_a_judgement_is_each_ones_own(ctx: Context) -> None:
    fill_one(ctx)
    for viewer in (LOCAL, TERMINAL, TERMINAL):
        done(ctx, reviews.introduce, "i-1", "o-1", DAY, viewer=viewer)
        done(ctx, reviews.judge, reviews.missed("i-1", "o-1"), viewer=viewer)
    found = track(ctx, "i-1")
    assert [one.introduction.actor for one in found.introductions] == ["local"]
    assert [one.actor for one in found.history] == ["terminal", "local"]


def test_the_notice_after_an_import_is_about_ones_own_file(empty: Service, monkeypatch) -> None:
    client, ctx = empty
    preview = upload(client, "わたしの団体.csv", REGISTER.encode())
    discard = imports.discard

    def another_is_quicker(*given) -> None:
        with ctx.write(TERMINAL) as s:
            import_rows.record(s, name="ほかの人の.csv", kind="inventory", changes=Changes(9, 0, 0), skipped=0)
        discard(*given)

    monkeypatch.setattr(import_pages.imports, "discard", another_is_quicker)
    page = client.post(f"{preview}/confirm").text
    notice = page[page.index('id="done"') :][:600]
    assert "わたしの団体.csv" in notice
    assert "ほかの人の.csv" not in notice


def test_two_processes_share_uploads_lists_and_choices(database_url: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database_url=database_url)
    one, other = open_context(settings, patient=False), open_context(settings, patient=False)
    with closing(one.db), closing(other.db), client_of(one) as first, client_of(other) as second:
        for name, given in (("団体.csv", REGISTER), ("棚卸.csv", INVENTORY)):
            preview = upload(first, name, given.encode())
            assert second.get(preview).status_code == 200
            assert second.post(f"{preview}/confirm", follow_redirects=False).status_code == 303
            assert first.get(preview).status_code == 404
        lists = [suggest_for_text(ctx, "猫の捕獲と手術").candidates for ctx in (one, other)]
        assert lists[0] == lists[1] != ()
        issue = first_issue(one, "猫")
        shown = suggest_for_issue(one, issue, record=True)
        assert suggest_for_issue(other, issue, record=True).ranking_id == shown.ranking_id
        done(one, collection.set_status, issue, 1, IssueStatus.CLOSED)
        assert second.get(f"/issues/{issue}").text.count("この課題は終了しているため") == 1


def test_places_at_the_reader_are_counted_for_all_processes(database_url: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database_url=database_url, reader_daily_calls=9)
    one, other = open_context(settings), open_context(settings)
    with closing(one.db), closing(other.db):
        held = done(one, reader._begun, settings, Issue(id="i-1", key="1", title="猫"))
        assert held == (1, "")
        assert "ほかの人" in done(other, reader._begun, settings, Issue(id="i-1", key="1", title="猫"))[1]
        for number in (2, 3):
            assert done(other, reader._begun, settings, Issue(id=f"i-{number}", key="", title=""))[0] == number
        assert done(one, reader._begun, settings, Issue(id="i-4", key="", title=""))[0] is None
        done(other, reader_calls.end, 1, outcome="read")
        assert done(other, reader._begun, settings, Issue(id="i-1", key="1", title="猫"))[0] == 4


def test_a_fault_of_the_program_keeps_no_place_at_the_reader(ctx: Context, monkeypatch) -> None:
    fill_one(ctx)
    settings = ctx.settings.model_copy(update={"reader_url": "http://127.0.0.1:9/v1", "reader_release": "section"})
    ctx = replace(ctx, settings=settings)

    def broken(*_):
        raise RuntimeError

    monkeypatch.setattr(reader, "read", broken)
    for _ in range(2):  # the second is not told that somebody else is asking
        with pytest.raises(RuntimeError):
            reader.read_for_issue(ctx, LOCAL, "i-1", 1)
    assert [one.calls for one in seen(ctx, reader.calls)] == [2]


def test_while_a_process_writes_another_reads_on_and_writes_when_it_is_its_turn(
    database_url: str, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path, database_url=database_url)
    one, other = open_context(settings), open_context(settings)
    fill_one(one)
    order = []

    def write() -> None:
        with other.write(LOCAL) as s:
            order.append("second")
            issues.update(s, issues.get(s, "i-1"), 1)

    with closing(one.db), closing(other.db):
        with one.write(LOCAL):
            waiting = threading.Thread(target=write)
            waiting.start()
            assert seen(other, collection.issue, "i-1").title == "猫の世話"
            order.append("first")
        waiting.join(30)
    assert order == ["first", "second"]


def names_the_table(tree: ast.AST) -> bool:
    """By import, by attribute of the module however it is called, through the metadata, or in a statement as text."""
    modules = {"tables"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "corpus":
            modules |= {one.asname or one.name for one in node.names if one.name == "tables"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = {one.name for one in node.names}
            if (node.module in ("corpus.tables", "corpus.tables.issues") and "issues" in names) or (
                node.module == "corpus.store.issues" and names & {"_TABLE", "_SHELF"}
            ):
                return True
        if isinstance(node, ast.Attribute) and node.attr in ("issues", "_TABLE", "_SHELF"):
            owner = ast.unparse(node.value)
            if (owner.split(".")[-1] in modules and node.attr == "issues") or node.attr.startswith("_"):
                return True
        if (
            isinstance(node, ast.Subscript)
            and ast.unparse(node.slice) == "'issues'"
            and "tables" in ast.unparse(node.value)
        ):
            return True
        if isinstance(node, ast.Constant) and re.search(r"(?i)\b(from|join|update|into) issues\b", str(node.value)):
            return True
    return False


@pytest.mark.parametrize(
    "code",
    [
        "from corpus.tables import issues",
        "from corpus.tables.issues import issues",
        "from corpus import tables as t\nt.issues.issues",
        "import corpus.tables\ncorpus.tables.issues.issues",
        "metadata.tables['issues']",
        "from corpus.store.issues import _TABLE",
        "issues._SHELF",
        "text('SELECT id FROM issues')",
    ],
)
def test_no_way_of_naming_the_table_of_issues_is_overlooked(code: str) -> None:
    assert names_the_table(ast.parse(code))
    assert not names_the_table(ast.parse("ctx.indexes.issues\nissues.page(s, limit=1)\ncollection.issues(s)"))


def test_only_the_store_of_issues_and_the_rules_of_access_name_the_table_of_issues() -> None:
    naming = {
        path.relative_to(ROOT).as_posix()
        for folder in ("corpus", "api", "models")
        for path in ROOT.glob(f"{folder}/**/*.py")
        if "migrations" not in path.parts and names_the_table(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert naming == {"corpus/access.py", "corpus/store/issues.py", "corpus/tables/__init__.py"}


def test_only_sessions_and_the_indexes_open_transactions() -> None:
    opening = set()
    for path in [*ROOT.glob("corpus/**/*.py"), *ROOT.glob("api/**/*.py"), *ROOT.glob("models/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and re.fullmatch(r"(\w+\.)*db\.(read|write)", ast.unparse(node.func)):
                opening.add(path.relative_to(ROOT).as_posix())
    assert opening == {"api/context.py", "models/search/index.py", "corpus/database.py"}
