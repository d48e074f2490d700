"""What needs no model: which folders are refused, what is kept of encoded texts, and what the extra is made of."""

import json
import logging
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.cli import app
from api.commands.terminal import FAILED, guarded
from models.encoding import encoded
from models.encoding.cost import texts_of
from models.encoding.encoded import EncodedTexts
from models.encoding.encoder import BrokenEncoder, SentenceEncoder

ROOT = Path(__file__).parents[1]


class Letters:
    """A real, if simple, encoder: how often each of four letters occurs. It remembers what it was asked."""

    def __init__(self, name="letters"):
        self.name = name
        self.asked = []

    def encode_passages(self, texts):
        self.asked.append(list(texts))
        counts = [[1 + text.count(letter) for letter in "あいうえ"] for text in texts]
        rows = np.array(counts, dtype=np.float32).reshape(-1, 4)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def model(tmp_path):
    """A folder with the names of a model's files; what is in them is no model."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("config.json", "model.safetensors"):
        (folder / name).write_text("{}", "utf-8")
    return folder


def test_importing_the_encoder_starts_no_heavy_library():
    heavy = "{'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"
    ours = ", ".join(f"models.encoding.{name}" for name in ("encoder", "encoded", "cost"))
    command = f"import sys, {ours}, api.cli; sys.exit(bool({heavy}))"
    assert subprocess.run([sys.executable, "-c", command], cwd=ROOT, check=False).returncode == 0


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BrokenEncoder, match=r"なし」が見つかりません。モデルの入ったフォルダーの場所を"):
        SentenceEncoder.open(tmp_path / "なし")


def test_a_file_is_no_folder(model):
    with pytest.raises(BrokenEncoder, match="見つかりません"):
        SentenceEncoder.open(model / "config.json")


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors"])
def test_a_folder_without_settings_or_weights_is_no_encoder(model, missing):
    (model / missing).unlink()
    with pytest.raises(BrokenEncoder, match="文エンコーダーのフォルダーではありません"):
        SentenceEncoder.open(model)


@pytest.mark.parametrize(
    "place", ["pytorch_model.bin", "2_Dense/pytorch_model.bin", "pytorch_model-00001-of-00002.bin"]
)
def test_pickled_weights_alone_are_refused_by_name(model, place):
    (model / "model.safetensors").rename(model / "other.safetensors")
    (model / place).parent.mkdir(exist_ok=True)
    (model / place).write_bytes(b"")
    with pytest.raises(BrokenEncoder) as refused:
        SentenceEncoder.open(model)
    assert f"({place})" in str(refused.value)
    assert "safetensors形式" in str(refused.value)


def test_code_in_the_folder_is_refused(model):
    (model / "modeling.py").write_text("raise SystemExit", "utf-8")
    with pytest.raises(BrokenEncoder, match=r"プログラム\(modeling\.py\)"):
        SentenceEncoder.open(model)


def test_parts_from_elsewhere_are_refused(model):
    (model / "modules.json").write_text(json.dumps([{"type": "subprocess.Popen"}]), "utf-8")
    with pytest.raises(BrokenEncoder, match=r"使えない部品「subprocess\.Popen」"):
        SentenceEncoder.open(model)


@pytest.mark.parametrize("content", ["{", "[1]", "[{}]", "3"])
def test_a_broken_list_of_parts_is_a_sentence(model, content):
    (model / "modules.json").write_text(content, "utf-8")
    with pytest.raises(BrokenEncoder, match=r"modules\.json を読み込めません"):
        SentenceEncoder.open(model)


def test_without_the_extra_the_sentence_says_what_to_install(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(BrokenEncoder, match=r"追加の部品.*requirements-embed\.lock"):
        SentenceEncoder.open(model)


def test_the_command_fails_with_the_same_sentence(tmp_path, capsys):
    arguments = ["models", "encode-cost", str(tmp_path / "なし")]
    assert CliRunner().invoke(app, arguments).exit_code != 0
    assert guarded(lambda: app(arguments, standalone_mode=False), as_json=False) == FAILED
    assert "見つかりません" in capsys.readouterr().err


def test_costs_are_measured_on_the_lines_of_a_file_or_the_samples(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"id": "1", "name": "会", "purpose": "見守り"}\n', "utf-8")
    assert texts_of(tmp_path / "a.jsonl") == ["会\n見守り"]
    assert len(texts_of(None)) > 50


def test_a_text_is_encoded_once_even_by_another_process_later(tmp_path):
    first = Letters()
    texts = EncodedTexts(tmp_path)
    rows = texts.vectors(first, ["あい", "う", "あい"])
    assert first.asked == [["あい", "う"]]
    np.testing.assert_array_equal(rows[0], rows[2])
    np.testing.assert_allclose(rows[1], np.array([1, 1, 2, 1]) / 7**0.5, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)

    second = Letters()
    np.testing.assert_array_equal(EncodedTexts(tmp_path).vectors(second, ["あい", "う", "あい"]), rows)
    assert second.asked == []
    texts.vectors(first, ["う", "え"])
    assert first.asked == [["あい", "う"], ["え"]]


def test_no_text_gives_no_row(tmp_path):
    assert EncodedTexts(tmp_path).vectors(Letters(), []).shape == (0, 4)
    assert not list(tmp_path.iterdir())


def test_another_encoder_never_meets_the_vectors_of_the_first(tmp_path):
    texts, one, other = EncodedTexts(tmp_path), Letters("one"), Letters("other")
    for encoder in (one, other, one):
        texts.vectors(encoder, ["あ"])
    assert one.asked == other.asked == [["あ"]]


def test_the_disk_holds_no_text(tmp_path):
    EncodedTexts(tmp_path).vectors(Letters(), ["あいうえお会"])
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert "あいうえお会".encode() not in content
    assert "\\u3042" not in content.decode("latin-1")


def test_many_texts_are_kept_part_by_part_and_each_part_is_filled(tmp_path, monkeypatch):
    monkeypatch.setattr(encoded, "_MOST", 3)
    told, encoder, texts = [], Letters(), ["あ" * n for n in range(8)]
    kept = EncodedTexts(tmp_path)
    kept.vectors(encoder, texts[:2], told.append)
    rows = kept.vectors(encoder, texts, told.append)
    assert told == [2, 1, 4, 6]
    assert [len(batch) for batch in encoder.asked] == [2, 1, 3, 2]
    assert sorted(path.name for path in (tmp_path / "letters").iterdir()) == ["000000", "000001", "000002"]
    again = Letters()
    np.testing.assert_array_equal(EncodedTexts(tmp_path).vectors(again, texts), rows)
    assert again.asked == []


@pytest.mark.parametrize("name", ["vectors.npy", "texts.json", "manifest.json"])
def test_a_changed_byte_drops_that_part_alone_and_it_is_made_again(tmp_path, monkeypatch, caplog, name):
    monkeypatch.setattr(encoded, "_MOST", 2)
    texts = ["あ会", "い会", "う会", "え会"]
    before = EncodedTexts(tmp_path).vectors(Letters(), texts)
    path = tmp_path / "letters" / "000000" / name
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)
    encoder = Letters()
    with caplog.at_level(logging.WARNING):
        after = EncodedTexts(tmp_path).vectors(encoder, texts)
    np.testing.assert_array_equal(after, before)
    assert encoder.asked == [["あ会", "い会"]]
    assert "控え(0番)が使えないため" in caplog.text
    assert "あ会" not in caplog.text
    last = Letters()
    EncodedTexts(tmp_path).vectors(last, texts)
    assert last.asked == []


def test_a_part_of_another_layout_is_dropped(tmp_path, monkeypatch, caplog):
    EncodedTexts(tmp_path).vectors(Letters(), ["あ"])
    monkeypatch.setattr(encoded, "_FORM", 3)
    encoder = Letters()
    EncodedTexts(tmp_path).vectors(encoder, ["あ"])
    assert encoder.asked == [["あ"]]


class Choosy(Letters):
    """Fails at every batch that has one of these texts; at all without any."""

    def __init__(self, *refused):
        super().__init__()
        self.refused = refused

    def encode_passages(self, texts):
        rows = super().encode_passages(texts)
        if texts and (not self.refused or set(self.refused) & set(texts)):
            raise BrokenEncoder("読めません。")
        return rows


def test_one_text_that_cannot_be_read_takes_no_other_with_it(tmp_path, caplog):
    texts = ["あ" * n for n in range(1, 41)]
    rows = EncodedTexts(tmp_path).vectors(Choosy(texts[6], texts[30]), texts)
    right = Letters().encode_passages(texts)
    right[[6, 30]] = 0
    np.testing.assert_allclose(rows, right, atol=2e-3)
    assert "文章40件のうち2件を読み込めませんでした" in caplog.text
    later = Letters()
    EncodedTexts(tmp_path).vectors(later, texts)
    assert later.asked == [[texts[6], texts[30]]]


def test_an_encoder_that_fails_at_everything_is_soon_left_alone(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(encoded, "_MOST", 64)
    texts, encoder, told = ["あ" * n for n in range(1, 1001)], Choosy(), []
    rows = EncodedTexts(tmp_path).vectors(encoder, texts, told.append)
    assert rows.shape == (1000, 4)
    assert not rows.any()
    # 20 texts one by one, the 22 parts (64, two of 32, ... of 2) that they came in, and the last, empty one.
    assert [len(asked) for asked in encoder.asked].count(1) == 20
    assert len(encoder.asked) < 50
    assert told == list(range(1, 21))
    assert "文章1000件のうち1000件を読み込めませんでした" in caplog.text


def test_an_encoder_left_alone_is_asked_twice_more_by_the_next_texts_and_no_more(tmp_path):
    kept, dead = EncodedTexts(tmp_path), Choosy()
    kept.vectors(dead, ["あ" * n for n in range(1, 101)])
    dead.asked.clear()
    kept.vectors(dead, ["い" * n for n in range(1, 101)])
    assert [len(asked) for asked in dead.asked].count(1) == 2
    mended = kept.vectors(Choosy("う"), ["う", *("え" * n for n in range(1, 50))])
    assert mended.any(axis=1).tolist() == [False] + [True] * 49


def test_failures_with_a_text_read_in_between_end_nothing(tmp_path):
    texts = ["あ" * n for n in range(1, 101)]
    rows = EncodedTexts(tmp_path).vectors(Choosy(*texts[::2]), texts)
    assert rows.any(axis=1).tolist() == [False, True] * 50


def test_where_nothing_can_be_written_the_vectors_are_still_given(tmp_path, caplog):
    (tmp_path / "letters").write_text("in the way", "utf-8")
    rows = EncodedTexts(tmp_path).vectors(Letters(), ["あ"])
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert "控え(0番)を残せません" in caplog.text


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=6), max_size=20))
def test_rows_stand_in_the_order_of_the_texts(tmp_path_factory, texts):
    encoder = Letters()
    rows = EncodedTexts(tmp_path_factory.mktemp("kept")).vectors(encoder, texts)
    np.testing.assert_allclose(rows, encoder.encode_passages(texts), atol=2e-3)


def pinned(name):
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return {match[1]: line for line in lines if (match := re.match(r"([\w.-]+==[\w.]+)", line))}


def test_the_locked_list_of_the_extra_has_hashes_and_no_address():
    content = (ROOT / "requirements-embed.lock").read_text("utf-8")
    assert "://" not in content
    assert "--index-url" not in content
    blocks = re.split(r"\n(?=\w)", content)
    assert all("==" in block.split()[0] and "--hash=sha256:" in block for block in blocks)


def test_the_locked_list_of_the_extra_is_the_main_list_and_more():
    main, extra = pinned("requirements.lock"), pinned("requirements-embed.lock")
    assert set(main) <= set(extra)
    assert {"sentence-transformers", "transformers", "safetensors"} <= {pin.partition("==")[0] for pin in extra}


def test_nothing_locked_is_for_graphics_cards_and_torch_is_named_alike_everywhere():
    names = {pin.partition("==")[0] for pin in pinned("requirements-embed.lock")}
    assert not {name for name in names if re.match(r"torch$|triton|nvidia|cuda", name)}
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["uv"]
    version = settings["dependency-metadata"][0]["version"]
    assert settings["constraint-dependencies"] == [f"torch=={version}"]
    assert f"TORCH ?= torch=={version}\n" in (ROOT / "Makefile").read_text("utf-8")
