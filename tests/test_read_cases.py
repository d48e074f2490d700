"""Cases: collaborations that happened, with the years of their programme."""

from collections.abc import Sequence

import pytest

from corpus.readers.base import Kind, ReadOptions, ReadResult, Severity
from corpus.readers.kinds.cases import programme_year
from corpus.readers.read_file import read_file
from corpus.records.cases import Case, ProgrammeYear


def read(*rows: Sequence[str]) -> ReadResult:
    data = "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in rows).encode()
    return read_file("事例.csv", data, ReadOptions())


def cases(result: ReadResult) -> list[Case]:
    return [record for record in result.records if isinstance(record, Case)]


def test_the_year_beside_one_step_without_a_year_is_that_of_the_step() -> None:
    heading = ["事例名", "協働の相手", "経過", "年度", "効果"]
    [case] = cases(read(heading, ["地域猫", "ねこの会", "捕獲と手術を行った", "令和5", "増えた"]))
    assert case.programme == (year(2023, "捕獲と手術を行った"),)


def year(fiscal_year: int | None, stage: str, note: str = "") -> ProgrammeYear:
    return ProgrammeYear(fiscal_year=fiscal_year, stage=stage, note=note)


def test_a_case_in_one_row_is_read_with_its_programme() -> None:
    heading = [
        "事例名",
        "課題",
        "担当課",
        "協働の相手",
        "市町村",
        "経過",
        "求めた役割",
        "効果",
        "展望・助言",
        "出典",
        "URL",
    ]
    row = [
        "川辺の花壇",
        "手入れの担い手がいない",
        "公園課、環境課",
        "花の会、水辺の会",
        "岡山市",
        "H26 ニーズ調査 → H27 モデル事業1 → H28 モデル事業2 → H29 一般施策化",
        "植え方の指導",
        "参加者が増えた",
        "早く声をかけること",
        "市の報告書",
        "https://example.org/r",
    ]
    result = read(heading, row)
    [case] = cases(result)
    assert (result.kind, result.problems) == (Kind.CASES, ())
    assert (case.title, case.issue) == ("川辺の花壇", "手入れの担い手がいない")
    assert (case.departments, case.partners) == (("公園課", "環境課"), ("花の会", "水辺の会"))
    assert (case.prefecture, case.city) == ("岡山県", "岡山市")
    assert case.programme == (
        year(2014, "ニーズ調査"),
        year(2015, "モデル事業1"),
        year(2016, "モデル事業2"),
        year(2017, "一般施策化"),
    )
    assert (case.role_sought, case.effect, case.outlook) == ("植え方の指導", "参加者が増えた", "早く声をかけること")
    assert (case.source_name, case.source_url) == ("市の報告書", "https://example.org/r")


def test_a_column_per_stage_holds_its_year() -> None:
    heading = ["事例名", "協働の相手", "効果", "ニーズ調査", "モデル事業１", "モデル事業２", "一般施策化"]
    [case] = cases(read(heading, ["花壇", "花の会", "増えた", "平成26年度", "平成27年度 講座4回", "", "○"]))
    assert case.programme == (
        year(2014, "ニーズ調査"),
        year(2015, "モデル事業1", "講座4回"),
        year(None, "一般施策化"),
    )


def test_a_row_per_year_makes_one_case() -> None:
    heading = ["事例名", "協働の相手", "年度", "段階", "効果"]
    result = read(
        heading, ["花壇", "花の会", "R4", "ニーズ調査", ""], ["花壇", "花の会", "R5", "モデル事業1", "増えた"]
    )
    [case] = cases(result)
    assert case.programme == (year(2022, "ニーズ調査"), year(2023, "モデル事業1"))
    assert (case.effect, result.problems) == ("増えた", ())


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("H26 モデル事業1", year(2014, "モデル事業1")),
        ("モデル事業1（平成26年度）", year(2014, "モデル事業1")),
        ("令和元年度：ニーズ調査", year(2019, "ニーズ調査")),
        ("2016年度～2018年度 モデル事業2", year(2016, "モデル事業2")),
        ("平成23年度~24年度 講座", year(2011, "講座")),
        ("一般施策化", year(None, "一般施策化")),
    ],
)
def test_a_step_is_a_year_and_a_stage_in_either_order(text: str, step: ProgrammeYear) -> None:
    assert programme_year(text) == step


def test_a_case_without_a_name_is_an_error() -> None:
    result = read(["事例名", "協働の相手", "効果"], ["", "花の会", "増えた"])
    assert [(p.row, p.column, p.severity) for p in result.problems] == [(2, "A 事例名", Severity.ERROR)]


def test_a_case_without_a_name_column_is_named_by_its_issue() -> None:
    heading = ["課題", "関係課", "協働の相手", "ニーズ調査", "求めた役割", "効果"]
    result = read(heading, ["猫の世話をめぐる行き違い", "衛生課", "猫の会", "H29", "講座", "減った"])
    [case] = cases(result)
    assert (result.kind, case.title, case.issue) == (Kind.CASES, "猫の世話をめぐる行き違い", "猫の世話をめぐる行き違い")
    assert case.programme == (year(2017, "ニーズ調査"),)
