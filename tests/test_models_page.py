"""The page of the weights: what stands on it, choosing with a reason, and the way back."""

import re

import pytest
from service import Service

from api.usecases import weights
from api.usecases.context import Context
from models.weights import WeightsConfig, save_weights

ID = "0123456789ab"


def current(ctx):
    with ctx.db.read() as conn:
        found = ctx.ruling.of(conn)
    return found.id, found.weights


@pytest.fixture
def with_set(empty: Service) -> Service:
    """A learned set is there, not in force."""
    _, ctx = empty
    learned(ctx, low=-0.01)
    return empty


def learned(ctx: Context, low: float) -> None:
    default = weights.default_weights()
    measures = {"queries": 48.0, "ndcg": 0.612, "ndcg_default": 0.597, "difference": 0.015, "low": low, "high": 0.04}
    folder = weights.weights_folder(ctx.settings.data) / ID
    save_weights(folder, default | {"characters": 0.83}, WeightsConfig(default), data="", measures=measures)


def test_every_part_stands_there_by_its_name_with_its_weight(empty: Service) -> None:
    client, _ = empty
    html = client.get("/models").text
    assert '<td data-label="手がかり"><strong>同じことば</strong></td>' in html
    for part, weight in weights.default_weights().items():
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
    seen = re.search(r'name="seen" value="(\d+)"', html)
    assert seen
    for _ in range(2):  # pressed twice
        back = client.post("/models/roll-back", data={"seen": seen[1]})
        assert "ひとつ前の重みに戻しました。" in back.text
    assert current(ctx)[0] == ""
    assert len(weights.overview(ctx).history) == 2


def test_without_a_reason_the_form_comes_back_with_the_summary_that_leads_to_it(with_set: Service) -> None:
    client, ctx = with_set
    answer = client.post("/models/choose", data={"id": ID, "reason": " "})
    assert answer.status_code == 422
    assert f'<a href="#reason-{ID}">切り替える理由を書いてください。</a>' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert weights.overview(ctx).history == ()


def test_a_reason_that_is_too_long_is_kept_in_the_form(with_set: Service) -> None:
    client, _ = with_set
    answer = client.post("/models/choose", data={"id": ID, "reason": "長" * 501})
    assert answer.status_code == 422
    assert "長" * 501 in answer.text


def test_the_page_says_that_the_chosen_set_is_broken_and_the_default_goes_on(with_set: Service) -> None:
    client, ctx = with_set
    weights.choose(ctx, ID, "試す")
    (weights.weights_folder(ctx.settings.data) / ID / "weights.json").unlink()
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
    assert weights.overview(ctx).history == ()


def test_the_page_is_built_like_the_others(with_set: Service) -> None:
    client, ctx = with_set
    weights.choose(ctx, ID, "試す")
    html = client.get("/models").text
    labels = set(re.findall(r'<label for="([^"]+)"', html))
    inputs = re.findall(r'<input type="text" id="([^"]+)"', html)
    assert inputs
    assert set(inputs) <= labels
    assert html.count("<table") == html.count("<caption")
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert html.count("<h1") == 1


def test_programs_can_read_the_weights(with_set: Service) -> None:
    client, ctx = with_set
    weights.choose(ctx, ID, "試す")
    answer = client.get("/api/v1/weights").json()
    assert answer["in_force"] == {
        **{"id": ID, "chosen": ID, "fault": ""},
        "weights": weights.default_weights() | {"characters": 0.83},
    }
    assert answer["default"] == weights.default_weights()
    assert answer["learned"][0]["measures"]["difference"] == 0.015
    assert answer["history"][0]["reason"] == "試す"
