import io
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from corpus.readers.base import ItemOverride, ReadOptions, UnreadableFile
from corpus.readers.formats.files import open_sheets
from corpus.readers.formats.sheets import Sheet
from corpus.readers.layout.headings import Table, find_tables
from corpus.readers.layout.meanings import Item, Role

EXAMPLE = Path(__file__).parents[2] / "shared" / "data" / "inventory_sheet_example.xlsx"
ITEMS = (
    Item(name="番号", spellings=("№", "No."), role=Role.NUMBER, exact=True),
    Item(name="業務名", spellings=("事務事業名", "業務の名称"), role=Role.NAME),
    Item(name="担当課", spellings=("部署名", "所属", "課名"), role=Role.CONTEXT),
    Item(name="年度", spellings=("対象年度",), role=Role.CONTEXT),
    Item(name="目的", spellings=("本来の目的",)),
    Item(name="現状", spellings=("実態", "現在の状況")),
    Item(name="課題", spellings=("問題点", "課題・阻害要因", "現状と課題")),
    Item(name="協働の可能性", spellings=()),
    Item(name="協働したい相手", spellings=("協働したい相手・期待する役割", "パートナー", "想定する担い手")),
    Item(name="備考", spellings=()),
)


def sheet(*rows: str, merged=(), name: str = "表", hidden: bool = False) -> Sheet:
    """Rows written as ``a|b|c``."""
    return Sheet(name=name, rows=[row.split("|") for row in rows], merged=tuple(merged), hidden=hidden)


def one_table(one: Sheet, items, overrides=()) -> Table | None:
    return next(iter(find_tables([one], items, overrides)), None)


def table(*rows: str, overrides=(), **about) -> Table:
    found = one_table(sheet(*rows, **about), ITEMS, overrides)
    assert found is not None
    return found


def mapped(found: Table) -> dict[str, str]:
    return {column.column: column.item for column in found.mapping if column.item}


def texts(found: Table, item: str = "業務名") -> list[str]:
    return [row.cells[item].text for row in found.rows()]


def numbers(found: Table) -> list[int]:
    return [row.number for row in found.rows()]


def override(text: str) -> ItemOverride:
    target, column = text.split("=")
    name, _, item = target.rpartition(":")
    return ItemOverride(item=item, column=column, sheet=name)


# ---- headings


def test_the_example_sheet_of_a_department_is_understood():
    if not EXAMPLE.exists():
        pytest.skip("../shared/data/inventory_sheet_example.xlsx is not there")
    (found,) = find_tables(open_sheets(EXAMPLE.name, EXAMPLE.read_bytes(), ReadOptions()), ITEMS)
    assert [(column.column, column.heading, column.item) for column in found.mapping] == [
        ("A", "№", "番号"),
        ("B", "業務名", "業務名"),
        ("C", "本来の目的", "目的"),
        ("D", "現在の状況 現状", "現状"),
        ("E", "現在の状況 課題・阻害要因", "課題"),
        ("F", "協働の可能性 有無", "協働の可能性"),
        ("G", "協働の可能性 協働したい相手・期待する役割", "協働したい相手"),
        ("H", "備考", "備考"),
    ]
    assert numbers(found) == [7, 8, 9, 10, 11, 12, 13, 14]
    assert found.preamble["担当課"].text == "保健福祉局\u3000健康づくり課"
    assert found.title[0].startswith("令和６年度")
    row = next(found.rows())
    assert row.cells["課題"].place == "E 現在の状況 課題・阻害要因"


@pytest.mark.parametrize(
    ("heading", "item"),
    [
        ("業務名", "業務名"),
        ("業 務 名", "業務名"),
        ("①業務名", "業務名"),
        ("(1) 業務名（必須）", "業務名"),
        ("業務名※略さずに", "業務名"),
        ("業務の\n名称", "業務名"),
        ("課題", "課題"),
        (
            "課題（困っていること、これから困りそうなことを、できるだけ具体的に数字を入れて、三つまで書いてください。国の制度に関わるものも含みます）",
            "課題",
        ),
        ("業務執行上の課題", "課題"),
        ("問題点・課題", "課題"),
        ("現状と課題", "課題"),
        ("目的／概要", "目的"),
        ("ﾊﾟｰﾄﾅｰ", "協働したい相手"),
        ("市民との協働の可能性", "協働の可能性"),
        ("業務名（フリガナ）", ""),
        ("課題解決に向けた取組の方向性", ""),
        ("電話番号", ""),
        ("予算額", ""),
    ],
)
def test_a_heading_is_recognised_by_its_meaning(heading, item):
    rows = [["現状", "備考", heading], ["a", "b", "c"]]
    found = one_table(Sheet(name="表", rows=rows), ITEMS)
    assert found is not None
    assert found.mapping[2].item == item
    assert found.mapping[2].heading == heading.replace("\n", "")


def test_one_column_holds_an_item_and_the_others_are_shown_as_unused():
    found = table("業務名|課題|今後の課題|課題", "猫|a|b|c")
    assert [column.item for column in found.mapping] == ["業務名", "課題", "", ""]


def test_the_lower_heading_decides_and_a_vague_one_leaves_it_to_the_group():
    found = table(
        "業務名|現状||課題||備考",
        "|実態|パートナー|区分|内容|",
        "猫|a|b|c|d|e",
        merged=[(0, 0, 1, 0), (0, 1, 0, 2), (0, 3, 0, 4)],
    )
    assert mapped(found) == {"A": "業務名", "B": "現状", "C": "協働したい相手", "E": "課題", "F": "備考"}
    assert numbers(found) == [3]


def test_a_heading_over_two_rows_is_understood_without_merged_cells():
    found = table("№|業務名|現在の状況||備考", "||現状|課題・阻害要因|", "1|猫|a|b|c")
    assert mapped(found) == {"A": "番号", "B": "業務名", "C": "現状", "D": "課題", "E": "備考"}
    assert found.mapping[3].heading == "現在の状況 課題・阻害要因"
    assert texts(found) == ["猫"]


def test_a_cell_merged_over_two_heading_rows_is_one_heading():
    found = table("業務名|課題", "|", "猫|a", merged=[(0, 0, 1, 0), (0, 1, 1, 1)])
    assert mapped(found) == {"A": "業務名", "B": "課題"}
    assert numbers(found) == [3]


def test_the_first_data_row_is_no_second_heading():
    found = table("業務名|課題|備考", "課題の把握|問題点の整理|現状")
    assert numbers(found) == [2]


def test_a_merged_title_above_the_table_is_no_heading():
    found = table("課題の一覧||", "業務名|課題|備考", "猫|a|b", merged=[(0, 0, 0, 2)])
    assert found.first_row == 2
    assert found.title == ("課題の一覧",)


def test_fewer_than_two_known_headings_are_no_table():
    assert one_table(sheet("業務名|予算額", "猫|1"), ITEMS) is None
    assert one_table(sheet("このシートは、各課の協働推進員が記入します。"), ITEMS) is None
    assert one_table(sheet(), ITEMS) is None


@pytest.mark.parametrize(
    "rows",
    [
        ["部署名|健康づくり課"],
        ["部署名：健康づくり課"],
        ["部 署 名||健康づくり課|記入日|R6.5.27"],
        ["所属　健康づくり課"],
        ["【所属】|健康づくり課"],
    ],
)
def test_the_department_above_the_table_is_found(rows):
    found = table(*rows, "", "業務名|課題", "猫|a")
    assert found.preamble["担当課"].text == "健康づくり課"


def test_an_empty_department_above_the_table_takes_no_label_for_a_value():
    assert table("部署名||年度|令和6", "業務名|課題", "猫|a").preamble.keys() == {"年度"}
    assert table("部署名||記入日|R6.5.27", "業務名|課題", "猫|a").preamble == {}


# ---- rows


def test_a_department_merged_down_the_side_is_in_each_row_and_alone_is_no_row():
    found = table(
        "課名|業務名|課題", "健康課|猫|a", "|犬|b", "||", "福祉課|鳥|c", "||", merged=[(1, 0, 3, 0), (4, 0, 5, 0)]
    )
    assert [(row.number, row.cells["担当課"].text) for row in found.rows()] == [
        (2, "健康課"),
        (3, "健康課"),
        (5, "福祉課"),
    ]


def test_a_department_written_once_or_with_ditto_marks_goes_down_the_rows():
    found = table("課名|業務名|課題", "健康課|猫|a", "|犬|b", "〃|鳥|c", "福祉課||", "|魚|d")
    assert texts(found, "担当課") == ["健康課", "健康課", "健康課", "福祉課"]


def test_a_business_merged_over_two_problems_is_in_both_rows():
    found = table("業務名|課題", "猫|数が減らない", "|運ぶ人がいない", merged=[(1, 0, 2, 0)])
    assert [(row.cells["業務名"].text, row.cells["課題"].text) for row in found.rows()] == [
        ("猫", "数が減らない"),
        ("猫", "運ぶ人がいない"),
    ]


def test_a_row_of_nothing_but_a_number_is_blank():
    assert numbers(table("№|業務名|課題", "1|猫|a", "2||", "3| |　", "4|犬|b")) == [2, 5]


@pytest.mark.parametrize(
    "row",
    [
        "例|教室の開催|a|b",
        "記入例|教室の開催|a|b",
        "（例）|教室の開催|a|b",
        "例１|教室の開催|a|b",
        "【記入例】|教室の開催|a|b",
        "|（記入例）教室の開催|a|b",
        "|【例】教室の開催|a|b",
        "1|(例)教室の開催|a|b",
        "|記入例：教室の開催|a|b",
        "|例）教室の開催|a|b",
    ],
)
def test_an_example_row_is_no_data(row):
    assert texts(table("№|業務名|課題|備考", row, "1|猫|a|b")) == ["猫"]


@pytest.mark.parametrize(
    "row",
    [
        "サンプル|教室|a|b",
        "|〈例〉教室|a|b",
        "|《記入例》教室|a|b",
        "|※例　教室|a|b",
        "|例１ 教室|a|b",
        "1|教室|a|記入例",
    ],
)
def test_an_example_is_known_in_other_brackets_and_by_a_mark_in_any_column(row):
    assert texts(table("№|業務名|課題|備考", row, "1|猫|a|b")) == ["猫"]


@pytest.mark.parametrize("word", ["合計", "計", "総計", "小 計"])
def test_a_sum_below_the_table_is_no_data(word):
    assert texts(table("所属|業務名|課題", "環境課|猫|a", f"{word}|1件|")) == ["猫"]


def test_a_line_that_says_how_to_fill_the_columns_in_is_no_data():
    assert texts(table("業務名|課題", "（業務の名称）|困っていることを書いてください。", "猫|a")) == ["猫"]
    assert texts(table("業務名|課題", "猫|飼い主を探してください。", "（仮称）犬|（人手）")) == ["猫", "（仮称）犬"]
    assert texts(table("業務名|課題", "（仮称）犬（改）|（人手）の不足（大）")) == ["（仮称）犬（改）"]


@pytest.mark.parametrize("heading", ["課題番号", "課題数", "目的妥当性", "目的達成度", "課題の有無"])
def test_what_is_said_about_an_item_is_not_the_item(heading):
    assert heading not in [column.heading for column in table(f"業務名|現状|{heading}", "猫|a|1").columns]


@pytest.mark.parametrize("mark", ["【記入欄】", "↓ここから記入してください", "|入力欄"])
def test_rows_above_the_place_where_the_form_begins_are_examples(mark):
    found = table("業務名|課題|備考", "【記入例】", "教室|a", mark, "猫|b", "犬|c")
    assert texts(found) == ["猫", "犬"]


def test_an_example_over_two_rows_is_no_data():
    assert texts(table("№|業務名|課題", "例|教室|a", "|講座|b", "1|猫|c", merged=[(1, 0, 2, 0)])) == ["猫"]


@pytest.mark.parametrize(
    "row",
    [
        "1|例規集の整備|a|",
        "1|例年行う祭り|a|",
        "1|事例の収集|a|",
        "|条例の見直し|（例）騒音|",
        "1|※猫の相談|a|",
        "※|猫の相談|a|重点",
        "1|注意喚起の放送||",
        "1|備考欄の廃止|a|",
        "|備蓄品の管理||",
        "注1|猫の相談|a|b",
        "|見本市の開催|a|",
    ],
)
def test_a_row_of_real_data_is_not_taken_for_an_example_or_a_note(row):
    assert numbers(table("№|業務名|課題|備考", "9|犬|a|b", row, "10|鳥|a|b")) == [2, 3, 4]


@pytest.mark.parametrize(
    "row",
    [
        "※|協働の可能性が「無」の業務も記入してください。",
        "※ 協働の可能性が「無」の業務も記入してください。",
        "注1|行が足りないときは増やしてください。",
        "（注）行が足りないときは増やしてください。",
        "|※行が足りないときは増やしてください。",
        "|注）行が足りないときは増やす",
        "備考|締切は5月末",
        "備考：締切は5月末",
    ],
)
@pytest.mark.parametrize("gap", [[], ["||"]])
def test_a_note_is_no_data(row, gap):
    assert numbers(table("№|業務名|課題", "1|猫|a", *gap, row)) == [2]


def test_lone_sentences_below_a_blank_row_are_notes_and_lone_names_are_not():
    heading = ("業務名|課題", "猫|a", "|")
    assert numbers(table(*heading, "行が足りないときは増やしてください。", "また、締切は5月末とします")) == [2]
    assert numbers(table(*heading, "合計 1件")) == [2]
    assert numbers(table(*heading, "犬の登録")) == [2, 4]
    assert numbers(table(*heading, "犬の登録をしてください。", "鳥|b")) == [2, 4, 5]


def test_headings_and_titles_repeated_on_each_page_are_no_data():
    page = ("業務の棚卸", "部署名|健康課|", "№|業務名|現状", "||課題")
    found = table(*page, "1|猫|a", *page, "2|犬|b", merged=[(2, 0, 3, 0), (2, 1, 3, 1)])
    assert texts(found) == ["猫", "犬"]


@pytest.mark.parametrize("label", ["部署名|環境課", "部署名：環境課|", "|部署名|環境課"])
def test_a_further_block_under_a_label_of_its_own_belongs_to_what_the_label_says(label):
    found = table("部署名|健康課", "業務名|課題|備考", "猫|a", "", label, "業務名|課題|備考", "犬|b")
    departments = [(row.number, row.cells["担当課"].text if "担当課" in row.cells else "") for row in found.rows()]
    assert (found.preamble["担当課"].text, departments) == ("健康課", [(3, ""), (7, "環境課")])


def test_error_cells_and_formulas_are_data_to_be_reported():
    found = one_table(
        Sheet(
            name="表",
            rows=[["業務名", "課題"], ["#REF!", "a"], ["犬", "=A1"], ["鳥", "3"]],
            formulas={(2, 1): "=A1", (3, 1): "=1+2"},
        ),
        ITEMS,
    )
    assert found is not None
    assert [(row.cells["業務名"].text, row.cells["課題"].text, row.cells["課題"].formula) for row in found.rows()] == [
        ("#REF!", "a", ""),
        ("犬", "=A1", "=A1"),
        ("鳥", "3", "=1+2"),
    ]


def test_all_rows_below_the_heading_are_counted():
    assert table("棚卸", "業務名|課題", "猫|a", "", "※|注").rows_below == 3


# ---- several sheets


def test_each_sheet_of_a_department_is_a_table_and_instructions_and_hidden_ones_are_not():
    rows = ("業務名|課題", "猫|a")
    sheets = [
        sheet("このブックの使い方"),
        sheet(*rows, name="記入例"),
        sheet(*rows, name="健康課"),
        sheet(*rows, name="広報説明係"),
        sheet(*rows, name="一覧", hidden=True),
    ]
    assert [found.sheet.name for found in find_tables(sheets, ITEMS)] == ["健康課", "広報説明係"]
    assert [found.sheet.name for found in find_tables(sheets[:2], ITEMS)] == ["記入例"]
    assert find_tables(sheets[:1], ITEMS) == []


# ---- what the user says


@pytest.mark.parametrize("column", ["C", "c", "Ｃ", "C列", "困ったこと", "困った こと", "（困ったこと）"])
def test_an_override_names_a_column_by_letter_or_heading(column):
    found = table("業務名|課題|困ったこと", "猫|a|b", overrides=[override(f"課題={column}")])
    assert texts(found, "課題") == ["b"]
    assert mapped(found) == {"A": "業務名", "C": "課題"}


def test_an_override_names_a_heading_over_two_rows_by_all_of_it_or_its_lower_part():
    rows = ("業務名|現状||備考", "|いま|こまり|", "猫|a|b|c")
    for column in ("現状 こまり", "こまり", "C"):
        found = table(*rows, merged=[(0, 0, 1, 0), (0, 1, 0, 2)], overrides=[override(f"課題={column}")])
        assert texts(found, "課題") == ["b"]


def test_an_override_takes_a_column_from_the_item_that_was_guessed():
    found = table("業務名|課題|備考", "猫|a|b", overrides=[override("目的=課題")])
    assert mapped(found) == {"A": "業務名", "B": "目的", "C": "備考"}


def test_an_empty_override_drops_an_item():
    assert mapped(table("業務名|課題|備考", "猫|a|b", overrides=[override("備考=")])) == {"A": "業務名", "B": "課題"}


def test_overrides_make_a_table_of_headings_that_mean_nothing_to_us():
    rows = ("なまえ|こまりごと|予算", "猫|a|1")
    assert one_table(sheet(*rows), ITEMS) is None
    for names in (("A", "B"), ("なまえ", "こまりごと")):
        found = table(*rows, overrides=[override(f"業務名={names[0]}"), override(f"課題={names[1]}")])
        assert [(row.number, row.cells["課題"].text) for row in found.rows()] == [(2, "a")]


def test_an_override_for_one_sheet_leaves_the_others_alone():
    sheets = [sheet("業務名|課題|困ったこと", "猫|a|b", name=name) for name in ("健康課", "福祉課")]
    first, second = find_tables(sheets, ITEMS, [override("福祉課:課題=困ったこと")])
    assert (texts(first, "課題"), texts(second, "課題")) == (["a"], ["b"])


def test_an_override_may_concern_only_some_sheets():
    sheets = [sheet("業務名|課題", "猫|a", name="健康課"), sheet("業務名|困ったこと|備考", "犬|b|c", name="福祉課")]
    first, second = find_tables(sheets, ITEMS, [override("課題=困ったこと")])
    assert (texts(first, "課題"), texts(second, "課題")) == (["a"], ["b"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("困りごと=B", "「困りごと」という項目はありません。使える項目は、番号、業務名、担当課"),
        ("環境課:課題=B", "「環境課」というシートはありません。このファイルのシートは、「表」です。"),
        (
            "課題=こまった",
            "「こまった」がありません。このファイルにある列は、A列「業務名」、B列「課題」、C列「内容」、D列「内容」です。",
        ),
        ("課題=AA", "「AA」がありません"),
        ("課題=内容", "C列、D列にあります。「課題=C」のように"),
    ],
)
def test_an_override_that_fits_nothing_is_answered_with_what_there_is(text, said):
    with pytest.raises(UnreadableFile) as caught:
        table("業務名|課題|内容|内容", "猫|a|b|c", overrides=[override(text)])
    assert said in str(caught.value)


# ---- nothing is lost


WORD = st.text(st.sampled_from("猫犬鳥の相談支援見守り活動会議12。※例注（）"), max_size=8)


@given(st.lists(st.lists(WORD, min_size=3, max_size=3), max_size=12))
def test_any_rows_are_read_in_order_each_at_most_once(rows):
    found = table("№|業務名|課題", *map("|".join, rows))
    places = numbers(found)
    assert places == sorted(set(places))
    assert len(places) <= found.rows_below
    for row in found.rows():
        assert [row.cells[item].text for item in ("番号", "業務名", "課題")] == rows[row.number - 2]


@given(st.lists(st.tuples(st.integers(0, 9), st.text("猫犬鳥の相談。", min_size=1), st.text("苦情が多い", min_size=1))))
def test_rows_with_a_name_and_a_problem_are_never_lost(rows):
    found = table("№|業務名|課題", *(f"{number}|{name}|{problem}" for number, name, problem in rows))
    assert len(numbers(found)) == len(rows)


CELLS = st.one_of(WORD, st.sampled_from([spelling for item in ITEMS for spelling in (item.name, *item.spellings)]))
MERGED = st.tuples(*[st.integers(0, 9)] * 4)


@given(st.lists(st.lists(CELLS, max_size=6), max_size=10), st.lists(MERGED, max_size=5), st.text(max_size=3))
def test_any_sheet_gives_a_table_none_or_a_sentence(rows, merged, column):
    odd = Sheet(name="表", rows=rows, merged=tuple(sorted(merged)))
    try:
        found = find_tables([odd], ITEMS, [ItemOverride(item="課題", column=column)])
    except UnreadableFile:
        return
    for each in found:
        assert len({column.index for column in each.columns}) == len(each.columns)
        assert len(list(each.rows())) <= each.rows_below


def test_a_form_made_by_a_spreadsheet_program_reads_to_the_end():
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        page = book.add_worksheet("環境課")
        page.merge_range(0, 0, 0, 4, "令和６年度 業務の棚卸")
        page.merge_range(2, 0, 3, 0, "課名")
        page.merge_range(2, 1, 3, 1, "事務事業名")
        page.merge_range(2, 2, 2, 3, "現在の状況")
        page.write_row(3, 2, ["実態", "問題点"])
        page.merge_range(2, 4, 3, 4, "想定する担い手")
        page.merge_range(4, 0, 6, 0, "環境課")
        page.write_row(4, 1, ["里山の手入れ", "人手が3人", "高齢化", "学校"])
        page.write_row(5, 1, ["ごみの分別", 2, "外国人に伝わらない", "日本語教室"])
        page.write(8, 0, "※ 行は増やせます。")
    (found,) = find_tables(open_sheets("棚卸.xlsx", stream.getvalue(), ReadOptions()), ITEMS)
    assert [(row.number, *(cell.text for cell in row.cells.values())) for row in found.rows()] == [
        (5, "里山の手入れ", "環境課", "人手が3人", "高齢化", "学校"),
        (6, "ごみの分別", "環境課", "2", "外国人に伝わらない", "日本語教室"),
    ]
