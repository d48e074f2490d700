"""Word vectors that others made, brought to our words."""

import gzip
import io
import json
import zipfile
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vectors import foreign as foreign_vectors
from models.vectors.foreign import BrokenVectors, form_of, from_ginza_wheel, from_word2vec_text, is_wheel, murmur_hash


def written(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# the text format of word2vec


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("header", ["", "5 2\n"])
def test_keys_become_our_forms_and_the_first_wins(tmp_path, packed, header):
    text = f"{header}ひきこもり 3 4\nの 1 1\n猫 0 2\n引きこもり 1 0\n子育て支援 1 0\n"
    content = gzip.compress(text.encode()) if packed else text.encode()
    vectors = from_word2vec_text(written(tmp_path / "w.vec", content), 100)
    assert dict(vectors.rows) == {"引き籠もり": 0, "猫": 1}
    assert vectors.matrix.tolist() == [pytest.approx([0.6, 0.8]), [0, 1]]
    assert vectors.name == "w"


def test_tiny_and_huge_numbers_make_rows_of_length_one_too(tmp_path):
    path = written(tmp_path / "w.vec", "猫 3e-30 4e-30\n犬 3e30 4e30\n")
    assert from_word2vec_text(path, 100).matrix.tolist() == [pytest.approx([0.6, 0.8])] * 2


@pytest.mark.parametrize("header", ["", "3 2\n"])
def test_no_more_lines_are_read_than_asked_for(tmp_path, header):
    path = written(tmp_path / "w.vec", f"{header}猫 1 0\n犬 0 1\n鳥 x\n")
    assert list(from_word2vec_text(path, 2).rows) == ["猫", "犬"]


def test_a_key_must_be_one_whole_word():
    assert [form_of(key) for key in ["ひきこもり", "猫の", "の", "子育て支援", "", "増える"]] == [
        "引き籠もり",
        *[""] * 5,
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("2 2\n猫 1 0\n犬 1\n", "「w.vec」の3行目の数は1個です。どの行も2個にしてください。"),
        ("猫 1\n", "「w.vec」の1行目の数は1個です。どの行も2個に"),
        ("猫" + " 1" * 1041, "「w.vec」のベクトルは1,041次元です。1,040次元までのもの"),
        ("猫 1 あ\n", "「w.vec」の1行目に、数でないものがあります"),
        ("猫の世話をする人がいない。\n", "「w.vec」は、word2vecのテキスト形式ではありません。1行に1語ずつ、「猫 0.12"),
        ("3 2\n猫の 世話を\n", "「w.vec」は、word2vecのテキスト形式ではありません。"),
        ("猫 1 nan\n", "「w.vec」の1行目に、有限でない数があります"),
        ("猫 1 1e99\n", "「w.vec」の1行目に"),
        ("の 1 0\n", "使える語が1つもありません"),
        ("", "使える語が1つもありません"),
        ("猫 0 -0.0\n", "使える語が1つもありません"),
        ("猫 1 0\n".encode() + b"\xff 1 0\n", "「w.vec」の2行目はUTF-8の文字として読めません"),
        (gzip.compress("猫 1 0\n".encode())[:-3], "「w.vec」は圧縮が壊れているため"),
    ],
)
def test_a_broken_line_is_told_by_its_number(tmp_path, content, said):
    with pytest.raises(BrokenVectors) as failure:
        from_word2vec_text(written(tmp_path / "w.vec", content), 100)
    assert said in str(failure.value)


@given(content=st.binary(max_size=100) | st.text("猫犬 019.e-\n", max_size=60).map(str.encode))
def test_any_bytes_are_vectors_or_a_sentence(tmp_path_factory, content):
    path = written(tmp_path_factory.mktemp("bytes") / "w.vec", content)
    with suppress(BrokenVectors):
        assert np.linalg.norm(from_word2vec_text(path, 100).matrix, axis=1) == pytest.approx(1, abs=1e-5)


# the wheel of ja-ginza


def packed_map(pairs):
    """MessagePack: a map of 32-bit length, keys of 64 bits, values as short as they go."""
    entries = b"".join(b"\xcf" + key.to_bytes(8, "big") + packed_number(value) for key, value in pairs)
    return b"\xdf" + len(pairs).to_bytes(4, "big") + entries


def packed_number(value):
    if value < 128:
        return bytes([value])
    code, width = next((code, width) for code, width in [(0xCC, 1), (0xCD, 2), (0xCE, 4)] if value < 256**width)
    return bytes([code]) + value.to_bytes(width, "big")


def npy(matrix):
    file = io.BytesIO()
    np.save(file, matrix)
    return file.getvalue()


def wheel(path, **changed):
    keys = [("の", 0), ("ひきこもり", 1), ("猫", 299), ("ニャンコ", 299), ("引き籠もり", 2), ("犬", 70_000)]
    matrix = np.random.default_rng(1).normal(size=(300, 4)).astype("<f4")
    members = {
        "vectors": npy(matrix),
        "key2row": packed_map([*((murmur_hash(key.encode()), row) for key, row in keys), (12345, 3)]),
        "strings.json": json.dumps([key for key, _ in keys]),
        **changed,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            if content is not None:
                file.writestr(f"ja_ginza/ja_ginza-5.3.0/vocab/{name}", content)
    return path


# "coffee" and "apple" as spaCy's documentation gives them, the others as the keys of the published wheel
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("coffee", 3197928453018144401),
        ("apple", 8566208034543834098),
        ("猫", 12262475268243743508),
        ("子育て", 7937793075456416316),
        ("引き籠もり", 4571982292036795378),
    ],
)
def test_strings_are_hashed_as_spacy_does(text, value):
    assert murmur_hash(text.encode()) == value


def test_a_wheel_gives_rows_that_keys_share(tmp_path):
    path = wheel(tmp_path / "ja_ginza-5.3.0-py3-none-any.whl")
    vectors = from_ginza_wheel(path)
    assert is_wheel(path)
    assert vectors.rows["引き籠もり"] == 1  # the first of the two keys of this form
    assert vectors.rows["猫"] == vectors.rows[form_of("ニャンコ")] == 299
    assert "犬" not in vectors.rows  # leads to no row
    assert vectors.matrix.shape == (300, 4)
    assert np.linalg.norm(vectors.matrix, axis=1) == pytest.approx(1)
    assert vectors.name == "ja_ginza"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"vectors": None}, "vocab/vectors がありません"),
        ({"key2row": None}, "vocab/key2row がありません"),
        ({"vectors": npy(np.array([{}], dtype=object))}, "vocab/vectors を、数の表として読めません"),
        ({"vectors": npy(np.ones((2, 2)))}, "vocab/vectors を、数の表として読めません"),
        ({"vectors": npy(np.ones((300, 4), "<f4"))[:-1]}, "vocab/vectors を、数の表として読めません"),
        ({"vectors": b"\x93NUMPY"}, "vocab/vectors を、数の表として読めません"),
        ({"vectors": npy(np.ones((2, 1041), "<f4"))}, "のベクトルは1,041次元です"),
        ({"vectors": npy(np.full((300, 4), np.nan, "<f4"))}, "有限でない数"),
        ({"key2row": b"\xdf\x7f\xff\xff\xff\x01\x02"}, "vocab/key2row を読めません"),
        ({"key2row": b"\x81\xcf\x00"}, "vocab/key2row を読めません"),
        ({"key2row": b"\x81\x01\xc0"}, "vocab/key2row を読めません"),
        ({"key2row": b""}, "vocab/key2row を読めません"),
        ({"key2row": b"\x80"}, "語とベクトルが結び付きません"),
        ({"strings.json": "["}, "vocab/strings.json を読めません"),
        ({"strings.json": b"\xff"}, "vocab/strings.json を読めません"),
        ({"strings.json": "{}"}, "vocab/strings.json は、語の一覧ではありません"),
        ({"strings.json": '["\\ud800", 3, null]'}, "語とベクトルが結び付きません"),
    ],
)
def test_a_broken_wheel_is_told_by_its_part(tmp_path, changed, said):
    with pytest.raises(BrokenVectors) as failure:
        from_ginza_wheel(wheel(tmp_path / "w.whl", **changed))
    assert said in str(failure.value)


def test_a_part_beyond_its_limit_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setitem(foreign_vectors._MOST_BYTES, "key2row", 10)
    with pytest.raises(BrokenVectors, match="key2row が大きすぎます"):
        from_ginza_wheel(wheel(tmp_path / "w.whl"))


def test_what_is_no_zip_is_a_wheel_by_its_name_alone(tmp_path):
    path = written(tmp_path / "w.whl", "猫 1 0\n")
    assert is_wheel(path)
    with pytest.raises(BrokenVectors, match="wheelとして開けません"):
        from_ginza_wheel(path)
    assert not is_wheel(path.rename(tmp_path / "w.vec"))


def test_a_mutilated_wheel_is_told(tmp_path):
    path = wheel(tmp_path / "w.whl")
    content = bytearray(path.read_bytes())
    content[100:140] = b"\xff" * 40
    with pytest.raises(BrokenVectors, match="wheelとして開けません"):
        from_ginza_wheel(written(path, bytes(content)))
