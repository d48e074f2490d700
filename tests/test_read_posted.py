"""Posted issues as シェアウェブ has them."""

from collections.abc import Sequence
from datetime import date

import pytest

from corpus.readers.base import Kind, ReadOptions, ReadResult, Severity
from corpus.readers.read_file import read_file
from corpus.records.issues import Issue, Origin, ReleaseLevel

HEADING = ["日付", "題名", "本文", "出典名", "出典URL", "取り組むNPO"]
ROW = [
    "平成27年6月1日",
    "【岡山市】高齢者の消費者被害",
    "60歳以上の相談は1年で1,200件を超えました。",
    "消費生活センター統計",
    "https://example.org/stat.html",
    "虹の会、空の会",
]


def read(*rows: Sequence[str], **options: object) -> ReadResult:
    data = "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in rows).encode("cp932")
    return read_file("課題.csv", data, ReadOptions(**options))  # type: ignore[arg-type]


def issues(result: ReadResult) -> list[Issue]:
    return [record for record in result.records if isinstance(record, Issue)]


def test_a_post_becomes_a_public_issue_with_its_day_city_source_and_organisations() -> None:
    result = read(HEADING, ROW)
    [issue] = issues(result)
    assert (result.kind, result.problems) == (Kind.ISSUES, ())
    assert (issue.title, issue.prefecture, issue.city) == ("高齢者の消費者被害", "岡山県", "岡山市")
    assert issue.problem == "60歳以上の相談は1年で1,200件を超えました。"
    assert (issue.posted_on, issue.fiscal_year) == (date(2015, 6, 1), 2015)
    assert (issue.source_name, issue.source_url) == ("消費生活センター統計", "https://example.org/stat.html")
    assert issue.partners == ("虹の会", "空の会")
    assert (issue.origin, issue.release_level) == (Origin.POSTED, ReleaseLevel.PUBLIC)
    assert issue.key == "2015-06-01|岡山市|高齢者の消費者被害"


def test_a_source_in_one_cell_is_parted_into_name_and_address() -> None:
    [issue] = issues(
        read(["日付", "題名", "本文", "出典"], ["R6.5.27", "雪", "除雪", "気象統計（https://example.org/a）"])
    )
    assert (issue.source_name, issue.source_url) == ("気象統計", "https://example.org/a")


@pytest.mark.parametrize(
    ("written", "title", "prefecture", "city"),
    [
        ("【倉敷市】空き家", "空き家", "岡山県", "倉敷市"),
        ("【岡山県】空き家", "空き家", "岡山県", ""),
        ("【募集】空き家", "【募集】空き家", "", ""),
        ("空き家", "空き家", "", ""),
    ],
)
def test_only_a_place_in_brackets_is_taken_from_the_title(written: str, title: str, prefecture: str, city: str) -> None:
    [issue] = issues(read(["日付", "題名", "本文"], ["2024/5/27", written, "増えています"]))
    assert (issue.title, issue.prefecture, issue.city) == (title, prefecture, city)


def test_a_city_of_two_prefectures_in_the_title_is_a_warning() -> None:
    result = read(["日付", "題名", "本文"], ["2024/5/27", "【府中市】空き家", "増えています"])
    assert [(p.row, p.column, p.severity) for p in result.problems] == [(2, "B 題名", Severity.WARNING)]
    assert issues(result)[0].city == "府中市"


def test_a_day_that_cannot_be_read_is_an_error_and_a_missing_one_is_none() -> None:
    heading = ["日付", "題名", "本文"]
    result = read(heading, ["R1.4.30", "雪", "除雪"], ["先週", "花", "水"], ["", "猫", "世話"])
    assert [(p.row, p.column, p.severity, p.found) for p in result.problems] == [
        (2, "A 日付", Severity.ERROR, "R1.4.30"),
        (3, "A 日付", Severity.ERROR, "先週"),
    ]
    assert result.problems[0].message.startswith("2行目の「日付」を日付として読めません。")
    assert [(i.title, i.posted_on) for i in issues(result)] == [("猫", None)]


def test_a_post_without_a_title_is_an_error() -> None:
    result = read(["日付", "題名", "本文"], ["2024/5/27", "", "除雪"])
    assert [(p.row, p.column, p.found) for p in result.problems] == [(2, "B 題名", "空欄")]
    assert result.skipped == 1
