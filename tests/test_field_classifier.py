"""Telling the activity fields of a text: weighing, learning, measuring, keeping; on small collections made by hand."""

import json
import logging
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.cli import app
from api.usecases import fields as use_case
from api.usecases.fields import FieldProposer
from corpus.activity_fields import FIELDS
from matcher.text import DICTIONARY_EDITION
from models.artefacts import BrokenArtefact, save_model
from models.fields import training as field_training
from models.fields.baselines import LawWords, MostFrequent
from models.fields.classifier import CODES, FORM, KIND, LIKELY, FieldModel, Weighing, load_field_model
from models.fields.learning import LabelledText, best_threshold, examples, f1_by_field, folds, learn, scale, truth_of
from models.fields.quality import (
    BENCH,
    LAW,
    LEARNED,
    FieldResults,
    TooFewTexts,
    compare,
    judge,
    measure,
    read_examples,
    tables,
)
from models.fields.training import drawn, keep
from models.learned import InUse

TOPICS = {
    7: ["川", "水質", "里山", "植樹", "水辺", "森林", "野鳥"],
    13: ["子ども", "学習", "遊び場", "児童", "親子", "保育", "絵本"],
    1: ["介護", "看護", "病院", "高齢者", "認知症", "健康", "配食"],
}
SHARED = ["地域", "市民", "講座", "交流", "広報"]
UNSURE = np.array([0.0 if code in TOPICS else -np.inf for code in CODES], dtype=np.float32)
ABOUT: dict[str, Any] = {"kind": KIND, "form": FORM, "config": {}, "data": "", "measures": {}}


def made(size: int) -> list[tuple[str, str, frozenset[int]]]:
    """Texts of words of one or two topics, labelled with them; none of the words stands in the law's wording."""
    draw, rows, codes = np.random.default_rng(3), [], list(TOPICS)
    for number in range(size):
        chosen = draw.choice(codes, size=1 + number % 2, replace=False).tolist()
        words = [str(word) for code in chosen for word in draw.choice(TOPICS[code], size=3, replace=False)]
        text = "、".join([*words, *(str(word) for word in draw.choice(SHARED, size=3, replace=False))])
        rows.append((f"o{number:03}", text, frozenset(chosen)))
    return rows


COLLECTION = examples(made(90))


# ---- weighing


def test_terms_weigh_by_their_rarity_and_rows_have_length_one() -> None:
    weighing = Weighing.of([["川", "森"], ["川"], ["海"]], rare=1)
    assert weighing.vocabulary == {"川": 0, "森": 1, "海": 2}
    assert weighing.idf.tolist() == pytest.approx([1 + math.log(4 / 3), 1 + math.log(2), 1 + math.log(2)])
    (row,) = weighing.rows([["川", "川", "森", "空"]]).toarray()
    river, wood = (1 + math.log(2)) * (1 + math.log(4 / 3)), 1 + math.log(2)
    length = math.hypot(river, wood)
    assert row.tolist() == pytest.approx([river / length, wood / length, 0])


def test_terms_of_fewer_than_three_texts_are_forgotten() -> None:
    assert list(Weighing.of([["川", "森"], ["川", "森"], ["川"]]).vocabulary) == ["川"]


@given(st.lists(st.text(max_size=40), max_size=3))
def test_any_text_is_a_row_of_length_one_or_zero(texts: list[str]) -> None:
    rows = learned().weighing.rows([list(text) for text in texts]).toarray()
    assert rows.shape == (len(texts), len(learned().weighing.vocabulary))
    lengths = np.linalg.norm(rows, axis=1)
    assert np.all(np.isclose(lengths, 1) | (lengths == 0))


# ---- learning


@lru_cache
def learned() -> FieldModel:
    return learn(COLLECTION)


def test_a_text_is_given_the_field_whose_words_it_uses() -> None:
    assert list(learned().proposed("川の水質を調べ、里山に植樹する。")) == [7]
    both = learned().proposed("認知症の高齢者と児童が絵本で遊び場をつくる。")
    assert set(both) == {1, 13}
    assert list(both.values()) == sorted(both.values(), reverse=True)


def test_fields_that_hardly_any_text_has_are_never_proposed() -> None:
    assert set(learned().of("川の観光")) == set(TOPICS)
    assert np.isneginf(learned().intercepts).sum() == len(CODES) - len(TOPICS)


def test_a_text_of_unknown_words_gets_no_proposal() -> None:
    assert learned().of("ゾウガメ") == {}
    assert learned().proposed("") == {}


def test_a_text_of_fewer_than_four_known_words_has_no_likely_field() -> None:
    three, four = "川、水質、里山、川、ゾウガメ", "川、水質、里山、植樹"
    assert learned().of(three)[7] >= LIKELY
    assert list(learned().proposed(three)) == [7]
    assert learned().likely(three) == frozenset()
    assert learned().likely(four) == {7}


def test_learning_twice_gives_the_same_arrays_whatever_the_order() -> None:
    again = learn(examples(reversed(made(90))))
    assert np.array_equal(again.coefficients, learned().coefficients)
    assert np.array_equal(again.intercepts, learned().intercepts)
    assert (again.threshold, again.weighing.vocabulary) == (learned().threshold, learned().weighing.vocabulary)


def test_rows_without_fields_or_without_words_are_no_examples() -> None:
    rows = [("b", "川の清掃", frozenset({7})), ("a", "川の清掃", frozenset[int]()), ("c", "。", frozenset({7}))]
    assert [one.id for one in examples(rows)] == ["b"]


def test_scores_of_one_kind_become_the_share_that_is_right() -> None:
    scores = np.array([[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]])
    truth = np.array([[True, False, False, False, True, True, True, False]])  # 1/4 at 0, 3/4 at 1
    (slope,), offset = scale(truth, scores)
    assert offset == pytest.approx(-math.log(3), abs=0.01)
    assert slope == pytest.approx(2 * math.log(3), abs=0.02)
    assert scale(np.ones((1, 8), dtype=bool), scores) == ([1.0], 0.0)


# ---- measuring


def test_f1_and_the_threshold_by_hand() -> None:
    truth = np.array([[True, False], [True, False], [False, False]])
    decided = np.array([[True, False], [False, True], [True, False]])
    first, second = f1_by_field(decided, truth)
    assert first == pytest.approx(2 * 1 / (2 * 1 + 1 + 1))
    assert math.isnan(second)
    probabilities = np.array([[0.41, 0.0], [0.52, 0.0], [0.30, 0.0]])
    assert best_threshold(probabilities, truth) == pytest.approx(0.31)


def test_every_text_is_tested_once_and_never_learned_from_in_that_fold() -> None:
    parts = list(folds(23, 10, seed=0))
    assert sorted(position for _, test in parts for position in test.tolist()) == list(range(23))
    assert all(set(train) | set(test) == set(range(23)) and not set(train) & set(test) for train, test in parts)


def test_the_learned_one_beats_the_wording_where_words_tell_the_field() -> None:
    ours, theirs = judged().measured[LEARNED], judged().measured[LAW]
    assert ours.macro > 0.9
    assert compare(ours, theirs)[1] > 0
    assert 0 <= ours.brier < theirs.brier
    assert compare(ours, ours) == (0, 0, 0)


def test_with_shuffled_labels_nothing_is_told_better_than_by_frequency() -> None:
    order = np.random.default_rng(5).permutation(len(COLLECTION))
    shuffled = [replace(one, fields=COLLECTION[i].fields) for one, i in zip(COLLECTION, order, strict=True)]
    ours, frequent = measure(shuffled, learn), measure(shuffled, MostFrequent.learn)
    assert ours.macro < frequent.macro + 0.1
    assert ours.brier > frequent.brier - 0.01


def test_the_most_frequent_fields_are_the_same_for_every_text() -> None:
    four = [LabelledText(str(n), ("川",), frozenset({7, 13} if n == 0 else {7})) for n in range(4)]
    one = MostFrequent.learn(four)
    rows = one.probabilities([["川"], ["海"]])
    assert np.array_equal(rows[0], rows[1])
    assert (rows[0, 6], rows[0, 12]) == (1, 0.25)


def test_the_words_of_the_law_find_the_field_that_is_named() -> None:
    rows = [(code, f"{field.name}を行う。") for code, field in FIELDS.items()]
    named = examples((f"{code:02}", text, frozenset({code})) for code, text in rows)
    probabilities = LawWords.learn(named).probabilities([one.terms for one in named])
    assert np.array_equal(probabilities.argmax(axis=1), truth_of(named).argmax(axis=1))


# ---- keeping


@lru_cache
def judged() -> FieldResults:
    return judge(COLLECTION)


def kept(folder: Path) -> Path:
    keep(COLLECTION, judged(), folder, "kyodo models train-fields", ["手で作った文章"])
    return folder


def test_a_kept_model_comes_back_with_the_same_probabilities(tmp_path: Path) -> None:
    back = load_field_model(kept(tmp_path / "fields"))
    text = "川の水質を調べる子ども"
    assert back.of(text) == learned().of(text)
    assert back.threshold == learned().threshold
    card = (tmp_path / "fields" / "CARD.md").read_text(encoding="utf-8")
    assert "手で作った文章" in card
    assert "| 環境 | " in card


def test_a_state_whose_parts_do_not_fit_is_refused(tmp_path: Path) -> None:
    state = learned().state()
    with pytest.raises(ValueError, match="not of one model"):
        FieldModel.from_state(replace(state, tables={**state.tables, "vocabulary": ["川"]}))
    folder = kept(tmp_path / "fields")
    (folder / "coefficients.npy").write_bytes(b"x")
    with pytest.raises(BrokenArtefact):
        load_field_model(folder)


TEXT = "川の水質を調べ、里山に植樹する。"


def test_a_model_that_is_broken_from_the_start_leaves_it_to_the_shipped_one_and_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shipped = FieldProposer(tmp_path / "nothing")
    own = FieldProposer(kept(tmp_path / "fields"))
    (own.folder / "idf.npy").unlink()
    with caplog.at_level(logging.WARNING):
        assert own.of(TEXT) == own.of(TEXT) == shipped.of(TEXT)
    assert [record.getMessage() for record in caplog.records] == [
        "活動分野のモデル(fields)を読み込めません。idf.npy を読み込めません。"
    ]
    assert own.in_use() == InUse(
        "fields", "shipped", "市で作った活動分野のモデルを読み込めません。idf.npy を読み込めません。"
    )
    assert shipped.in_use() == InUse("fields", "shipped")


def another_edition(folder: Path) -> None:
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace(DICTIONARY_EDITION, "別の版"), encoding="utf-8")


def another_byte(folder: Path) -> None:
    data = bytearray((folder / "coefficients.npy").read_bytes())
    data[-1] ^= 1
    (folder / "coefficients.npy").write_bytes(data)


def an_empty_folder(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def a_file_in_its_place(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("x", encoding="utf-8")


@pytest.mark.parametrize("spoil", [another_edition, another_byte, an_empty_folder, a_file_in_its_place])
def test_a_model_that_was_read_goes_on_when_its_folder_can_no_longer_be_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, spoil: Callable[[Path], None]
) -> None:
    own = FieldProposer(kept(tmp_path / "fields"))
    assert own.of(TEXT) == learned().of(TEXT) != FieldProposer(tmp_path / "nothing").of(TEXT)
    assert own.in_use() == InUse("fields", "own")
    spoil(own.folder)
    with caplog.at_level(logging.WARNING):
        assert own.of(TEXT) == FieldProposer(own.folder).of(TEXT) == learned().of(TEXT)
    (record,) = caplog.records
    assert "前に読み込んだものを使い続けます。" in record.getMessage()
    assert own.in_use().whose == "own"
    assert own.in_use().fault.endswith("前に読み込んだものを使い続けます。")


def test_without_its_folder_the_shipped_model_is_used_again(tmp_path: Path) -> None:
    own = FieldProposer(kept(tmp_path / "fields"))
    assert own.of(TEXT) == learned().of(TEXT)
    shutil.rmtree(own.folder)
    assert own.of(TEXT) == FieldProposer(tmp_path / "nothing").of(TEXT)
    assert own.in_use() == InUse("fields", "shipped")


@pytest.mark.parametrize("before", [True, False], ids=["over a model in use", "after the shipped one"])
def test_a_copy_that_is_looked_at_between_its_files_is_used_when_it_is_whole(tmp_path: Path, before: bool) -> None:
    backup, own = kept(tmp_path / "backup"), FieldProposer(tmp_path / "fields")
    expected = FieldProposer(tmp_path / "nothing").of(TEXT)
    if before:
        expected = dict.fromkeys(TOPICS, 0.5)
        state = learned().state()
        unsure = {"coefficients": np.zeros_like(state.arrays["coefficients"]), "intercepts": UNSURE}
        save_model(own.folder, replace(state, arrays={**state.arrays, **unsure}), **ABOUT)
        assert own.of(TEXT) == expected
    own.folder.mkdir(exist_ok=True)
    files = sorted(backup.iterdir(), key=lambda path: (path.name == "coefficients.npy", path.name != "manifest.json"))
    for path in files[:-1]:
        shutil.copy2(path, own.folder / path.name)  # with the times of the backup, as people copy one
        assert own.of(TEXT) == expected
    shutil.copy2(files[-1], own.folder / files[-1].name)
    assert own.of(TEXT) == learned().of(TEXT)
    assert own.in_use() == InUse("fields", "own")


def test_without_any_usable_model_nothing_is_proposed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use_case, "files", lambda _: tmp_path)
    own = FieldProposer(tmp_path / "nothing")
    assert own.of("川の清掃") == {}
    assert own.proposed("川の清掃") == {}
    assert own.in_use() == InUse("fields", "none")


def test_the_shipped_model_is_small_and_tells_plain_cases(tmp_path: Path) -> None:
    folder = Path(use_case.__file__).parents[2] / "models" / "pretrained" / "fields"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_500_000
    proposer = FieldProposer(tmp_path / "nothing")
    assert next(iter(proposer.proposed("川の水質を調べ、自然環境を守る人が足りない。"))) == 7
    assert next(iter(proposer.proposed("不登校の子どもの居場所と学習支援が足りない。"))) == 13


DEV = BENCH / "kyodo-dev" / "organisations.jsonl"


@pytest.mark.skipif(not DEV.is_file(), reason="the development collection is not here")
def test_the_shipped_model_is_what_learning_gives_again() -> None:
    folder = Path(use_case.__file__).parents[2] / "models" / "pretrained" / "fields"
    shipped, again = load_field_model(folder), learn(read_examples(DEV))
    assert again.weighing.vocabulary == shipped.weighing.vocabulary
    assert np.array_equal(again.weighing.idf, shipped.weighing.idf)
    assert np.array_equal(again.coefficients, shipped.coefficients)
    assert np.array_equal(again.intercepts, shipped.intercepts)
    assert again.threshold == shipped.threshold


# ---- the command


def written(path: Path, rows: list[tuple[str, str, frozenset[int]]]) -> str:
    lines = [
        json.dumps({"id": id, "name": f"団体{id}", "activities": text, "fields": sorted(fields)})
        for id, text, fields in rows
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def test_the_command_measures_and_keeps_a_better_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYODO_DATA", str(tmp_path / "data"))
    result = CliRunner().invoke(app, ["models", "train-fields", written(tmp_path / "団体.jsonl", made(90))])
    assert result.exit_code == 0
    assert "| 学習したモデル | " in result.stdout
    assert "に書き出しました。" in result.stdout
    assert load_field_model(tmp_path / "data" / "models" / "fields").of("川") == learned().of("川")


def test_a_model_that_is_not_better_is_not_kept(tmp_path: Path) -> None:
    texts = made(60)
    rows = [(id, text, texts[(17 * n + 5) % 60][2]) for n, (id, text, _) in enumerate(texts)]
    out = tmp_path / "out"
    arguments = ["models", "train-fields", written(tmp_path / "団体.jsonl", rows), "--out", str(out)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert "モデルは書き出しません。" in result.stdout
    assert not out.exists()


def test_of_too_many_texts_the_same_ones_are_drawn_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field_training, "MOST_TEXTS", 5)
    some = drawn(COLLECTION)
    assert some == drawn(COLLECTION[::-1])
    assert len(some) == 5
    assert [one.id for one in some] == sorted(one.id for one in some)


def test_too_few_texts_are_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(TooFewTexts, match="49件しかありません"):
        judge(COLLECTION[:49])
    result = CliRunner().invoke(app, ["models", "train-fields", written(tmp_path / "団体.jsonl", made(9))])
    assert result.exit_code == 2
    assert "学ぶには50件以上が必要です。" in result.stderr
    assert "サンプル" not in result.stderr


def test_that_samples_are_not_counted_is_said_where_stored_organisations_are_too_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KYODO_DATA", str(tmp_path / "data"))
    result = CliRunner().invoke(app, ["models", "train-fields"])
    assert result.exit_code == 2
    assert "0件しかありません。" in result.stderr
    assert "サンプルの団体は数えません。" in result.stderr


def test_the_tables_name_every_system_and_every_field_that_is_there() -> None:
    lines = list(tables(judged()))
    assert any(line.startswith(f"| {LEARNED} | ") for line in lines)
    assert any(line.startswith(f"| {LAW} | ") for line in lines)
    assert sum(line.startswith(f"| {FIELDS[code].short} | ") for line in lines for code in TOPICS) == len(TOPICS)
