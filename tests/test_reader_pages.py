"""The reader on the pages: who may ask, what leaves the house, what is shown, what is counted."""

import logging
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from model_server import Answer, ModelServer, dripping_body, order, reply, say, serving
from pydantic import SecretStr
from requests_of import done, seen, writing
from requests_of import reading as session
from service import INVENTORY, REGISTER, UNUSUAL, client_of, first_issue, upload
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from api.context import Context, open_context
from api.errors import Invalid
from api.settings import Settings, read_settings
from api.usecases import collection, reader
from api.usecases.suggestions import CandidateList, Inquiry
from corpus import database
from corpus.access import LOCAL
from corpus.database import Database, connect, migrate
from corpus.records.issues import ReleaseLevel
from corpus.store import issues, reader_calls
from corpus.store.reader_calls import MonthlyCount

REGISTERED = REGISTER + "猫カフェ,企業,喫茶店,猫とくつろぐ喫茶,岡山市中区,連絡役その三,086-000-0001\n"
CATS = "飼い主のいない猫の捕獲と手術の付き添い"
GOOD = (1, "捕獲と手術を担えます。", "捕獲と手術に付き添う人がいない", "捕獲と手術の付き添い")
BUTTON = "読み取り役に頼む</button>"


@dataclass
class Read:
    """A service with three organisations, two issues (課内) and a reader."""

    client: TestClient
    ctx: Context
    server: ModelServer
    issue: str

    def release(self, level: ReleaseLevel) -> None:
        with self.ctx.write(LOCAL) as s:
            stored = collection.issue(s, self.issue)
            issues.update(s, replace(stored, release_level=level), stored.version)

    def press(self) -> Any:
        version = str(seen(self.ctx, collection.issue, self.issue).version)
        return self.client.post(f"/issues/{self.issue}/reading", data={"version": version}, follow_redirects=False)

    def outcomes(self) -> list[tuple[str, int]]:
        return [(row.outcome, row.calls) for row in seen(self.ctx, reader.calls)]


@contextmanager
def service(folder: Path, answer: Answer, **options: Any) -> Iterator[Read]:
    with serving(answer) as server:
        ctx = open_context(Settings(data=folder, reader_url=server.url, **options))
        with client_of(ctx) as client:
            for name, content in [("団体.csv", REGISTERED), ("棚卸.csv", INVENTORY)]:
                client.post(f"{upload(client, name, content.encode())}/confirm")
            yield Read(client, ctx, server, first_issue(ctx, "猫"))


@contextmanager
def public(folder: Path, answer: Answer, **options: Any) -> Iterator[Read]:
    with service(folder, answer, **options) as read:
        read.release(ReleaseLevel.PUBLIC)
        yield read


# ---- what leaves the house


def test_without_a_reader_there_is_neither_button_nor_word_of_it(tmp_path: Path) -> None:
    with public(tmp_path, say(order(GOOD))) as read:
        assert BUTTON in read.client.get(f"/issues/{read.issue}").text
    ctx = open_context(Settings(data=tmp_path))
    with client_of(ctx) as client:
        assert "読み取り役" not in client.get(f"/issues/{read.issue}").text
        assert client.post(f"/issues/{read.issue}/reading", data={"version": "1"}).status_code == 404
        assert "設定されていません" in client.get("/reader").text


@pytest.mark.parametrize("lowest", ReleaseLevel)
def test_an_issue_is_sent_only_when_its_release_level_permits_it(tmp_path: Path, lowest: ReleaseLevel) -> None:
    sent = 0
    with service(tmp_path, say(order(GOOD)), reader_release=lowest) as read:
        for level in ReleaseLevel:  # narrowest first
            sent += level is lowest or sent > 0
            read.release(level)
            page = read.client.get(f"/issues/{read.issue}").text
            assert (BUTTON in page) == (sent > 0)
            assert ("のため、読み取り役には送れません。" in page) == (sent == 0)
            assert ("「書き直す」</a>で公開の範囲を変えられます。" in page) == (sent == 0)
            assert read.press().status_code == (200 if sent else 422)
            assert len(read.server.received) == sum(calls for _, calls in read.outcomes()) == sent


def test_of_an_organisation_only_its_name_and_its_texts_are_sent_and_of_an_issue_no_note(tmp_path: Path) -> None:
    with public(tmp_path, say(order(GOOD)), reader_key=SecretStr("the-key"), reader_model="m-1") as read:
        read.press()
    ((_, headers, body),) = read.server.received
    sent = str(read.server.sent())
    assert CATS in sent
    assert "猫の捕獲と手術に付き添う人がいない" in sent
    for private in ("連絡役その一", "086-000-0000", "kawa@example.jp", "岡山市北区", "生活衛生課", "河川の清掃"):
        assert private not in sent
    assert (headers["Authorization"], body["model"]) == ("Bearer the-key", "m-1")


def test_nothing_but_the_button_asks_the_reader(tmp_path: Path) -> None:
    with public(tmp_path, say(order(GOOD))) as read:
        for path in ("/", f"/issues/{read.issue}", f"/api/v1/issues/{read.issue}/suggestions", "/reader"):
            read.client.get(path)
        read.client.post("/candidates", data={"text": UNUSUAL})
        assert read.client.get(f"/issues/{read.issue}/reading").status_code == 405
        elsewhere = read.client.post(f"/issues/{read.issue}/reading", headers={"Origin": "http://evil.example"})
        assert elsewhere.status_code == 403
        assert read.server.received == []


def test_a_closed_issue_has_nothing_to_read(tmp_path: Path) -> None:
    with public(tmp_path, say(order(GOOD))) as read:
        version = str(seen(read.ctx, collection.issue, read.issue).version)
        read.client.post(f"/issues/{read.issue}/status", data={"version": version, "status": "closed"})
        assert BUTTON not in read.client.get(f"/issues/{read.issue}").text
        assert read.press().status_code == 422
        assert read.server.received == []


def test_ways_to_reach_a_person_are_masked_and_the_page_says_that_names_are_not(tmp_path: Path) -> None:
    with public(tmp_path, say(order(GOOD))) as read:
        register = "団体名,目的\n猫の家,猫の捕獲と手術。連絡は086-999-0000かneko@example.jpへ\n"
        read.client.post(f"{upload(read.client, '別.csv', register.encode())}/confirm")
        assert "文章に書かれた人の名前は、そのまま送られます。" in read.client.get(f"/issues/{read.issue}").text
        read.press()
    sent = str(read.server.sent())
    assert "連絡は〓か〓へ" in sent
    assert "999-0000" not in sent


def test_a_text_that_was_changed_after_it_was_seen_is_not_sent(tmp_path: Path) -> None:
    with public(tmp_path, say(order(GOOD))) as read:
        page = read.client.get(f"/issues/{read.issue}").text
        form = page[page.index(f'action="/issues/{read.issue}/reading"') :]
        (version,) = re.findall(r'name="version" value="(\d+)"', form[: form.index(BUTTON)])
        done(read.ctx, collection.set_fields, read.issue, int(version), frozenset({11}))
        late = read.client.post(f"/issues/{read.issue}/reading", data={"version": version})
        assert read.server.received == []
        assert read.outcomes() == []
        assert read.press().status_code == 200
    assert late.status_code == 409
    assert "読み取り役に送りませんでした。" in late.text


def test_a_button_without_what_was_seen_sends_nothing(tmp_path: Path) -> None:
    with public(tmp_path, say(order(GOOD))) as read:
        answer = read.client.post(f"/issues/{read.issue}/reading")
        assert (answer.status_code, read.server.received) == (422, [])
    assert "ページを開き直して、もう一度お試しください。" in answer.text
    assert "version" not in answer.text


# ---- what is shown


def test_what_is_said_of_the_list_on_the_issues_page_is_said_here_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_found = Inquiry.organisations

    def doubtful(asking: Inquiry, k: int = 10) -> CandidateList:
        return replace(as_found(asking, k), good_match=False, message="取り込みの途中です。")

    with public(tmp_path, say(order(GOOD))) as read:
        assert "はっきりした手がかり" not in read.press().text
        monkeypatch.setattr(Inquiry, "organisations", doubtful)
        page = read.press().text
    assert "はっきりした手がかりのある候補は見つかりませんでした" in page
    assert "取り込みの途中です。" in page


def test_the_list_is_shown_in_the_order_of_the_reader_with_its_reason_and_the_first_ranks(tmp_path: Path) -> None:
    with public(tmp_path, say(order((2, "", "", ""), GOOD))) as read:
        before = read.client.get(f"/issues/{read.issue}").text
        answer = read.press()
        after = read.client.get(f"/issues/{read.issue}").text
    assert answer.status_code == 200
    numbers = [one["name"] for one in read.server.sent()["organisations"]]
    assert numbers == ["猫と暮らす会", "猫カフェ"]
    assert re.findall(r'<h3><a href="[^"]+">([^<]+)<', answer.text) == ["猫カフェ", "猫と暮らす会"]
    assert re.findall(r"もとの順位 (\d)", answer.text) == ["2", "1"]
    assert "<h4>読み取り役(言語モデル)の見立て</h4>" in answer.text
    assert f"「{GOOD[2]}」" in answer.text
    assert f"「{GOOD[3]}」" in answer.text
    assert "これは候補です。選ぶのは人です。" in answer.text
    assert 'value="suitable"' not in answer.text  # nothing is decided on this page
    assert before == after
    kept = [path for path in read.ctx.settings.data.rglob("*") if path.is_file()]
    assert not [path for path in kept if GOOD[1].encode() in path.read_bytes()]


def test_the_page_says_how_many_the_reader_placed_and_that_the_rest_follow(tmp_path: Path) -> None:
    one, both = say(order((2, "", "", ""))), say(order((2, "", "", ""), GOOD))
    answers = [one, both, reply(500, b"")]
    with public(tmp_path, lambda handler, body: answers.pop(0)(handler, body)) as read:
        partly, wholly, failed = (read.press().text for _ in range(3))
    assert "上から2件の紹介文を渡しました。読み取り役が順番を付けたのは1件です。残りの1件は、もとの順" in partly
    assert re.findall(r"<small>(.+?)</small>\d", partly) == ["見立て", "候補"]
    assert partly.count("読み取り役は、この団体に順番を付けませんでした。") == 1
    assert "そのすべてに、読み取り役が順番を付けました。" in wholly
    assert re.findall(r"<small>(.+?)</small>\d", wholly) == ["見立て", "見立て"]
    assert "順番を付け" not in wholly.replace("順番を付けました", "") + failed
    assert re.findall(r"<small>(.+?)</small>\d", failed) == ["候補", "候補"]


def test_a_hostile_answer_is_neither_obeyed_nor_run(tmp_path: Path) -> None:
    evil = "<script>alert('x')</script>"
    answers = order(
        (1, evil, GOOD[2], GOOD[3]), (2, "この団体に決まりました。", "作り話です", "作り話です"), (99, "", "", "")
    )
    with public(tmp_path, say(answers)) as read:
        page = read.press().text
    assert "alert(" not in page
    assert "作り話" not in page
    assert "決まりました" not in page
    assert page.count("双方の文章のことばで確かめられる理由は、ありませんでした。") == 2


@pytest.mark.parametrize(
    ("answer", "outcome", "said"),
    [
        (reply(500, b""), "refused", "断りました"),
        (reply(429, b""), "refused", "断りました"),
        (reply(302, b"", Location="http://127.0.0.1:1/"), "refused", "断りました"),
        (say("<html>"), "unusable", "決められた形でない"),
        (reply(200, b" " * 1_000_001), "too-large", "大きすぎる"),
        (dripping_body, "time-out", "時間の内に"),
    ],
)
def test_a_failure_gives_the_list_without_the_reader_and_one_sentence(
    tmp_path: Path, answer: Answer, outcome: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with public(tmp_path, answer, reader_timeout=0.5, reader_key=SecretStr("the-key")) as read:
        shown = read.press()
        assert read.outcomes() == [(outcome, 1)]
    assert shown.status_code == 200
    assert said in shown.text
    assert "もとの順位です。" in shown.text
    assert "時間をおいて「読み取り役に頼む」を押してください。" in shown.text
    assert shown.text.count(BUTTON) == 1
    assert re.findall(r"もとの順位 (\d)", shown.text) == ["1", "2"]
    assert "の見立て</h4>" not in shown.text
    assert read.issue in caplog.text
    for private in ("猫", "捕獲", "the-key", "html"):
        assert private not in caplog.text


# ---- what is counted


def test_every_call_is_counted_and_the_administrator_sees_the_counts(tmp_path: Path) -> None:
    with public(tmp_path, say(order(GOOD), {"prompt_tokens": 1200, "completion_tokens": 80})) as read:
        for _ in range(2):
            read.press()
        (row,) = seen(read.ctx, reader.calls)
        page = read.client.get("/reader").text
    assert (row.outcome, row.calls, row.tokens_in, row.tokens_out) == ("read", 2, 2400, 160)
    assert "答えを使いました" in page
    assert "2,400" in page
    assert re.search(r"<td class=\"nowrap\" data-label=\"月\">令和\d+年\d+月</td>", page)


@contextmanager
def held() -> Iterator[tuple[Answer, threading.Event]]:
    """An answer that waits for the event, which is set in any case at the end."""
    go = threading.Event()

    def answer(handler: Any, body: dict[str, Any]) -> None:
        assert go.wait(30)
        say(order(GOOD))(handler, body)

    try:
        yield answer, go
    finally:
        go.set()


def pressed(read: Read, issue: str) -> threading.Thread:
    """Returns once the server has the question."""
    before = len(read.server.received)
    thread = threading.Thread(target=reader.read_for_issue, args=(read.ctx, LOCAL, issue, 1))
    thread.start()
    end = time.monotonic() + 10
    while len(read.server.received) == before and time.monotonic() < end:
        time.sleep(0.01)
    return thread


def more_issues(read: Read, number: int) -> list[str]:
    """Public ones about cats, of version 1."""
    for n in range(number):
        data = {"title": f"野良{n}", "problem": "猫の捕獲と手術", "seeks_partner": "yes", "release_level": "public"}
        read.client.post("/issues", data=data)
    return [one.id for one in seen(read.ctx, collection.issues, "野良").items]


def test_at_most_three_calls_are_under_way_and_one_more_is_not_counted(tmp_path: Path) -> None:
    with held() as (answer, go), public(tmp_path, answer) as read:
        waiting = [pressed(read, issue) for issue in more_issues(read, 3)]
        page = read.press()
        assert all(thread.is_alive() for thread in waiting)  # it has not waited for the others
        assert (page.status_code, len(read.server.received)) == (200, 3)
        go.set()
        for thread in waiting:
            thread.join()
        assert "の見立て</h4>" in read.press().text
        assert read.outcomes() == [("read", 4)]
    assert "いま、ほかの人が読み取り役に頼んでいます。しばらくしてから、もう一度お試しください。" in page.text
    assert re.findall(r"もとの順位 (\d)", page.text) == ["1", "2"]


def test_the_button_beside_a_failure_asks_again(tmp_path: Path) -> None:
    answers = [reply(500, b""), say(order(GOOD))]
    with public(tmp_path, lambda handler, body: answers.pop(0)(handler, body)) as read:
        form = read.press().text.split(f'action="/issues/{read.issue}/reading"')[1].split(BUTTON)[0]
        (version,) = re.findall(r'name="version" value="(\d+)"', form)
        again = read.client.post(f"/issues/{read.issue}/reading", data={"version": version}).text
    assert "の見立て</h4>" in again
    assert BUTTON not in again


def test_a_double_click_is_one_call(tmp_path: Path) -> None:
    with held() as (answer, go), public(tmp_path, answer) as read:
        (issue,) = more_issues(read, 1)
        first = pressed(read, issue)
        second = reader.read_for_issue(read.ctx, LOCAL, issue, 1)
        go.set()
        first.join()
        assert read.outcomes() == [("read", 1)]
    assert second.failure.startswith("いま、ほかの人が")


def test_a_call_of_another_process_takes_its_place_until_nobody_can_be_waiting_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with public(tmp_path, say(order(GOOD))) as read:
        with closing(connect(f"sqlite:///{tmp_path / 'kyodo.sqlite3'}")) as other_process, writing(other_process) as s:
            assert reader_calls.begin(s, issue=read.issue, since=datetime.now(UTC), most=1)
        assert "いま、ほかの人が読み取り役に頼んでいます。" in read.press().text
        assert read.server.received == []
        monkeypatch.setattr(reader, "_MARGIN", -read.ctx.settings.reader_timeout)  # as if all that time had passed
        assert "の見立て</h4>" in read.press().text
        assert read.outcomes() == [("", 1), ("read", 1)]


def test_a_call_that_fails_gives_its_place_back(tmp_path: Path) -> None:
    with public(tmp_path, reply(500, b"")) as read:
        for _ in range(5):
            assert "断りました" in read.press().text


def test_an_answer_is_shown_when_the_database_cannot_be_written_at_its_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PATIENCE", 0.5)
    other_program = sqlite3.connect(tmp_path / "kyodo.sqlite3", isolation_level=None, check_same_thread=False)

    def answer(handler: Any, body: dict[str, Any]) -> None:
        other_program.execute("BEGIN IMMEDIATE")
        say(order(GOOD))(handler, body)

    with closing(other_program), public(tmp_path, answer) as read:
        page = read.press()
        other_program.execute("ROLLBACK")
        assert read.outcomes() == [("", 1)]
    assert GOOD[1] in page.text
    assert "読み取り役に頼んだ記録(1番)に、終わりを書き込めませんでした。" in caplog.text
    assert "捕獲" not in caplog.text


def test_over_the_limit_of_a_day_nothing_is_sent(tmp_path: Path) -> None:
    with public(tmp_path, reply(500, b""), reader_daily_calls=2) as read:
        pages = [read.press().text for _ in range(3)]
        assert len(read.server.received) == 2
        assert read.outcomes() == [("refused", 2)]
    assert ["今日は使い切りました。" in page for page in pages] == [False, False, True]
    assert "時間をおいて" not in pages[2]  # it would not help today
    assert "もとの順位 1" in pages[2]


def test_texts_are_cut_to_the_limit_of_a_call_and_an_issue_that_fills_it_is_not_sent(tmp_path: Path) -> None:
    with public(tmp_path, say(order(GOOD)), reader_max_characters=100) as read:
        assert "送りませんでした" in read.press().text
        assert read.server.received == []
        assert read.outcomes() == [("too-long", 1)]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = connect(f"sqlite:///{tmp_path / 'k.db'}")
    migrate(db)
    with closing(db):
        yield db


def test_calls_are_only_ever_added(db: Database) -> None:
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    with writing(db) as s:
        call = reader_calls.begin(s, issue="i-1", since=long_ago, most=1)
        assert call is not None
        assert reader_calls.begin(s, issue="i-1", since=long_ago, most=1) is None
        assert reader_calls.begin(s, issue="i-1", since=datetime.now(UTC) + timedelta(days=1), most=1) is not None
        reader_calls.end(s, call, outcome="read", tokens_in=3)
    with pytest.raises(IntegrityError), writing(db) as s:
        reader_calls.end(s, call, outcome="read")
    for table in ("reader_calls", "reader_outcomes"):
        for statement in (f"UPDATE {table} SET id = 9", f"DELETE FROM {table}"):
            with pytest.raises(IntegrityError, match="append-only"), writing(db) as s:
                s.conn.execute(text(statement))


def test_calls_are_counted_in_the_months_they_began_in_by_outcome(db: Database) -> None:
    with writing(db) as s:
        for outcome in ("read", "refused", "read", ""):
            call = reader_calls.begin(s, issue="i-1", since=datetime.now(UTC), most=9)
            if outcome and call:
                reader_calls.end(s, call, outcome=outcome, tokens_in=2, tokens_out=1, milliseconds=500)
    months = iter([date(2026, 4, 1), date(2026, 3, 31), date(2026, 3, 2), date(2026, 3, 2)])
    with session(db) as s:
        counted = reader_calls.by_month(s, lambda _: next(months))
    figures = [(row.month.month, row.outcome, row.calls, row.tokens_in, row.milliseconds) for row in counted]
    assert figures == [(4, "read", 1, 2, 500), (3, "", 1, 0, 0), (3, "read", 1, 2, 500), (3, "refused", 1, 2, 500)]
    assert isinstance(counted[0], MonthlyCount)


# ---- settings


def test_the_key_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KYODO_READER_KEY", "the-key")
    settings = read_settings()
    assert settings.reader_key.get_secret_value() == "the-key"
    assert "the-key" not in repr(settings)
    assert "the-key" not in repr(reader.endpoint_of(settings))


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:8080/v1", "https://model.example.jp/v1/", "http://[::1]:80"])
def test_an_address_is_taken(url: str) -> None:
    assert Settings(reader_url=url).reader_url == url


@pytest.mark.parametrize(
    "url",
    ["model", "ftp://x/v1", "file:///etc/passwd", "http://me:secret@x/v1", "http://x/v1?key=1", "http:///v1", "a b"],
)
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="reader_url"):
        Settings(reader_url=url)


@pytest.mark.parametrize("url", ["http://me:hidden-word@x/v1", "http://x/v1?key=hidden-word"])
def test_a_password_in_an_address_is_not_repeated(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("KYODO_READER_URL", url)
    with pytest.raises(Invalid) as failure:
        read_settings()
    assert "KYODO_READER_URL" in failure.value.message
    assert "http://127.0.0.1:8080/v1" in failure.value.message
    assert "hidden-word" not in f"{failure.value} {failure.value.__cause__}"
