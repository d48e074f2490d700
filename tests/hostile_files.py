"""Files that ask for more than they are worth, or lie: each made anew, always the same, from a few lines.

``python tests/hostile_files.py FOLDER`` writes them all.
"""

import gzip
import io
import json
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import xlwt

Make = Callable[[], bytes]
FILES: dict[str, Make] = {}
HEAVY: set[str] = set()  # which take a while even where all is well
HEAD = "団体名,所在地,活動内容\n"
_WHEN = (2024, 4, 1, 0, 0, 0)


def hostile(name: str, *, heavy: bool = False) -> Callable[[Make], Make]:
    def keep(make: Make) -> Make:
        assert name not in FILES
        FILES[name] = make
        if heavy:
            HEAVY.add(name)
        return make

    return keep


def add(name: str, make: Make, *, heavy: bool = False) -> None:
    hostile(name, heavy=heavy)(make)


# ---- workbooks from their parts

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_PACKAGE = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def zipped(members: Iterable[tuple[str, bytes | str]]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, _WHEN), data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def relations(pairs: Iterable[tuple[str, str, str]]) -> str:
    inner = "".join(f'<Relationship Id="{id}" Type="{_TYPE}{kind}" Target="{target}"/>' for id, kind, target in pairs)
    return f"{_XML}<Relationships {_PACKAGE}>{inner}</Relationships>"


def parts(
    *worksheets: str,
    shared: str = "",
    sheets: Iterable[tuple[str, str]] | None = None,
    targets: Iterable[str] | None = None,
    folder: str = "xl",
) -> dict[str, bytes | str]:
    """``sheets`` are names and relation ids (r1, r2 …), ``targets`` the parts that these mean."""
    files = [f"worksheets/sheet{number}.xml" for number in range(1, len(worksheets) + 1)]
    meant = list(targets or files)
    listed = sheets or [(f"表{number}", f"r{number}") for number in range(1, len(meant) + 1)]
    inner = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="{id}"/>' for n, (name, id) in enumerate(listed, 1))
    members: dict[str, bytes | str] = {
        "_rels/.rels": relations([("r1", "officeDocument", f"{folder}/workbook.xml")]),
        f"{folder}/workbook.xml": f"{_XML}<workbook {_MAIN} {_R}><sheets>{inner}</sheets></workbook>",
        f"{folder}/_rels/workbook.xml.rels": relations(
            (f"r{number}", "worksheet", target) for number, target in enumerate(meant, 1)
        ),
    }
    if shared:
        members[f"{folder}/sharedStrings.xml"] = f"{_XML}<sst {_MAIN}>{shared}</sst>"
    members |= {f"{folder}/{file}": text for file, text in zip(files, worksheets, strict=True)}
    return members


def book(*worksheets: str, **options: object) -> bytes:
    return zipped(parts(*worksheets, **options).items())  # type: ignore[arg-type]


def sheet(rows: str, before: str = "", after: str = "", root: str = "worksheet") -> str:
    return f"{_XML}<{root} {_MAIN}>{before}<sheetData>{rows}</sheetData>{after}</{root.split()[0]}>"


def text(value: str) -> str:
    return f"<is><t>{value}</t></is>"


def cell(value: str, reference: str = "") -> str:
    place = f' r="{reference}"' if reference else ""
    return f'<c{place} t="inlineStr">{text(value)}</c>'


TOP = f'<row r="1">{cell("団体名", "A1")}{cell("所在地", "B1")}{cell("活動内容", "C1")}</row>'
ONE = TOP + f'<row r="2">{cell("虹の会")}{cell("岡山市")}{cell("掃除")}</row>'


# ---- cells in places that cost

for _name, _row in {
    "the last corner": f'<row r="1048576">{cell("x", "XFD1048576")}</row>',
    "the last corner with leading zeros": f"<row>{cell('x', 'XFD0001048576')}</row>",
    "forty million in a row without number": f"<row>{cell('x', 'A40000000')}</row>",
    "a billion rows": f"<row>{cell('x', 'A1000000000')}</row>",
    "a row number that overflows": f"<row>{cell('x', 'A4294967297')}</row>",
    "letters that overflow": f"<row>{cell('x', 'ZZZZZZZ1')}</row>",
    "a column beyond the last": f"<row>{cell('x', 'XFE1')}</row>",
    "a row beyond the last": f'<row r="1048577">{cell("x")}</row>',
    "a row of seven digits": f'<row r="9999999">{cell("x")}</row>',
    "a row that is called like a cell": f'<row r="A900000000">{cell("x")}</row>',
    "a reference of small letters": f"<row>{cell('x', 'xfd1048576')}</row>",
    "a reference to row zero": f"<row>{cell('x', 'A0')}</row>",
    "an empty reference": '<row><c r="" t="inlineStr"><is><t>x</t></is></c></row>',
    "an error cell far away": '<row><c r="XFD1048576" t="e"><v>#REF!</v></c></row>',
    "a formula far away": '<row><c r="XFD1048576"><f>A1</f></c></row>',
    "a cell within a cell": '<row><c t="inlineStr"><is><t>x</t></is><c r="A90000000"><v>1</v></c></c></row>',
    "a cell within a value": '<row><c><v>1<c r="A90000000"><v>1</v></c></v></c></row>',
    "a cell below a cell": f'<row r="2"><c r="A900000"/>{cell("x")}<c><v>1</v></c></row><row>{cell("y", "XFD2")}</row>',
    "a row within a row": f'<row r="5"><row r="900000000">{cell("x")}</row></row>',
}.items():
    add(f"cell: {_name}.xlsx", lambda row=_row: book(sheet(ONE + row)))  # type: ignore[misc]

_FAR = f"{cell('x', 'A1')}{cell('x', 'XFD1048576')}"
for _root in ("chartsheet", "x", "html", "a:worksheet xmlns:a='x'", "sst", "workbook"):
    add(f"root: {_root.split()[0]}.xlsx".replace(":w", "-w"), lambda root=_root: book(sheet(_FAR, root=root)))  # type: ignore[misc]
add("root: two of sheetData.xlsx", lambda: book(sheet(ONE, after=f"<sheetData><row>{_FAR}</row></sheetData>")))
add("root: sheetData is missing.xlsx", lambda: book(f"<worksheet {_MAIN}><row>{_FAR}</row></worksheet>"))


# ---- sheets and parts

_BIG = sheet("".join(f"<row><c><v>{n}</v></c></row>" for n in range(150_000)))
add("sheets: two of one name.xlsx", lambda: book(sheet(_FAR), sheet(ONE), sheets=[("表", "r1"), ("表", "r2")]))
add("sheets: two of one name turned.xlsx", lambda: book(sheet(ONE), sheet(_FAR), sheets=[("表", "r1"), ("表", "r2")]))
add("sheets: one part twenty times.xlsx", lambda: book(_BIG, sheets=[(f"表{n}", "r1") for n in range(20)]), heavy=True)
add("sheets: a hundred thousand.xlsx", lambda: book(sheet(ONE), sheets=[(f"表{n}", "r1") for n in range(100_000)]))
add(
    "sheets: long comments read again and again.xlsx",
    lambda: book(sheet(ONE, before=f"<!--{' ' * 20_000_000}-->"), sheets=[(f"表{n}", "r1") for n in range(900)]),
    heavy=True,
)
add("sheets: a long name.xlsx", lambda: book(sheet(ONE), sheets=[("表" * 1_000_000, "r1")]))


@hostile("sheets: 900 tables of 400 columns.xlsx", heavy=True)
def _many_tables() -> bytes:
    head = "".join(cell(f"{name}{n}") for n in range(130) for name in ("課題の", "業務名", "目的"))
    line = "".join(cell("x") for _ in range(390))
    return book(sheet(f"<row>{head}</row><row>{line}</row>"), sheets=[(f"表{n}", "r1") for n in range(900)])


add("sheets: no relation.xlsx", lambda: book(sheet(ONE), sheets=[("表", "r9")]))
add("sheets: a part that is not there.xlsx", lambda: book(sheet(ONE), targets=["worksheets/none.xml"]))
add("sheets: a target with steps.xlsx", lambda: book(sheet(_FAR), targets=["worksheets/../worksheets/sheet1.xml"]))
add("sheets: a target from the root.xlsx", lambda: book(sheet(_FAR), targets=["/xl/worksheets/sheet1.xml"]))
add("sheets: a target in capitals.xlsx", lambda: book(sheet(_FAR), targets=["WORKSHEETS/Sheet1.XML"]))
add("sheets: a target with backslashes.xlsx", lambda: book(sheet(_FAR), targets=["worksheets\\sheet1.xml"]))
add("sheets: a picture as a sheet.xlsx", lambda: book("\x89PNG" * 100))


@hostile("sheets: another workbook in another folder.xlsx")
def _two_books() -> bytes:
    return zipped((parts(sheet(ONE)) | parts(sheet(_FAR), folder="b/xl")).items())


@hostile("sheets: two parts of one name.xlsx")
def _two_parts() -> bytes:
    return zipped([*parts(sheet(ONE)).items(), ("xl/worksheets/Sheet1.xml", sheet(_FAR))])


@hostile("sheets: a table of the open document in it.xlsx")
def _open_document() -> bytes:
    content = (
        '<office:document-content><table:table table:name="a"><table:table-row table:number-rows-repeated="9999999">'
    )
    return zipped(
        [("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", content), ("xl/a", "")]
    )


# ---- texts and cells, many or long


def referenced(times: int, length: int, item: str = "<si><t>{}</t></si>") -> bytes:
    rows = "".join(f'<row><c t="s"><v>0</v></c><c t="s"><v>{n % 2}</v></c></row>' for n in range(times))
    return book(sheet(rows), shared=item.format("長" * length) + "<si><t>b</t></si>")


add("texts: one of 32,767 signs 120,000 times.xlsx", lambda: referenced(120_000, 32_767))
add("texts: one of a million signs 5,000 times.xlsx", lambda: referenced(5_000, 1_000_000))
add(
    "texts: a rich one 120,000 times.xlsx",
    lambda: referenced(120_000, 30_000, "<si><r><t>{}</t></r><r><t>b</t></r></si>"),
)
add(
    "texts: an index that is no number.xlsx",
    lambda: book(sheet('<row><c t="s"><v>x</v></c></row>' * 9), shared="<si/>"),
)
add("texts: an index that is not there.xlsx", lambda: book(sheet('<row><c t="s"><v>9</v></c></row>'), shared="<si/>"))
add("texts: a count that lies.xlsx", lambda: _counting("1000000000000"))
add("texts: a count that nearly fits.xlsx", lambda: _counting("9000000000"))
add("texts: an item within an item.xlsx", lambda: book(sheet(ONE), shared="<si><si><t>a</t></si></si>" * 1000))
add("texts: 120,000 long ones in their cells.xlsx", lambda: book(sheet(f"<row>{cell('長' * 3_000)}</row>" * 120_000)))
add("texts: one of forty million signs.xlsx", lambda: book(sheet(f"<row>{cell('a' * 40_000_000)}</row>")))
add(
    "texts: two sheets in one part.xlsx",
    lambda: book(sheet("<row>" + "<c><f>A1</f></c>" * 4 + "</row>") * 2),
)
add(
    "texts: many formulas.xlsx",
    lambda: book(sheet(("<row>" + "<c><f>A1</f></c>" * 40 + "</row>") * 30_000)),
    heavy=True,
)
add("texts: 3,000,000 rows.xlsx", lambda: book(sheet("<row><c><v>1</v></c></row>" * 3_000_000)), heavy=True)


def _counting(count: str) -> bytes:
    members = parts(sheet(ONE), shared="<si/>")
    members["xl/sharedStrings.xml"] = str(members["xl/sharedStrings.xml"]).replace(
        "<sst", f'<sst uniqueCount="{count}"'
    )
    return zipped(members.items())


def wide(columns: int, rows: int, title: str = "課題{}の業務名") -> bytes:
    lines = ("".join(cell(title.format(f"{row}-{column}")) for column in range(columns)) for row in range(rows))
    return book(sheet("".join(f"<row>{line}</row>" for line in lines)))


add("wide: 16,384 columns of 40 rows.xlsx", lambda: wide(16_384, 40), heavy=True)
add("wide: 5,000 columns of 60 rows.xlsx", lambda: wide(5_000, 60, "目的、現状及び課題{}"), heavy=True)
add(
    "wide: 16,384 columns of 700 rows.xlsx",
    lambda: book(sheet("".join(f"<row>{cell('x')}{cell('y', f'XFD{n}')}</row>" for n in range(1, 701)))),
)
add("wide: 49,000,000 commas.csv", lambda: HEAD.encode() + b"," * 49_000_000)
add("wide: 16,384 columns of 40 rows.csv", lambda: wide_csv(16_384, 40), heavy=True)


def wide_csv(columns: int, rows: int) -> bytes:
    return "\n".join(
        ",".join(f"課題{row}-{column}の業務名" for column in range(columns)) for row in range(rows)
    ).encode()


def merged(ranges: Iterable[str]) -> str:
    return f"<mergeCells>{''.join(f'<mergeCell ref={chr(34)}{one}{chr(34)}/>' for one in ranges)}</mergeCells>"


_LONG = TOP + "<row><c><v>1</v></c></row>" * 20_000
add(
    "merged: 100,000 cells down one column.xlsx",
    lambda: book(sheet(_LONG, after=merged(f"A{n % 9 + 2}:A200000" for n in range(100_000)))),
)
add(
    "merged: 100,000 cells over one row.xlsx",
    lambda: book(sheet(ONE, after=merged(f"A1:XFD{n % 3 + 1}" for n in range(100_000)))),
)
add("merged: beyond every edge.xlsx", lambda: book(sheet(ONE, after=merged(["A1:ZZZZZZ4294967295", "B9:A1", "A1:A1"]))))

# ---- XML


add("xml: a million levels.xlsx", lambda: book(sheet(ONE, before="<a>" * 1_000_000 + "</a>" * 1_000_000)))
add(
    "xml: a million levels in a text.xlsx",
    lambda: book(sheet(ONE), shared="<si>" + "<r>" * 500_000 + "</r>" * 500_000 + "</si>"),
)
add(
    "xml: entities.xlsx", lambda: book('<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + sheet(ONE))
)
add(
    "xml: in UTF-16.xlsx",
    lambda: zipped((parts(sheet(ONE)) | {"xl/worksheets/sheet1.xml": sheet(_FAR).encode("utf-16")}).items()),
)
add("xml: in another code.xlsx", lambda: book(sheet(ONE).replace("UTF-8", "cp037")))
add(
    "xml: an attribute of thirty million signs.xlsx",
    lambda: book(sheet(ONE, before=f'<a b="{"x" * 30_000_000}"/>')),
    heavy=True,
)
add(
    "xml: 300,000 attributes.xlsx",
    lambda: book(sheet(ONE, before=f"<a {' '.join(f'b{n}={chr(34)}{chr(34)}' for n in range(300_000))}/>")),
)
add("xml: cut off.xlsx", lambda: book(sheet(ONE)[:-40]))
add(
    "xml: relations of a million levels.xlsx",
    lambda: zipped(
        (parts(sheet(ONE)) | {"xl/_rels/workbook.xml.rels": "<a>" * 1_000_000 + "</a>" * 1_000_000}).items()
    ),
)

# ---- zip and gzip


def lying(data: bytes, name: str, size: int) -> bytes:
    """The directory says another unpacked size than a member has."""
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(name.encode()))
    return data[: at + 24] + struct.pack("<I", size) + data[at + 28 :]


@hostile("zip: members that share their bytes.zip")
def _overlapping() -> bytes:
    data = zipped([("a.csv", HEAD + "a,b,c\n" * 1_000_000)])
    start = data.rindex(b"PK\x01\x02")
    end = data.rindex(b"PK\x05\x06")
    entry, tail = data[start:end], data[end:]
    count = 300
    head = struct.pack("<4s4H2I", b"PK\x05\x06", 0, 0, count, count, len(entry) * count, start)
    return data[:start] + entry * count + head + tail[20:]


@hostile("zip: two directories.zip")
def _two_directories() -> bytes:
    return zipped([("a.csv", HEAD)]) + zipped([("b.csv", HEAD + "a,b,c\n" * 500_000)])


def spaces(megabytes: int) -> bytes:
    return b" " * (megabytes * 10**6)


add(
    "zip: says less than it holds.zip",
    lambda: lying(zipped([("a.csv", HEAD.encode() + spaces(400))]), "a.csv", 100),
    heavy=True,
)
add("zip: says more than it holds.zip", lambda: lying(zipped([("a.csv", HEAD)]), "a.csv", 90_000_000))
add(
    "zip: says less in a sheet.xlsx",
    lambda: lying(book(sheet(ONE, before=f"<!--{'x' * 300_000_000}-->")), "sheet1.xml", 900),
    heavy=True,
)
add("zip: says less in the relations.xlsx", lambda: _lying_relations(), heavy=True)
add("zip: a ratio that no table has.zip", lambda: zipped([("a.csv", HEAD.encode() + spaces(300))]), heavy=True)
add("zip: 49,000,000 line ends.zip", lambda: zipped([("a.csv", HEAD.encode() + b"\n" * 49_000_000)]))
add(
    "zip: 49,000,000 line ends of an old Macintosh.zip", lambda: zipped([("a.csv", HEAD.encode() + b"\r" * 49_000_000)])
)
add("zip: 24,000,000 rows of one comma.zip", lambda: zipped([("a.csv", HEAD.encode() + b",\n" * 24_000_000)]))
add("zip: a zip in it.zip", lambda: zipped([("a.csv", zipped([("b.csv", HEAD)]))]))
add("zip: 60,000 members.zip", lambda: zipped((f"{n}.csv", "") for n in range(60_000)))
add("zip: a long name.zip", lambda: zipped([("a" * 60_000, HEAD)]))
add("zip: cut off.zip", lambda: zipped([("a.csv", HEAD * 100)])[:-10])
add(
    "zip: a wrong checksum.zip",
    lambda: zipped([("a.csv", HEAD)]).replace(struct.pack("<I", zlib.crc32(HEAD.encode())), b"abcd"),
)


def _lying_relations() -> bytes:
    members = parts(sheet(ONE)) | {"xl/_rels/workbook.xml.rels": spaces(300) + b"<a/>"}
    return lying(zipped(members.items()), "xl/_rels/workbook.xml.rels", 900)


def packed(data: bytes) -> bytes:
    return gzip.compress(data, 6, mtime=0)


add("gzip: 400 MB of spaces.gz", lambda: packed(HEAD.encode() + spaces(400)), heavy=True)
add("gzip: 1,000 MB.jsonl.gz", lambda: packed(b'{"name": "') + packed(spaces(10)) * 100)
add("gzip: in gzip.gz", lambda: packed(packed(packed(spaces(100)))))
add("gzip: a hundred thousand members.gz", lambda: packed(b"") * 100_000 + packed(HEAD.encode()))
add("gzip: cut off.gz", lambda: packed(HEAD.encode() * 1000)[:-30])
add("gzip: a name without end.gz", lambda: b"\x1f\x8b\x08\x08\0\0\0\0\0\3" + b"a" * 3_000_000)

# ---- texts


add("csv: one cell of fifty million signs.csv", lambda: HEAD.encode() + b"a" * 50_000_000)
add("csv: a quotation mark left open.csv", lambda: (HEAD + '猫の会,"').encode() + b"a\n" * 1_900_000)
add("csv: thirty million quotation marks.csv", lambda: HEAD.encode() + b'"' * 30_000_001)
add("csv: 200,001 rows.csv", lambda: (HEAD + "a,b,c\n" * 200_001).encode())
add("csv: thirty million bytes that may be EUC.csv", lambda: HEAD.encode("euc_jp") + b"\xad\xa1" * 15_000_000 + b"\xff")
add("csv: sixty million bytes of UTF-16.csv", lambda: ("\ufeff" + HEAD).encode("utf-16-le") + b"a\0\n\0" * 15_000_000)
add("csv: zeros.csv", lambda: HEAD.encode() + b"\0" * 1_000_000)
add("csv: one column of a million short rows.csv", lambda: HEAD.encode() + b"a\n" * 1_000_000)
add(
    "csv: a problem in every cell.csv",
    lambda: ("団体名,目的,活動内容,所在地,確認日\n" + "\ue000,\ue001,\ue002,\ue003,\ue004\n" * 190_000).encode(),
    heavy=True,
)
add(
    "csv: a heading of thirty thousand signs.csv",
    lambda: (f"団体名,{'課題' * 15_000},活動内容\n" + "\ue000,=A1,x\n" * 20_000).encode(),
)


def lines(*records: object) -> bytes:
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records).encode()


def nested(levels: int, left: str, right: str) -> bytes:
    return f'{{"name": "虹の会"}}\n{{"name": "川の会", "purpose": {left * levels}1{right * levels}}}\n'.encode()


for _levels in (30, 300, 900, 5_000, 1_000_000):
    add(f"jsonl: {_levels:,} lists in lists.jsonl", lambda levels=_levels: nested(levels, "[", "]"))  # type: ignore[misc]
    add(f"jsonl: {_levels:,} objects in objects.jsonl", lambda levels=_levels: nested(levels, '{"a":', "}"))  # type: ignore[misc]
add(
    "jsonl: steps of 400 levels.jsonl",
    lambda: b'{"title": "a", "effect": "b", "programme": [' + b"[" * 400 + b"]" * 400 + b"]}",
)
add(
    "jsonl: a number of 5,000 digits.jsonl",
    lambda: lines({"name": "会"}) + b'\n{"name": "b", "founded": ' + b"9" * 5_000 + b"}",
)
add("jsonl: a year of 4,000 digits.jsonl", lambda: b'{"title": "a", "text": "b", "fiscal_year": ' + b"9" * 4_000 + b"}")
add(
    "jsonl: numbers without end.jsonl",
    lambda: b'{"name": 1e999, "purpose": NaN, "activities": -Infinity, "fields": [1e999]}',
)
add("jsonl: one line of thirty million signs.jsonl", lambda: lines({"name": "会", "purpose": "長" * 10_000_000}))
add("jsonl: 49,000,000 line ends.jsonl", lambda: lines({"name": "会"}) + b"\n" * 49_000_000)
add("jsonl: 300,000 lines that are none.jsonl", lambda: lines({"name": "会"}) + b"\n{" * 300_000)
add("jsonl: 190,000 lines that are none.jsonl", lambda: lines({"name": "会"}) + b"\n{" * 190_000)
add(
    "jsonl: 500,000 names of fields.jsonl",
    lambda: lines(*({"name": f"会{n}", **{f"f{n}-{m}": 1 for m in range(50)}} for n in range(10_000))),
)
add("jsonl: a name of a field of a million signs.jsonl", lambda: lines({"name": "会", "山" * 1_000_000: 1}))
add(
    "jsonl: 300,000 steps.jsonl",
    lambda: lines({"title": "a", "effect": "b", "programme": [{"year": "R6", "stage": "a"}] * 300_000}),
)
add(
    "jsonl: half pairs.jsonl",
    lambda: b'{"name": "\\ud800", "city": "\\udfff"}\n{"\\ud800": 1, "name": "a", "city": "\\ud800"}',
)
add("jsonl: keys said twice.jsonl", lambda: b'{"name": "a", ' + b'"purpose": "b", ' * 500_000 + b'"city": "c"}')

# ---- old workbooks


def old(fill: Callable[[xlwt.Workbook], None]) -> bytes:
    stream, made = io.BytesIO(), xlwt.Workbook()
    fill(made)
    made.save(stream)
    return stream.getvalue()


def plain(made: xlwt.Workbook) -> None:
    page = made.add_sheet("A")
    for column, heading in enumerate(HEAD.strip().split(",")):
        page.write(0, column, heading)
        page.write(1, column, "虹の会")


def patched(data: bytes, place: int, form: str, *values: int) -> bytes:
    return data[:place] + struct.pack(form, *values) + data[place + struct.calcsize(form) :]


def corners(made: xlwt.Workbook) -> None:
    for name in "ABC":
        made.add_sheet(name).write(65_535, 255, "x")


def repeated(made: xlwt.Workbook) -> None:
    page = made.add_sheet("A")
    for row in range(60_000):
        page.write(row, 0, "長" * 32_000)


def _claims(record: int, length: int, skip: int, form: str, *values: int) -> bytes:
    data = old(plain)
    at = data.index(struct.pack("<H", record) + (struct.pack("<H", length) if length else b""))
    return patched(data, at + 4 + skip, form, *values)


@hostile("xls: one sheet five thousand times.xls")
def _many_old_sheets() -> bytes:
    def fill(made: xlwt.Workbook) -> None:
        for number in range(5_000):
            made.add_sheet(f"s{number}")
        made.get_sheet(0).write(20_000, 0, "x")

    data = bytearray(old(fill))
    places = [at for at in range(512, len(data) - 20, 1) if data[at : at + 2] == b"\x85\0" and data[at + 3] == 0]
    first = next(struct.unpack_from("<I", data, at + 4)[0] for at in places)
    for at in places:
        if data[at + 8 : at + 10] == b"\0\0":
            struct.pack_into("<I", data, at + 4, first)
    return bytes(data)


add("xls: cells in three last corners.xls", lambda: old(corners))
add("xls: one long text 60,000 times.xls", lambda: old(repeated), heavy=True)
add("xls: a size that lies.xls", lambda: _claims(0x200, 14, 0, "<IIHH", 0, 0xFFFFFFFF, 0, 255))
add("xls: a size that is turned.xls", lambda: _claims(0x200, 14, 0, "<IIHH", 9, 1, 9, 1))
add("xls: a number of texts that lies.xls", lambda: _claims(0xFC, 0, 4, "<I", 0x7FFFFFFF))
add("xls: a text longer than its record.xls", lambda: _claims(0xFC, 0, 8, "<H", 0xFFFF))
add("xls: a cell of another row.xls", lambda: _claims(0xFD, 10, 0, "<HH", 65_535, 255))
add("xls: a text that is not there.xls", lambda: _claims(0xFD, 10, 6, "<I", 0x7FFFFFFF))
add("xls: a column beyond the last.xls", lambda: _claims(0xFD, 10, 0, "<HH", 0, 65_535))
for _place, _form, _value in [
    (30, "<H", 0),
    (30, "<H", 1),
    (30, "<H", 20),
    (30, "<H", 0xFFFF),
    (32, "<H", 0),
    (44, "<I", 0xFFFFFFFF),
    (48, "<I", 0x7FFFFFFF),
    (56, "<I", 0xFFFFFFFF),
    (60, "<I", 0),
    (64, "<I", 0x7FFFFFFF),
    (68, "<I", 0),
    (72, "<I", 0xFFFFFFFF),
    (76, "<I", 0x7FFFFFFF),
]:
    add(
        f"xls: header {_place} says {_value:,}.xls",
        lambda place=_place, form=_form, value=_value: patched(old(plain), place, form, value),  # type: ignore[misc]
    )


@hostile("xls: a chain in a ring.xls")
def _ring() -> bytes:
    data = old(plain) + b"\0" * 20_000_000
    fat = 512 + struct.unpack_from("<I", data, 76)[0] * 512
    return patched(data, fat, "<128I", *[(number + 1) % 128 for number in range(128)])


@hostile("xls: a list of tables in a ring.xls")
def _difat_ring() -> bytes:
    data = old(plain) + b"\1\0\0\0" * 5_000_000
    return patched(data, 68, "<II", 3, 0xFFFFFFFF)


@hostile("xls: cut off.xls")
def _cut_old() -> bytes:
    return old(plain)[:2_000]


@hostile("xls: a bomb of the new kind behind it.xls")
def _polyglot() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + book(sheet(_FAR))


def main(folder: str) -> None:
    """Each under a name that any file system takes."""
    for number, (name, make) in enumerate(FILES.items()):
        ending = "".join(Path(name).suffixes[-1:])
        (Path(folder) / f"{number:03}{ending}").write_bytes(make())


if __name__ == "__main__":
    main(sys.argv[1])
