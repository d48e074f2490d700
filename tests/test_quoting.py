"""A refusal repeats nothing that may stand in a row of data: it is shown on pages and may reach a log."""

import io
import json

import openpyxl
import pytest

from corpus.readers.base import ItemOverride, Kind, ReadOptions, UnreadableFile
from corpus.readers.read_file import read_file

SECRETS = ("山田花子", "090-1234-5678", "hanako@example.jp", "岡山市北区1-2-3", "花子の代表者")
ROWS = [
    ["なまえ", "でんわ", "めーる", "すまい", "やく"],
    list(SECRETS),
    ["川本次郎", "086-000-0000", "j@example.jp", "津山", "x"],
]


def csv_of(rows):
    return "\n".join(map(",".join, rows)).encode()


def xlsx_of(rows):
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(stream)
    return stream.getvalue()


def jsonl_of(rows):
    return "\n".join(json.dumps(dict.fromkeys(row, "x"), ensure_ascii=False) for row in rows).encode()


def quoted(message):
    return [secret for secret in (*SECRETS, *ROWS[2][:3]) if secret in message]


@pytest.mark.parametrize("packed", [csv_of, xlsx_of, jsonl_of])
@pytest.mark.parametrize("rows", [ROWS, ROWS[1:], [*ROWS[1:], ["団体名", "代表者", "山田花子"]]])
@pytest.mark.parametrize("kind", [None, Kind.INVENTORY, Kind.NPO_PORTAL])
@pytest.mark.parametrize("column", ["", "ZZ", "ない列"])
def test_a_refusal_quotes_no_cell_of_a_row_of_data(packed, rows, kind, column):
    overrides = (ItemOverride(item="課題", column=column),) if column else ()
    try:
        result = read_file("表", packed(rows), ReadOptions(kind=kind, overrides=overrides))
    except UnreadableFile as error:
        told = [str(error)]
    else:
        told = [problem.message + problem.found for problem in result.problems]
    assert [text for text in told if quoted(text)] == []


def test_a_refusal_names_the_headings_that_it_knows_in_its_own_words():
    with pytest.raises(UnreadableFile, match="分かった見出しは「団体名」だけです。"):
        read_file("表", csv_of([["団体の名称", "ひと"], ["a", "b"]]), ReadOptions())


def test_a_line_that_is_no_json_is_not_repeated():
    line = '{"name": "山田花子", "contact": "090-1234-5678"'
    result = read_file("表", ('{"name": "虹の会"}\n' + line).encode(), ReadOptions())
    (problem,) = result.problems
    assert problem.row == 2
    assert quoted(problem.message + problem.found) == []
