"""A selection of the hostile files, read as the service reads them; ``make soak`` sends all of them to a service."""

import pytest
from hostile_files import FILES, HEAVY

from corpus.readers.apart.process import Limits, read_apart
from corpus.readers.base import ReadOptions, Severity, UnreadableFile
from corpus.readers.kinds import collecting
from corpus.readers.read_file import read_file

LIMITS = Limits(memory=600_000_000, seconds=15, output=100_000_000)
CHEAP = [
    name for name in FILES if name not in HEAVY and name.startswith(("cell", "root", "sheets", "xml", "zip", "xls"))
]


def read_or_refused(name, limits=LIMITS):
    """What the file was read as, or the sentence of its refusal."""
    try:
        return read_apart("何か", FILES[name](), ReadOptions(), limits)
    except UnreadableFile as error:
        return str(error)


def test_there_are_at_least_sixty_hostile_files_and_each_is_always_the_same():
    assert len(FILES) >= 60
    for name in CHEAP[::5]:
        assert FILES[name]() == FILES[name]()


@pytest.mark.parametrize("name", CHEAP)
def test_a_hostile_file_is_read_or_refused_with_a_sentence_and_ends_nothing(name):
    outcome = read_or_refused(name)
    sentence = outcome if isinstance(outcome, str) else "「何か」を読みました。"
    assert sentence.startswith("「何か」")
    assert sentence.endswith("。")
    assert "思いがけない" not in sentence


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cell: the last corner with leading zeros.xlsx", "正しくない"),
        ("cell: forty million in a row without number.xlsx", "正しくない"),
        ("root: chartsheet.xlsx", "広すぎて"),
        ("sheets: two of one name.xlsx", "広すぎて"),
        ("sheets: a hundred thousand.xlsx", "シートが100,000枚"),
        ("texts: one of 32,767 signs 120,000 times.xlsx", "大きすぎる"),
        ("texts: a count that lies.xlsx", "正しくない"),
        ("zip: 49,000,000 line ends.zip", "空の行も数えると"),
        ("zip: members that share their bytes.zip", "大きすぎる"),
        ("wide: 49,000,000 commas.csv", "上限は16,384列"),
        ("gzip: 1,000 MB.jsonl.gz", "元の"),
        ("jsonl: 49,000,000 line ends.jsonl", "空の行も数えると"),
    ],
)
def test_what_asks_for_too_much_is_refused_before_it_is_laid_out(name, said):
    """By the checks, not by the limits of the process, which stand behind them."""
    assert said in read_or_refused(name, Limits())


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("jsonl: ") and " in " in name])
def test_a_line_nested_too_deep_is_a_problem_of_that_line(name):
    result = read_or_refused(name)
    assert [record.name for record in result.records] == ["虹の会"]
    (problem,) = result.problems
    assert problem.row == 2
    assert "入れ子が深すぎて" in problem.message


def test_cells_merged_a_hundred_thousand_times_are_read_in_one_pass():
    result = read_or_refused("merged: 100,000 cells down one column.xlsx", Limits(seconds=20))
    assert len(result.problems) == 19_999


def test_more_problems_than_anyone_reads_are_counted_instead_of_kept(monkeypatch):
    monkeypatch.setattr(collecting, "_MOST_PROBLEMS", 3)
    rows = "".join(f"会{n},\ue000\n" for n in range(5))
    result = read_file("名簿.csv", ("団体名,活動内容\n" + rows + "\ue001,#REF!\n").encode(), ReadOptions())
    assert [problem.row for problem in result.problems] == [2, 3, 4, 0]
    assert result.problems[-1].severity is Severity.ERROR
    assert result.problems[-1].message == "このほかに4件の問題や注意がありますが、多すぎるため示しません。"
