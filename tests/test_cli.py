import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from io import BytesIO, StringIO
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from requests_of import done, seen
from typer.testing import CliRunner

from api.cli import app
from api.commands.terminal import ProgressLine
from api.context import open_context
from api.settings import Settings
from api.usecases import collection, reviews
from api.words.workbook import CandidateRow, candidate_workbook
from corpus.clock import today
from corpus.records.decisions import Stage
from corpus.records.issues import IssueStatus

KYODO = Path(sys.executable).with_name("kyodo")
ORGANISATIONS = [
    {
        **{
            "id": "o1",
            "name": "里山の会",
            "kind": "任意団体",
            "prefecture": "岡山県",
            "city": "岡山市",
            "area": "岡山市",
        },
        **{"purpose": "遊休農地をよみがえらせる。", "activities": "農地の草刈りと援農を行う。", "fields": [7]},
    },
    {
        **{"id": "o2", "name": "猫と暮らす会", "prefecture": "岡山県", "city": "倉敷市", "area": "倉敷市"},
        **{"purpose": "猫と人との共生を目指す。", "activities": "飼い主のいない猫の捕獲と手術を行う。"},
    },
]
ISSUES = [
    {
        **{"id": "i1", "prefecture": "岡山県", "city": "岡山市", "department": "農林課", "year": "令和6年度"},
        **{"title": "遊休農地の解消", "text": "遊休農地の草刈りの人手がない。"},
    },
    {
        **{"id": "i2", "prefecture": "岡山県", "city": "倉敷市", "department": "農林課", "year": "令和6年度"},
        **{"title": "猫への苦情", "text": "飼い主のいない猫への苦情が多い。"},
    },
]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KYODO_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def kyodo(*arguments, given=None):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=given)


def write_lines(path, records):
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return path


@pytest.fixture
def filled(folder):
    """Two organisations and two issues, brought in by the command."""
    organisations = write_lines(folder / "団体.jsonl", ORGANISATIONS)
    issues = write_lines(folder / "課題.jsonl", ISSUES)
    result = kyodo("import", organisations, issues)
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def sheet(folder):
    """A 業務の棚卸 workbook with a row that lacks its 業務名 (row 5) and one that seeks no partner."""
    path = folder / "棚卸.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("棚卸")
        rows = [
            ["令和6年度 業務の棚卸シート"],
            ["部署名", "農林課"],
            ["業務名", "目的", "現状", "課題", "協働の可能性"],
            ["遊休農地の解消", "農地の保全", "増えている", "人手がない", "有"],
            ["", "", "", "猪の被害", "有"],
            ["税の賦課", "課税", "", "", "無"],
        ]
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return path


# help and wrong use


@pytest.mark.parametrize("command", ["import", "suggest", "rank", "evaluate", "serve", "indicators", "samples remove"])
def test_every_command_explains_itself_in_japanese(command):
    result = kyodo(*command.split(), "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"使い方: kyodo {command}")
    for english in ("Usage", "Options", "Show this", "required", "default"):
        assert english not in result.stdout


def test_no_line_of_help_is_wider_than_the_terminal():
    for command in ("import", "suggest"):
        for line in kyodo(command, "--help").stdout.splitlines():
            assert sum(2 if ord(letter) > 0x2000 else 1 for letter in line) <= 82


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "コマンドを指定してください。"),
        (["imprt", "x"], "「imprt」というコマンドはありません。もしかすると import でしょうか。"),
        (["import"], "「ファイル...」が足りません。"),
        (["import", "--knd", "x"], "「--knd」というオプションはありません。"),
        (["import", "--kind"], "オプション「--kind」の後ろに値がありません。"),
        (["import", "--kind", "foo", "x"], "「foo」というファイルの種類はありません。"),
        (["import", "--map", "課題", "x"], "--map の「課題」を読み取れません。"),
        (["import", "--fiscal-year", "去年", "x"], "「去年」は年度として読み取れません。"),
        (["import", "--city", "府中市", "x"], "府中市は東京都と広島県にあります。"),
        (["suggest", "-k", "many", "x"], "「-k」に渡された値は使えません。"),
        (["suggest", "-k", "0", "x"], "「-k」に渡された値は使えません。"),
        (["models", "train-vectors", "x", "--dimensions", "0"], "既定は128」です。使えるのは2から1000までの数です。"),
        (["models", "train-vectors", "x", "--least", "0"], "既定は3」です。使えるのは1以上の数です。"),
        (["suggest", "x", "y"], "余分な言葉「y」があります。"),
        (["suggest"], "どれか1つだけを指定してください。"),
        (["suggest", "x", "--issue", "y"], "どれか1つだけを指定してください。"),
        (["suggest", "x", "--city", "府中市"], "府中市は東京都と広島県にあります。"),
        (["suggest", "--department", "x"], "--department と --out は一緒に指定してください。"),
        (["suggest", "--department", "x", "--out", "y.csv"], ".xlsx のファイルを指定してください。"),
        (["indicators", "--year", "x"], "「x」は年度として読み取れません。"),
        (["rank", "--issues", "x"], "「--organisations」が足りません。"),
    ],
)
def test_wrong_use_is_a_japanese_sentence_and_exit_code_2(arguments, words):
    result = kyodo(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "arguments", [["suggest"], ["suggest", "--foo"], ["import"], ["nothing"], ["suggest", "-k", "a"]]
)
def test_with_json_even_wrong_use_is_one_object_on_stdout(arguments):
    result = kyodo(*arguments, "--json")
    assert (result.exit_code, result.stderr) == (2, "")
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "invalid"
    assert error["message"].endswith("。")
    assert error["details"] == []


# import


def test_an_inventory_with_a_bad_row_stores_nothing_and_says_where(sheet):
    result = kyodo("import", sheet, "--json")
    assert result.exit_code == 1
    (report,) = json.loads(result.stdout)["files"]
    assert (report["path"], report["kind"], report["stored"], report["accepted"]) == (str(sheet), "inventory", False, 0)
    (problem,) = report["problems"]
    assert (problem["sheet"], problem["row"], problem["severity"]) == ("棚卸", 5, "error")
    assert {"item": "課題", "column": "D", "heading": "課題", "sheet": "棚卸"} in report["mapping"]


def test_bad_rows_are_left_out_when_asked_and_rows_without_partner_are_kept(sheet):
    result = kyodo("import", sheet, "--skip-bad-rows", "--json", "--city", "岡山市")
    assert result.exit_code == 0
    (report,) = json.loads(result.stdout)["files"]
    assert (report["stored"], report["accepted"], report["added"], report["skipped"]) == (True, 2, 2, 1)
    again = json.loads(kyodo("import", sheet, "--skip-bad-rows", "--json", "--city", "岡山市").stdout)["files"][0]
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, 2)


def test_a_dry_run_stores_nothing(sheet):
    result = kyodo("import", sheet, "--skip-bad-rows", "--dry-run", "--json")
    assert result.exit_code == 0
    (report,) = json.loads(result.stdout)["files"]
    assert (report["stored"], report["accepted"], report["added"]) == (False, 2, 2)
    again = json.loads(kyodo("import", sheet, "--skip-bad-rows", "--json").stdout)["files"][0]
    assert again["added"] == 2


def test_the_terminal_shows_mapping_problems_and_what_became_of_the_file(sheet):
    result = kyodo("import", sheet)
    assert "棚卸 D列「課題」→ 課題" in result.stdout
    assert "[問題] 棚卸 5行" in result.stdout
    assert "何も取り込んでいません。" in result.stdout
    assert "--skip-bad-rows" in result.stderr
    result = kyodo("import", sheet, "--skip-bad-rows")
    assert "2行(新規2、更新0、変更なし0、除いた行1)を取り込みました。" in result.stdout


def test_map_corrects_the_guess(sheet):
    result = kyodo("import", sheet, "--map", "棚卸:備考=C", "--skip-bad-rows", "--json")
    (report,) = json.loads(result.stdout)["files"]
    assert {"item": "備考", "column": "C", "heading": "現状", "sheet": "棚卸"} in report["mapping"]
    wrong = kyodo("import", sheet, "--map", "ない項目=C", "--json")
    assert wrong.exit_code == 2


def test_of_several_files_the_worst_decides_the_exit_code_and_good_ones_are_stored(folder, sheet):
    good = write_lines(folder / "団体.jsonl", ORGANISATIONS)
    broken = folder / "壊れた.xlsx"
    broken.write_bytes(b"PK\x03\x04broken")
    result = kyodo("import", good, sheet, broken, folder / "ない.csv", folder, "--json")
    assert result.exit_code == 2
    reports = json.loads(result.stdout)["files"]
    assert [report["stored"] for report in reports] == [True, False, False, False, False]
    assert [len(report["problems"]) for report in reports] == [0, 1, 1, 1, 1]
    assert kyodo("import", good, sheet).exit_code == 1


def test_a_file_over_the_limit_of_size_is_refused_before_it_is_read(folder, monkeypatch):
    monkeypatch.setenv("KYODO_MAX_UPLOAD_BYTES", "10")
    result = kyodo("import", write_lines(folder / "団体.jsonl", ORGANISATIONS))
    assert result.exit_code == 2
    assert "ファイルが大きすぎます" in result.stdout


# suggest


def test_a_text_brings_up_who_could_help_with_the_words_of_both_sides(filled):
    result = kyodo("suggest", "農地の草刈りを手伝う人が足りない", "--city", "岡山市", "-k", "1", "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert {"query", "model", "good_match", "suggestions"} <= set(answer)
    (one,) = answer["suggestions"]
    assert (one["rank"], one["id"], one["name"], one["kind"]) == (1, "o1", "里山の会", "任意団体")
    evidence = one["evidence"]
    assert evidence["quotes"] == {
        "issue": "農地の草刈りを手伝う人が足りない",
        "organisation": "農地の草刈りと援農を行う。",
    }
    assert sum(part["value"] for part in evidence["contributions"]) == pytest.approx(one["score"])


def test_the_text_may_come_through_a_pipe_in_either_usual_encoding(filled):
    text = "飼い主のいない猫が増えて苦情が多い"
    for encoding in ("utf-8", "utf-8-sig", "cp932"):
        result = kyodo("suggest", "-", "--json", given=text.encode(encoding))
        assert json.loads(result.stdout)["query"]["text"] == text
    assert kyodo("suggest", "-", given=b"\x81\xff\xfe").exit_code == 2
    assert kyodo("suggest", "-", given=b" \n").exit_code == 2


def test_an_argument_in_another_encoding_is_said_and_no_failure(filled):
    result = kyodo("suggest", "\udc8d\udce6", "--json")
    assert result.exit_code == 2
    assert "文字として読み取れない" in json.loads(result.stdout)["error"]["message"]


def test_an_issue_and_an_organisation_find_each_other(filled):
    answer = json.loads(kyodo("suggest", "--issue", "i2", "--json").stdout)
    assert answer["suggestions"][0]["id"] == "o2"
    answer = json.loads(kyodo("suggest", "--organisation", "o1", "--json").stdout)
    assert answer["suggestions"][0]["id"] == "i1"


def test_the_list_in_the_terminal_says_first_that_a_person_chooses(filled):
    result = kyodo("suggest", "--issue", "i1", "--city", "岡山市")
    lines = result.stdout.splitlines()
    assert lines[0] == "これは候補です。選ぶのは人です。"
    assert any(line.startswith("1. 里山の会(任意団体) ") for line in lines)
    assert "候補の側の言葉: " in result.stdout
    assert "--city は使いません" in result.stderr


def test_an_unknown_issue_is_exit_code_1_and_one_json_object(filled):
    result = kyodo("suggest", "--issue", "nothing", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["code"] == "not_found"
    assert kyodo("suggest", "--department", "水産課", "--out", "a.xlsx").exit_code == 1


def test_without_any_organisation_the_answer_says_so():
    result = kyodo("suggest", "草刈り")
    assert result.exit_code == 0
    assert "団体がまだ登録されていません。" in result.stdout


def test_no_candidate_at_all_is_said_with_the_next_step(filled):
    result = kyodo("suggest", "zzyzx")
    assert result.exit_code == 0
    assert "はっきりした手がかりのある候補は見つかりませんでした。" in result.stdout
    assert "協働の窓口に相談する" in result.stdout
    assert "参考です" not in result.stdout


def test_a_place_given_for_a_whole_department_is_said_to_be_left_aside(filled):
    result = kyodo("suggest", "--department", "農林課", "--out", filled / "候補.xlsx", "--city", "岡山市")
    assert result.exit_code == 0
    assert "--city は使いません" in result.stderr


def test_a_whole_department_goes_into_a_workbook(filled):
    out = filled / "候補.xlsx"
    result = kyodo("suggest", "--department", "農林課", "--out", out)
    assert "除きました" not in result.stdout
    result = kyodo("suggest", "--department", "農林課", "--out", out, "--json")
    summary = json.loads(result.stdout)
    page = openpyxl.load_workbook(BytesIO(out.read_bytes())).active
    rows = list(page.iter_rows(values_only=True))
    assert rows[0][0] == "これは候補です。選ぶのは人です。"
    headings = list(rows[2])
    table = [dict(zip(headings, row, strict=True)) for row in rows[3:]]
    assert summary == {"out": str(out), "department": "農林課", "issues": 2, "rows": len(table)}
    best = [(row["業務名"], row["候補の団体"]) for row in table if row["順位"] == 1]
    assert best == [("猫への苦情", "猫と暮らす会"), ("遊休農地の解消", "里山の会")]
    assert table[0]["団体の側の言葉"] == "飼い主のいない猫の捕獲と手術を行う。"
    assert all(row["地域"].endswith("。") and row["並べた仕組み"] for row in table)
    assert page.freeze_panes == "C4"


def test_what_a_department_s_workbook_leaves_out_is_said(folder):
    def of(number, **more):
        return {**ISSUES[0], "id": f"x{number}", "title": f"農地の相談{number}", **more}

    unasked = [of(number, collaboration="無") for number in range(1, 61)]  # more than one page of the list
    assert kyodo("import", write_lines(folder / "課題.jsonl", [*ISSUES, *unasked])).exit_code == 0
    sheet = ["suggest", "--department", "農林課", "--out", "候補.xlsx"]
    assert "相手を求めていない60件は除きました。" in kyodo(*sheet).stdout
    ctx = open_context(Settings())
    for id in ("i1", "x1"):
        done(ctx, collection.set_status, id, 1, IssueStatus.CLOSED)
    ctx.db.close()
    assert "1件の課題について、" in kyodo(*sheet).stdout
    assert "相手を求めていない60件と、終了した1件は除きました。" in kyodo(*sheet).stdout


def test_a_department_all_of_whose_issues_are_left_out_is_told_why(folder):
    issues = [{**one, "collaboration": "無"} for one in ISSUES]
    assert kyodo("import", write_lines(folder / "課題.jsonl", issues)).exit_code == 0
    said = kyodo("suggest", "--department", "農林課", "--out", "候補.xlsx").stdout
    assert "この課の課題は、相手を求めていないものか、終了したものだけです。" in said


def test_an_issue_without_any_candidate_keeps_its_row_in_the_workbook(folder):
    issues = write_lines(folder / "課題.jsonl", ISSUES)
    assert kyodo("import", issues).exit_code == 0
    assert kyodo("suggest", "--department", "農林課", "--out", "候補.xlsx").exit_code == 0
    rows = list(openpyxl.load_workbook("候補.xlsx").active.iter_rows(min_row=4, values_only=True))
    assert [(row[1], row[3]) for row in rows] == [("猫への苦情", None), ("遊休農地の解消", None)]
    assert all("団体がまだ登録されていません。" in row[7] for row in rows)
    assert [row[6] for row in rows] == [None, None]


def test_where_nothing_fits_the_workbook_says_so_on_the_issue_s_first_row(folder):
    foreign = {
        "id": "i3",
        "department": "農林課",
        "title": "帳票の電子化",
        "text": "農地や行を数える帳票の電子化が進まない。",
    }
    records = [*ISSUES, foreign], ORGANISATIONS
    files = [write_lines(folder / f"{n}.jsonl", records) for n, records in zip(("課題", "団体"), records, strict=True)]
    assert kyodo("import", *files).exit_code == 0
    message = json.loads(kyodo("suggest", "--issue", "i3", "--json").stdout)["message"]
    assert message.startswith("はっきりした手がかりのある候補は見つかりませんでした。挙げたものは参考です。")
    assert "近いと言える過去の事例も見つかりませんでした。" in message
    assert kyodo("suggest", "--department", "農林課", "--out", "候補.xlsx").exit_code == 0
    page = openpyxl.load_workbook("候補.xlsx").active
    (column,) = (cell.column for cell in page[3] if cell.value == "お知らせ")
    told = {(row[1].value, row[3].value): row[column - 1] for row in page.iter_rows(min_row=4)}
    assert told["帳票の電子化", 1].value == message
    assert told["帳票の電子化", 1].alignment.wrap_text
    assert {cell.value for key, cell in told.items() if key != ("帳票の電子化", 1)} == {None}
    assert ("帳票の電子化", 2) in told


def test_nothing_computes_in_the_workbook_and_a_too_long_text_says_that_it_was_cut():
    row = CandidateRow(
        issue_id="i", department="@課", issue_title="=1+1", issue_sample=True, issue_quote="あ" * 40_000, rank=1,
        name="https://example.jp", kind="007", organisation_sample=True,
    )  # fmt: skip
    page = openpyxl.load_workbook(BytesIO(candidate_workbook("=2", [row]))).active
    assert {cell.data_type for cell in page[4] if cell.column != 4 and cell.value} == {"s"}
    assert (page["A2"].value, page["B4"].value, page["F4"].value) == ("=2", "=1+1", "007")
    assert page["E4"].hyperlink is None
    assert page["C4"].value.endswith("…(長いためここまで)")
    assert len(page["C4"].value) == 32_767
    assert page["O4"].value == "課題と団体がサンプル"


# rank and evaluate


def test_rank_reads_files_only_and_evaluate_measures_them(folder):
    issues, organisations = write_lines(folder / "i.jsonl", ISSUES), write_lines(folder / "o.jsonl", ORGANISATIONS)
    result = kyodo("rank", "--issues", issues, "--organisations", organisations, "--out", "run", "--ignore-area")
    assert (result.exit_code, result.stdout) == (0, ""), result.output
    lines = [line.split() for line in Path("run").read_text().splitlines()]
    assert [[line[0], line[3], line[2]] for line in lines] == [
        ["i1", "1", "o1"], ["i1", "2", "o2"], ["i2", "1", "o2"], ["i2", "2", "o1"]
    ]  # fmt: skip
    assert not (folder / "data").exists()
    Path("qrels").write_text("i1 0 o1 1\ni2 0 o1 1\n")
    measured = json.loads(kyodo("evaluate", "--run", "run", "--qrels", "qrels", "--json").stdout)
    assert (measured["queries"], measured["MRR@10"], measured["P@1"], measured["Recall@10"]) == (2, 0.75, 0.5, 1.0)
    assert measured["nDCG@10"] == pytest.approx((1 + 0.6309297535714575) / 2)
    assert measured["Judged@10"] == pytest.approx(0.1)


def test_evaluate_compares_with_a_baseline_and_leaves_pairs_out(folder):
    Path("run").write_text("q 0 a 1 2.0 x\nq 0 b 2 1.0 x\n")
    Path("other").write_text("q 0 b 1 2.0 x\nq 0 a 2 1.0 x\n")
    Path("qrels").write_text("q 0 a 1\n")
    both = kyodo("evaluate", "--run", "run", "--qrels", "qrels", "--baseline", "other", "--json")
    assert json.loads(both.stdout)["difference"]["value"] == pytest.approx(1 - 0.6309297535714575)
    Path("exclude").write_text("q b\n")
    again = kyodo("evaluate", "--run", "other", "--qrels", "qrels", "--exclude", "exclude", "--json")
    assert json.loads(again.stdout)["nDCG@10"] == 1.0
    assert "nDCG@10の差 +0.3691" in kyodo("evaluate", "--run", "run", "--qrels", "qrels", "--baseline", "other").stdout


def test_reversed_runs_are_measured_with_the_same_judgements(folder):
    Path("run").write_text("o 0 i 1 2.0 x\n")
    Path("qrels").write_text("i 0 o 1\n")
    assert json.loads(kyodo("evaluate", "--run", "run", "--qrels", "qrels", "--reverse", "--json").stdout)["P@1"] == 1.0


def test_what_cannot_be_measured_is_null_and_not_zero(folder):
    Path("run").write_text("q 0 a 1 2.0 x\n")
    Path("qrels").write_text("q 0 a 0\n")
    assert json.loads(kyodo("evaluate", "--run", "run", "--qrels", "qrels", "--json").stdout)["nDCG@10"] is None
    assert "測れません" in kyodo("evaluate", "--run", "run", "--qrels", "qrels").stdout


def test_broken_and_missing_files_are_sentences(folder):
    Path("run").write_text("q a 1\n")
    Path("qrels").write_text("q 0 a 1\n")
    broken = kyodo("evaluate", "--run", "run", "--qrels", "qrels", "--json")
    assert broken.exit_code == 1
    assert json.loads(broken.stdout)["error"]["code"] == "not_readable"
    missing = kyodo("evaluate", "--run", "nothing", "--qrels", "qrels")
    assert missing.exit_code == 1
    assert "「nothing」が見つかりません。" in missing.stderr


# indicators and samples


def test_indicators_are_counted_with_their_events_and_the_baseline(filled):
    ctx = open_context(Settings())
    introduction = done(ctx, reviews.introduce, "i1", "o1", today())
    done(ctx, reviews.add_event, introduction.id, Stage.AGREED, today())
    ctx.db.close()
    counted = json.loads(kyodo("indicators", "--json").stdout)["indicators"]
    assert [(one["code"], one["value"], one["baseline"]) for one in counted] == [
        ("matches", 1, 26),
        ("practices", 0, 9),
    ]
    assert counted[0]["events"][0]["issue"] == "i1"
    assert "マッチング件数: 1件" in kyodo("indicators").stdout
    assert "マッチング件数: 0件" in kyodo("indicators", "--year", "令和元").stdout


def test_samples_can_be_removed_even_where_there_are_none():
    assert json.loads(kyodo("samples", "remove", "--json").stdout) == {"organisations": 0, "issues": 0, "cases": 0}


# progress


class Terminal(StringIO):
    def isatty(self):
        return True


def test_progress_is_one_updating_line_on_a_terminal_and_now_and_then_a_line_elsewhere(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    shown = {}
    for stream in (Terminal(), StringIO()):
        monkeypatch.setattr(sys, "stderr", stream)
        line = ProgressLine("団体.csv")
        for rows in (1000, 2000, 3000, 4000):
            now[0] += 1.0
            line(rows)
        line.close()
        shown[stream.isatty()] = stream.getvalue()
    assert shown[True] == "".join(f"\r団体.csv: {n},000行まで読みました。" for n in (1, 2, 3, 4)) + "\n"
    assert shown[False] == "団体.csv: 3,000行まで読みました。\n"


# settings, failures


def test_a_wrong_setting_is_a_sentence(monkeypatch):
    monkeypatch.setenv("KYODO_PORT", "many")
    result = kyodo("indicators", "--json")
    assert result.exit_code == 2
    assert "KYODO_PORT の値「many」は使えません。" in json.loads(result.stdout)["error"]["message"]


def test_a_data_folder_that_cannot_be_made_is_a_sentence(folder, monkeypatch):
    (folder / "file").write_text("")
    monkeypatch.setenv("KYODO_DATA", str(folder / "file" / "data"))
    result = kyodo("indicators")
    assert result.exit_code == 1
    assert "フォルダーでないものがあります" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_database_file_that_is_none_is_a_sentence(folder):
    (folder / "data").mkdir()
    (folder / "data" / "kyodo.sqlite3").write_text("これはデータベースではありません。" * 100)
    result = kyodo("indicators", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["code"] == "database"


@pytest.mark.parametrize(
    "url",
    [
        "nonsense:secret",
        "oracle://user:secret@host/db",
        "sqlite://",
        "postgresql://user:secret@host:port/db",
        "postgresql+unknown://user:secret@host/db",
    ],
)
def test_a_database_url_that_cannot_serve_is_a_sentence_without_its_password(url, monkeypatch):
    monkeypatch.setenv("KYODO_DATABASE_URL", url)
    result = kyodo("indicators", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["code"] == "database"
    assert "secret" not in result.output
    assert "KYODO_DATABASE_URL" in result.output
    assert result.stderr == ""


def test_a_new_data_folder_is_named_once_with_its_whole_path(folder, monkeypatch):
    monkeypatch.setenv("KYODO_DATA", "my data")
    first = kyodo("indicators", "--json")
    assert first.stderr == f"データの置き場所 {folder / 'my data'} を新しく作りました。\n"
    json.loads(first.stdout)
    assert kyodo("indicators", "--json").stderr == ""


@pytest.mark.parametrize("arguments", [["indicators", "--year", "x"], ["import", "--fiscal-year", "x", "file"]])
def test_a_wrong_year_is_said_once(arguments):
    assert kyodo(*arguments).stderr.count("年度として読み取れません。") == 1


def test_a_data_folder_that_is_a_file_is_said_in_japanese(folder):
    (folder / "data").write_text("")
    result = kyodo("indicators")
    assert result.exit_code == 1
    assert "フォルダーではありません。" in result.stderr
    assert "exists" not in result.stderr


# the installed command


def run(*arguments, **more):
    return subprocess.run([str(KYODO), *arguments], capture_output=True, text=True, timeout=60, check=False, **more)


def test_help_imports_nothing_heavy(folder):
    seen = subprocess.run(
        [sys.executable, "-c", "import sys, api.cli; print(*sorted(name.split('.')[0] for name in sys.modules))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    heavy = {"sklearn", "scipy", "numpy", "sudachipy", "sqlalchemy", "fastapi", "pydantic", "uvicorn", "xlsxwriter"}
    assert heavy.isdisjoint(seen.stdout.split())


def test_the_installed_command_imports_and_suggests(folder):
    organisations = write_lines(folder / "団体.jsonl", ORGANISATIONS)
    imported = run("import", str(organisations), "--json")
    assert imported.returncode == 0, imported.stderr
    assert json.loads(imported.stdout)["files"][0]["accepted"] == 2
    found = run("suggest", "-", "--json", input="猫の苦情")
    assert json.loads(found.stdout)["suggestions"][0]["id"] == "o2"
    assert found.stderr == ""


def test_a_closed_pipe_is_quiet(folder):
    process = subprocess.Popen([str(KYODO), "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait(timeout=30)


def test_the_help_of_the_service_says_what_to_open_where():
    assert "表示されたアドレスをブラウザーで開いてください。" in "".join(kyodo("serve", "--help").stdout.split())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_the_service_refuses_any_address_but_loopback(host, monkeypatch):
    monkeypatch.setenv("KYODO_HOST", host)
    result = kyodo("serve")
    assert result.exit_code == 1
    assert "KYODO_ALLOW_REMOTE=true" in result.stderr


def test_a_port_in_use_is_a_sentence(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("KYODO_PORT", str(taken.getsockname()[1]))
        result = kyodo("serve")
    assert result.exit_code == 1
    assert "ほかのプログラムが使っています。" in result.stderr


def test_the_service_fills_an_empty_database_answers_and_stops_quietly(folder):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [str(KYODO), "serve"], env={**os.environ, "KYODO_PORT": str(port)}, stderr=subprocess.PIPE, text=True
    )
    try:
        health = json.loads(fetched(f"http://127.0.0.1:{port}/api/v1/health"))
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert health["status"] == "ok"
    assert f"http://127.0.0.1:{port} で動いています。" in said
    assert f"データの置き場所 {folder / 'data'} を新しく作りました。" in said
    assert f"データの置き場所は {folder / 'data'} です。" in said
    assert "Traceback" not in said
    assert process.returncode == 0
    ctx = open_context(Settings())
    assert seen(ctx, collection.overview).organisations.samples >= 60
    ctx.db.close()


def fetched(address):
    for _ in range(200):
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                return answer.read()
        except (ConnectionError, urllib.error.URLError):
            time.sleep(0.1)
    raise AssertionError("the service did not answer")
