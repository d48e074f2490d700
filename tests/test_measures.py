import math
import random

import ir_measures
import pytest
from ir_measures import RR, Judged, P, R, nDCG

from corpus.trec import BrokenRun, read_pairs, read_qrels, read_run, write_run
from matcher.measures import compare, evaluate, swapped


def collection(seed, queries=30, documents=40):
    generator = random.Random(seed)
    names = [f"d{n:02}" for n in range(documents)]
    qrels = {
        f"q{n}": {d: generator.choice([0, 0, 1, 1, 2]) for d in generator.sample(names, generator.randrange(1, 15))}
        for n in range(queries)
    }
    qrels["missing"] = {"d00": 1}
    qrels["none"] = {"d00": 0}
    run = {q: {d: generator.random() for d in generator.sample(names, 25)} for q in qrels if q != "missing"}
    return run, qrels


@pytest.mark.parametrize("seed", range(5))
def test_ir_measures_agrees(seed):
    run, qrels = collection(seed)
    ours = evaluate(run, qrels)
    answered = {q: d for q, d in qrels.items() if any(d.values())}
    theirs = ir_measures.calc_aggregate([nDCG @ 10, RR @ 10, R @ 10, P @ 1, Judged @ 10], answered, run)
    assert ours.queries == len(answered)
    assert ours.ndcg == pytest.approx(theirs[nDCG @ 10])
    assert ours.mrr == pytest.approx(theirs[RR @ 10])
    assert ours.recall == pytest.approx(theirs[R @ 10])
    assert ours.p1 == pytest.approx(theirs[P @ 1])
    assert ours.judged == pytest.approx(theirs[Judged @ 10])


def test_the_measures_by_hand():
    qrels = {"q": {"a": 2, "b": 1, "c": 0}}
    measured = evaluate({"q": {"c": 3.0, "b": 2.0, "x": 1.0}}, qrels)
    assert measured.ndcg == pytest.approx((1 / math.log2(3)) / (2 + 1 / math.log2(3)))
    assert (measured.mrr, measured.recall, measured.p1, measured.judged) == (0.5, 0.5, 0.0, 0.2)


def test_equal_scores_rank_by_id():
    assert evaluate({"q": {"b": 1.0, "a": 1.0}}, {"q": {"a": 1}}).p1 == 1.0


def test_a_query_missing_from_the_run_counts_zero_and_one_without_relevant_entry_not_at_all():
    measured = evaluate({"p": {"a": 1.0}}, {"p": {"a": 1}, "q": {"a": 1}, "r": {"a": 0}})
    assert (measured.queries, measured.ndcg) == (2, 0.5)


def test_without_any_relevant_entry_everything_is_undefined():
    measured = evaluate({}, {"q": {"a": 0}})
    assert measured.queries == 0
    assert math.isnan(measured.ndcg)
    assert math.isnan(compare(measured, measured).difference)


def test_excluded_pairs_are_neither_hits_nor_misses():
    run, qrels = {"q": {"known": 3.0, "new": 2.0}}, {"q": {"known": 1, "new": 1}}
    measured = evaluate(run, qrels, {("q", "known")})
    assert (measured.ndcg, measured.p1) == (1.0, 1.0)


def test_a_run_compared_with_itself_differs_by_nothing():
    measured = evaluate(*collection(1))
    difference = compare(measured, measured)
    assert (difference.difference, difference.low, difference.high) == (0, 0, 0)


def test_the_interval_holds_the_difference_and_is_the_same_every_time():
    better, worse = evaluate(*collection(1)), evaluate(collection(2)[0], collection(1)[1])
    difference = compare(better, worse)
    assert difference.low < difference.difference < difference.high
    assert difference == compare(better, worse)
    assert difference.difference == pytest.approx(better.ndcg - worse.ndcg)


def test_a_written_run_keeps_its_order_in_every_tool(tmp_path):
    ranked = [("b", 0.5), ("a", 0.5), ("c", 0.5), ("d", -0.1)]
    path = tmp_path / "run"
    write_run(path, {"q": ranked}, "tag")
    lines = [line.split() for line in path.read_text().splitlines()]
    assert [line[2] for line in lines] == ["b", "a", "c", "d"]
    assert [line[3] for line in lines] == ["1", "2", "3", "4"]
    assert [float(line[4]) for line in lines] == sorted({float(line[4]) for line in lines}, reverse=True)
    assert list(read_run(path)["q"]) == ["b", "a", "c", "d"]


def test_judgements_turn_round():
    assert swapped({"q": {"a": 1, "b": 0}, "p": {"a": 2}}) == {"a": {"q": 1, "p": 2}, "b": {"q": 0}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("q Q0 a 1 0.5\n", "1行目"),
        ("q Q0 a 1 x tag\n", "数として読めません"),
        ("q Q0 a 1 nan tag\n", "数として読めません"),
        ("q Q0 a 1 1 t\nq Q0 a 2 0 t\n", "2回"),
    ],
)
def test_a_broken_run_says_where_and_what(tmp_path, content, said):
    (tmp_path / "run").write_text(content)
    with pytest.raises(BrokenRun, match=said):
        read_run(tmp_path / "run")


def test_judgements_and_pairs_are_read(tmp_path):
    (tmp_path / "qrels").write_text("q 0 a 1\n\nq 0 b 0\n")
    (tmp_path / "pairs").write_text("q a\n")
    assert read_qrels(tmp_path / "qrels") == {"q": {"a": 1, "b": 0}}
    assert read_pairs(tmp_path / "pairs") == {("q", "a")}
    (tmp_path / "sjis").write_bytes("課題 0 a 1".encode("cp932"))
    with pytest.raises(BrokenRun, match="UTF-8"):
        read_qrels(tmp_path / "sjis")


@pytest.mark.parametrize("relevance", ["0.5", "inf"])
def test_a_relevance_that_is_no_whole_number_is_said_and_not_rounded(tmp_path, relevance):
    (tmp_path / "qrels").write_text(f"q 0 d {relevance}\n")
    with pytest.raises(BrokenRun, match=r"1行目: .*整数"):
        read_qrels(tmp_path / "qrels")
