import logging

import numpy as np
import pytest
from typer.testing import CliRunner

from api.cli import app
from corpus.synonyms import shipped_synonyms
from matcher.dense import WordVectors
from matcher.matching import Matcher
from matcher.records import Document, Part, Query
from models.encoding.encoded import EncodedTexts
from models.encoding.encoder import BrokenEncoder, SentenceEncoder
from models.learned import InUse, ResourcePaths, find_learned, find_resources
from models.vectors.artefact import SHIPPED, VectorsOrigin, load_vectors, save_vectors, vectors_folder


def test_what_is_shipped_is_used_where_nothing_is_named():
    learned = find_learned()
    assert learned.synonyms == shipped_synonyms()
    assert learned.vectors.name == load_vectors(SHIPPED).name
    assert learned.encoder is None


def test_a_table_of_one_s_own_takes_the_place_of_the_shipped_one(tmp_path):
    (tmp_path / "table.txt").write_text("猫 = にゃんこ\n", encoding="utf-8")
    learned = find_learned(ResourcePaths(synonyms=tmp_path / "table.txt"))
    assert [group.members for group in learned.synonyms.groups] == [("猫", "にゃんこ")]


def test_vectors_of_one_s_own_take_the_place_of_the_shipped_ones(tmp_path):
    own = WordVectors("own", {"猫": 0, "犬": 1}, np.array([[1, 0], [0, 1]], dtype=np.float32))
    save_vectors(vectors_folder(tmp_path), own, {}, VectorsOrigin("command", (), "0" * 64), {})
    stock = find_resources(ResourcePaths(data=tmp_path))
    assert set(stock.learned.vectors.rows) == {"猫", "犬"}
    assert stock.in_use == (InUse("synonyms", "shipped"), InUse("vectors", "own"), InUse("encoder", "none"))


def test_where_set_vectors_are_broken_the_citys_own_are_used_and_the_fault_stays_said(tmp_path):
    own = WordVectors("own", {"猫": 0, "犬": 1}, np.array([[1, 0], [0, 1]], dtype=np.float32))
    save_vectors(vectors_folder(tmp_path), own, {}, VectorsOrigin("command", (), "0" * 64), {})
    (tmp_path / "nothing").mkdir()
    _, vectors, _ = find_resources(ResourcePaths(data=tmp_path, vectors=tmp_path / "nothing")).in_use
    fault = "設定した単語ベクトルは使えません。nothing の manifest.json を読み込めません。"
    assert vectors == InUse("vectors", "own", fault)


def test_without_any_usable_vectors_the_lists_go_on_without(tmp_path, monkeypatch):
    (tmp_path / "nowhere").mkdir()
    monkeypatch.setattr("models.learned.SHIPPED", tmp_path / "nowhere")
    stock = find_resources(ResourcePaths(data=tmp_path))
    fault = "付属の単語ベクトルは使えません。nowhere の manifest.json を読み込めません。"
    assert (stock.learned.vectors, stock.in_use[1]) == (None, InUse("vectors", "none", fault))


def test_what_is_broken_is_said_and_the_ranking_goes_on(tmp_path, caplog):
    (tmp_path / "table.txt").write_text("猫\n", encoding="utf-8")
    vectors_folder(tmp_path).mkdir(parents=True)
    places = ResourcePaths(tmp_path, tmp_path / "table.txt", tmp_path / "nothing", tmp_path / "no-model")
    with caplog.at_level(logging.WARNING):
        learned = find_learned(places)
    assert learned.name == find_learned().name
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 4
    assert [(one.kind, one.whose) for one in find_resources(places).in_use] == [
        ("synonyms", "shipped"), ("vectors", "shipped"), ("encoder", "none")
    ]  # fmt: skip
    table, vectors, encoder = (one.fault for one in find_resources(places).in_use)
    assert table.startswith("設定した言いかえの表は使えません。直すところが1か所あります。")
    assert vectors.startswith("設定した単語ベクトルは使えません。")
    assert vectors.endswith("市で作った単語ベクトルは使えません。vectors の manifest.json を読み込めません。")
    assert str(tmp_path) not in vectors + encoder
    assert encoder.startswith(
        "設定した文エンコーダーは使えません。文エンコーダーのフォルダー「no-model」が見つかりません。"
    )
    ranking = Matcher.fit([Document("o#p", "o", body="親子の集い")], learned=learned).rank(Query("q", "親子の孤立"))
    assert [s.owner for s in ranking.suggestions] == ["o"]


def test_what_is_learned_finds_a_profile_that_shares_no_word():
    profiles = {"a": "育児に悩む保護者が集まる場です。", "b": "里山の木を切って道を直します。", "c": "囲碁の対局"}
    documents = [Document(f"{owner}#p", owner, body=body) for owner, body in profiles.items()]
    ranking = Matcher.fit(documents, learned=find_learned()).rank(Query("q", "子育て"))
    found = ranking.suggestions[0]
    assert found.owner == "a"
    shown = {(c.part, c.term, c.matched) for c in found.evidence.contributions}
    assert (Part.SYNONYMS, "子育て", "育児") in shown
    assert not [c for c in found.evidence.contributions if c.part is Part.WORDS]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "ファイルが見つかりません。名前と場所を確かめてください。"),
        ("", "ファイルを開けません。フォルダーでないか、読む権限があるかを確かめてください。"),
        ("猫\n犬\n", "直すところが2か所あります。1行目: 「猫」の1語しかありません。"),
    ],
)
def test_why_a_table_of_synonyms_is_not_used_is_told_in_japanese(tmp_path, caplog, content, said):
    path = tmp_path if content == "" else tmp_path / "table.txt"
    if content:
        path.write_text(content, encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert find_learned(ResourcePaths(synonyms=path)).synonyms == shipped_synonyms()
    (record,) = caplog.records
    assert said in record.getMessage()
    assert record.getMessage().endswith(
        "いまは付属の表を使っています。サービスを動かしているときは、直したあとに起動し直してください。"
    )
    faults = "すべての問題は kyodo models check-synonyms で確かめられます。"
    assert (faults in record.getMessage()) == ("か所あります" in said)
    assert "Errno" not in record.getMessage()
    assert "\n" not in record.getMessage()


# an encoder that fails while the service runs


class Letters:
    """A small model with the methods of the library's: how often each of four letters occurs, until it is ``tired``."""

    tired: type[Exception] | None = None

    def encode_query(self, texts, **_):
        if self.tired and texts != ["試し"]:
            raise self.tired("the text would stand here")
        rows = np.array([[1 + text.count(letter) for letter in "あいうえ"] for text in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    encode_document = encode_query


@pytest.fixture
def remembering(tmp_path, monkeypatch):
    """What the service encodes with, and the model below it."""
    model = Letters()
    monkeypatch.setattr(SentenceEncoder, "open", lambda *_: SentenceEncoder(model, "letters", "", ""))
    return find_learned(ResourcePaths(data=tmp_path, encoder=tmp_path / "model")), model


@pytest.mark.parametrize("tired", [RuntimeError, MemoryError, IndexError])
def test_an_encoder_that_fails_at_a_query_leaves_the_list_to_the_words(remembering, caplog, tired):
    learned, model = remembering
    documents = [Document("a#p", "a", body="川の清掃"), Document("b#p", "b", body="囲碁の対局")]
    matcher = Matcher.fit(documents, learned=learned)
    assert Part.ENCODER in parts_of(matcher.rank(Query("q", "川の清掃")))
    model.tired = tired
    with caplog.at_level(logging.WARNING):
        ranking = matcher.rank(Query("q", "川が汚れている"))
    assert ranking.suggestions[0].owner == "a"
    assert Part.ENCODER not in parts_of(ranking)
    assert f"使わずに並べます。文エンコーダーが文章を読み込めませんでした({tired.__name__})。" in caplog.text
    assert "the text would stand here" not in caplog.text


def parts_of(ranking):
    return {c.part for suggestion in ranking.suggestions for c in suggestion.evidence.contributions}


def test_texts_that_an_encoder_fails_at_are_zeros_and_tried_again(remembering, tmp_path, caplog):
    learned, model = remembering
    known = learned.encoder.encode_passages(["あ"])
    model.tired = RuntimeError
    with caplog.at_level(logging.WARNING):
        rows = learned.encoder.encode_passages(["い", "あ", "う"])
    np.testing.assert_array_equal(rows, [[0] * 4, known[0], [0] * 4])
    assert "文章2件のうち2件を読み込めませんでした" in caplog.text
    model.tired = None
    again = learned.encoder.encode_passages(["い", "あ", "う"])
    np.testing.assert_allclose(np.linalg.norm(again, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(
        EncodedTexts(tmp_path / "encoded").vectors(learned.encoder, ["い", "あ", "う"]), again
    )


def test_a_collection_can_be_taken_in_while_the_encoder_fails(remembering):
    learned, model = remembering
    model.tired = RuntimeError
    ranking = Matcher.fit([Document("o#p", "o", body="川の清掃")], learned=learned).rank(Query("q", "川が汚れている"))
    assert [s.owner for s in ranking.suggestions] == ["o"]


def test_ranking_files_with_an_encoder_that_fails_is_a_sentence(remembering, tmp_path, monkeypatch):
    _, model = remembering
    monkeypatch.chdir(tmp_path)
    model.tired = RuntimeError
    (tmp_path / "a.jsonl").write_text('{"id": "1", "title": "川の清掃", "name": "川の会"}\n', encoding="utf-8")
    arguments = ["rank", "--issues", "a.jsonl", "--organisations", "a.jsonl", "--out", "run", "--encoder", "model"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert "文エンコーダーが文章を読み込めませんでした(RuntimeError)。" in result.stderr


def test_an_encoder_of_more_dimensions_than_can_be_summed_exactly_is_refused():
    class Wide(Letters):
        def encode_query(self, texts, **_):
            return np.ones((len(texts), 1041), np.float32)

    with pytest.raises(BrokenEncoder, match="1,041次元です。1,040次元までのモデルを"):
        SentenceEncoder(Wide(), "wide", "", "")


def test_files_of_others_among_the_encoded_texts_stop_nothing(tmp_path, caplog):
    place = tmp_path / "letters" / "000000"
    place.mkdir(parents=True)
    (place / "notes.txt").write_text("x", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        rows = EncodedTexts(tmp_path).vectors(SentenceEncoder(Letters(), "letters", "", ""), ["あ"])
    assert rows.shape == (1, 4)
    assert "控え(0番)を残せません" in caplog.text
    assert [path.name for path in place.iterdir()] == ["notes.txt"]
