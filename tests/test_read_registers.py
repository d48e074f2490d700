"""Registers of organisations as directories publish them."""

import io
from collections.abc import Sequence
from datetime import date

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import corporate_numbers
from corpus.readers.base import Kind, ReadOptions, ReadResult, Severity
from corpus.readers.kinds.cells import split_list
from corpus.readers.read_file import read_file
from corpus.records.organisations import Organisation

HEADING = ["団体名", "種別", "目的", "活動内容", "できること", "分野", "所在地", "活動区域", "連絡先"]
ROW = [
    "花とみどりの会",
    "任意団体",
    "花のあるまちをつくる",
    "花壇の手入れ",
    "植え方の講習",
    "まちづくり、環境",
    "岡山県岡山市北区大供1-1",
    "岡山市北区",
    "電話 086-000-0000",
]
NUMBER = f"{corporate_numbers.check_digit('700150000001')}700150000001"
WRONG = f"{int(NUMBER[0]) % 9 + 1}{NUMBER[1:]}"


def csv_of(*rows: Sequence[str], encoding: str = "utf-8") -> bytes:
    return "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in rows).encode(encoding)


def read(*rows: Sequence[str], **options: object) -> ReadResult:
    return read_file("名簿.csv", csv_of(*rows), ReadOptions(**options))  # type: ignore[arg-type]


def organisations(result: ReadResult) -> list[Organisation]:
    return [record for record in result.records if isinstance(record, Organisation)]


def test_a_directory_with_the_usual_columns_is_recognised_and_read() -> None:
    result = read(HEADING, ROW)
    [found] = organisations(result)
    assert (result.kind, result.problems) == (Kind.ORGANISATIONS, ())
    assert (found.name, found.kind, found.purpose) == ("花とみどりの会", "任意団体", "花のあるまちをつくる")
    assert (found.activities, found.offers, found.fields) == ("花壇の手入れ", "植え方の講習", frozenset({3, 7}))
    assert (found.prefecture, found.city, found.area) == ("岡山県", "岡山市", "岡山市北区")
    assert found.contact == "電話 086-000-0000"
    assert found.active


def test_the_columns_of_a_citys_published_list_are_read() -> None:
    heading = ["団体名", "連絡先等", "代表者氏名", "設立年月日", "会員数", "会費の有無", "HP", "分野", "目的", "内容"]
    row = [
        "虹の会",
        "市民センター気付",
        "（氏名）",
        "平成12年4月1日",
        "30",
        "有",
        "https://example.org/",
        "13",
        "子育て",
        "読み聞かせ",
    ]
    [found] = organisations(read(heading, row))
    assert (found.founded, found.website, found.fields) == ("平成12年4月1日", "https://example.org/", frozenset({13}))
    assert (found.purpose, found.activities) == ("子育て", "読み聞かせ")
    assert (found.contact, found.representative) == ("市民センター気付", "（氏名）")


def test_a_workbook_register_below_a_title_is_read() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [["市民活動団体一覧"], [], HEADING, ROW]:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    assert [o.name for o in organisations(read_file("名簿.xlsx", out.getvalue(), ReadOptions()))] == ["花とみどりの会"]


def test_several_texts_about_activities_stand_below_each_other() -> None:
    heading = ["団体名", "主な活動", "設立以来の主な活動実績", "団体紹介"]
    [found] = organisations(read(heading, ["虹の会", "読み聞かせ", "年間40回", "親子の会です"]))
    assert found.activities == "読み聞かせ\n年間40回\n親子の会です"


def test_names_and_numbers_of_persons_go_to_the_contact_columns_only() -> None:
    heading = ["団体名", "活動内容", "代表者名", "担当者", "電話", "FAX", "メール"]
    persons = ["代表の人", "窓口の人", "000-1111", "000-2222", "a@example.org"]
    [found] = organisations(read(heading, ["虹の会", "読み聞かせ", *persons]))
    assert (found.representative, found.contact_person) == ("代表の人", "窓口の人")
    assert found.contact == "000-1111\n000-2222\na@example.org"
    profile = (found.name, found.kind, found.purpose, found.activities, found.offers, found.area, found.source)
    assert not any(person in text for person in persons for text in profile)


def test_a_problem_in_a_contact_column_does_not_repeat_the_person() -> None:
    result = read(
        ["団体名", "活動内容", "代表者名"], ["虹の会", "読み聞かせ", "=人(1)\ue000"], ["空の会", "観察", "=CONCAT(A1)"]
    )
    assert [p.column for p in result.problems] == ["C 代表者名", "C 代表者名"]
    assert not any("人" in p.found + p.message or "CONCAT" in p.found + p.message for p in result.problems)


def test_a_right_corporate_number_is_the_key_in_whatever_width_it_is_typed() -> None:
    wide = NUMBER.translate({ord(str(d)): chr(0xFF10 + d) for d in range(10)})
    keys = [organisations(read(["団体名", "活動内容", "法人番号"], ["虹", "本", n]))[0].key for n in (NUMBER, wide)]
    assert keys == [f"cn:{NUMBER}"] * 2


def test_a_wrong_corporate_number_is_a_warning_kept_as_typed_and_no_key() -> None:
    result = read(["団体名", "所在地", "法人番号"], ["虹の会", "岡山市北区大供1-1", WRONG])
    [found] = organisations(result)
    [problem] = result.problems
    assert (problem.severity, problem.row, problem.column, problem.found) == (
        Severity.WARNING,
        2,
        "C 法人番号",
        WRONG,
    )
    assert (found.corporate_number, found.key) == (WRONG, "na:虹の会|岡山市北区大供1-1")


def test_without_an_address_the_area_tells_namesakes_apart() -> None:
    result = read(
        ["団体名", "活動区域", "活動内容"], ["婦人会", "御野学区", "見守り"], ["婦人会", "伊島学区", "見守り"]
    )
    assert len(result.records) == 2
    assert result.problems == ()


def test_of_unlike_rows_about_one_organisation_the_later_stands_and_both_are_named() -> None:
    result = read(
        ["団体名", "所在地", "活動内容"], ["虹", "津山市1", "本"], ["空", "津山市2", "星"], ["虹", "津山市1", "紙芝居"]
    )
    assert [o.activities for o in organisations(result)] == ["紙芝居", "星"]
    [problem] = result.problems
    assert (problem.row, problem.severity) == (4, Severity.WARNING)
    assert problem.message == "4行目は2行目と同じものを指していますが内容が違います。後の4行目の内容を取り込みます。"


def test_a_row_without_a_name_is_an_error_and_a_blank_one_is_none() -> None:
    result = read(["団体名", "活動内容", "所在地"], ["", "読み聞かせ", ""], ["", "", ""], ["虹の会", "", ""])
    assert [(p.row, p.column, p.severity) for p in result.problems] == [(2, "A 団体名", Severity.ERROR)]
    assert (len(result.records), result.skipped, result.ignored) == (1, 1, 1)


def test_the_caller_fills_a_missing_place_but_an_address_knows_better() -> None:
    rows = [["団体名", "所在地", "活動内容"], ["虹", "", "本"], ["空", "広島県福山市東桜町3", "星"]]
    found = organisations(read(*rows, prefecture="岡山県", city="倉敷市"))
    assert [(o.prefecture, o.city) for o in found] == [("岡山県", "倉敷市"), ("広島県", "福山市")]


def test_a_corporate_number_is_missing_too_short_or_wrong_and_each_is_told_apart() -> None:
    data = "団体名,法人番号\n虹の会,なし\n空の会,123\n海の会,1234567890123\n".encode()
    result = read_file("名簿.csv", data, ReadOptions(kind=Kind.ORGANISATIONS))
    numbers = [o.corporate_number for o in result.records if isinstance(o, Organisation)]
    assert numbers == ["", "123", "1234567890123"]
    assert [(p.row, p.message.partition("ため、")[0]) for p in result.problems] == [
        (3, "3行目の「法人番号」は13桁の番号でない"),
        (4, "4行目の「法人番号」は検査用数字が合わない"),
    ]


def test_an_address_without_prefecture_lies_in_the_one_the_caller_names() -> None:
    data = "団体名,目的,所在地\n虹の会,見守り,府中市宮西町1\n空の会,見守り,宮西町2\n".encode()
    found = read_file("名簿.csv", data, ReadOptions(prefecture="東京都", city="調布市")).records
    assert [(o.prefecture, o.city) for o in found if isinstance(o, Organisation)] == [
        ("東京都", "府中市"),
        ("東京都", "調布市"),
    ]


def test_a_city_that_two_prefectures_have_is_a_warning_that_asks_which() -> None:
    result = read(["団体名", "市町村", "活動内容"], ["虹の会", "府中市", "読み聞かせ"])
    [problem] = result.problems
    assert (problem.severity, problem.column) == (Severity.WARNING, "B 市町村")
    assert "東京都" in problem.message
    assert "広島県" in problem.message
    assert organisations(result)[0].city == "府中市"


def test_dates_and_fields_that_say_nothing_are_warnings() -> None:
    heading = ["団体名", "活動内容", "分野", "確認日"]
    result = read(
        heading, ["虹", "本", "いろいろ", "R1.4.30"], ["空", "星", "環境", "令和6年5月27日"], ["海", "砂", "7", "最近"]
    )
    assert [(p.row, p.column, p.severity) for p in result.problems] == [
        (2, "C 分野", Severity.WARNING),
        (2, "D 確認日", Severity.WARNING),
        (4, "D 確認日", Severity.WARNING),
    ]
    assert [o.confirmed_on for o in organisations(result)] == [None, date(2024, 5, 27), None]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("虹の会、空の会", ("虹の会", "空の会")),
        ("虹の会\n空の会\n", ("虹の会", "空の会")),
        ("虹の会（岡山、倉敷）；空の会", ("虹の会（岡山、倉敷）", "空の会")),
        ("", ()),
    ],
)
def test_lists_of_names_are_split_outside_brackets(text: str, names: tuple[str, ...]) -> None:
    assert split_list(text) == names


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Co")), max_size=20)


@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=6))
def test_every_row_of_any_register_is_stored_skipped_or_ignored(rows: list[tuple[str, str, str]]) -> None:
    cells = [[text.replace('"', "") for text in row] for row in rows]
    result = read(["団体名", "活動内容", "所在地"], *cells, kind=Kind.ORGANISATIONS)
    assert len(result.records) + result.skipped + result.ignored == len(cells)
    assert len({o.id for o in organisations(result)}) == len(result.records)
