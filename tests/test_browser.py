"""The whole path once in a real browser, with and without JavaScript; no page may break its own security policy."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from api.app import create_app
from api.context import open_context
from api.settings import Settings
from api.usecases.samples import load_if_empty

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
EXAMPLE = Path(__file__).parents[2] / "shared" / "data" / "inventory_sheet_example.xlsx"
REGISTER = """団体名,種別,目的,活動内容,できること,所在地
猫と暮らす会,任意団体,人と猫がともに暮らす町,飼い主のいない猫の不妊去勢手術と捕獲の手伝い,猫の捕獲と搬送,岡山県岡山市北区
川辺の会,任意団体,川をきれいに,川辺のごみ拾いと水質の観察,清掃の指導,岡山県岡山市南区
"""
SHEET = """業務名,担当課,年度,課題,現状
飼い主のいない猫に関する相談対応,生活衛生課,令和6年度,捕まえて運ぶ人がいない地区では猫の数が減らない,苦情が年間400件
,生活衛生課,令和6年度,業務名のない行,
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A running service with the sample collection."""
    ctx = open_context(Settings(data=tmp_path / "data"))
    load_if_empty(ctx)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(ctx), log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(params=[(1280, False), (390, True)], ids=["desktop without JavaScript", "phone"])
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that fails the test on any console error or violation of the content security policy.

    It takes the address so that it is closed before the service is: what a browser asks for beside the page, such as
    its icon, would else find nobody.
    """
    width, scripts = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts, locale="ja-JP")
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    opened = context.new_page()
    opened.on("console", listen)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.set_default_timeout(15_000)
    yield opened
    context.close()
    assert complaints == []


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()


def bring_in(page: Page, address: str, name: str, data: bytes) -> None:
    page.goto(f"{address}/imports")
    page.set_input_files("#file", {"name": name, "mimeType": "application/octet-stream", "buffer": data})
    press(page, "中身を確かめる")


def test_the_whole_path_from_a_text_to_the_counted_figures(page: Page, address: str) -> None:
    ask_with_a_text(page, address)
    bring_in_a_register_and_a_sheet_with_a_bad_row(page, address)
    grade_the_first_candidate(page, address)
    introduce_and_follow(page)
    read_the_indicators(page, address)


def ask_with_a_text(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("課題の内容").fill("子育て中の親子が気軽に集まれる居場所がほしい")
    page.get_by_label("市区町村").fill("岡山市")
    press(page, "候補をさがす")
    expect(page.get_by_role("heading", level=1)).to_have_text("力になれそうな団体の候補")
    expect(page.get_by_text("これは候補です。選ぶのは人です。").first).to_be_visible()
    expect(page.locator(".candidates > li")).to_have_count(10)
    expect(page.locator("mark").first).to_be_visible()
    page.get_by_text("点の内訳").first.click()
    expect(page.locator(".candidates table").first).to_be_visible()
    assert "居場所" not in page.url


def bring_in_a_register_and_a_sheet_with_a_bad_row(page: Page, address: str) -> None:
    bring_in(page, address, "団体.csv", REGISTER.encode("cp932"))
    expect(page.get_by_text("新しく加わる 2 件")).to_be_visible()
    press(page, "2 行を登録する")
    expect(page.get_by_role("status")).to_contain_text("ファイルを取り込みました。")
    bring_in(page, address, "棚卸.csv", SHEET.encode())
    expect(page.get_by_text("3 行目")).to_be_visible()
    page.get_by_label("問題のある 1 行を除いて取り込む").check()
    press(page, "1 行を登録する")
    expect(page.get_by_role("row", name=re.compile("棚卸.csv"))).to_be_visible()


def grade_the_first_candidate(page: Page, address: str) -> None:
    page.goto(f"{address}/issues?text=飼い主のいない猫に関する相談対応")
    page.get_by_role("link", name="飼い主のいない猫に関する相談対応").first.click()
    first = page.locator(".candidates > li").first
    expect(first.get_by_role("link")).to_have_text("猫と暮らす会")
    expect(page.locator(".candidates .tag-sample")).to_have_count(0)
    first.get_by_text("評価する").click()
    first.get_by_label("適", exact=False).first.check()
    first.get_by_label("理由").select_option(label="活動の内容が課題に合っている")
    first.get_by_label("ひとこと").fill("まず話を聞きたい")
    press(page, "評価を記録する")
    expect(page.locator(".candidates > li").first).to_contain_text("評価：適")


def introduce_and_follow(page: Page) -> None:
    first = page.locator(".candidates > li").first
    first.get_by_text("紹介を記録する").click()
    first.get_by_label("双方に紹介した日").fill("2026-04-10")
    first.get_by_role("button", name="記録する", exact=True).click()
    track = page.locator("#track")
    steps = [("相談", "2026-04-20"), ("実践開始", "2026-06-01"), ("終了", "2026-07-01")]
    for number, (stage, day) in enumerate(steps):
        expect(track.locator(".timeline > li")).to_have_count(number + 1)
        if number:  # the form stands open only as long as nothing is recorded
            track.get_by_text("経過を書き足す").click()
        track.get_by_label("できごと").select_option(label=stage)
        track.get_by_label("あった日").fill(day)
        track.get_by_role("button", name="記録する", exact=True).click()
    expect(track.locator(".timeline > li")).to_have_count(4)
    track.get_by_role("button", name="取り消す").last.click()
    expect(page.locator("#track .void")).to_contain_text("終了")


def read_the_indicators(page: Page, address: str) -> None:
    page.goto(f"{address}/indicators?year=2026")
    expect(page.locator(".figure")).to_have_text(["1", "26", "1", "9"])
    page.locator("#practices").get_by_role("link", name="実践開始").click()
    expect(page).to_have_url(re.compile(r"/issues/.+#event-\d+"))


def test_the_example_sheet_is_understood_and_brought_in(page: Page, address: str) -> None:
    if not EXAMPLE.exists():
        pytest.skip(f"{EXAMPLE.name} is not there")
    bring_in(page, address, EXAMPLE.name, EXAMPLE.read_bytes())
    expect(page.get_by_text("問題は見つかりませんでした。")).to_be_visible()
    expect(page.get_by_text("E 列「現在の状況 課題・阻害要因」")).to_be_visible()
    press(page, "行を登録する")
    page.goto(f"{address}/issues?text=飼い主のいない猫")
    expect(page.locator("main .list .tags").first).to_contain_text("健康づくり課")


PATHS = ["/", "/issues", "/issues/new", "/organisations", "/cases", "/imports", "/indicators"]


def test_no_page_is_wider_than_the_screen_and_the_first_tab_leads_to_the_content(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    for path in PATHS:
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="本文へ進む")).to_be_focused()
    page.goto(address + "/issues")
    # A click does not wait for the page that it leads to, and a page on its way has no element yet.
    with page.expect_navigation():
        page.locator("main .list a").first.click()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    context.close()
