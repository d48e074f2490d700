"""The bulk file of the Cabinet Office's NPO portal: 60 columns, CP932, one CSV in a zip."""

import csv
import io
import runpy
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from corpus import corporate_numbers
from corpus.readers.base import Kind, ReadOptions, ReadResult, Severity
from corpus.readers.read_file import read_file
from corpus.records.organisations import Organisation

SHARED = Path(__file__).parents[2] / "shared"
WIDE = "１２３４５６７８９"
FIELDS = [f"活動分野{digit}" for digit in (*WIDE, *(f"１{digit}" for digit in "０" + WIDE), "２０")]
HEADER = [
    *("法人名称", "法人名称カナ", "所轄庁", "権限移譲先市町村", "主たる事務所の所在地", "主たる事業所の郵便番号"),
    *(
        "従たる事務所の所在地",
        "代表者氏名",
        "団体代表者名（フリガナ）",
        "法人設立認証年月日",
        "設立年月日",
        "定款に記載された目的",
    ),
    *FIELDS,
    *("監督情報", "解散情報", "法人情報URL", "法人番号", "特定非営利活動に係る事業", "その他の事業"),
]
NUMBER = f"{corporate_numbers.check_digit('700150000001')}700150000001"
BODY = {
    "法人名称": "特定非営利活動法人髙﨑①の会",
    "所轄庁": "岡山県",
    "主たる事務所の所在地": "岡山県倉敷市西中新田640番　1号",
    "代表者氏名": "（氏名）",
    "設立年月日": "2004/05/27",
    "定款に記載された目的": "この法人は、\n子どもの育ちを支えることを目的とする。",
    "活動分野１": "○",
    "活動分野１３": "○",
    "法人情報URL": "https://example.org/npo/1",
    "法人番号": NUMBER,
    "特定非営利活動に係る事業": "学習支援",
    "その他の事業": "なし",
}


def portal(*bodies: Mapping[str, str], packed: bool = True) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, HEADER, restval="", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(bodies)
    data = text.getvalue().encode("cp932")
    if not packed:
        return data
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("000_AdministrativeInputData.csv", data)
    return out.getvalue()


def read(*bodies: Mapping[str, str], packed: bool = True) -> ReadResult:
    return read_file("gyousei_000.zip", portal(*bodies, packed=packed), ReadOptions())


def organisations(result: ReadResult) -> list[Organisation]:
    return [record for record in result.records if isinstance(record, Organisation)]


@pytest.mark.parametrize("packed", [True, False])
def test_a_body_becomes_texts_fields_and_a_place(packed: bool) -> None:
    result = read(BODY, packed=packed)
    [found] = organisations(result)
    assert (result.kind, result.problems) == (Kind.NPO_PORTAL, ())
    assert (found.name, found.kind) == ("特定非営利活動法人髙﨑①の会", "NPO法人")
    assert found.purpose == "この法人は、\n子どもの育ちを支えることを目的とする。"
    assert (found.activities, found.fields) == ("学習支援", frozenset({1, 13}))
    assert (found.prefecture, found.city) == ("岡山県", "倉敷市")
    assert found.address == "岡山県倉敷市西中新田640番　1号"
    assert (found.key, found.founded, found.website) == (f"cn:{NUMBER}", "2004/05/27", "https://example.org/npo/1")
    assert (found.active, found.representative) == (True, "（氏名）")


def test_both_kinds_of_work_are_activities() -> None:
    [found] = organisations(read(BODY | {"その他の事業": "物品の販売"}))
    assert found.activities == "学習支援\n物品の販売"


def test_dissolved_bodies_and_bodies_without_an_address_are_inactive() -> None:
    dissolved = BODY | {"解散情報": "2020年04月01日 社員総会の決議"}
    homeless = BODY | {"法人番号": "", "主たる事務所の所在地": ""}
    found = organisations(read(dissolved, homeless))
    assert [(o.active, o.inactive_reason) for o in found] == [
        (False, "解散情報: 2020年04月01日 社員総会の決議"),
        (False, "主たる事務所の所在地がありません"),
    ]


def test_without_a_right_number_name_and_address_are_the_key() -> None:
    wrong = f"{int(NUMBER[0]) % 9 + 1}{NUMBER[1:]}"
    result = read(BODY | {"法人番号": wrong}, BODY | {"法人番号": "", "法人名称": "ＮＰＯ 虹"})
    key = "na:特定非営利活動法人髙﨑1の会|岡山県倉敷市西中新田640番1号"
    assert [o.key for o in organisations(result)] == [key, "na:npo虹|岡山県倉敷市西中新田640番1号"]
    assert [(p.row, p.severity, p.found) for p in result.problems] == [(2, Severity.WARNING, wrong)]
    assert organisations(result)[0].corporate_number == wrong


def test_an_active_row_is_not_displaced_by_the_dissolved_row_of_the_same_body() -> None:
    result = read(BODY, BODY | {"解散情報": "2020年04月01日"})
    assert [o.active for o in organisations(result)] == [True]
    assert [(p.row, p.severity) for p in result.problems] == [(3, Severity.WARNING)]


def test_the_same_file_again_gives_the_same_records() -> None:
    assert read(BODY, BODY | {"法人番号": ""}) == read(BODY, BODY | {"法人番号": ""})


def test_a_made_file_of_the_portals_layout_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = SHARED / "tools" / "make_npo_portal.py"
    if not tool.exists():
        pytest.skip("the maker of portal files beside the repository is absent")
    path = tmp_path / "portal.zip"
    monkeypatch.setattr(sys, "argv", ["make_npo_portal.py", "1200", str(path)])
    runpy.run_path(str(tool), run_name="__main__")
    told: list[int] = []
    result = read_file(path.name, path.read_bytes(), ReadOptions(), told.append)
    found = organisations(result)
    assert (result.kind, len(found), result.skipped, result.ignored) == (Kind.NPO_PORTAL, 1200, 0, 0)
    assert sum(not o.active for o in found) == 150  # every eighth
    assert sum(o.key.startswith("na:") for o in found) == 51  # one in 25 without a number, three with a wrong one
    assert [p.row for p in result.problems] == [2, 502, 1002]
    assert all(o.prefecture and o.city for o in found if o.active)
    assert all(o.fields and o.purpose and o.activities for o in found)
    assert told == [1000]
