import datetime as dt
import io
import struct
import zipfile
from pathlib import Path

import msoffcrypto.format.ooxml
import openpyxl
import pytest
import xlsxwriter
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.readers.base import ReadOptions, UnreadableFile
from corpus.readers.formats.delimited import decode
from corpus.readers.formats.files import open_sheets
from corpus.readers.formats.sheets import STRANGE_CHARACTER, Sheet, column_letter

EXAMPLE = Path(__file__).parents[2] / "shared" / "data" / "inventory_sheet_example.xlsx"
DEFAULTS = ReadOptions()


def xlsx(fill, **options) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, **options}) as book:
        fill(book)
    return stream.getvalue()


def one_sheet(*rows) -> bytes:
    def fill(book):
        sheet = book.add_worksheet("表")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)

    return xlsx(fill)


def xls(fill) -> bytes:
    book, stream = xlwt.Workbook(), io.BytesIO()
    fill(book)
    book.save(stream)
    return stream.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def with_part(book: bytes, part: str, change) -> bytes:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    members[part] = change(members[part])
    return zipped(members)


def rows_of(data: bytes, options: ReadOptions = DEFAULTS) -> list[list[str]]:
    (sheet,) = open_sheets("表", data, options)
    return sheet.rows


def refusal(data: bytes, options: ReadOptions = DEFAULTS, name: str = "棚卸.xlsx") -> str:
    with pytest.raises(UnreadableFile) as caught:
        open_sheets(name, data, options)
    sentence = str(caught.value)
    assert sentence.startswith(f"「{name}」")
    assert sentence.endswith("。")
    return sentence


# ---- workbooks


def test_values_become_the_text_a_person_would_type():
    def fill(book):
        sheet = book.add_worksheet("表")
        day = book.add_format({"num_format": "yyyy/m/d"})
        era = book.add_format({"num_format": '[$-411]ggge"年"m"月"d"日";@'})
        sheet.write_row(0, 0, [3.0, 3.25, 1234567890123, True, "３つ", "x\ny"])
        sheet.write_datetime(1, 0, dt.datetime(2024, 5, 27), day)
        sheet.write_datetime(1, 1, dt.datetime(2024, 5, 27), era)
        sheet.write_datetime(1, 2, dt.datetime(2024, 5, 27, 10, 30), book.add_format({"num_format": "yyyy/m/d h:mm"}))
        sheet.write_datetime(1, 3, dt.time(9, 5), book.add_format({"num_format": "h:mm"}))
        sheet.write_number(1, 4, 2.5, book.add_format({"num_format": "[h]:mm"}))

    assert rows_of(xlsx(fill)) == [
        ["3", "3.25", "1234567890123", "TRUE", "３つ", "x\ny"],
        ["2024-05-27", "2024-05-27", "2024-05-27 10:30", "09:05", "60:00", ""],
    ]


def test_rows_keep_their_numbers_when_a_sheet_begins_further_down():
    def fill(book):
        sheet = book.add_worksheet("表")
        sheet.write(4, 2, "業務名")
        sheet.merge_range(5, 2, 7, 3, "猫の相談")

    (sheet,) = open_sheets("表.xlsx", xlsx(fill), DEFAULTS)
    assert [(number, row) for number, row in enumerate(sheet.rows, 1) if any(row)] == [
        (5, ["", "", "業務名"]),
        (6, ["", "", "猫の相談"]),
    ]
    assert sheet.merged == ((5, 2, 7, 3),)


def test_every_sheet_comes_with_its_name_and_whether_it_is_hidden():
    def fill(book):
        book.add_worksheet("課").write(0, 0, "a")
        book.add_worksheet("一覧").hide()
        book.add_chartsheet("図")

    sheets = open_sheets("表.xlsx", xlsx(fill), DEFAULTS)
    assert [(sheet.name, sheet.hidden, sheet.rows) for sheet in sheets] == [
        ("課", False, [["a"]]),
        ("一覧", True, []),
    ]


def test_error_cells_and_formulas_without_a_result_stay_visible():
    book = openpyxl.Workbook()
    book.active["A1"] = "課題"
    book.active["A2"] = '=B2&"件"'
    book.active["B3"] = "#REF!"
    book.active["B3"].data_type = "e"
    book.active["D5"] = "=SUM(A1:A3)"
    stream = io.BytesIO()
    book.save(stream)
    (sheet,) = open_sheets("表.xlsx", stream.getvalue(), DEFAULTS)
    assert sheet.rows[1][0] == '=B2&"件"'
    assert sheet.rows[2][1] == "#REF!"
    assert sheet.rows[4] == ["", "", "", "=SUM(A1:A3)"]
    assert sheet.formulas == {(1, 0): '=B2&"件"', (4, 3): "=SUM(A1:A3)"}


def test_a_formula_with_a_stored_result_shows_the_result_and_is_known_as_a_formula():
    def fill(book):
        sheet = book.add_worksheet("表")
        sheet.write_formula(0, 0, '="猫"&"の相談"', None, "猫の相談")
        sheet.write_formula(0, 1, "=1/0", None, "#DIV/0!")

    (sheet,) = open_sheets("表.xlsx", xlsx(fill), DEFAULTS)
    assert sheet.rows == [["猫の相談", "#DIV/0!"]]
    assert sheet.formulas == {(0, 0): '="猫"&"の相談"', (0, 1): "=1/0"}


def test_an_old_workbook_reads_like_a_new_one():
    def fill(book):
        sheet = book.add_sheet("表")
        sheet.write(0, 0, "髙﨑①㈱")
        sheet.write(0, 1, 3.0)
        sheet.write(0, 2, dt.date(2024, 5, 27), xlwt.easyxf(num_format_str="yyyy/m/d"))
        sheet.row(1).set_cell_error(1, 0x2A)
        sheet.write(1, 2, xlwt.Formula("1/0"))
        sheet.write_merge(2, 3, 0, 0, "健康づくり課")
        book.add_sheet("隠れ").visibility = 1

    first, second = open_sheets("表.xls", xls(fill), DEFAULTS)
    assert first.rows[0] == ["髙﨑①㈱", "3", "2024-05-27"]
    assert first.rows[1][1] == "#N/A"
    assert first.formulas == {(1, 2): "=…"}
    assert first.merged == ((2, 0, 3, 0),)
    assert second.hidden


def test_the_example_sheet_of_a_department_opens():
    if not EXAMPLE.exists():
        pytest.skip("../shared/data/inventory_sheet_example.xlsx is not there")
    sheet, instructions = open_sheets(EXAMPLE.name, EXAMPLE.read_bytes(), DEFAULTS)
    assert (sheet.name, instructions.name) == ("業務の棚卸", "記入要領")
    assert sheet.rows[1][7] == "R6.5.27"
    assert sheet.rows[6][0] == "1"
    assert (3, 3, 3, 4) in sheet.merged


# ---- text files

LINES = "業務名,課題\r\n髙﨑㈱との①協議,ﾌｰﾄﾞﾊﾞﾝｸの担い手がいない\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_a_csv_reads_in_the_encodings_offices_use(encoding):
    assert rows_of(LINES.encode(encoding)) == [
        ["業務名", "課題"],
        ["髙﨑㈱との①協議", "ﾌｰﾄﾞﾊﾞﾝｸの担い手がいない"],
    ]


@pytest.mark.parametrize(
    "text",
    [
        "団体名,所在地\n",
        "業務名,課題\n猫の相談,ﾌｰﾄﾞﾊﾞﾝｸ\n",
        "目的,現状\n子育ての支援,①広報が届かない\n",
        "課題\n防災\n",
    ],
)
def test_a_csv_in_euc_jp_is_not_taken_for_half_width_kana(text):
    assert rows_of(text.encode("euc_jis_2004")) == [line.split(",") for line in text.split("\n")[:-1]]


def test_euc_jp_with_the_extra_characters_of_windows_is_read_as_typed():
    extra = b"\xad\xa1\xad\xea\xfc\xe2\xf9\xf5"  # ①㈱髙﨑: rows 13, 92 and 89
    data = "業務名,ﾌｰﾄﾞ\n".encode("euc_jp") + extra + "との協議,〇\n".encode("euc_jp")
    assert rows_of(data) == [["業務名", "ﾌｰﾄﾞ"], ["①㈱髙﨑との協議", "〇"]]


@given(st.text(st.characters(codec="euc_jp", min_codepoint=0x3041, max_codepoint=0x9FFF), max_size=40))
def test_the_euc_jp_of_windows_is_euc_jp_for_all_kana_and_kanji_that_both_have(text):
    data = text.encode("euc_jp")
    if b"\x8f" not in data and not set("〜‖−") & set(text):
        assert decode("a.csv", b"\xad\xa1" + data) == "①" + text


def test_a_csv_of_nothing_but_half_width_kana_in_cp932_is_not_taken_for_euc_jp():
    assert rows_of("ﾌｰﾄﾞﾊﾞﾝｸ,ﾎﾞﾗﾝﾃｨｱ\n".encode("cp932")) == [["ﾌｰﾄﾞﾊﾞﾝｸ", "ﾎﾞﾗﾝﾃｨｱ"]]


def test_a_record_is_one_row_whatever_line_breaks_its_cells_hold():
    assert rows_of('業務名,課題\n\n猫,"一行目\r\n二行目"\n,\n'.encode()) == [
        ["業務名", "課題"],
        [],
        ["猫", "一行目\r\n二行目"],
        ["", ""],
    ]


def test_tabs_separate_cells_when_there_are_more_of_them_than_commas():
    assert rows_of("業務名\t課題\n猫\t苦情,400件\n".encode()) == [["業務名", "課題"], ["猫", "苦情,400件"]]


def test_semicolons_separate_cells_when_there_are_more_of_them_than_commas():
    assert rows_of("業務名;課題\n猫;苦情、要望,相談\n".encode()) == [["業務名", "課題"], ["猫", "苦情、要望,相談"]]


def test_a_zip_with_one_csv_reads_as_the_csv():
    data = zipped({"gyousei/一覧.csv": LINES.encode("cp932"), "__MACOSX/._一覧.csv": b"\0\1", "読んでね.pdf": b"%PDF"})
    assert rows_of(data)[1][0] == "髙﨑㈱との①協議"


def test_formulas_and_long_cells_of_a_csv_stay_whole():
    long = "長" * 200_000
    assert rows_of(f"課題,現状\n=A1&B1,{long}\n".encode())[1] == ["=A1&B1", long]


def test_only_what_a_spreadsheet_program_would_compute_is_a_formula_of_a_csv():
    [sheet] = open_sheets("a.csv", '業務名,課題\n=B2&C2,=人手がない\n"= 1+1",a=b\n'.encode(), DEFAULTS)
    assert sheet.formulas == {(1, 0): "=B2&C2", (2, 0): "= 1+1"}


def test_user_defined_characters_stay_in_their_cell_to_be_reported():
    (_, row) = rows_of("団体名,住所\n".encode("cp932") + b"\xf0\x40\x8d\x82,\x89\xaa\x8eR\n")
    assert row == ["\ue000高", "岡山"]
    assert STRANGE_CHARACTER.search(row[0])
    assert not STRANGE_CHARACTER.search("改行\r\nとタブ\t〜髙﨑①㈱𠮷")


# ---- what is refused, and how it is said


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "空のファイル"),
        (b"  \r\n \n", "何も書かれていません"),
        (b"\xef\xbb\xbf", "何も書かれていません"),
        (b"%PDF-1.7 ...", "PDF文書"),
        (b"\x89PNG\r\n\x1a\n\0\0", "画像"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "画像"),
        (b"<!DOCTYPE html><html><table><tr><td>1</td></tr></table></html>", "Webページ"),
        ("\ufeff<html>".encode(), "Webページ"),
        (b"PK\x03\x04 this is no zip", "壊れている"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 900, "Excelブック"),
        (b"a,b\n\0\0\1\2", "文字のファイルとして読めません"),
        (b"a,b\n" + bytes(range(1, 32)) * 20, "文字のファイルとして読めません"),
        ("業務名\n課題\n".encode() + b"\x83\xff\xfe\x81\n", "3行目"),
        ('業務名,課題\n猫,"苦情が\n多い,\n'.encode(), "2行目から、引用符"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(data, said):
    assert said in refusal(data)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"word/document.xml": b"<w/>", "[Content_Types].xml": b"<t/>"}, "Word文書"),
        ({"ppt/presentation.xml": b"<p/>"}, "PowerPoint文書"),
        ({"content.xml": b"<o/>", "META-INF/manifest.xml": b"<m/>"}, "OpenDocument"),
        ({"xl/workbook.bin": b"\0"}, ".xlsb"),
        ({"xl/workbook.xml": b"<workbook/>"}, "壊れている"),
        ({"a.csv": b"a,b\n", "b.csv": b"a,b\n"}, "CSVファイルが2個"),
        ({"一覧.pdf": b"%PDF"}, "「一覧.pdf」"),
        ({}, "中身は空"),
    ],
)
def test_a_zip_of_something_else_is_refused_with_a_sentence(members, said):
    assert said in refusal(zipped(members))


def test_a_cut_off_workbook_is_refused():
    whole = one_sheet(["業務名", "課題"])
    for length in (10, len(whole) // 2, len(whole) - 30):
        refusal(whole[:length])


def test_a_workbook_with_a_password_is_refused_as_such():
    stream = io.BytesIO()
    msoffcrypto.format.ooxml.OOXMLFile(io.BytesIO(one_sheet(["業務名"]))).encrypt("ひみつ", stream)
    assert "パスワード" in refusal(stream.getvalue())


def test_a_zip_with_a_password_is_refused_as_such():
    data = bytearray(zipped({"a.csv": b"a,b\n"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "パスワード" in refusal(bytes(data))


def test_an_old_workbook_with_a_password_is_refused_as_such():
    book = xls(lambda book: book.add_sheet("表").write(0, 0, "業務名"))
    bof = struct.pack("<HHHH", 0x809, 16, 0x600, 5)
    after = book.index(bof) + 20
    locked = book[:after] + struct.pack("<HHH", 0x2F, 2, 0) + book[after + 6 :]
    assert "パスワード" in refusal(locked)


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_unpacked():
    bomb = zipped({"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": b" " * 60_000_000})
    assert len(bomb) < 100_000
    assert "元の" in refusal(bomb)
    assert "上限は50MB" in refusal(bomb, ReadOptions(max_bytes=50_000_000))


def test_a_zip_that_lies_about_its_size_is_refused():
    book = one_sheet(["業務名" * 100])
    at = book.index(b"PK\x01\x02")
    while b"sheet1.xml" not in book[at + 46 : at + 90]:
        at = book.index(b"PK\x01\x02", at + 4)
    size = struct.unpack_from("<I", book, at + 24)[0]
    assert "壊れている" in refusal(book[: at + 24] + struct.pack("<I", size - 50) + book[at + 28 :])


def test_a_lone_value_in_the_last_corner_of_a_sheet_is_refused_instead_of_laid_out():
    def fill(book):
        sheet = book.add_worksheet("表")
        sheet.write(0, 0, "業務名")
        sheet.write(1_048_575, 16_383, "x")

    assert "1,048,576行目" in refusal(xlsx(fill))

    def fill_old(book):
        for name in ("一", "二"):
            book.add_sheet(name).write(65_535, 255, "x")

    assert "広すぎて" in refusal(xls(fill_old))


@pytest.mark.parametrize("claim", [(0, 0xFFFFFFFF, 0, 1), (9, 1, 0, 1), (0, 1, 7, 3), (0, 1, 0, 0xFFFF)])
def test_an_old_workbook_that_claims_a_size_it_cannot_have_is_refused(claim):
    book = xls(lambda book: book.add_sheet("表").write(0, 0, "業務名"))
    at = book.index(struct.pack("<HHIIHH", 0x200, 14, 0, 1, 0, 1)) + 4
    assert "壊れている" in refusal(book[:at] + struct.pack("<IIHH", *claim) + book[at + 12 :])


SECOND = "Workbook".encode("utf-16-le").ljust(64, b"\0") + struct.pack("<HBB48xII4x", 18, 2, 1, 0, 100)
TWO_WAYS = {  # places and bytes: from the start of the header, or of the list of streams, whose entries have 128 bytes
    "a second stream of that name, with nothing in it": (("list", 256, SECOND),),
    "a second one, and the first without a length of its name": (("list", 256, SECOND), ("list", 128 + 64, b"\0\0")),
    "a header by which every stream is a short one": (("header", 56, b"\xff\xff\xff\xff"),),
}


@pytest.mark.parametrize("patches", TWO_WAYS.values(), ids=TWO_WAYS)
def test_of_an_old_workbook_that_can_be_read_in_two_ways_the_way_it_is_opened_is_looked_at(patches):
    def patched(book: bytes) -> bytes:
        starts = {"header": 0, "list": (struct.unpack_from("<I", book, 48)[0] + 1) * 512}
        for start, place, new in patches:
            at = starts[start] + place
            book = book[:at] + new + book[at + len(new) :]
        return book

    assert rows_of(patched(xls(lambda book: book.add_sheet("表").write(0, 0, "業務名")))) == [["業務名"]]
    assert "広すぎて" in refusal(patched(xls(lambda book: book.add_sheet("表").write(65_535, 255, "x"))), name="x.xls")


def test_formats_without_values_far_below_the_table_do_no_harm():
    def fill(book):
        sheet = book.add_worksheet("表")
        sheet.write(0, 0, "業務名")
        sheet.write_blank(1_048_575, 16_383, None, book.add_format({"bold": True}))

    assert rows_of(xlsx(fill)) == [["業務名"]]


def test_a_part_with_a_doctype_is_refused():
    entity = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><worksheet/>'
    book = with_part(one_sheet(["業務名"]), "xl/worksheets/sheet1.xml", lambda _: entity)
    assert "壊れている" in refusal(book)


def test_more_rows_than_the_limit_are_refused_and_the_limit_itself_is_not():
    rows = [["業務名"], *([f"業務{number}"] for number in range(10))]
    csv = "\n\n".join(row[0] for row in rows).encode()
    for data in (one_sheet(*rows), csv):
        assert len([row for row in rows_of(data, ReadOptions(max_rows=10)) if any(row)]) == 11
        assert "上限（9行）" in refusal(data, ReadOptions(max_rows=9))


def test_a_cell_reference_that_names_no_place_is_refused_or_read_but_never_crashes():
    for reference in (b"A0", b"XFD9999999", b"ZZZZ1", b"", b"1A"):
        book = with_part(
            one_sheet(["業務名"]),
            "xl/worksheets/sheet1.xml",
            lambda part, r=reference: part.replace(b'"A1"', b'"%s"' % r),
        )
        opens_or_refuses(book)


# ---- no bytes do harm


def opens_or_refuses(data: bytes) -> None:
    try:
        sheets = open_sheets("何か", data, ReadOptions(max_bytes=20_000_000))
    except UnreadableFile:
        return
    assert all(isinstance(sheet, Sheet) for sheet in sheets)
    assert all(isinstance(cell, str) for sheet in sheets for row in sheet.rows for cell in row)


MAGICS = [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b'"']


@given(st.sampled_from(MAGICS), st.binary(max_size=3000))
def test_any_bytes_open_or_are_refused(magic, data):
    opens_or_refuses(magic + data)


@given(st.text(max_size=300), st.sampled_from(["utf-8", "cp932", "euc_jp", "utf-16", "utf-8-sig"]))
def test_any_text_in_any_encoding_opens_or_is_refused(text, encoding):
    opens_or_refuses(text.encode(encoding, "replace"))


WORKBOOKS = [
    one_sheet(["業務名", "課題", 3.5], ["猫の相談", "苦情が多い"]),
    xls(lambda book: book.add_sheet("表").write(0, 0, "業務名")),
    zipped({"a.csv": LINES.encode("cp932")}),
]


@settings(max_examples=150)
@given(st.sampled_from(WORKBOOKS), st.data())
def test_any_damage_to_a_workbook_opens_or_is_refused(book, data):
    damaged = bytearray(book)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(book) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(len(book) // 2, len(book)))
    opens_or_refuses(bytes(damaged[:cut] if data.draw(st.booleans()) else damaged))


@settings(max_examples=60)
@given(st.data())
def test_any_damage_inside_the_parts_of_a_workbook_opens_or_is_refused(data):
    part = data.draw(
        st.sampled_from(["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml"])
    )
    at, put = data.draw(st.floats(0, 1)), data.draw(st.binary(max_size=12))

    def damage(content: bytes) -> bytes:
        start = int(at * len(content))
        return content[:start] + put + content[start + len(put) :]

    opens_or_refuses(with_part(WORKBOOKS[0], part, damage))


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), max_size=20)


@given(st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=6))
def test_quoted_cells_come_back_as_written(rows):
    lines = "\r\n".join(",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in rows)
    assert rows_of(("見出し,,,,,,,,,,,\r\n" + lines).encode())[1:] == rows


def test_column_letters_go_on_after_z():
    assert [column_letter(index) for index in (0, 25, 26, 51, 52, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "BA",
        "ZZ",
        "AAA",
    ]
