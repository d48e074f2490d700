"""The pages over a real SQLite file with the sample collection: how they are built, and what stands on them."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests_of import seen
from service import UNUSUAL, Service, first_issue

from api.context import Context
from api.usecases import collection, samples
from api.words.phrases import excerpt, founding_day, highlight, inactive_sentence, japanese_moment, japanese_month

# ---- every page is built properly

PAGES: list[tuple[str, Callable[[Context], str]]] = [
    ("start", lambda ctx: "/"),
    ("issues", lambda ctx: "/issues"),
    ("issue", lambda ctx: f"/issues/{first_issue(ctx)}"),
    ("missed", lambda ctx: f"/issues/{first_issue(ctx)}?find=防災"),
    ("write", lambda ctx: "/issues/new"),
    ("edit", lambda ctx: f"/issues/{first_issue(ctx)}/edit"),
    ("organisations", lambda ctx: "/organisations?page=2"),
    ("organisation", lambda ctx: f"/organisations/{seen(ctx, collection.organisations).items[0].id}"),
    ("cases", lambda ctx: "/cases"),
    ("case", lambda ctx: f"/cases/{seen(ctx, collection.cases).items[0].id}"),
    ("imports", lambda ctx: "/imports"),
    ("samples", lambda ctx: "/samples/remove"),
    ("indicators", lambda ctx: "/indicators"),
    ("models", lambda ctx: "/models"),
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
    shown: Service, path: Callable[[Context], str]
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
    shown: Service, path: Callable[[Context], str]
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
    shown: Service, path: Callable[[Context], str]
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
    shown: Service,
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


def test_the_table_of_points_explains_the_words_it_uses(shown: Service) -> None:
    client, ctx = shown
    html = client.get(f"/issues/{first_issue(ctx, '所有者不明猫')}").text
    folds = re.findall(r"<summary>点の内訳.*?</details>", html, re.DOTALL)
    wholes = ["文の内容</span>" in fold for fold in folds]
    sums = ["そのほか" in fold.split("</table>")[0] for fold in folds]
    assert True in wholes
    assert True in sums
    assert wholes == ["「文の内容」は、1つの語ではなく、その文全体との近さです。" in fold for fold in folds]
    assert sums == ["1つずつは小さいものを「そのほか」にまとめて足しています。" in fold for fold in folds]


def test_the_free_text_is_stored_nowhere(empty: Service) -> None:
    client, ctx = empty
    samples.load_if_empty(ctx)
    assert UNUSUAL in client.post("/candidates", data={"text": UNUSUAL}).text
    kept = [path for path in ctx.settings.data.rglob("*") if path.is_file()]
    assert len(kept) > 1
    assert not [path for path in kept if UNUSUAL.encode() in path.read_bytes()]


def test_when_nothing_fits_the_page_says_so_and_names_the_next_step(shown: Service) -> None:
    client, _ = shown
    html = client.post("/candidates", data={"text": "qwertyuiop"}).text
    assert "はっきりした手がかりのある候補は見つかりませんでした" in html
    assert "協働の窓口" in html


def test_an_empty_text_is_sent_back_with_a_summary_that_leads_to_the_box(shown: Service) -> None:
    client, _ = shown
    answer = client.post("/candidates", data={"text": "  "})
    assert answer.status_code == 422
    assert '<a href="#text">課題の内容を書いてください。</a>' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_city_name_that_two_prefectures_have_is_asked_back_and_the_text_is_kept(
    shown: Service,
) -> None:
    client, _ = shown
    answer = client.post("/candidates", data={"text": UNUSUAL, "city": "府中市"})
    assert answer.status_code == 422
    assert "東京都" in answer.text
    assert "広島県" in answer.text
    assert UNUSUAL in answer.text


def test_a_long_text_is_folded_above_its_candidates(shown: Service) -> None:
    client, _ = shown
    assert "押すと全文を開きます" not in client.post("/candidates", data={"text": "あ" * 600}).text
    assert "601文字。押すと全文を開きます" in client.post("/candidates", data={"text": "あ" * 601}).text


def test_the_address_of_the_candidates_alone_leads_back_to_the_box(shown: Service) -> None:
    client, _ = shown
    assert client.get("/candidates", follow_redirects=False).headers["location"] == "/"


# ---- samples and empty states


def test_samples_are_marked_in_lists_and_on_their_own_pages(shown: Service) -> None:
    client, ctx = shown
    for path, stored in [
        ("/organisations", seen(ctx, collection.organisations)),
        ("/issues", seen(ctx, collection.issues)),
    ]:
        assert client.get(path).text.count("tag-sample") == len(stored.items)
    assert "tag-sample" in client.get(f"/issues/{first_issue(ctx)}").text
    assert "tag-sample" in client.get(f"/organisations/{seen(ctx, collection.organisations).items[0].id}").text


def test_the_button_removes_the_samples_and_then_the_lists_say_what_to_do(empty: Service) -> None:
    client, ctx = empty
    samples.load_if_empty(ctx)
    assert "サンプルを消す" in client.get("/").text
    asked = client.get("/samples/remove").text
    assert "消したサンプルは元に戻せません" in asked
    assert "一緒に入った実在の事例8件も消す" in asked
    assert seen(ctx, collection.organisations).total > 0
    gone = client.post("/samples/remove")
    assert seen(ctx, collection.cases).total == 8
    assert "サンプルを消しました。" in gone.text
    assert "サンプルを消す</a>" not in gone.text
    client.post("/samples/remove", data={"include_cases": "yes"})
    assert seen(ctx, collection.cases).total == 0
    assert "サンプルは入っていません。" in client.get("/samples/remove").text
    assert "課題はまだ登録されていません。" in client.get("/issues").text
    assert "団体はまだ登録されていません。" in client.get("/organisations").text
    assert "団体がまだ登録されていません" in client.post("/candidates", data={"text": "防災"}).text


def test_a_filter_that_matches_nothing_offers_to_drop_it(shown: Service) -> None:
    client, _ = shown
    for path in ("/issues", "/organisations", "/cases"):
        assert "すべての" in client.get(path, params={"text": UNUSUAL}).text


def test_organisations_are_found_by_kind_and_by_a_word(shown: Service) -> None:
    client, ctx = shown
    kind, number = next((kind, number) for kind, number in seen(ctx, collection.kinds) if kind)
    html = client.get("/organisations", params={"kind": kind}).text
    assert f"{number} 件の団体" in html
    assert f'<option value="{kind}" selected>' in html


# ---- words


def test_marks_stand_around_the_longest_term_and_touching_ones_become_one() -> None:
    assert str(highlight("子育て支援の場", ["子", "子育て", "支援"])) == "<mark>子育て支援</mark>の場"
    assert str(highlight("居場所づくり", ["居場", "場所"])) == "<mark>居場所</mark>づくり"
    assert str(highlight("<b>猫</b>", ["猫"])) == "&lt;b&gt;<mark>猫</mark>&lt;/b&gt;"
    assert str(highlight("猫", [])) == "猫"


@given(st.text(alphabet="あ猫<&>（*\n", max_size=30), st.lists(st.text(alphabet="あ猫<&>（*", max_size=3), max_size=4))
def test_marking_never_changes_the_text(text: str, terms: list[str]) -> None:
    assert re.sub("</?mark>", "", str(highlight(text, terms))) == str(highlight(text, []))


def test_an_excerpt_is_one_line_of_the_given_length() -> None:
    assert excerpt("一\n二  三", 10) == "一 二 三"
    assert excerpt("あ" * 100, 10) == "あ" * 9 + "…"


def test_a_founding_day_is_shown_in_its_era_and_anything_else_as_written() -> None:
    assert founding_day("2005/01/12") == "平成17年1月12日"
    assert [founding_day(text) for text in ("平成24年", "2005/02/30", "明治のころ")] == [
        "平成24年",
        "2005/02/30",
        "明治のころ",
    ]


def test_why_a_body_is_no_candidate_is_a_sentence() -> None:
    assert inactive_sentence("解散情報: 2023年3月31日") == "解散情報に「2023年3月31日」とあるためです。"
    assert inactive_sentence("活動休止") == "理由は「活動休止」です。"
    assert inactive_sentence("") == ""


def test_a_moment_is_shown_in_the_time_of_japan() -> None:
    assert japanese_moment(datetime(2024, 5, 26, 16, 5, tzinfo=UTC)) == "令和6年5月27日 01:05"


def test_a_month_is_shown_in_the_era_of_its_first_day() -> None:
    assert japanese_month(date(2026, 11, 1)) == "令和8年11月"
    assert japanese_month(date(2019, 4, 1)) == "平成31年4月"
    assert japanese_month(date(2019, 5, 1)) == "令和元年5月"
