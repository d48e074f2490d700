"""業務の棚卸: from a department's own file to issues, with every row that needs a look named."""

import io
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
import xlwt
from hypothesis import given
from hypothesis import strategies as st

from corpus.readers.base import ItemOverride, Kind, ReadOptions, ReadResult, Severity, UnreadableFile
from corpus.readers.kinds.inventory import possibility_of
from corpus.readers.read_file import read_file
from corpus.records.issues import Issue, Origin, ReleaseLevel

SHARED = Path(__file__).parents[2] / "shared"
HEADING = ["№", "業務名", "目的", "現状", "課題", "協働の可能性", "協働したい相手", "備考"]


def workbook(*sheets: tuple[str, Sequence[Sequence[object]]], merged: Sequence[str] = ()) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for cells in merged:
            sheet.merge_cells(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv_of(*rows: Sequence[str], encoding: str = "utf-8") -> bytes:
    return "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in rows).encode(encoding)


def read(data: bytes, name: str = "棚卸.xlsx", **options: object) -> ReadResult:
    return read_file(name, data, ReadOptions(**options))  # type: ignore[arg-type]


def issues(result: ReadResult) -> list[Issue]:
    return [record for record in result.records if isinstance(record, Issue)]


def test_the_example_of_a_filled_sheet_is_read_whole() -> None:
    path = SHARED / "data" / "inventory_sheet_example.xlsx"
    if not path.exists():
        pytest.skip("the example sheet beside the repository is absent")
    result = read(path.read_bytes(), path.name)
    found = issues(result)
    assert (result.kind, len(found), result.skipped, result.problems) == (Kind.INVENTORY, 8, 0, ())
    assert {(i.department, i.fiscal_year) for i in found} == {("保健福祉局\u3000健康づくり課", 2024)}
    assert found[0].title == "飼い主のいない猫に関する相談対応"
    assert found[0].partner_sought == "捕獲や世話のこつを知り、住民どうしの話し合いを進められる団体"
    assert found[0].problem.startswith("不妊去勢手術の費用は助成しているが")
    assert found[4].problem == (
        "草刈りの人手がなく、猪の被害も広がる。\n学校給食や福祉事業所との連携など使い道の開拓ができていない。"
    )
    assert [i.title for i in found if not i.seeks_partner] == ["公用車の管理", "固定資産税の賦課"]
    assert {c.item: c.heading for c in result.mapping if c.item == "課題"} == {"課題": "現在の状況 課題・阻害要因"}


def test_title_rows_a_heading_of_two_rows_an_example_blanks_and_notes_are_no_data() -> None:
    rows = [
        ["令和６年度　業務の棚卸シート"],
        ["部署名", "環境課"],
        [],
        ["№", "業務名", "本来の目的", "現在の状況", "", "協働の可能性", ""],
        ["", "", "", "現状", "課題・阻害要因", "有無", "協働したい相手・期待する役割"],
        ["例", "（記入例）○○教室", "普及", "減少", "手段が限られる", "有", "団体"],
        ["１", "川の清掃", "水辺の保全", "年2回", "担い手が高齢化", "有", "学生の団体"],
        [],
        ["", "", "", "", "", "", ""],
        ["2", "花壇の手入れ", "景観", "12か所", "", "検討中", ""],
        [],
        ["※", "記入した後は協働推進課へ送ってください。"],
    ]
    result = read(workbook(("棚卸", rows), merged=["A4:A5", "B4:B5", "C4:C5", "D4:E4", "F4:G4"]))
    found = issues(result)
    assert [(i.title, i.department, i.fiscal_year) for i in found] == [
        ("川の清掃", "環境課", 2024),
        ("花壇の手入れ", "環境課", 2024),
    ]
    assert (found[0].situation, found[0].problem, found[0].partner_sought) == ("年2回", "担い手が高齢化", "学生の団体")
    assert result.problems == ()
    assert result.ignored == 5


def test_a_department_merged_down_the_side_belongs_to_every_row_and_alone_is_blank() -> None:
    rows = [
        ["担当課", "業務名", "課題"],
        ["農林課", "鳥獣対策", "猪"],
        ["", "援農", "人手"],
        ["", "", ""],
        ["福祉課", "見守り", "孤立"],
    ]
    result = read(workbook(("棚卸", rows), merged=["A2:A4"]))
    assert [(i.department, i.title) for i in issues(result)] == [
        ("農林課", "鳥獣対策"),
        ("農林課", "援農"),
        ("福祉課", "見守り"),
    ]
    assert result.problems == ()


def test_one_sheet_per_department_takes_the_department_from_the_sheets_name() -> None:
    rows = [["業務名", "課題"], ["相談", "人手"]]
    result = read(workbook(("健康づくり課", rows), ("Sheet2", rows)), department="市民課", fiscal_year=2023)
    assert [(i.department, i.fiscal_year) for i in issues(result)] == [("健康づくり課", 2023), ("市民課", 2023)]


@pytest.mark.parametrize(
    ("sheet", "department"),
    [
        ("3_環境課", "環境課"),
        ("①総務課", "総務課"),
        ("環境課 (2)", "環境課"),
        ("北区役所", "北区役所"),
        ("全部", ""),
        ("業務の棚卸", ""),
        ("Sheet1", ""),
    ],
)
def test_only_a_sheets_name_that_reads_like_a_department_is_one(sheet: str, department: str) -> None:
    [issue] = issues(read(workbook((sheet, [["業務名", "課題"], ["相談", "人手"]]))))
    assert issue.department == department


def test_the_day_on_which_a_sheet_was_filled_in_is_not_its_fiscal_year() -> None:
    rows = [["記入日", "R7.4.10"], ["業務名", "課題"], ["相談", "人手"]]
    assert issues(read(workbook(("棚卸", rows))))[0].fiscal_year is None
    assert issues(read(workbook(("棚卸", rows)), fiscal_year=2024))[0].fiscal_year == 2024
    assert issues(read(workbook(("棚卸", [["R6年度 業務の棚卸"], *rows]))))[0].fiscal_year == 2024


def test_a_column_wins_over_the_lines_above_and_these_over_the_sheets_name() -> None:
    rows = [["所属", "企画課"], ["担当課", "業務名", "課題"], ["総務課", "文書", "保管場所"]]
    assert issues(read(workbook(("税務課", rows))))[0].department == "総務課"
    rows = [["所属", "企画課"], ["業務名", "課題"], ["文書", "保管場所"]]
    assert issues(read(workbook(("税務課", rows)), department="市民課"))[0].department == "企画課"


@pytest.mark.parametrize(
    ("title", "problem"),
    [
        ("事務事業名", "問題点"),
        ("業務の名称", "課題・阻害要因"),
        ("業務名", "現状と課題"),
        ("事務事業名", "業務執行上の課題"),
        ("業  務  名", "課　題"),
        ("業務名（必須）", "課題 ※具体的に"),
        ("①業務名", "③課題"),
    ],
)
def test_headings_are_recognised_by_meaning(title: str, problem: str) -> None:
    found = issues(read(csv_of([title, problem], ["川の清掃", "担い手の高齢化"]), "a.csv"))
    assert [(i.title, i.problem) for i in found] == [("川の清掃", "担い手の高齢化")]


def test_the_training_form_of_okayama_is_read_with_both_of_its_problem_columns() -> None:
    heading = ["自分の業務", "本来の目的", "阻害要因", "業務執行上の課題", "パートナー", "事業アイデア"]
    row = ["公園管理", "憩いの場", "予算減", "草刈りが間に合わない", "町内会", "アダプト制度"]
    [issue] = issues(read(csv_of(heading, row), "a.csv"))
    assert (issue.title, issue.purpose, issue.problem) == ("公園管理", "憩いの場", "予算減\n草刈りが間に合わない")
    assert (issue.partner_sought, issue.idea) == ("町内会", "アダプト制度")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_characters_of_every_city_hall_arrive_as_typed(encoding: str) -> None:
    row = ["①㈱髙﨑との調整", "ﾌｰﾄﾞﾊﾞﾝｸの周知", "１２件"]
    [issue] = issues(read(csv_of(["業務名", "課題", "現状"], row, encoding=encoding), "a.csv"))
    assert (issue.title, issue.problem, issue.situation) == ("①㈱髙﨑との調整", "ﾌｰﾄﾞﾊﾞﾝｸの周知", "１２件")


def test_euc_jp_is_read() -> None:
    data = csv_of(
        ["業務名", "課題", "現状"], ["環境学習の推進", "講師が足りない", "年に五回開いている"], encoding="euc_jp"
    )
    assert issues(read(data, "a.csv"))[0].problem == "講師が足りない"


def test_an_old_xls_workbook_is_read() -> None:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("防災課")
    for r, row in enumerate([["業務名", "課題"], ["避難訓練", "若い世代が来ない"]]):
        for c, text in enumerate(row):
            sheet.write(r, c, text)
    out = io.BytesIO()
    book.save(out)
    [issue] = issues(read(out.getvalue(), "棚卸.xls"))
    assert (issue.department, issue.title, issue.problem) == ("防災課", "避難訓練", "若い世代が来ない")


@pytest.mark.parametrize(
    ("written", "year"),
    [("令和６年度", 2024), ("R6", 2024), ("H30", 2018), ("2023年度", 2023), ("令和六年度", 2024), ("令6", 2024)],
)
def test_a_fiscal_year_is_read_from_its_column(written: str, year: int) -> None:
    [issue] = issues(read(csv_of(["年度", "業務名", "課題"], [written, "文書", "場所"]), "a.csv"))
    assert issue.fiscal_year == year


def test_a_year_that_is_none_is_a_warning() -> None:
    result = read(csv_of(["年度", "業務名", "課題"], ["来年あたり", "文書", "場所"]), "a.csv")
    [problem] = result.problems
    assert (problem.severity, problem.row, problem.found) == (Severity.WARNING, 2, "来年あたり")
    assert issues(result)[0].fiscal_year is None


@pytest.mark.parametrize(
    ("text", "seeks", "partner"),
    [
        ("有", True, ""),
        ("あり", True, ""),
        ("検討中", True, ""),
        ("○", True, ""),
        ("〇", True, ""),
        ("△", True, ""),
        ("有（継続）", True, ""),
        ("", True, ""),
        ("有・無", True, ""),
        ("－", True, ""),
        ("無", False, ""),
        ("無し", False, ""),
        ("なし", False, ""),
        ("×", False, ""),
        ("無（法定）", False, ""),
        ("無。委託済み", False, ""),
        ("法定", False, ""),
        ("法定受託", False, ""),
        ("法定受託事務のため", False, ""),
        ("該当なし", False, ""),
        ("□有 ☑無", False, ""),
        ("☑有 □無", True, ""),
        ("できない", False, ""),
        ("協働になじまない", False, ""),
        ("協働は困難（法令による）", False, ""),
        ("N/A", False, ""),
        ("できる", True, ""),
        ("可能性は低い", True, ""),
        ("既に実施", True, ""),
        ("済", True, ""),
        ("A", True, ""),
        ("実施中：町内会と見守り", True, "町内会と見守り"),
        ("無農薬の農家グループ", True, "無農薬の農家グループ"),
        ("有志の市民グループ", True, "有志の市民グループ"),
        ("見守りに慣れた民生委員の会", True, "見守りに慣れた民生委員の会"),
        ("有：若者に伝えるのが得意な団体", True, "若者に伝えるのが得意な団体"),
    ],
)
def test_the_possibility_of_collaboration_is_a_flag_or_names_a_partner(text: str, seeks: bool, partner: str) -> None:
    possibility = possibility_of(text)
    assert (possibility.seeks_partner, possibility.partner) == (seeks, partner)


def test_rows_that_seek_no_partner_are_kept_and_marked() -> None:
    rows = [
        ["業務名", "現状", "協働の可能性", "協働したい相手"],
        ["課税", "法令による", "無（法定）", ""],
        ["見学会", "年2回", "学生の団体", "案内役"],
    ]
    found = issues(read(csv_of(*rows), "a.csv"))
    assert [(i.seeks_partner, i.collaboration) for i in found] == [(False, "無（法定）"), (True, "学生の団体")]
    assert found[1].partner_sought == "案内役\n学生の団体"


def test_a_statutory_task_seeks_no_partner() -> None:
    found = issues(
        read(
            csv_of(["業務名", "現状", "事務区分"], ["旅券", "窓口", "法定受託事務"], ["茶会", "年1回", "自治事務"]),
            "a.csv",
        )
    )
    assert [i.seeks_partner for i in found] == [False, True]


def test_text_without_a_task_and_a_task_without_text_are_errors_with_their_place() -> None:
    data = workbook(
        (
            "環境課",
            [["№", "業務名", "課題", "備考"], [1, "", "人手がない", ""], [2, "掃除", "", "来年"], [3, "花", "水", ""]],
        )
    )
    result = read(data)
    assert [(p.sheet, p.row, p.column, p.severity) for p in result.problems] == [
        ("環境課", 2, "B 業務名", Severity.ERROR),
        ("環境課", 3, "C 課題", Severity.ERROR),
    ]
    assert result.problems[0].message == "2行目の「業務名」が空です。業務の名前を入れてください。"
    assert (result.skipped, len(result.records)) == (2, 1)


def test_the_same_row_twice_counts_once_and_unlike_rows_of_one_name_are_both_kept() -> None:
    rows = [["業務名", "課題"], ["相談", "人手"], ["相談", "人手"], ["相談", "場所"]]
    result = read(csv_of(*rows), "a.csv")
    found = issues(result)
    assert [i.problem for i in found] == ["人手", "場所"]
    assert found[1].key == found[0].key + "#2"
    assert found[1].id != found[0].id
    assert [(p.row, p.severity) for p in result.problems] == [(3, Severity.WARNING)]


def test_a_key_survives_retyping_in_other_widths_and_an_id_is_stable() -> None:
    first = issues(
        read(csv_of(["業務名", "課題"], ["ＮＰＯ 相談", "人手"]), "a.csv", department="市民課", fiscal_year=2024)
    )
    again = issues(
        read(csv_of(["業務名", "課題"], ["NPO相談", "場所"]), "b.csv", department="市民課", fiscal_year=2024)
    )
    assert first[0].key == again[0].key == "|市民課|2024|npo相談"
    assert first[0].id == again[0].id
    assert first[0].id.startswith("i-")
    assert len(first[0].id) == 14


def test_inventory_issues_stay_in_their_section() -> None:
    [issue] = issues(read(csv_of(["業務名", "課題"], ["相談", "人手"]), "a.csv", prefecture="岡山県", city="岡山市"))
    assert (issue.origin, issue.release_level) == (Origin.INVENTORY, ReleaseLevel.SECTION)
    assert (issue.prefecture, issue.city) == ("岡山県", "岡山市")


def test_errors_formulas_and_overlong_cells_are_named() -> None:
    long = "長" * 32_768
    rows = [["業務名", "課題"], ["集計", "#REF!"], ["照会", "=VLOOKUP(A1)"], ["説明", long], ["案内", "外字\ue000です"]]
    result = read(csv_of(*rows), "a.csv")
    assert [(p.row, p.column, p.severity) for p in result.problems] == [
        (2, "B 課題", Severity.ERROR),
        (3, "B 課題", Severity.ERROR),
        (4, "B 課題", Severity.ERROR),
        (5, "B 課題", Severity.WARNING),
    ]
    assert (
        result.problems[0].message
        == "2行目の「課題」が計算のエラー「#REF!」になっています。もとの文字を入れてください。"
    )
    assert result.problems[2].found == "32,768文字"
    assert result.problems[3].found == "U+E000"
    assert [i.problem for i in issues(result)] == ["外字\ue000です"]


def test_a_formula_in_a_workbook_is_named_whether_or_not_it_was_computed() -> None:
    rows = [["業務名", "課題", "現状"], ["集計", '=B9&"です"', "年1回"], ["花", "水", "毎日"]]
    [problem] = read(workbook(("環境課", rows))).problems
    assert (problem.row, problem.column, problem.found) == (2, "B 課題", '=B9&"です"')


def test_a_computed_text_is_taken_with_a_warning() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("環境課")
        sheet.write_row(0, 0, ["業務名", "課題"])
        sheet.write_string(1, 0, "集計")
        sheet.write_formula(1, 1, '=A9&"人手"', None, "人手")
    result = read(out.getvalue())
    assert [(p.row, p.column, p.severity) for p in result.problems] == [(2, "B 課題", Severity.WARNING)]
    assert issues(result)[0].problem == "人手"


def test_a_mapping_by_hand_corrects_the_guess() -> None:
    data = csv_of(["業務名", "困ったこと", "所見"], ["相談", "人手", "よい"])
    result = read(data, "a.csv", kind=Kind.INVENTORY, overrides=(ItemOverride(item="課題", column="B"),))
    assert issues(result)[0].problem == "人手"
    assert [(c.item, c.column) for c in result.mapping] == [("業務名", "A"), ("課題", "B"), ("", "C")]


def test_letters_alone_are_enough_to_say_which_column_is_which() -> None:
    data = csv_of(["しごと", "こまりごと"], ["相談", "人手"])
    by_letter = (ItemOverride(item="業務名", column="A"), ItemOverride(item="課題", column="B"))
    result = read(data, "a.csv", overrides=by_letter)
    assert [(i.title, i.problem) for i in issues(result)] == [("相談", "人手")]


def test_a_text_of_a_workbook_that_begins_with_an_equals_sign_is_a_text() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("環境課")
        for row, texts in enumerate([["業務名", "課題"], ["集計", "=A1 と書かれた帳票が多い"]]):
            for column, text in enumerate(texts):
                sheet.write_string(row, column, text)
    result = read(out.getvalue())
    assert (issues(result)[0].problem, result.problems) == ("=A1 と書かれた帳票が多い", ())


def test_a_mapping_by_hand_is_enough_to_recognise_the_kind_and_a_wrong_one_is_refused() -> None:
    data = csv_of(["業務名", "困ったこと", "所見"], ["相談", "人手", "よい"])
    result = read(data, "a.csv", overrides=(ItemOverride(item="課題", column="困ったこと"),))
    assert (result.kind, issues(result)[0].problem) == (Kind.INVENTORY, "人手")
    with pytest.raises(UnreadableFile, match="「悩み」という項目はありません"):
        read(data, "a.csv", overrides=(ItemOverride(item="悩み", column="B"),))
    with pytest.raises(UnreadableFile, match="「Z」がありません"):
        read(data, "a.csv", overrides=(ItemOverride(item="課題", column="Z"),))


def test_a_file_without_a_known_heading_is_refused_with_the_headings_it_should_have() -> None:
    with pytest.raises(UnreadableFile, match=r"知っている見出しの行がありません。.*業務名"):
        read(csv_of(["品目", "単価", "数量"], ["鉛筆", "50", "3"]), "a.csv")
    with pytest.raises(UnreadableFile, match="業務の棚卸シートとして読めません"):
        read(csv_of(["団体名", "活動内容"], ["花の会", "花壇"]), "a.csv", kind=Kind.INVENTORY)


def test_a_sheet_that_could_not_be_read_beside_others_is_a_warning() -> None:
    odd = [["あ", "い", "う"], ["1", "2", "3"], ["4", "5", "6"]]
    result = read(workbook(("環境課", [["業務名", "課題"], ["花", "水"]]), ("農林課", odd)))
    assert [(p.sheet, p.row, p.severity) for p in result.problems] == [("農林課", 0, Severity.WARNING)]


def test_progress_is_told_every_thousand_rows() -> None:
    told: list[int] = []
    rows = [[f"業務{n}", "人手"] for n in range(2_500)]
    read_file("a.csv", csv_of(["業務名", "課題"], *rows), ReadOptions(), told.append)
    assert told == [1_000, 2_000]


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Co")), max_size=30)


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=8))
def test_no_table_of_texts_makes_the_reader_stumble(rows: list[tuple[str, str]]) -> None:
    cells = [[text.replace('"', "") for text in row] for row in rows]
    result = read(csv_of(["業務名", "課題"], *cells), "a.csv", kind=Kind.INVENTORY)
    assert len(result.records) + result.skipped + result.ignored == len(cells)
    assert all(issue.title and issue.problem for issue in issues(result))


@given(texts)
def test_whatever_is_written_about_collaboration_is_understood_somehow(text: str) -> None:
    possibility = possibility_of(text)
    assert possibility.seeks_partner or not possibility.partner
