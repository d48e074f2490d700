"""Bringing in a file through the pages: choose, look, correct, confirm."""

import json
import re
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook
from requests_of import seen
from service import INVENTORY, REGISTER, Service, first_issue, upload
from typer.testing import CliRunner

from api.cli import app
from api.pages.imports import sheet_choices
from api.usecases import collection
from api.usecases.imports import FileReport
from corpus.readers.base import Kind, MappedColumn, ReadOptions
from corpus.readers.formats.sheets import column_letter
from corpus.readers.kinds.catalogue import KINDS
from corpus.readers.read_file import read_file

ROOT = Path(__file__).parents[1]


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


def test_a_preview_shows_kind_mapping_and_rows_and_stores_nothing(empty: Service) -> None:
    client, ctx = empty
    html = client.get(upload(client, "棚卸.csv", INVENTORY.encode("cp932"))).text
    assert "問題は見つかりませんでした。" in html
    assert "種類は<strong>業務の棚卸シート</strong>と見分けました。" in html
    assert "新しく加わる 2 件" in html
    assert "D 列「課題」" in html
    assert "飼い主のいない猫の相談" in html
    assert seen(ctx, collection.issues).total == 0


def one_row_of(kind: Kind) -> bytes:
    """A table with what a file of this kind needs to be recognised, and one row."""
    about = KINDS[kind]
    known = {group[0]: "試しの会" for group in (*about.needed, *about.telling)}
    if kind is Kind.ISSUES:
        known["日付"] = "2024-05-27"
    return workbook(tuple(known), tuple(known.values()))


@pytest.mark.parametrize("kind", Kind)
def test_a_file_of_every_kind_is_previewed_and_brought_in(empty: Service, kind: Kind) -> None:
    """A kind whose preview breaks needs its rows in import_preview.html, chosen by where they are listed."""
    client, _ = empty
    preview = upload(client, "表.xlsx", one_row_of(kind))
    html = client.get(preview).text
    assert f"種類は<strong>{KINDS[kind].label}</strong>と見分けました。" in html
    assert '<th scope="row">試しの会' in html
    assert "新しい" in client.post(f"{preview}/confirm").text


@pytest.mark.parametrize("kind", Kind)
def test_a_line_of_json_is_read_for_every_kind_of_file(kind: Kind) -> None:
    line = json.dumps({"name": "試しの会", "title": "試しの会", "text": "試し", "effect": "試し"}, ensure_ascii=False)
    result = read_file("a.jsonl", line.encode(), ReadOptions(kind=kind))
    assert [type(record) for record in result.records] == [KINDS[kind].record]


def test_every_kind_of_file_is_told_where_one_is_chosen() -> None:
    """In the help of the command and among 取り込めるもの, by hand: a new kind is written there too."""
    told = re.findall(r"<dt>(.*?)</dt>", (ROOT / "api" / "templates" / "imports.html").read_text(encoding="utf-8"))
    helped = CliRunner().invoke(app, ["import", "--help"]).stdout
    for kind, about in KINDS.items():
        assert kind.value in helped
        assert [one for one in told if about.label.startswith(one)], about.label


@pytest.mark.parametrize(("name", "content"), [("棚卸.csv", INVENTORY.encode()), ("団体.csv", REGISTER.encode())])
def test_every_cell_of_the_preview_is_named_for_a_narrow_screen(empty: Service, name: str, content: bytes) -> None:
    client, _ = empty
    html = client.get(upload(client, name, content)).text
    cells = re.findall(r"<td[^>]*>", html)
    assert cells
    assert all("data-label=" in cell for cell in cells)


def test_a_confirmed_file_is_stored_once_and_stands_in_the_log(empty: Service) -> None:
    client, ctx = empty
    preview = upload(client, "棚卸.csv", INVENTORY.encode())
    done = client.post(f"{preview}/confirm")
    assert "ファイルを取り込みました。" in done.text
    assert "「棚卸.csv」から、新しい課題 2 件を加え、0 件の内容を改めました。" in done.text
    assert '<a href="/issues">課題の一覧を見る</a>' in done.text
    assert done.url.fragment == "done"
    assert seen(ctx, collection.issues).total == 2
    again = client.post(f"{preview}/confirm")
    assert again.status_code == 404
    assert "もう一度ファイルを選んでください" in again.text


def test_bad_rows_are_named_by_place_and_left_out_only_when_that_was_ticked(empty: Service) -> None:
    client, ctx = empty
    preview = upload(client, "棚卸.xlsx", BAD_ROWS)
    html = client.get(preview).text
    assert "3 行目" in html
    assert "A 列「業務名」" in html
    assert "問題のある 1 行を除いて取り込む" in html
    client.post(f"{preview}/confirm")
    assert seen(ctx, collection.issues).total == 0
    client.post(f"{preview}/confirm", data={"skip_bad_rows": "yes"})
    assert [issue.title for issue in seen(ctx, collection.issues).items] == ["猫の相談"]


def test_a_corrected_mapping_is_used_for_the_preview_and_for_the_import(empty: Service) -> None:
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
    issue = seen(ctx, collection.issue, first_issue(ctx, "猫"))
    assert (issue.problem, issue.purpose) == ("運ぶ人がいない", "")


def test_one_column_for_two_items_is_refused_with_both_names(empty: Service) -> None:
    client, _ = empty
    preview = upload(client, "棚卸.csv", INVENTORY.encode())
    answer = client.get(preview, params={"map::課題": "D", "map::目的": "D"})
    assert answer.status_code == 422
    assert "D 列が「課題」と「目的」の両方に選ばれています。" in answer.text


def test_defaults_fill_empty_cells_and_a_wrong_year_is_said(empty: Service) -> None:
    client, _ = empty
    preview = upload(client, "棚卸.csv", "業務名,課題\n猫の相談,運ぶ人がいない\n".encode())
    html = client.get(preview, params={"department": "生活衛生課", "year": "R6", "city": "岡山市"}).text
    assert '<td data-label="担当課">生活衛生課</td>' in html
    assert "令和6年度" in html
    wrong = client.get(preview, params={"year": "いつか"})
    assert wrong.status_code == 422
    assert "は年度として読み取れません" in wrong.text
    assert 'value="いつか"' in wrong.text
    assert "問題は見つかりませんでした" not in wrong.text
    assert "行を登録する" not in wrong.text


def test_without_a_city_the_inputs_for_one_stand_open_and_the_table_shows_it_when_given(empty: Service) -> None:
    client, _ = empty
    preview = upload(client, "棚卸.csv", "業務名,課題\n猫の相談,運ぶ人がいない\n,\n川の清掃,人が減った\n".encode())
    html = client.get(preview).text
    assert "どの行にも市区町村がありません。" in html
    assert "記入例・空行・注記です。" in html
    given = client.get(preview, params={"city": "岡山市"}).text
    assert '<td data-label="市区町村">岡山県岡山市</td>' in given
    assert "どの行にも市区町村がありません。" not in given


def test_a_file_made_unreadable_by_a_choice_keeps_the_form_that_puts_it_right(empty: Service) -> None:
    client, _ = empty
    preview = upload(client, "棚卸.csv", INVENTORY.encode())
    answer = client.get(preview, params={"map::業務名": "", "map::課題": "D"})
    assert answer.status_code == 422
    assert "この対応では読み取れません。「業務名」の列を選んでください。" in answer.text
    assert 'name="map::業務名"' in answer.text
    assert '<option value="D" selected>D 課題</option>' in answer.text
    assert "行を登録する" not in answer.text
    other = client.get(preview, params={"kind": "organisations"})
    assert "団体の名簿として読めません" in other.text
    assert 'name="map::業務名"' in other.text


def test_a_list_that_only_its_kind_makes_readable_keeps_the_choice_of_kinds(empty: Service) -> None:
    client, _ = empty
    preview = upload(client, "名前.csv", "団体名,代表者\n猫の会,代表その一\n川の会,代表その二\n".encode())
    html = client.get(preview).text
    assert "読み取れませんでした" in html
    assert 'name="kind"' in html
    assert "2 行を登録する" in client.get(preview, params={"kind": "organisations"}).text


def test_of_many_problems_two_hundred_are_shown_and_the_others_counted(empty: Service) -> None:
    client, _ = empty
    rows = [
        "業務名,担当課,年度,課題",
        "猫の相談,課,令和6年度,運ぶ人がいない",
        *([",課,令和6年度,業務名のない行"] * 203),
    ]
    html = client.get(upload(client, "棚卸.csv", "\n".join(rows).encode())).text
    assert "203 件のうち、はじめの 200 件" in html
    assert "ほか3件あります。" in html


def test_bodies_that_will_not_be_candidates_are_counted_in_the_preview(empty: Service) -> None:
    client, _ = empty
    register = "団体名,目的,解散情報\n猫の会,猫の世話,\n昔の会,川の清掃,2023年\n".encode()
    assert "うち解散などで候補に出ない団体 1 件" in client.get(upload(client, "団体.csv", register)).text


def test_an_unreadable_file_is_explained_and_can_only_be_given_up(empty: Service) -> None:
    client, _ = empty
    preview = upload(client, "課題.xlsx", b"%PDF-1.7 nothing")
    html = client.get(preview).text
    assert "読み取れませんでした" in html
    assert "行を登録する" not in html
    assert "読み取り方" not in html
    assert "取り込みをやめました。" in client.post(f"{preview}/cancel").text
    assert client.get(preview).status_code == 404


def test_choosing_no_file_is_said_beside_the_input(empty: Service) -> None:
    client, _ = empty
    answer = client.post("/imports", files={"file": ("", b"")})
    assert answer.status_code == 422
    assert "ファイルを選んでください。" in answer.text


def test_contact_persons_stand_on_no_page(real: Service) -> None:
    client, ctx = real
    paths = ["/organisations", f"/issues/{first_issue(ctx)}", upload(client, "団体.csv", REGISTER.encode())]
    paths += [f"/organisations/{one.id}" for one in seen(ctx, collection.organisations).items]
    for path in paths:
        html = client.get(path).text
        assert not re.search("連絡役その一|連絡役その二|086-000-0000|kawa@example", html)


def test_a_page_offers_the_columns_of_as_many_sheets_as_it_can_hold() -> None:
    columns = tuple(
        MappedColumn(sheet=f"表{n}", item="", column=column_letter(at), heading="予備")
        for n in range(900)
        for at in range(100)
    )
    shown = sheet_choices(FileReport(path="a.xlsx", kind="inventory", stored=False, mapping=columns), {})
    assert [sheet.name for sheet in shown] == [f"表{n}" for n in range(len(shown))]
    assert 1 < len(shown) < 100
    (wide,) = sheet_choices(FileReport(path="a.xlsx", kind="inventory", stored=False, mapping=columns[:100]), {})
    assert wide.columns == columns[:100]
