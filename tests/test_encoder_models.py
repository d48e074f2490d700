"""The encoder with a real model of the real library: tiny, with random weights, built and saved here."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from api.cli import app
from matcher.matching import Matcher
from matcher.records import Document, Part, Query
from models.encoding.encoded import EncodedTexts
from models.encoding.encoder import BrokenEncoder, SentenceEncoder
from models.learned import ResourcePaths, find_learned

pytestmark = [
    pytest.mark.embed,
    pytest.mark.skipif(find_spec("sentence_transformers") is None, reason="needs the extra embed: make test-embed"),
]

TEXTS = ["子どもの居場所をつくる", "高齢者の見守り", "空き家を活かして、まちをにぎやかに。", "海の清掃"]


def build(folder, **saving):
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    letters = sorted(set("".join(TEXTS)) | set("課題団体:"))
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    plain = folder.parent / f"{folder.name}-plain"
    plain.mkdir()
    (plain / "vocab.txt").write_text("\n".join(pieces), encoding="utf-8")
    torch.manual_seed(1)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=len(pieces), max_position_embeddings=64, **sizes)).save_pretrained(plain)
    BertTokenizerFast.from_pretrained(plain).save_pretrained(plain)
    words = Transformer(str(plain))
    SentenceTransformer(modules=[words, Pooling(16, "mean")], device="cpu").save(str(folder), **saving)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return build(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def copied(folder, tmp_path):
    """A copy to spoil."""
    for path in folder.rglob("*"):
        if path.is_file():
            place = tmp_path / "copy" / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
    return tmp_path / "copy"


def test_texts_become_rows_of_length_one_in_their_order(folder):
    encoder = SentenceEncoder.open(folder)
    rows = encoder.encode_passages(TEXTS)
    assert (rows.shape, rows.dtype, encoder.dimensions) == ((4, 16), np.float32, 16)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    for text, row in zip(TEXTS, rows, strict=True):  # whatever else is in the batch
        np.testing.assert_array_equal(encoder.encode_passages([text])[0], row)
    assert (rows @ rows.T)[~np.eye(4, dtype=bool)].max() < 0.999


def test_no_text_gives_no_row_and_many_keep_their_places(folder):
    encoder = SentenceEncoder.open(folder)
    assert encoder.encode_queries([]).shape == (0, 16)
    many = [TEXTS[0][: i % 9 + 1] for i in range(70)]
    rows = encoder.encode_queries(many)
    np.testing.assert_array_equal(rows[69], encoder.encode_queries([many[69]])[0])


def test_the_same_folder_gives_the_same_name_and_the_same_vectors_again(folder):
    first, second = SentenceEncoder.open(folder), SentenceEncoder.open(folder)
    assert first.name == second.name
    np.testing.assert_array_equal(first.encode_passages(TEXTS), second.encode_passages(TEXTS))


def test_a_prefix_is_put_before_queries_and_passages_and_changes_the_name(folder):
    plain, prefixed = SentenceEncoder.open(folder), SentenceEncoder.open(folder, "課題:", "団体:")
    assert plain.name != prefixed.name
    assert SentenceEncoder.open(folder, "団体:", "課題:").name != prefixed.name
    by_hand = plain.encode_passages([f"課題:{TEXTS[1]}", f"団体:{TEXTS[1]}"])
    np.testing.assert_allclose(prefixed.encode_queries([TEXTS[1]])[0], by_hand[0], atol=1e-6)
    np.testing.assert_allclose(prefixed.encode_passages([TEXTS[1]])[0], by_hand[1], atol=1e-6)


def test_without_a_prefix_the_folders_own_is_used(folder, copied):
    settings = copied / "config_sentence_transformers.json"
    known = json.loads(settings.read_text("utf-8"))
    settings.write_text(json.dumps(known | {"prompts": {"query": "課題:", "document": "団体:"}}), "utf-8")
    own, given = SentenceEncoder.open(copied), SentenceEncoder.open(folder, "課題:", "団体:")
    np.testing.assert_array_equal(own.encode_queries(TEXTS), given.encode_queries(TEXTS))
    np.testing.assert_array_equal(own.encode_passages(TEXTS), given.encode_passages(TEXTS))


def test_a_plain_model_of_transformers_is_read_too(folder):
    assert SentenceEncoder.open(folder.parent / "tiny-plain").encode_queries(TEXTS).shape == (4, 16)


def test_a_model_saved_with_pickled_weights_is_refused(tmp_path, folder, copied):
    import torch
    from safetensors.torch import load_file

    torch.save(load_file(copied / "model.safetensors"), copied / "pytorch_model.bin")
    assert SentenceEncoder.open(copied).dimensions == 16  # both are there: the safe one is read
    (copied / "model.safetensors").unlink()
    with pytest.raises(BrokenEncoder, match=r"pytorch_model\.bin"):
        SentenceEncoder.open(copied)


@pytest.mark.parametrize("spoilt", ["model.safetensors", "config.json", "tokenizer.json", "modules.json"])
def test_a_file_cut_in_half_is_a_sentence(copied, spoilt):
    content = (copied / spoilt).read_bytes()
    (copied / spoilt).write_bytes(content[: len(content) // 2])
    with pytest.raises(BrokenEncoder, match="読み込めません"):
        SentenceEncoder.open(copied)


def test_weights_that_are_no_numbers_are_noticed_on_opening(copied):
    from safetensors.torch import load_file, save_file

    weights = load_file(copied / "model.safetensors")
    save_file({name: values * float("nan") for name, values in weights.items()}, copied / "model.safetensors")
    with pytest.raises(BrokenEncoder, match="数でない値"):
        SentenceEncoder.open(copied)


def without(folder, *parts):
    """Takes the weights with one of these in their names out of the file."""
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    kept = {name: values for name, values in weights.items() if not any(part in name for part in parts)}
    assert len(kept) < len(weights)
    save_file(kept, folder / "model.safetensors", {"format": "pt"})


@pytest.mark.parametrize("lost", ["layer.1", "word_embeddings", "layer.0.attention.self.query.weight"])
def test_weights_that_are_missing_are_not_made_up(copied, lost):
    without(copied, lost)
    with pytest.raises(BrokenEncoder, match=r"読み込むたびに違うベクトル.*重みの一部が足りません"):
        SentenceEncoder.open(copied)


def test_settings_that_ask_for_more_layers_than_there_are_are_refused(copied):
    known = json.loads((copied / "config.json").read_text("utf-8"))
    (copied / "config.json").write_text(json.dumps(known | {"num_hidden_layers": 4}), "utf-8")
    with pytest.raises(BrokenEncoder, match="読み込むたびに違うベクトル"):
        SentenceEncoder.open(copied)


def test_a_missing_part_that_is_not_used_does_no_harm(folder, copied):
    without(copied, "pooler")
    rows = SentenceEncoder.open(copied).encode_passages(TEXTS)
    np.testing.assert_array_equal(rows, SentenceEncoder.open(folder).encode_passages(TEXTS))


def test_a_model_without_its_tokenizer_is_refused(copied):
    for path in copied.glob("*token*"):
        path.unlink()
    (copied / "vocab.txt").unlink(missing_ok=True)
    with pytest.raises(BrokenEncoder, match=r"トークナイザー\)のファイルが足りません"):
        SentenceEncoder.open(copied)


def test_a_model_that_reads_but_one_of_the_words_is_not_refused(copied):
    content = json.loads((copied / "tokenizer.json").read_text("utf-8"))
    vocabulary = content["model"]["vocab"]
    # Every kanji but those of 場所 becomes a sign that no text has; the numbers stay.
    content["model"]["vocab"] = {
        piece if piece.startswith("[") or piece in "場所" else f"{piece}x": n for piece, n in vocabulary.items()
    }
    (copied / "tokenizer.json").write_text(json.dumps(content), "utf-8")
    rows = SentenceEncoder.open(copied).encode_passages(["場所", "高齢", "清掃"])
    assert np.abs(rows[0] - rows[1]).max() > 1e-3
    np.testing.assert_allclose(rows[1], rows[2], atol=1e-6)


def test_a_missing_folder_that_the_list_of_parts_names_is_told(copied):
    (copied / "1_Pooling" / "config.json").unlink()
    (copied / "1_Pooling").rmdir()
    with pytest.raises(BrokenEncoder, match=r"modules\.json に書かれたフォルダー\(1_Pooling\)がありません"):
        SentenceEncoder.open(copied)


def test_a_part_without_settings_needs_no_folder(copied):
    parts = json.loads((copied / "modules.json").read_text("utf-8"))
    last = {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}
    (copied / "modules.json").write_text(json.dumps([*parts, last]), "utf-8")
    assert SentenceEncoder.open(copied).dimensions == 16
    (copied / "1_Pooling" / "config.json").unlink()
    (copied / "1_Pooling").rmdir()
    with pytest.raises(BrokenEncoder, match=r"フォルダー\(1_Pooling\)がありません"):
        SentenceEncoder.open(copied)


def test_another_card_leaves_the_name_and_other_settings_change_it(copied):
    (copied / "README.md").write_text("one", "utf-8")
    name = SentenceEncoder.open(copied).name
    (copied / "README.md").write_text("other", "utf-8")
    (copied / "1_Pooling" / "CARD.MD").write_text("more", "utf-8")
    assert SentenceEncoder.open(copied).name == name
    (copied / "more.json").write_text("{}", "utf-8")
    assert SentenceEncoder.open(copied).name != name


def test_the_vectors_of_a_model_are_kept_and_read_again(folder, tmp_path):
    encoder = SentenceEncoder.open(folder)
    fresh = EncodedTexts(tmp_path).vectors(encoder, TEXTS)
    kept = EncodedTexts(tmp_path).vectors(encoder, TEXTS)
    np.testing.assert_array_equal(fresh, kept)
    assert (kept * encoder.encode_passages(TEXTS)).sum(axis=1).min() > 0.999999


def test_opening_and_encoding_opens_no_connection(folder, monkeypatch):
    import socket

    def refused(*_):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refused)
    assert SentenceEncoder.open(folder).encode_queries(TEXTS).shape == (4, 16)


def test_the_cost_is_told_in_words_and_in_json(folder):
    told = CliRunner().invoke(app, ["models", "encode-cost", str(folder)])
    assert told.exit_code == 0, told.output
    assert "1,000件あたり: " in told.stdout
    assert "(16次元)" in told.stdout
    known = json.loads(CliRunner().invoke(app, ["models", "encode-cost", str(folder), "--json"]).stdout)
    assert known["per_thousand"] > 0
    assert known["memory"] > 10_000_000
    samples = Path(__file__).parents[1] / "corpus" / "data" / "samples" / "organisations.jsonl"
    assert known["texts"] == len(samples.read_text("utf-8").splitlines())


def test_an_encoder_joins_the_ranking_as_one_more_part_and_reads_each_profile_once(folder, tmp_path):
    learned = find_learned(ResourcePaths(data=tmp_path, encoder=folder))
    documents = [Document(f"{n}#p", f"o{n}", body=text) for n, text in enumerate(TEXTS)]
    matcher = Matcher.fit(documents, learned=learned)
    suggestion = matcher.rank(Query("q", "子どもの居場所がない")).suggestions[0]
    told = [c for c in suggestion.evidence.contributions if c.part is Part.ENCODER]
    assert len(told) == 1
    assert 0 < told[0].value <= matcher.config.weights.of(Part.ENCODER)
    assert sum(c.value for c in suggestion.evidence.contributions) == pytest.approx(suggestion.score)
    again = EncodedTexts(tmp_path / "encoded").vectors(Forbidden(learned.encoder.name), TEXTS)
    assert again.shape == (4, 16)


class Forbidden:
    """An encoder of that name that must not be asked."""

    def __init__(self, name):
        self.name = name

    def encode_passages(self, texts):
        raise AssertionError(texts)
