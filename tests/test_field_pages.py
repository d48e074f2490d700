"""Fields proposed for an issue: shown as a proposal, accepted or corrected by a person, used by nothing before."""

import re
from pathlib import Path

import pytest
from requests_of import done, seen
from service import Service, first_issue, upload
from typer.testing import CliRunner

from api.cli import app
from api.context import open_context
from api.settings import Settings
from api.usecases import collection, fields, samples

CHILDREN = "不登校の子どもの居場所と学習支援が足りない"


def written(service: Service, **more: object) -> str:
    client, ctx = service
    client.post("/issues", data={"title": "子どもの居場所", "problem": CHILDREN, "seeks_partner": "yes", **more})
    return first_issue(ctx, "居場所")


def hidden(html: str, name: str) -> list[str]:
    return re.findall(rf'type="hidden" name="{name}" value="(\d+)"', html)


def test_an_issue_without_fields_shows_at_most_three_as_a_proposal_in_words(empty: Service) -> None:
    client, ctx = empty
    html = client.get(f"/issues/{written(empty)}").text
    (block,) = re.findall(r'id="fields">.*?<details>', html, re.S)
    assert "分野の案" in block
    assert "これは案です。" in block
    assert '<span class="tag">子どもの健全育成</span>おそらく当てはまります' in block
    assert 1 <= len(hidden(block, "chosen")) <= 3
    assert "%" not in block
    assert seen(ctx, collection.issue, first_issue(ctx)).fields == frozenset()


def test_the_correction_is_a_fieldset_of_all_twenty_with_the_proposal_ticked(empty: Service) -> None:
    client, _ = empty
    html = client.get(f"/issues/{written(empty)}").text
    (form,) = re.findall(r"案を直して登録する</summary>(.*?)</details>", html, re.S)
    assert "<fieldset>" in form
    assert "<legend>活動分野" in form
    assert form.count('type="checkbox" name="chosen"') == 20
    assert sorted(re.findall(r'value="(\d+)" checked', form)) == sorted(hidden(html, "chosen"))


def proposing(monkeypatch: pytest.MonkeyPatch, *proposed: tuple[int, bool]) -> None:
    monkeypatch.setattr(fields, "proposals", lambda *_: tuple(fields.Proposal(*one) for one in proposed))


def test_one_click_registers_only_what_is_likely(empty: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = empty
    issue = written(empty)
    proposing(monkeypatch, (13, True), (2, False))
    html = client.get(f"/issues/{issue}").text
    assert hidden(html, "chosen") == ["13"]
    assert re.findall(r'name="chosen" value="(\d+)" checked', html) == ["13"]
    assert '<button class="button button-line" type="submit">この案のまま登録する（おそらく当てはまる分野だけ）' in html
    assert "当てはまるかもしれません" in html


def test_where_nothing_is_likely_there_is_only_the_form(empty: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = empty
    issue = written(empty)
    proposing(monkeypatch, (13, False), (2, False))
    html = client.get(f"/issues/{issue}").text
    assert hidden(html, "chosen") == []
    assert "この案のまま" not in html
    assert "checked" not in html[html.index('id="fields"') : html.index("選んだ分野を登録する")]
    assert html.count('type="checkbox" name="chosen"') == 20
    assert "<summary>分野を選んで登録する</summary>" in html
    assert "はじめから付いている印はありません。" in html


def test_the_form_without_a_tick_comes_back_open_with_the_error_at_it(empty: Service) -> None:
    client, ctx = empty
    issue = written(empty)
    answer = client.post(f"/issues/{issue}/fields", data={"version": "1"})
    assert answer.status_code == 422
    assert "入力を確かめてください" in answer.text
    assert '<a href="#fields">活動分野を、選択肢から1つ以上選んでください。</a>' in answer.text
    (form,) = re.findall(r"<details open>\s*<summary>案を直して登録する</summary>(.*?)</details>", answer.text, re.S)
    assert '<fieldset aria-invalid="true" aria-describedby="fields-wrong">' in form
    assert '<p class="wrong" id="fields-wrong">活動分野を' in form
    assert "checked" not in form
    assert "子どもの居場所" in answer.text
    tampered = client.post(f"/issues/{issue}/fields", data={"version": "1", "chosen": ["2", "21"]})
    assert re.findall(r'name="chosen" value="(\d+)" checked', tampered.text) == ["2"]
    assert seen(ctx, collection.issue, issue).fields == frozenset()


def test_where_the_form_is_gone_the_error_is_a_page_of_its_own(empty: Service) -> None:
    client, _ = empty
    issue = written(empty, fields=["7"])
    answer = client.post(f"/issues/{issue}/fields", data={"version": "1"})
    assert answer.status_code == 422
    assert "活動分野を、選択肢から1つ以上選んでください。" in answer.text
    assert "前の画面へ戻る" in answer.text


@pytest.mark.parametrize(
    ("path", "data", "said"),
    [
        ("fields", {"version": "soon", "chosen": ["13"]}, "画面から送られた内容を受け取れませんでした。"),
        ("fields", {"chosen": ["13"]}, "ページを開き直して、もう一度お試しください。"),
        ("fields", {"version": "1", "chosen": ["a", "b"]}, "「活動分野」は整数で入力してください。"),
        ("status", {"version": "1", "status": "lost"}, "「受付の状態」に選べない値が入っています。"),
        ("missed", {}, "「団体」がありません。"),
        ("models", {"seen": "x"}, "ページを開き直して、もう一度お試しください。"),
    ],
)
def test_a_form_that_was_tampered_with_is_refused_without_names_of_the_program(
    empty: Service, path: str, data: dict[str, str | list[str]], said: str
) -> None:
    client, _ = empty
    issue = written(empty)
    answer = client.post("/models/roll-back" if path == "models" else f"/issues/{issue}/{path}", data=data)
    assert answer.status_code == 422
    (alert,) = re.findall(r'role="alert">(.*?)</div>', answer.text, re.S)
    assert alert.count(said) == 1
    for name in ("version", "chosen", "seen", "status", "organisation"):
        assert name not in alert


def test_the_edit_form_ticks_nothing_by_itself(empty: Service) -> None:
    client, _ = empty
    html = client.get(f"/issues/{written(empty)}/edit").text
    assert not re.search(r'name="fields" value="\d+" checked', html)


def test_a_proposal_is_accepted_as_it_is(empty: Service) -> None:
    client, ctx = empty
    issue = written(empty)
    html = client.get(f"/issues/{issue}").text
    codes = hidden(html, "chosen")
    answer = client.post(f"/issues/{issue}/fields", data={"version": "1", "chosen": codes})
    assert "活動分野を登録しました。" in answer.text
    assert "分野の案" not in answer.text
    assert seen(ctx, collection.issue, issue).fields == frozenset(map(int, codes))


def test_a_correction_is_stored_instead(empty: Service) -> None:
    client, ctx = empty
    issue = written(empty)
    client.post(f"/issues/{issue}/fields", data={"version": "1", "chosen": ["2", "10"]})
    stored = seen(ctx, collection.issue, issue)
    assert (stored.fields, stored.version, stored.problem) == ({2, 10}, 2, CHILDREN)


def test_who_comes_second_is_told_and_changes_nothing(empty: Service) -> None:
    client, ctx = empty
    issue = written(empty)
    client.post(f"/issues/{issue}/fields", data={"version": "1", "chosen": ["13"]})
    late = client.post(f"/issues/{issue}/fields", data={"version": "1", "chosen": ["7"]})
    assert late.status_code == 409
    assert "ほかの人が先に書き換えています" in late.text
    assert seen(ctx, collection.issue, issue).fields == {13}


def sheet(service: Service, problem: str, names: str = "") -> tuple[str, str]:
    """The preview's page of a 棚卸 sheet of one issue, and that after it was confirmed."""
    client, _ = service
    written = f"業務名,担当課,年度,課題,分野\n子どもの居場所,子育て課,令和6年度,{problem},{names}\n"
    preview = upload(client, "棚卸.csv", written.encode())
    return client.get(preview).text, client.post(f"{preview}/confirm").text


def test_an_accepted_proposal_outlives_a_newer_sheet_that_names_no_field(empty: Service) -> None:
    client, ctx = empty
    sheet(empty, CHILDREN)
    issue = first_issue(ctx)
    client.post(f"/issues/{issue}/fields", data={"version": "1", "chosen": ["13"]})
    preview, _ = sheet(empty, CHILDREN + "。担い手もいない")
    assert "置き換わります" not in preview
    stored = seen(ctx, collection.issue, issue)
    assert (stored.fields, stored.problem) == ({13}, CHILDREN + "。担い手もいない")


def test_fields_that_a_newer_sheet_names_are_taken_and_the_preview_says_so(empty: Service) -> None:
    client, ctx = empty
    sheet(empty, CHILDREN)
    issue = first_issue(ctx)
    client.post(f"/issues/{issue}/fields", data={"version": "1", "chosen": ["13"]})
    preview, _ = sheet(empty, CHILDREN, "環境の保全を図る活動")
    assert "「子どもの居場所」には画面で書き直されたところがあり、" in preview
    assert seen(ctx, collection.issue, issue).fields == {7}


@pytest.mark.parametrize("chosen", [[], ["21"], ["0", "13"]])
def test_no_field_or_an_unknown_one_is_refused(empty: Service, chosen: list[str]) -> None:
    client, ctx = empty
    issue = written(empty)
    answer = client.post(f"/issues/{issue}/fields", data={"version": "1", "chosen": chosen})
    assert answer.status_code == 422
    assert "活動分野を、選択肢から1つ以上選んでください。" in answer.text
    assert seen(ctx, collection.issue, issue).fields == frozenset()


def test_an_issue_that_says_hardly_anything_gets_no_likely_field(empty: Service) -> None:
    client, ctx = empty
    client.post("/issues", data={"title": "公用車の管理", "problem": "台数84台。", "seeks_partner": "yes"})
    issue = seen(ctx, collection.issue, first_issue(ctx, "公用車"))
    assert [one.likely for one in fields.proposals(fields.proposer(ctx.settings.data), issue)] == [False] * 3
    assert "おそらく当てはまります」の分野に" not in client.get(f"/issues/{issue.id}").text


def test_an_issue_with_fields_gets_no_proposal(empty: Service) -> None:
    client, ctx = empty
    issue = written(empty, fields=["7"])
    assert "分野の案" not in client.get(f"/issues/{issue}").text
    assert fields.proposals(fields.proposer(ctx.settings.data), seen(ctx, collection.issue, issue)) == ()


def test_the_json_names_proposed_fields_apart_from_the_chosen_ones(empty: Service) -> None:
    client, ctx = empty
    issue = written(empty)
    answer = client.get(f"/api/v1/issues/{issue}").json()
    assert answer["fields"] == []
    assert answer["proposed_fields"][0] == 13
    done(ctx, collection.set_fields, issue, 1, frozenset({13}))
    answer = client.get(f"/api/v1/issues/{issue}").json()
    assert (answer["fields"], answer["proposed_fields"]) == ([13], [])


def test_learning_uses_stored_organisations_with_fields_and_no_sample(real: Service) -> None:
    client, ctx = real
    register = "団体名,目的,分野\n環境の会,川の清掃,環境\n無記入の会,川の清掃,\n".encode()
    client.post(f"{upload(client, 'fields.csv', register)}/confirm")
    ((_, text, codes),) = seen(ctx, fields.labelled, 10)
    assert ("川の清掃" in text, "環境の会" in text, codes) == (True, False, {7})


def test_invented_rows_are_never_learned_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYODO_DATA", str(tmp_path))
    ctx = open_context(Settings(data=tmp_path))
    samples.load_if_empty(ctx)
    assert seen(ctx, fields.labelled, 10) == []
    ctx.db.close()
    result = CliRunner().invoke(app, ["models", "train-fields"])
    assert result.exit_code == 2
    assert "0件しかありません" in result.stderr
