import gzip
import json
import re

import numpy as np
import pytest

from matcher.analysis import LanguageResources
from matcher.measures import Measures
from models.quality.collection import collections
from models.quality.floors import floors, mean_difference
from models.quality.no_match import (
    ListStatistics,
    auc,
    called_good,
    careful,
    even,
    out_of_fold,
    shipped_errors,
    sure,
    told,
)
from models.quality.past_cases import measure_with_cases, met_again, write_cases
from models.quality.rates import Share
from models.quality.report import main
from models.quality.reverse import ALONE, BEFORE, SHARES, measure_reverse, reverse_lines
from models.quality.systems import BM25, LEARNED, OURS
from models.quality.weighing import DEFAULT, examples, fitted, learn, look, scores, weighed
from models.weights import LabelledQuery

ISSUES = [
    {"id": "i1", "text": "飼い主のいない猫が増えている。", "prefecture": "岡山県", "city": "岡山市"},
    {"id": "i2", "text": "高齢者の買い物を手伝いたい。", "prefecture": "岡山県", "city": "岡山市"},
    {"id": "i3", "text": "川の水草を刈る人がいない。", "prefecture": "岡山県", "city": "倉敷市"},
]
ORGANISATIONS = [
    {"id": "o1", "name": "ねこの会", "purpose": "飼い主のいない猫が増えている。", "fields": [7]},
    {"id": "o2", "name": "おつかい隊", "purpose": "高齢者の買い物を手伝う。", "city": "岡山市"},
    {"id": "o3", "name": "みずべ", "activities": "川の水草の刈り取り。"},
    {"id": "o4", "name": "合唱団", "activities": "歌の練習。"},
]
RIGHT = {"i1": "o1", "i2": "o2", "i3": "o3"}


def lay(folder, right=None, issues=ISSUES, organisations=ORGANISATIONS, exclude="", packed=False, named="issues"):
    folder.mkdir(parents=True)
    other = {"issues": "organisations", "queries": "corpus"}[named]
    for name, rows in ((named, issues), (other, organisations)):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
        path = folder / (f"{name}.jsonl.gz" if packed else f"{name}.jsonl")
        path.write_bytes(gzip.compress(text) if packed else text)
    (folder / "qrels.txt").write_text("".join(f"{i} 0 {o} 1\n" for i, o in (right or RIGHT).items()))
    if exclude:
        (folder / "exclude.txt").write_text(exclude)
    return next(one for one in collections(folder.parent) if one.name == folder.name)


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    monkeypatch.setattr("matcher.measures.RESAMPLES", 200)


@pytest.fixture
def bench(tmp_path):
    lay(tmp_path / "kyodo-dev")
    lay(tmp_path / "rs-project-to-npo", packed=True, exclude="i1 o4\n")
    lay(tmp_path / "rs-project-to-org")
    lay(tmp_path / "jsquad-valid", packed=True, named="queries")
    return tmp_path


def measures(**ndcg):
    return Measures(len(ndcg), 0.0, 0.95, 0.0, 0.0, 0.0, ndcg)


def test_the_table_has_a_row_for_each_collection_and_system(bench, capsys):
    assert main(["--bench", str(bench)]) == 1  # nothing is better than a BM25 that is right everywhere
    out = capsys.readouterr().out
    cells = [line.strip("| ").split(" | ") for line in out.split("\n\n")[0].splitlines()[2:]]
    systems = {name: [cell[1] for cell in cells if cell[0] == name] for name in {cell[0] for cell in cells}}
    assert set(systems) == {"jsquad-valid", "kyodo-dev", "rs-project-to-npo", "rs-project-to-org"}
    common = ["語なし", "文字なし", "言いかえなし", "意味なし", "分野なし", LEARNED, "団体名を1回だけ数える"]
    assert systems["jsquad-valid"] == [BM25, OURS, *common]
    assert systems["kyodo-dev"][-3:] == [*(f"過去の事例あり(重み{w}、その課題を除く)" for w in (0.05, 0.3)), "地域あり"]
    ours = next(line for line in out.splitlines() if f"kyodo-dev | {OURS}" in line)
    assert "| 1.000 | 1.000 | 1.000 | 1.000 | 0.100 | +0.000(+0.000〜+0.000)" in ours
    assert "jsquad-valid: MRR@10が0.94以上 | 1.0000 | 満たす" in out
    assert "分野の付いた団体の文章が1件しかありません" in out
    assert "kyodo-devの3件の課題のうち、同じ相手がほかの課題にもいるのは0件です。" in out


def test_what_cannot_be_held_is_no_floor_missed(bench, capsys):
    assert main(["--bench", str(bench), "--only", "kyodo-dev"]) == 0
    out = capsys.readouterr().out
    assert "rs-project" not in out
    assert out.count("正解集がなく測れません") == 2


def test_a_missed_floor_ends_with_1(tmp_path, capsys):
    lay(tmp_path / "jsquad-valid", right={"i1": "o4"}, named="queries")
    assert main(["--bench", str(tmp_path)]) == 1
    assert re.search(r"MRR@10が0.94以上 \| 0\.\d{4} \| \*\*満たさない\*\*", capsys.readouterr().out)


@pytest.mark.parametrize("more", [[], ["--only", "kyodo-dev"]])
def test_nothing_to_measure_is_said(tmp_path, capsys, more):
    assert main(["--bench", str(tmp_path), *more]) == 1
    said = capsys.readouterr().err
    assert "正解集がありません" in said
    assert ("「kyodo-dev」" in said) is bool(more)


def test_each_collection_counts_the_same_and_pooled_each_query():
    differences = [np.array([0.1, 0.1]), np.array([0.2]), np.array([0.3, 0.3, 0.3])]
    alike, pooled = mean_difference(differences), mean_difference(differences, pooled=True)
    assert (alike.queries, alike.difference, alike.low) == (6, pytest.approx(0.2), pytest.approx(0.2))
    assert pooled.difference == pytest.approx(1.3 / 6)


def test_queries_are_drawn_within_their_collection():
    found = mean_difference([np.array([0.0, 1.0]), np.array([0.5, 0.5])])
    assert (found.low, found.high) == (pytest.approx(0.25), pytest.approx(0.75))  # both of the first alike, or not


def test_floors_hold_or_not():
    names = ("kyodo-dev", "rs-project-to-npo", "rs-project-to-org", "jsquad-valid")
    base = {name: measures(a=0.2, b=0.4) for name in names}
    better = {name: measures(a=0.3, b=0.5) for name in names}
    assert [one.reached for one in floors(better, base)] == [True] * 6
    worse = better | {"rs-project-to-npo": measures(a=0.1, b=0.3)}
    assert [one.reached for one in floors(worse, base)] == [True, True, False, True, True, True]
    assert [one.reached for one in floors(base, base)][:2] == [False, True]
    assert [one.reached for one in floors({"kyodo-dev": base["kyodo-dev"]}, base)] == [None, True, None]


def test_weighing_what_was_looked_up_ranks_to_the_last_bit_like_a_matcher_of_these_weights(tmp_path):
    collection = lay(tmp_path / "kyodo-dev")
    matcher = fitted(collection, LanguageResources())
    weights = {**DEFAULT, "words": 0.7, "characters": 0.0}
    other = matcher.weighed(matcher.config.weighing(words=0.7, characters=0.0).weights)
    for one in look(collection, matcher):
        assert scores(one.features, weights).tolist() == other.scores(one.query).tolist()


def test_pairs_left_out_are_taken_from_the_ranking_and_from_what_is_learned(tmp_path):
    collection = lay(tmp_path / "a", right={"i1": "o3"}, exclude="i1 o1\n")
    matcher = fitted(collection, LanguageResources())
    looked = list(look(collection, matcher))
    measured = weighed(collection, matcher.owners, looked, {"x": lambda query: DEFAULT})["x"]
    assert measured.mrr >= 1 / 3
    (example,) = examples(collection, matcher.owners, looked)
    assert (example.query, example.relevant.tolist()) == ("a/i1", [False, True, False])
    assert collection.partners() == {"i1": {"o3": 1}}


def test_a_sample_is_evenly_spaced(tmp_path):
    collection = lay(tmp_path / "a")
    assert [[issue.id for issue in collection.judged_issues(most)] for most in (None, 5, 2, 1)] == [
        ["i1", "i2", "i3"],
        ["i1", "i2", "i3"],
        ["i1", "i3"],
        ["i1"],
    ]


def test_weights_are_learned_without_the_query_and_only_for_parts_that_speak():
    features = np.zeros((2, len(DEFAULT)))
    features[0, 1], features[1, 0] = 0.5, 0.4
    given = [LabelledQuery(f"a/{n}", features, np.array([True, False])) for n in range(20)]
    learned = learn(given)
    assert learned.all["encoder"] == DEFAULT["encoder"]
    assert learned.all["characters"] > DEFAULT["characters"]
    assert learned.weighing("a")("0") == learned.out_of_fold["a/0"]
    assert learned.weighing("b")("0") == learned.all


def test_an_issue_never_hears_of_its_own_pair(tmp_path):
    collection = lay(tmp_path / "kyodo-dev", right={"i1": "o4", "i2": "o3"})
    without = weighed(
        collection,
        ["o1", "o2", "o3", "o4"],
        look(collection, fitted(collection, LanguageResources())),
        {"x": lambda query: DEFAULT},
    )["x"]
    assert measure_with_cases(collection, LanguageResources(), 1.0).per_query == without.per_query
    assert met_again(collection) == 0


def test_a_case_points_to_the_partner_of_an_issue_like_it(tmp_path):
    issues = [
        {"id": "i1", "text": "飼い主のいない猫が増えた。"},
        {"id": "i2", "text": "飼い主のいない猫が増えている。"},
    ]
    collection = lay(tmp_path / "kyodo-dev", right={"i1": "o4", "i2": "o4"}, issues=issues)
    assert met_again(collection) == 2
    write_cases(collection, tmp_path / "cases.jsonl")
    first = json.loads((tmp_path / "cases.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert first == {"id": "i1", "text": "飼い主のいない猫が増えた。", "partners": ["o4"]}
    assert (
        measure_with_cases(collection, LanguageResources(), 2.0).mrr
        > measure_with_cases(collection, LanguageResources(), 0.0).mrr
    )


TOLD = ListStatistics(np.array([0.5, 0.3, 0.9]), np.array([0.5, 0.1, 0.2]), np.array([True, False, True]), {})


def test_both_error_rates_are_counted():
    errors = TOLD.errors(0.4)
    assert errors.none_in_ten == Share(0, 2)
    assert errors.none_anywhere == Share(1, 3)
    assert errors.good_without == Share(1, 3)
    assert TOLD.errors(np.array([0.6, 0.2, 0.1])).none_in_ten == Share(1, 2)


def test_the_chance_to_tell_a_list_with_the_partner():
    mean, low, high = auc(TOLD)
    assert mean == pytest.approx(7.5 / 9)
    assert low <= mean <= high


def test_thresholds_follow_their_rules():
    assert careful(TOLD) == 0.5
    assert even(TOLD) == 0.3
    assert sure(TOLD) == np.nextafter(0.5, 1)


def test_a_threshold_is_judged_on_issues_that_did_not_choose_it():
    present = np.array([0.1, 0.5, 0.9])
    alone = ListStatistics(present, present / 2, np.ones(3, dtype=bool), {})
    assert alone.errors(careful(alone)).none_in_ten == Share(0, 3)
    assert out_of_fold(alone, careful).none_in_ten == Share(1, 3)  # 0.1, by the 0.5 of the others


def test_wilsons_interval():
    assert Share(0, 10).interval == (pytest.approx(0.0), pytest.approx(0.2775, abs=1e-4))
    assert Share(5, 10).interval == (pytest.approx(0.2366, abs=1e-4), pytest.approx(0.7634, abs=1e-4))
    assert str(Share(5, 10)) == "5/10(24%〜76%)"
    assert str(Share(0, 0)) == "0/0"


def test_a_list_without_the_partner_is_no_good_match(tmp_path):
    collection = lay(tmp_path / "kyodo-dev", right={"i1": "o1", "i3": "o4"})
    matcher = fitted(collection, LanguageResources())
    errors = shipped_errors(collection, matcher)
    assert errors.none_in_ten.of == 1  # o4 shares nothing with i3
    assert errors.none_in_ten.hits == 0
    looked = list(look(collection, matcher))
    found = told(collection, matcher.owners, looked, {"よそ": looked[:1]})
    one = found["語"]
    assert one.present[0] > 0 == one.absent[0]  # no other says a word of i1
    assert one.foreign["よそ"].tolist() == [one.present[0]]
    assert called_good(matcher, looked[:1]) == Share(1, 1)


def test_an_organisation_looks_for_issues_with_words_weighed_as_in_the_service(tmp_path):
    issues = [*ISSUES, {"id": "i4", "text": "猫の写真展を開く。"}]
    collection = lay(tmp_path / "kyodo-dev", issues=issues, right={"i1": "o1", "i3": "o3"}, exclude="i3 o3\n")
    found = measure_reverse(collection, LanguageResources())
    assert list(found) == [BEFORE, *SHARES, ALONE]
    assert [one.per_query for one in found.values()] == [{"o1": 1.0}] * 5  # o3's only issue is left out
    lines = list(reverse_lines({"kyodo-dev": found}))
    assert lines[3].startswith(f"| kyodo-dev | {BEFORE} | 1.000 | 1.000 | 1.000 | 1.000 |")
    assert [line.count("+0.000(+0.000〜+0.000)") for line in lines[3:]] == [0, 1, 1, 1, 1]
