import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from corpus.trec import read_qrels, read_run
from matcher.matching import MatcherConfig
from matcher.measures import evaluate
from models.learned import find_learned
from models.ranking_files import BrokenCollection, RankingCounts, _Cases, rank_files, read_entries

BENCH = Path(__file__).parents[2] / "shared" / "bench"
ISSUES = [{"id": "i1", "text": "飼い主のいない猫が増えている", "prefecture": "岡山県", "city": "岡山市"}]
ORGANISATIONS = [
    {"id": "o1", "name": "ねこの会", "purpose": "猫の保護", "prefecture": "岡山県", "city": "岡山市"},
    {"id": "o2", "name": "猫カフェ", "purpose": "猫の保護", "prefecture": "北海道", "city": "旭川市"},
    {"id": "o3", "name": "見守り隊", "offers": ["高齢者の訪問", "買い物"]},
]


def write(path, rows):
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def rank(tmp_path, issues=ISSUES, organisations=ORGANISATIONS, **options):
    out = tmp_path / "run"
    rank_files(write(tmp_path / "i.jsonl", issues), write(tmp_path / "o.jsonl.gz", organisations), out, **options)
    return [line.split() for line in out.read_text().splitlines()]


def test_every_query_gets_the_smaller_of_k_and_all(tmp_path):
    assert len(rank(tmp_path)) == 3
    assert [line[2] for line in rank(tmp_path, k=1)] == ["o1"]


def test_lines_are_trec_runs(tmp_path):
    line = rank(tmp_path)[0]
    assert (line[0], line[1], line[2], line[3]) == ("i1", "Q0", "o1", "1")
    assert len(line) == 6


def test_the_area_can_be_ignored(tmp_path):
    def gap(lines):
        scores = {line[2]: float(line[4]) for line in lines}
        return scores["o1"] - scores["o2"]

    assert gap(rank(tmp_path)) > gap(rank(tmp_path, ignore_area=True)) + 0.1


def test_the_roles_can_change_places(tmp_path):
    assert {line[0] for line in rank(tmp_path, reverse=True)} == {"o1", "o2", "o3"}
    assert {line[2] for line in rank(tmp_path, reverse=True)} == {"i1"}


def test_ids_sources_years_and_founding_dates_are_never_read(tmp_path):
    telling = [
        {**o, "source": "飼い主のいない猫", "year": "猫", "founded": "猫", "effect": "猫"} for o in ORGANISATIONS
    ]
    assert rank(tmp_path, organisations=telling) == rank(tmp_path)


def score_of(owner, lines):
    return next(float(line[4]) for line in lines if line[2] == owner)


def test_a_past_case_speaks_for_its_partner_but_not_to_its_own_issue(tmp_path):
    case = {"id": "c1", "title": "猫の不妊手術", "text": "飼い主のいない猫が増えた", "partners": ["見守り隊"]}
    path = write(tmp_path / "c.jsonl", [case])
    gained = score_of("o3", rank(tmp_path, cases=path)) - score_of("o3", rank(tmp_path))
    assert 0.02 < gained < 0.05
    own = write(tmp_path / "own.jsonl", [{**case, "id": "i1"}, {**case, "id": "i1-2", "text": ISSUES[0]["text"]}])
    assert score_of("o3", rank(tmp_path, cases=own)) == score_of("o3", rank(tmp_path))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "JSON"),
        (b"[]", "id"),
        (b'{"text": "a"}', "id"),
        (b'{"id": "a b"}', "空白"),
        (b'{"id": "a"}\n{"id": "a"}', "2行目"),
        ("課題".encode("cp932"), "UTF-8"),
    ],
)
def test_a_broken_line_says_where_and_what(tmp_path, line, said):
    (tmp_path / "x.jsonl").write_bytes(line)
    with pytest.raises(BrokenCollection, match=said):
        read_entries(tmp_path / "x.jsonl")


def test_a_file_that_is_no_gzip_is_said_so(tmp_path):
    (tmp_path / "x.jsonl.gz").write_bytes(b'{"id": "a"}')
    with pytest.raises(BrokenCollection, match="gzip"):
        read_entries(tmp_path / "x.jsonl.gz")


def test_the_dev_collection_is_ranked_above_its_bar(tmp_path):
    folder = BENCH / "kyodo-dev"
    if not folder.is_dir():
        pytest.skip("../shared/bench/kyodo-dev is not here")
    rank_files(folder / "issues.jsonl", folder / "organisations.jsonl", tmp_path / "run", ignore_area=True)
    assert evaluate(read_run(tmp_path / "run"), read_qrels(folder / "qrels.txt")).ndcg >= 0.43


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (b'{"id": "c", "partners": 3}', "partners"),
        (b'{"id": "c"}\n{"id": "c"}', "2行目"),
        (b'{"id": "c", "text": "\\ud800"}', "JSON"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_a_broken_case_says_where_and_what(tmp_path, lines, said):
    (tmp_path / "c.jsonl").write_bytes(lines)
    with pytest.raises(BrokenCollection, match=said):
        rank(tmp_path, cases=tmp_path / "c.jsonl")


def test_one_partner_may_stand_without_a_list(tmp_path):
    case = {"id": "c1", "text": "飼い主のいない猫が増えた", "partners": "見守り隊"}
    alone = rank(tmp_path, cases=write(tmp_path / "c.jsonl", [case]))
    assert alone == rank(tmp_path, cases=write(tmp_path / "c.jsonl", [{**case, "partners": ["見守り隊"]}]))
    assert alone != rank(tmp_path)


def test_partners_are_found_by_id_or_by_name_whatever_the_legal_form(tmp_path):
    organisations = [
        {"id": "o1", "name": "特定非営利活動法人 ねこの会", "purpose": "猫の保護"},
        {"id": "o2", "name": "一般社団法人見守り隊", "purpose": "見守り"},
        {"id": "o3", "name": "ＮＰＯ法人見守り隊", "purpose": "見守り"},
    ]
    cases = [
        {"id": "c1", "text": "猫の不妊手術", "partners": ["NPO法人 ねこの会", "よその会"]},
        {"id": "c2", "text": "猫の不妊手術", "partners": ["ＮＰＯ法人見守り隊", "見守り隊", " o1 ", "Ｏ1"]},
    ]
    files = [
        write(tmp_path / f"{name}.jsonl", rows) for name, rows in [("i", ISSUES), ("o", organisations), ("c", cases)]
    ]
    assert rank_files(*files[:2], tmp_path / "run", cases=files[2]) == RankingCounts(1, 6, 5)
    told = _Cases.of(files[2], read_entries(files[1]), MatcherConfig(), find_learned())
    assert [partner.owner for partner in told.partners["c1"]] == ["o1"]
    # the very name first, and of several with a name that compares as one the first of the file
    assert [partner.owner for partner in told.partners["c2"]] == ["o3", "o2", "o1", "o1"]


@pytest.mark.parametrize(
    ("partners", "said"),
    [
        (["見守り隊", "よその会"], "事例に書かれた協働の相手2件のうち、団体のファイルに見つかったのは1件です。\n"),
        (["よその会"], "見つかったのは0件です。事例は、順位に使われていません。"),
        ([], "相手0件のうち、団体のファイルに見つかったのは0件です。事例は、順位に使われていません。"),
    ],
)
def test_the_command_says_how_many_partners_of_cases_it_found(tmp_path, partners, said):
    rows = {
        "issues": ISSUES,
        "organisations": ORGANISATIONS,
        "cases": [{"id": "c", "text": "猫", "partners": partners}],
    }
    files = [word for name in rows for word in (f"--{name}", str(write(tmp_path / f"{name}.jsonl", rows[name])))]
    result = CliRunner().invoke(app, ["rank", *files, "--out", str(tmp_path / "run")])
    assert result.exit_code == 0
    assert said in result.output
    del files[-2:]
    assert "事例" not in CliRunner().invoke(app, ["rank", *files, "--out", str(tmp_path / "run")]).output
