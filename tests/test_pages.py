"""The pages over a real SQLite file with the sample collection: what stands on them, and what their forms do."""

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from html.parser import HTMLParser
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from starlette.testclient import TestClient

from api.app import create_app
from api.errors import Invalid, KyodoError
from api.failures import STATUS
from api.pages.presentation import excerpt, highlight, japanese_moment
from api.settings import Settings
from api.usecases import collection, reviews, samples
from api.usecases.context import Context, open_context
from corpus.records import ReleaseLevel

UNUSUAL = "ゾウガメ搬送計画"


def client_of(ctx: Context, **options: object) -> TestClient:
    return TestClient(create_app(ctx), base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50000), **options)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Context]]:
    """The samples, for tests that change nothing."""
    ctx = open_context(Settings(data=tmp_path_factory.mktemp("shown")))
    samples.load_if_empty(ctx)
    with client_of(ctx) as client:
        yield client, ctx


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[tuple[TestClient, Context]]:
    ctx = open_context(Settings(data=tmp_path))
    with client_of(ctx) as client:
        yield client, ctx


REGISTER = """団体名,種別,目的,活動内容,所在地,代表者,連絡先
猫と暮らす会,任意団体,地域猫の世話,飼い主のいない猫の捕獲と手術の付き添い,岡山市北区,見本太郎,086-000-0000
川辺の会,任意団体,川の清掃,川辺のごみ拾いと水質の観察,岡山市南区,見本花子,kawa@example.jp
"""
INVENTORY = """業務名,担当課,年度,課題
飼い主のいない猫の相談,生活衛生課,令和6年度,猫の捕獲と手術に付き添う人がいない
河川の清掃,環境課,令和6年度,川辺のごみ拾いの参加者が減っている
"""


@pytest.fixture
def real(empty: tuple[TestClient, Context]) -> tuple[TestClient, Context]:
    """Two organisations and two issues that are no samples, brought in through the pages."""
    client, ctx = empty
    for name, text in [("団体.csv", REGISTER), ("棚卸.csv", INVENTORY)]:
        preview = upload(client, name, text.encode())
        assert client.post(f"{preview}/confirm", follow_redirects=False).status_code == 303
    return client, ctx


def upload(client: TestClient, name: str, data: bytes) -> str:
    """The address of the preview."""
    answer = client.post("/imports", files={"file": (name, data)}, follow_redirects=False)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def first_issue(ctx: Context, text: str = "") -> str:
    return collection.issues(ctx, text).items[0].id


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


# ---- every page is built properly

PAGES: list[tuple[str, Callable[[Context], str]]] = [
    ("start", lambda ctx: "/"),
    ("issues", lambda ctx: "/issues"),
    ("issue", lambda ctx: f"/issues/{first_issue(ctx)}"),
    ("missed", lambda ctx: f"/issues/{first_issue(ctx)}?find=防災"),
    ("write", lambda ctx: "/issues/new"),
    ("edit", lambda ctx: f"/issues/{first_issue(ctx)}/edit"),
    ("organisations", lambda ctx: "/organisations?page=2"),
    ("organisation", lambda ctx: f"/organisations/{collection.organisations(ctx).items[0].id}"),
    ("cases", lambda ctx: "/cases"),
    ("case", lambda ctx: f"/cases/{collection.cases(ctx).items[0].id}"),
    ("imports", lambda ctx: "/imports"),
    ("indicators", lambda ctx: "/indicators"),
    ("nothing", lambda ctx: "/no-such-page"),
]
INPUTS = {"input", "select", "textarea"}


class Outline(HTMLParser):
    """What the rules of an accessible page are about."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside_label = 0
        self.unlabelled: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        self.inside_label += tag == "label"
        if tag in INPUTS and given.get("type") != "hidden" and not self.inside_label:
            self.unlabelled.append(given.get("id") or "")

    def handle_endtag(self, tag: str) -> None:
        self.inside_label -= tag == "label"

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def outline(html: str) -> Outline:
    found = Outline()
    found.feed(html)
    return found


@pytest.mark.parametrize("path", [path for _, path in PAGES], ids=[name for name, _ in PAGES])
def test_every_page_has_language_landmarks_one_h1_and_headings_in_order(
    shown: tuple[TestClient, Context], path: Callable[[Context], str]
) -> None:
    client, ctx = shown
    page = outline(client.get(path(ctx)).text)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert page.named("html") == [{"lang": "ja"}]
    assert [len(page.named(tag)) for tag in ("main", "header", "footer", "title")] == [1, 1, 1, 1]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert any(attrs.get("href") == "#main" for attrs in page.named("a"))


@pytest.mark.parametrize("path", [path for _, path in PAGES], ids=[name for name, _ in PAGES])
def test_every_input_has_a_label_every_table_a_caption_and_every_id_is_unique(
    shown: tuple[TestClient, Context], path: Callable[[Context], str]
) -> None:
    client, ctx = shown
    page = outline(client.get(path(ctx)).text)
    labelled = {attrs.get("for") for attrs in page.named("label")}
    ids = Counter(attrs["id"] for _, attrs in page.tags if attrs.get("id"))
    assert [name for name in page.unlabelled if name not in labelled] == []
    assert len(page.named("table")) == len(page.named("caption"))
    assert [name for name, times in ids.items() if times > 1] == []


@pytest.mark.parametrize("path", [path for _, path in PAGES], ids=[name for name, _ in PAGES])
def test_no_page_has_a_script_an_inline_style_or_anything_from_elsewhere(
    shown: tuple[TestClient, Context], path: Callable[[Context], str]
) -> None:
    client, ctx = shown
    page = outline(client.get(path(ctx)).text)
    assert not page.named("script")
    assert not page.named("style")
    for _, attrs in page.tags:
        assert not [name for name in attrs if name == "style" or name.startswith("on")]
        assert not (attrs.get("src") or "").startswith("http")
    assert all((attrs.get("href") or "").startswith("/static/") for attrs in page.named("link"))


# ---- candidates for a text


def test_candidates_quote_both_sides_mark_the_shared_words_and_say_that_a_person_chooses(
    shown: tuple[TestClient, Context],
) -> None:
    client, _ = shown
    html = client.post("/candidates", data={"text": "子育て中の親子が気軽に集まれる居場所がほしい"}).text
    assert "これは候補です。選ぶのは人です。" in html
    assert "<mark>子育て" in html
    assert (
        html.count("<figcaption>課題のことば</figcaption>") == html.count("<figcaption>団体のことば</figcaption>") == 10
    )
    assert "点の内訳" in html
    assert "サンプル" in html


def test_the_free_text_is_stored_nowhere(empty: tuple[TestClient, Context]) -> None:
    client, ctx = empty
    samples.load_if_empty(ctx)
    assert UNUSUAL in client.post("/candidates", data={"text": UNUSUAL}).text
    kept = [path for path in ctx.settings.data.rglob("*") if path.is_file()]
    assert len(kept) > 1
    assert not [path for path in kept if UNUSUAL.encode() in path.read_bytes()]


def test_when_nothing_fits_the_page_says_so_and_names_the_next_step(shown: tuple[TestClient, Context]) -> None:
    client, _ = shown
    html = client.post("/candidates", data={"text": "qwertyuiop"}).text
    assert "はっきりした手がかりのある候補は見つかりませんでした" in html
    assert "協働の窓口" in html


def test_an_empty_text_is_sent_back_with_a_summary_that_leads_to_the_box(shown: tuple[TestClient, Context]) -> None:
    client, _ = shown
    answer = client.post("/candidates", data={"text": "  "})
    assert answer.status_code == 422
    assert '<a href="#text">課題の内容を書いてください。</a>' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_city_name_that_two_prefectures_have_is_asked_back_and_the_text_is_kept(
    shown: tuple[TestClient, Context],
) -> None:
    client, _ = shown
    answer = client.post("/candidates", data={"text": UNUSUAL, "city": "府中市"})
    assert answer.status_code == 422
    assert "東京都" in answer.text
    assert "広島県" in answer.text
    assert UNUSUAL in answer.text


def test_the_address_of_the_candidates_alone_leads_back_to_the_box(shown: tuple[TestClient, Context]) -> None:
    client, _ = shown
    assert client.get("/candidates", follow_redirects=False).headers["location"] == "/"


# ---- samples and empty states


def test_samples_are_marked_in_lists_and_on_their_own_pages(shown: tuple[TestClient, Context]) -> None:
    client, ctx = shown
    for path, stored in [("/organisations", collection.organisations(ctx)), ("/issues", collection.issues(ctx))]:
        assert client.get(path).text.count("tag-sample") == len(stored.items)
    assert "tag-sample" in client.get(f"/issues/{first_issue(ctx)}").text
    assert "tag-sample" in client.get(f"/organisations/{collection.organisations(ctx).items[0].id}").text


def test_the_button_removes_the_samples_and_then_the_lists_say_what_to_do(empty: tuple[TestClient, Context]) -> None:
    client, ctx = empty
    samples.load_if_empty(ctx)
    assert "サンプルを消す" in client.get("/").text
    gone = client.post("/samples/remove")
    assert "サンプルを消しました。" in gone.text
    assert "サンプルを消す</button>" not in gone.text
    assert "課題はまだ登録されていません。" in client.get("/issues").text
    assert "団体はまだ登録されていません。" in client.get("/organisations").text
    assert "団体がまだ登録されていません" in client.post("/candidates", data={"text": "防災"}).text


def test_a_filter_that_matches_nothing_offers_to_drop_it(shown: tuple[TestClient, Context]) -> None:
    client, _ = shown
    for path in ("/issues", "/organisations", "/cases"):
        assert "すべての" in client.get(path, params={"text": UNUSUAL}).text


def test_organisations_are_found_by_kind_and_by_a_word(shown: tuple[TestClient, Context]) -> None:
    client, ctx = shown
    kind, number = next((kind, number) for kind, number in collection.kinds(ctx) if kind)
    html = client.get("/organisations", params={"kind": kind}).text
    assert f"{number} 件の団体" in html
    assert f'<option value="{kind}" selected>' in html


# ---- bringing in a file


def workbook(*rows: tuple[str, ...]) -> bytes:
    book, buffer = Workbook(), BytesIO()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(buffer)
    return buffer.getvalue()


BAD_ROWS = workbook(
    ("業務名", "担当課", "年度", "課題"),
    ("猫の相談", "生活衛生課", "令和6年度", "捕まえて運ぶ人がいない"),
    ("", "環境課", "令和6年度", "業務名のない行"),
)


def test_a_preview_shows_kind_mapping_and_rows_and_stores_nothing(empty: tuple[TestClient, Context]) -> None:
    client, ctx = empty
    html = client.get(upload(client, "棚卸.csv", INVENTORY.encode("cp932"))).text
    assert "問題は見つかりませんでした。" in html
    assert "種類は<strong>業務の棚卸シート</strong>と見分けました。" in html
    assert "新しく加わる 2 件" in html
    assert "D 列「課題」" in html
    assert "飼い主のいない猫の相談" in html
    assert collection.issues(ctx).total == 0


def test_a_confirmed_file_is_stored_once_and_stands_in_the_log(empty: tuple[TestClient, Context]) -> None:
    client, ctx = empty
    preview = upload(client, "棚卸.csv", INVENTORY.encode())
    done = client.post(f"{preview}/confirm")
    assert "ファイルを取り込みました。" in done.text
    assert "棚卸.csv" in done.text
    assert collection.issues(ctx).total == 2
    again = client.post(f"{preview}/confirm")
    assert again.status_code == 404
    assert "もう一度ファイルを選んでください" in again.text


def test_bad_rows_are_named_by_place_and_left_out_only_when_that_was_ticked(empty: tuple[TestClient, Context]) -> None:
    client, ctx = empty
    preview = upload(client, "棚卸.xlsx", BAD_ROWS)
    html = client.get(preview).text
    assert "3 行目" in html
    assert "A 列「業務名」" in html
    assert "問題のある 1 行を除いて取り込む" in html
    client.post(f"{preview}/confirm")
    assert collection.issues(ctx).total == 0
    client.post(f"{preview}/confirm", data={"skip_bad_rows": "yes"})
    assert [issue.title for issue in collection.issues(ctx).items] == ["猫の相談"]


def test_a_corrected_mapping_is_used_for_the_preview_and_for_the_import(empty: tuple[TestClient, Context]) -> None:
    client, ctx = empty
    data = workbook(
        ("業務名", "目的", "その他"), ("猫の相談", "命を守る", "運ぶ人がいない"), ("川の清掃", "水を守る", "人が減った")
    )
    preview = upload(client, "棚卸.xlsx", data)
    html = client.get(preview).text
    name = re.search(r'name="(map:[^"]*:課題)"', html)
    assert name
    chosen = {name[1]: "C", name[1].replace("課題", "目的"): ""}
    corrected = client.get(preview, params=chosen)
    assert "C 列「その他」" in corrected.text
    action = re.search(r'action="(/imports/[^"]*/confirm[^"]*)"', corrected.text)
    assert action
    client.post(action[1].replace("&amp;", "&"))
    issue = collection.issue(ctx, first_issue(ctx, "猫"))
    assert (issue.problem, issue.purpose) == ("運ぶ人がいない", "")


def test_one_column_for_two_items_is_refused_with_both_names(empty: tuple[TestClient, Context]) -> None:
    client, _ = empty
    preview = upload(client, "棚卸.csv", INVENTORY.encode())
    answer = client.get(preview, params={"map::課題": "D", "map::目的": "D"})
    assert answer.status_code == 422
    assert "D 列が「課題」と「目的」の両方に選ばれています。" in answer.text


def test_defaults_fill_empty_cells_and_a_wrong_year_is_said(empty: tuple[TestClient, Context]) -> None:
    client, _ = empty
    preview = upload(client, "棚卸.csv", "業務名,課題\n猫の相談,運ぶ人がいない\n".encode())
    html = client.get(preview, params={"department": "生活衛生課", "year": "R6", "city": "岡山市"}).text
    assert "<td>生活衛生課</td>" in html
    assert "令和6年度" in html
    wrong = client.get(preview, params={"year": "いつか"})
    assert wrong.status_code == 422
    assert '<a href="#year">年度は' in wrong.text


def test_an_unreadable_file_is_explained_and_can_only_be_given_up(empty: tuple[TestClient, Context]) -> None:
    client, _ = empty
    preview = upload(client, "課題.xlsx", b"%PDF-1.7 nothing")
    html = client.get(preview).text
    assert "読み取れませんでした" in html
    assert "行を登録する" not in html
    assert "取り込みをやめました。" in client.post(f"{preview}/cancel").text
    assert client.get(preview).status_code == 404


def test_choosing_no_file_is_said_beside_the_input(empty: tuple[TestClient, Context]) -> None:
    client, _ = empty
    answer = client.post("/imports", files={"file": ("", b"")})
    assert answer.status_code == 422
    assert "ファイルを選んでください。" in answer.text


def test_contact_persons_stand_on_no_page(real: tuple[TestClient, Context]) -> None:
    client, ctx = real
    paths = ["/organisations", f"/issues/{first_issue(ctx)}", upload(client, "団体.csv", REGISTER.encode())]
    paths += [f"/organisations/{one.id}" for one in collection.organisations(ctx).items]
    for path in paths:
        html = client.get(path).text
        assert not re.search("見本太郎|見本花子|086-000-0000|kawa@example", html)


# ---- an issue: writing, changing


FORM = {"title": "空き家の相談", "problem": "引き取り手\r\nがいない", "fiscal_year": "R6", "release_level": "centre"}


def test_an_issue_is_written_with_its_release_level_and_shown(empty: tuple[TestClient, Context]) -> None:
    client, ctx = empty
    shown = client.post("/issues", data={**FORM, "fields": ["3", "13"], "seeks_partner": "yes"})
    assert "課題を登録しました。" in shown.text
    issue = collection.issue(ctx, first_issue(ctx))
    assert (issue.release_level, issue.fiscal_year, issue.fields) == (ReleaseLevel.CENTRE, 2024, {3, 13})
    assert issue.problem == "引き取り手\nがいない"
    assert "センターまで" in shown.text


def test_a_new_issue_is_for_its_own_section_unless_said_otherwise(empty: tuple[TestClient, Context]) -> None:
    client, ctx = empty
    client.post("/issues", data={"title": "空き家", "problem": "増えている"})
    assert collection.issue(ctx, first_issue(ctx)).release_level is ReleaseLevel.SECTION


def test_a_form_with_gaps_comes_back_filled_with_a_summary(empty: tuple[TestClient, Context]) -> None:
    client, _ = empty
    answer = client.post("/issues", data={"title": "", "idea": "空き家を居場所に"})
    assert answer.status_code == 422
    assert 'href="#title"' in answer.text
    assert 'href="#problem"' in answer.text
    assert "空き家を居場所に" in answer.text
    assert client.post("/issues", data={**FORM, "fiscal_year": "らいねん"}).status_code == 422


def test_of_two_people_who_change_an_issue_the_second_is_told_and_nothing_is_lost(
    empty: tuple[TestClient, Context],
) -> None:
    client, ctx = empty
    client.post("/issues", data=FORM)
    issue = collection.issue(ctx, first_issue(ctx))
    path = f"/issues/{issue.id}"
    version = {"version": str(issue.version)}
    assert "書き直した内容を登録しました。" in client.post(path, data={**FORM, **version, "title": "先の人"}).text
    late = client.post(path, data={**FORM, **version, "title": "後の人"})
    assert late.status_code == 409
    assert collection.issue(ctx, issue.id).title == "先の人"


def test_a_closed_issue_has_no_candidates_and_can_be_reopened(real: tuple[TestClient, Context]) -> None:
    client, ctx = real
    issue = collection.issue(ctx, first_issue(ctx, "猫"))
    closed = client.post(f"/issues/{issue.id}/status", data={"version": str(issue.version), "status": "closed"})
    assert "この課題を終了にしました。" in closed.text
    assert 'class="candidates"' not in closed.text
    again = {"version": str(collection.issue(ctx, issue.id).version), "status": "open"}
    assert 'class="candidates"' in client.post(f"/issues/{issue.id}/status", data=again).text


# ---- what people decide


def test_a_grade_is_kept_with_what_was_shown_and_can_be_taken_back(real: tuple[TestClient, Context]) -> None:
    client, ctx = real
    issue = first_issue(ctx, "猫")
    html = client.get(f"/issues/{issue}").text
    organisation = re.search(r'name="organisation" value="([^"]+)"', html)
    ranking = re.search(r'name="ranking" value="(\d+)"', html)
    assert organisation
    assert ranking
    said = {"organisation": organisation[1], "ranking": ranking[1], "grade": "suitable", "reason": "activity_fits"}
    for _ in range(2):  # a double click
        graded = client.post(f"/issues/{issue}/reviews", data={**said, "comment": "話を聞きたい"})
    assert "評価：適" in graded.text
    assert "話を聞きたい" in graded.text
    (review,) = reviews.track(ctx, issue).history
    assert (review.rank, review.ranking) == (1, int(ranking[1]))
    assert review.model
    back = client.post(f"/issues/{issue}/reviews/take-back", data={"organisation": organisation[1]})
    assert "評価：適" not in back.text
    assert "取り消し" in back.text
    assert len(reviews.track(ctx, issue).history) == 2


def test_a_missed_partner_is_looked_for_and_added(real: tuple[TestClient, Context]) -> None:
    client, ctx = real
    issue = first_issue(ctx, "猫")
    html = client.get(f"/issues/{issue}", params={"find": "川辺"}).text
    chosen = re.search(r'type="radio" name="organisation" value="([^"]+)"', html)
    assert chosen
    added = client.post(f"/issues/{issue}/missed", data={"organisation": chosen[1], "comment": "猫にもくわしい"})
    assert "一覧になかった団体を加えました。" in added.text
    assert "猫にもくわしい" in added.text
    assert "を含む団体は登録されていません" in client.get(f"/issues/{issue}", params={"find": UNUSUAL}).text


def introduced(client: TestClient, ctx: Context) -> tuple[str, int]:
    issue, organisation = first_issue(ctx, "猫"), collection.organisations(ctx, "猫").items[0].id
    made = {"organisation": organisation, "on": "2026-04-10", "note": "庁舎で"}
    for _ in range(2):
        assert "引き合わせを記録しました。" in client.post(f"/issues/{issue}/introductions", data=made).text
    (one,) = reviews.track(ctx, issue).introductions
    return issue, one.introduction.id


def test_the_indicators_count_events_lead_to_them_and_forget_voided_ones(real: tuple[TestClient, Context]) -> None:
    client, ctx = real
    issue, introduction = introduced(client, ctx)
    path = f"/issues/{issue}/introductions/{introduction}/events"
    client.post(path, data={"stage": "consultation", "on": "令和8年4月20日"})
    shown = client.post(path, data={"stage": "started", "on": "R8.6.1", "note": "捕獲を始めた"}).text
    assert "令和8年6月1日" in shown
    html = client.get("/indicators?year=2026").text
    assert [int(n) for n in re.findall(r'class="figure">(\d+)<', html)] == [1, 26, 1, 9]
    events = re.findall(rf'href="/issues/{issue}#event-(\d+)"', html)
    assert len(events) == 2
    assert all(f'id="event-{event}"' in shown for event in events)
    client.post(f"/issues/{issue}/events/{events[1]}/void")
    html = client.get("/indicators?year=2026").text
    assert [int(n) for n in re.findall(r'class="figure">(\d+)<', html)] == [1, 26, 0, 9]
    assert "取り消し済み" in client.get(f"/issues/{issue}").text


def test_the_indicators_publish_their_definition_and_count_nothing_in_another_year(
    real: tuple[TestClient, Context],
) -> None:
    client, _ = real
    html = client.get("/indicators?year=令和元年度").text
    assert "会うことに合意した件数" in html
    assert "令和元年度に数えられる出来事は、まだありません。" in html


@pytest.mark.parametrize("day", ["2999-01-01", "きのう", "R1.4.30"])
def test_a_day_that_cannot_be_is_explained_with_the_way_back(real: tuple[TestClient, Context], day: str) -> None:
    client, ctx = real
    issue, organisation = first_issue(ctx, "猫"), collection.organisations(ctx, "猫").items[0].id
    answer = client.post(f"/issues/{issue}/introductions", data={"organisation": organisation, "on": day})
    assert answer.status_code == 422
    assert f'href="/issues/{issue}"' in answer.text


# ---- failures and refusals


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
    shown: tuple[TestClient, Context], method: str, path: str, status: int
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


def test_while_another_program_writes_a_page_that_must_write_says_to_wait(
    real: tuple[TestClient, Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, ctx = real
    issue = first_issue(ctx, "猫")
    with ctx.db.writer.connect() as ours:
        ours.exec_driver_sql("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(ctx.settings.data / "kyodo.sqlite3", isolation_level=None)) as other_program:
        other_program.execute("BEGIN IMMEDIATE")
        answer = client.get(f"/issues/{issue}")
        other_program.execute("ROLLBACK")
    assert answer.status_code == 503
    assert "もう一度お試しください" in answer.text


def test_only_this_machine_is_served_unless_the_setting_allows_others(tmp_path: Path) -> None:
    for allowed, status in [(False, 403), (True, 200)]:
        ctx = open_context(Settings(data=tmp_path, allow_remote=allowed))
        client = TestClient(create_app(ctx), base_url="http://kyodo.example", client=("192.0.2.7", 50000))
        assert client.get("/imports").status_code == status


def test_another_host_name_is_refused_so_that_no_foreign_name_can_point_here(
    shown: tuple[TestClient, Context],
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
def test_a_change_is_taken_from_our_own_pages_only(
    shown: tuple[TestClient, Context], headers: dict[str, str], status: int
) -> None:
    client, _ = shown
    answer = client.post(f"/imports/{'x' * 22}/cancel", headers=headers, follow_redirects=False)
    assert answer.status_code == status


def test_too_much_is_refused_before_and_while_it_is_read(shown: tuple[TestClient, Context]) -> None:
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
    shown: tuple[TestClient, Context],
) -> None:
    client, _ = shown
    for path, cache in [("/", "no-store"), ("/api/v1/health", "no-store"), ("/nothing", "no-store")]:
        headers = client.get(path).headers
        assert headers["cache-control"] == cache
        assert headers["x-content-type-options"] == "nosniff"
        assert "script-src" not in headers["content-security-policy"]  # default-src 'none' holds
    assert client.get("/static/style.css").headers["cache-control"] == "no-cache"


def test_a_head_request_gets_the_headers_of_the_page_without_the_page(shown: tuple[TestClient, Context]) -> None:
    client, _ = shown
    answer = client.head("/")
    assert (answer.status_code, answer.content) == (200, b"")
    assert client.head("/nothing").status_code == 404


# ---- words


def test_marks_stand_around_the_longest_term_and_touching_ones_become_one() -> None:
    assert str(highlight("子育て支援の場", ["子", "子育て", "支援"])) == "<mark>子育て支援</mark>の場"
    assert str(highlight("<b>猫</b>", ["猫"])) == "&lt;b&gt;<mark>猫</mark>&lt;/b&gt;"
    assert str(highlight("猫", [])) == "猫"


@given(st.text(alphabet="あ猫<&>（*\n", max_size=30), st.lists(st.text(alphabet="あ猫<&>（*", max_size=3), max_size=4))
def test_marking_never_changes_the_text(text: str, terms: list[str]) -> None:
    assert re.sub("</?mark>", "", str(highlight(text, terms))) == str(highlight(text, []))


def test_an_excerpt_is_one_line_of_the_given_length() -> None:
    assert excerpt("一\n二  三", 10) == "一 二 三"
    assert excerpt("あ" * 100, 10) == "あ" * 9 + "…"


def test_a_moment_is_shown_in_the_time_of_japan() -> None:
    from datetime import UTC, datetime

    assert japanese_moment(datetime(2024, 5, 26, 16, 5, tzinfo=UTC)) == "令和6年5月27日 01:05"
