"""Word vectors as an artefact: kept, refused and found again."""

import dataclasses
import itertools
import logging
from pathlib import Path

import numpy as np
import pytest

from api.settings import read_settings
from matcher.dense import WordVectors, unit_rows
from models import artefacts
from models.artefacts import BrokenArtefact
from models.learned import find_vectors
from models.vectors.artefact import (
    SHIPPED,
    VectorsOrigin,
    data_fingerprint,
    load_vectors,
    nearest,
    save_vectors,
    vectors_folder,
)
from models.vectors.contrast import ContrastConfig
from models.vectors.training import VectorConfig, train

ANIMALS = itertools.product(["猫", "犬", "小鳥"], ["餌", "散歩", "病院", "首輪", "飼い主"])
FARMING = itertools.product(["農地", "水田", "畑"], ["草刈り", "収穫", "肥料", "種", "耕作"])
RECORDS = [(f"{one}の{other}",) for one, other in [*ANIMALS, *FARMING]]
SMALL = VectorConfig(dimensions=8, least=2)
ORIGIN = VectorsOrigin("kyodo models train-vectors 文章.txt", ("文章.txt(市の広報、CC BY)",), "ab" * 32)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KYODO_DATA", str(tmp_path / "data"))
    return tmp_path


@pytest.fixture(scope="module")
def learned():
    return train(RECORDS, SMALL, ContrastConfig())


def save(folder, vectors, measures=None):
    save_vectors(folder, vectors, dataclasses.asdict(SMALL), ORIGIN, measures or {})
    return folder


def cosine(vectors, one, other):
    rows = unit_rows(vectors.matrix[[vectors.rows[one], vectors.rows[other]]])
    return float(rows[0] @ rows[1])


# keeping


def test_what_is_saved_comes_back_with_nearly_the_same_cosines(folder):
    rows = np.random.default_rng(1).normal(size=(400, 200)).astype(np.float32)
    vectors = WordVectors("v", {f"語{n}": n for n in range(400)}, unit_rows(rows))
    back = load_vectors(save(folder / "v", vectors))
    unit = unit_rows(back.matrix)
    error = np.abs(unit @ unit.T - vectors.matrix @ vectors.matrix.T).max()
    assert error < 0.01
    assert artefacts.about(folder / "v")["measures"]["cosine_error"] == pytest.approx(error, abs=1e-5)
    assert back.rows == vectors.rows
    assert np.linalg.norm(back.matrix, axis=1) == pytest.approx(1, rel=0.01)


def test_the_lengths_of_rows_survive_saving_and_change_no_neighbour(folder):
    matrix = np.array([[3, 4], [0.3, 0.4], [-8, 6]], dtype=np.float32)
    back = load_vectors(save(folder / "v", WordVectors("v", {"猫": 0, "犬": 1, "水田": 2}, matrix)))
    assert np.linalg.norm(back.matrix, axis=1) == pytest.approx([5, 0.5, 10], rel=0.01)
    assert nearest(back, ["猫"]) == [("犬", pytest.approx(1)), ("水田", pytest.approx(0, abs=0.01))]
    assert nearest(back, ["犬", "水田"]) == [("猫", pytest.approx(0.05, abs=0.01))]  # 水田 tells twenty times as much


def test_forms_that_share_a_row_share_it_still_and_the_first_stays_first(folder):
    vectors = WordVectors("v", {"子供": 0, "猫": 1, "児童": 0}, np.eye(2, dtype=np.float32))
    back = load_vectors(save(folder / "v", vectors))
    assert list(back.rows.items()) == [("子供", 0), ("児童", 0), ("猫", 1)]
    assert nearest(back, ["猫"]) == [("子供", 0.0)]


def test_the_name_tells_apart_what_was_made_otherwise(folder, learned):
    save_vectors(folder / "a", learned, {"window": 6}, ORIGIN, {})
    save_vectors(folder / "b", learned, {"window": 5}, ORIGIN, {})
    one, other = load_vectors(folder / "a").name, load_vectors(folder / "b").name
    assert one != other
    assert one.startswith("ppmi-")


def test_the_card_says_what_the_vectors_are(folder, learned):
    card = (save(folder / "v", learned, {"synonym_order": 0.875}) / "CARD.md").read_text(encoding="utf-8")
    for said in [ORIGIN.command, ORIGIN.sources[0], ORIGIN.data, "16語、16行、8次元", "| synonym_order | 0.875 |"]:
        assert said in card


@pytest.mark.parametrize("name", ["matrix.npy", "forms.json", "CARD.md"])
def test_a_changed_byte_is_noticed(folder, learned, name):
    path = save(folder / "v", learned) / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(BrokenArtefact, match=name):
        load_vectors(folder / "v")


def test_another_edition_of_the_dictionary_is_noticed(folder, learned, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(artefacts, "DICTIONARY_EDITION", "sudachidict-core 20200101")
        save(folder / "v", learned)
    with pytest.raises(BrokenArtefact, match="語の辞書の別の版"):
        load_vectors(folder / "v")


def test_a_folder_that_is_not_there_is_said_to_be_missing(folder):
    with pytest.raises(BrokenArtefact, match="nowhere」が見つかりません"):
        load_vectors(folder / "nowhere")
    (folder / "empty").mkdir()
    with pytest.raises(BrokenArtefact, match=r"empty の manifest\.json を読み込めません"):
        load_vectors(folder / "empty")


@pytest.mark.parametrize(
    ("rows", "forms"), [([0, 5], ["猫", "犬"]), ([-1, 0], ["猫", "犬"]), ([0], ["猫", "犬"]), ([], [])]
)
def test_forms_that_lead_nowhere_are_noticed(folder, rows, forms):
    arrays = {"matrix": np.ones((2, 3), np.int8), "scales": np.ones(2, np.float32), "rows": np.array(rows, np.int32)}
    state = artefacts.State(arrays, {"forms": forms})
    artefacts.save_model(folder / "v", state, kind="vectors", form=2, config={"method": "x"}, data="", measures={})
    with pytest.raises(BrokenArtefact):
        load_vectors(folder / "v")


def test_the_fingerprint_knows_contents_not_names_or_order(folder):
    one, two = folder / "one.txt", folder / "two.txt"
    one.write_text("猫", encoding="utf-8")
    two.write_text("犬", encoding="utf-8")
    before = data_fingerprint([one, two])
    assert data_fingerprint([two, one]) == before
    assert data_fingerprint([one]) != before
    assert data_fingerprint([one, two.rename(folder / "three.txt")]) == before


# finding


def test_the_chosen_vectors_come_first_then_the_citys_own_then_the_shipped(folder, learned):
    data = folder / "data"
    shipped = load_vectors(SHIPPED).name
    assert find_vectors(data, None)[0].name == shipped
    own = load_vectors(save(vectors_folder(data), learned)).name
    assert find_vectors(data, None)[0].name == own != shipped
    chosen = dataclasses.replace(learned, name="chosen")
    assert find_vectors(data, save(folder / "chosen", chosen))[0].name.startswith("chosen-")
    assert find_vectors(None, None)[0].name == shipped


def test_broken_vectors_are_named_and_the_next_are_taken(folder, learned, caplog):
    (save(folder / "chosen", learned) / "matrix.npy").unlink()
    with caplog.at_level(logging.WARNING):
        assert find_vectors(None, folder / "chosen")[0].name == load_vectors(SHIPPED).name
    assert "chosen)は使えません。" in caplog.text
    assert "matrix.npy" in caplog.text


def test_without_any_vectors_there_are_none(folder, monkeypatch, caplog):
    monkeypatch.setattr("models.learned.SHIPPED", folder / "nowhere")
    assert find_vectors(folder, None)[0] is None
    assert "nowhere)は使えません。" in caplog.text


def test_the_setting_is_empty_or_a_folder(monkeypatch):
    assert read_settings().vectors is None
    monkeypatch.setenv("KYODO_VECTORS", "")
    assert read_settings().vectors is None
    monkeypatch.setenv("KYODO_VECTORS", "/srv/vectors")
    assert read_settings().vectors == Path("/srv/vectors")


# what ships


def test_the_shipped_vectors_load_are_small_and_know_this_field():
    vectors = load_vectors(SHIPPED)
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= 8_000_000
    assert {"子育て", "防災", "猫", "空き家", "引き籠もり"} <= set(vectors.rows)
    assert cosine(vectors, "子育て", "育児") > 0.3 + cosine(vectors, "子育て", "空き家")
    measures = artefacts.about(SHIPPED)["measures"]
    assert measures["cosine_error"] < 0.01
    assert measures["synonym_order"] > 0.8
    assert vectors.name.startswith("contrast-")
    lengths = np.linalg.norm(vectors.matrix, axis=1)
    assert lengths[vectors.rows["防災"]] > 2 * lengths[vectors.rows["的"]]  # which tells next to nothing
