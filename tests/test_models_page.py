"""The page of the weights: what stands on it, choosing with a reason, and the way back."""

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from requests_of import choose, seen
from service import Service, client_of

from api.context import Context, open_context
from api.settings import Settings
from api.usecases import weights
from corpus import database
from corpus.access import LOCAL
from models.search import weight_sets
from models.weights import WeightsConfig, save_weights

ID, OTHER = "0123456789ab", "ba9876543210"


def current(ctx):
    with ctx.read(LOCAL) as s:
        found = ctx.ruling.of(s)
    return found.id, found.weights


@pytest.fixture
def with_set(empty: Service) -> Service:
    """A learned set is there, not in force."""
    _, ctx = empty
    learned(ctx, low=-0.01)
    return empty


def learned(ctx: Context, low: float) -> None:
    default = weight_sets.default_weights()
    measures = {"queries": 48.0, "ndcg": 0.612, "ndcg_default": 0.597, "difference": 0.015, "low": low, "high": 0.04}
    folder = weight_sets.weights_folder(ctx.settings.data) / ID
    save_weights(folder, default | {"characters": 0.83}, WeightsConfig(default), data="", measures=measures)


def test_every_part_stands_there_by_its_name_with_its_weight(empty: Service) -> None:
    client, _ = empty
    html = client.get("/models").text
    assert '<td data-label="手がかり"><strong>同じことば</strong></td>' in html
    for part, weight in weight_sets.default_weights().items():
        assert html.count(f'<td class="number" data-label="いまの重み">{weight:.2f}</td>') >= 1, part
        assert html.count(f'<td class="number" data-label="付属の重み">{weight:.2f}</td>') >= 1, part
    assert "学習した重みは、まだありません。" in html
    assert "まだ切り替えられていません。" in html
    assert "ひとつ前に戻す" not in html
    assert "この重みを使う" not in html
    assert '<a href="/models">順位の重み</a>' in client.get("/").text


def test_a_learned_set_stands_there_with_its_measures_and_what_they_do_not_say(with_set: Service) -> None:
    client, ctx = with_set
    html = client.get("/models").text
    assert "文字 0.83" in html
    assert "評価した課題 48 件で測ったnDCG@10は 0.612、付属の重みでは 0.597、差は +0.015" in html
    assert "よくなったとは言い切れません" in html
    learned(ctx, low=0.001)
    assert "よくなったとは言い切れません" not in client.get("/models").text


def test_a_set_is_put_in_force_with_a_reason_and_taken_back(with_set: Service) -> None:
    client, ctx = with_set
    html = client.post("/models/choose", data={"id": ID, "reason": "評価が<48>件そろった"}).text
    assert "重みを切り替えました。新しく並べる順位から使われます。すでに記録した順位は変わりません。" in html
    assert "評価が&lt;48&gt;件そろった" in html
    assert '<td class="number" data-label="いまの重み">0.83</td>' in html
    assert "いま使っています" in html
    assert "戻すと「付属の重み」を使います。" in html
    pressed = re.search(r'name="seen" value="(\d+)"', html)
    assert pressed
    for _ in range(2):  # pressed twice
        back = client.post("/models/roll-back", data={"seen": pressed[1]})
        assert "ひとつ前の重みに戻しました。" in back.text
    assert current(ctx)[0] == ""
    assert len(seen(ctx, weights.overview, ctx.ruling).history) == 2


def test_without_a_reason_the_form_comes_back_with_the_summary_that_leads_to_it(with_set: Service) -> None:
    client, ctx = with_set
    answer = client.post("/models/choose", data={"id": ID, "reason": " "})
    assert answer.status_code == 422
    assert f'<a href="#reason-{ID}">切り替える理由を書いてください。</a>' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert seen(ctx, weights.overview, ctx.ruling).history == ()


def test_a_reason_that_is_too_long_is_kept_in_the_form(with_set: Service) -> None:
    client, _ = with_set
    answer = client.post("/models/choose", data={"id": ID, "reason": "長" * 501})
    assert answer.status_code == 422
    assert "長" * 501 in answer.text


def test_the_page_says_that_the_chosen_set_is_broken_and_the_default_goes_on(with_set: Service) -> None:
    client, ctx = with_set
    choose(ctx, ID, "試す")
    (weight_sets.weights_folder(ctx.settings.data) / ID / "weights.json").unlink()
    html = client.get("/models").text
    assert "選ばれている重みが使えないため、付属の重みで並べています" in html
    assert "weights.json を読み込めません。" in html
    assert '<td class="number" data-label="いまの重み">0.83</td>' not in html
    assert "この重みを使う" in html  # the default can be chosen for good


def test_an_unknown_set_and_another_site_are_refused(with_set: Service) -> None:
    client, ctx = with_set
    missing = client.post("/models/choose", data={"id": "f" * 12, "reason": "試す"})
    assert (missing.status_code, 'href="/models"' in missing.text) == (404, True)
    elsewhere = {"Origin": "https://example.org"}
    assert client.post("/models/choose", data={"id": ID, "reason": "試す"}, headers=elsewhere).status_code == 403
    assert seen(ctx, weights.overview, ctx.ruling).history == ()


def test_the_page_is_built_like_the_others(with_set: Service) -> None:
    client, ctx = with_set
    choose(ctx, ID, "試す")
    html = client.get("/models").text
    labels = set(re.findall(r'<label for="([^"]+)"', html))
    inputs = re.findall(r'<input type="text" id="([^"]+)"', html)
    assert inputs
    assert set(inputs) <= labels
    assert html.count("<table") == html.count("<caption")
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert html.count("<h1") == 1


def in_use(html: str) -> list[str]:
    """The rows of 使っているもの without their marks."""
    section = html.split('<h2 id="use-title">使っているもの</h2>')[1].split("</section>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", section.split("<tbody>")[1], re.S)
    return [" ".join(re.sub("<[^>]+>", " ", row).split()) for row in rows]


def test_the_page_says_of_each_thing_whether_it_is_the_shipped_one(empty: Service) -> None:
    client, _ = empty
    html = client.get("/models").text
    rows = in_use(html)
    assert [row.split()[0] for row in rows] == ["言いかえの表", "単語ベクトル", "文エンコーダー", "活動分野のモデル"]
    assert [row.split()[-1] for row in rows] == ["付属のもの", "付属のもの", "使っていません", "付属のもの"]
    assert '<p class="wrong">' not in html


def test_the_page_names_what_is_of_the_city_and_what_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "table.txt").write_text("猫 = にゃんこ\n", encoding="utf-8")
    (tmp_path / "models" / "fields").mkdir(parents=True)
    ctx = open_context(Settings(data=tmp_path, synonyms=tmp_path / "table.txt", encoder=tmp_path / "<model>"))
    html = client_of(ctx).get("/models").text
    table, _, encoder, fields = in_use(html)
    assert table.endswith("市のもの")
    assert "使っていません 設定した文エンコーダーは使えません。" in encoder
    assert "「&lt;model&gt;」が見つかりません。" in encoder
    assert "付属のもの 市で作った活動分野のモデルを読み込めません。" in fields


def test_going_back_to_a_broken_set_is_refused_with_the_way_to_the_default(with_set: Service) -> None:
    client, ctx = with_set
    choose(ctx, ID, "試す")
    shutil.copytree(
        weight_sets.weights_folder(ctx.settings.data) / ID, weight_sets.weights_folder(ctx.settings.data) / OTHER
    )
    choose(ctx, OTHER, "もう一つを試す")
    (weight_sets.weights_folder(ctx.settings.data) / ID / "weights.json").unlink()
    answer = client.post("/models/roll-back", data={"seen": seen(ctx, weights.overview, ctx.ruling).history[0].id})
    assert answer.status_code == 422
    assert "<li>この重みは使えません。weights.json を読み込めません。</li>" in answer.text
    assert '<a href="#reason-default">付属の重みを使うときは、「付属の重み」の欄に' in answer.text
    assert 'id="reason-default"' in answer.text
    choose(ctx, "", "付属に戻す")
    choose(ctx, OTHER, "試す")
    (weight_sets.weights_folder(ctx.settings.data) / OTHER / "weights.json").unlink()
    choose(ctx, "", "付属に戻す")
    answer = client.post("/models/roll-back", data={"seen": seen(ctx, weights.overview, ctx.ruling).history[0].id})
    assert answer.status_code == 422
    assert "この重みは使えません。" in answer.text
    assert "reason-default" not in answer.text  # the default is in force already


def test_a_choice_while_another_program_writes_is_logged_in_japanese(
    with_set: Service, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, ctx = with_set
    monkeypatch.setattr(database, "PATIENCE", 0)
    with closing(sqlite3.connect(ctx.settings.data / "kyodo.sqlite3", isolation_level=None)) as other_program:
        other_program.execute("BEGIN IMMEDIATE")
        answer = client.post("/models/choose", data={"id": ID, "reason": "試す"})
        other_program.execute("ROLLBACK")
    assert answer.status_code == 503
    assert "書き込みの順番が来なかったため、断りました。" in [one.getMessage() for one in caplog.records]


def test_programs_are_told_that_the_sets_cannot_be_seen(empty: Service) -> None:
    client, ctx = empty
    assert client.get("/api/v1/weights").json()["fault"] == ""
    folder = weight_sets.weights_folder(ctx.settings.data)
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("x", encoding="utf-8")
    answer = client.get("/api/v1/weights").json()
    assert answer["fault"].startswith("学習した重みのフォルダー")
    assert answer["learned"] == []


def test_programs_can_read_the_weights(with_set: Service) -> None:
    client, ctx = with_set
    choose(ctx, ID, "試す")
    answer = client.get("/api/v1/weights").json()
    assert answer["in_force"] == {
        **{"id": ID, "chosen": ID, "fault": ""},
        "weights": weight_sets.default_weights() | {"characters": 0.83},
    }
    assert answer["default"] == weight_sets.default_weights()
    assert answer["learned"][0]["measures"]["difference"] == 0.015
    assert answer["history"][0]["reason"] == "試す"
