"""What word vectors are learned from: texts of many kinds."""

import gzip
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vectors.texts import BrokenTexts, read_records


def written(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "euc_jp", "utf-16"])
def test_paragraphs_of_a_text_file_are_records_in_any_usual_encoding(tmp_path, encoding):
    content = "猫の世話を\n手伝います。\r\n \n\n農地の草刈り。\n\n123\n".encode(encoding)
    assert list(read_records([written(tmp_path / "a.txt", content)])) == [
        ("猫の世話を\n手伝います。",),
        ("農地の草刈り。",),
    ]


def test_rows_of_a_table_are_records_without_numbers_addresses_offices_and_persons(tmp_path):
    table = 'id,団体名,代表者氏名,活動内容,所在地,所管部局,URL\n1,里山の会,山田,"草刈り、\n援農",岡山市,農政課,http://例.jp\n'
    assert list(read_records([written(tmp_path / "a.csv", table.encode("cp932"))])) == [
        ("団体名", "活動内容"),
        ("里山の会", "草刈り、\n援農"),
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_objects_are_records_of_their_japanese_strings(tmp_path, packed):
    record = {
        **{
            "id": "猫1",
            "source_url": "http://例.jp",
            "source": "広報",
            "ministry": "総務省",
            "representative": "山田",
            "title": "猫",
        },
        **{"year": 2024, "offers": ["捕獲", "手術", 3], "note": "abc", "nested": {"text": "犬"}, "empty": None},
    }
    content = f"{json.dumps(record, ensure_ascii=False)}\n\n".encode()
    path = written(tmp_path / ("a.jsonl.gz" if packed else "a.jsonl"), gzip.compress(content) if packed else content)
    assert list(read_records([path])) == [("猫", "捕獲、手術")]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.pdf", "猫", "「a.pdf」は、名前からは読み方が分かりません"),
        ("a.gz", gzip.compress(b"x"), ".txt.gz、.csv.gz、.jsonl.gz)にしてください"),
        ("a", "猫", "「a」は、名前からは読み方が分かりません"),
        ("a.jsonl", '{"a": "猫"}\n{"a": ', "「a.jsonl」の2行目をJSONとして読めません"),
        ("a.jsonl", '["猫"]', "「a.jsonl」の1行目は { と } で囲まれていません"),
        ("a.jsonl", "[" * 100_000, "「a.jsonl」の1行目をJSONとして読めません"),
        ("a.jsonl.gz", gzip.compress(b"x" * 99)[:-9], "「a.jsonl.gz」は圧縮が壊れている"),
        ("a.txt", b"\xe7\x8c\xab\n\x81 \n", "「a.txt」の2行目に、文字として読めない"),
        ("a.txt", b"PK\x03\x04\0\0", "中身が文章かを確かめ、UTF-8で保存し直してください"),
        ("a.csv", b"\x89PNG\0", "中身が文章かを確かめ、UTF-8で保存し直してください"),
        ("a.txt.gz", gzip.compress(b"x\0"), "中身が文章かを確かめ"),
        ("a.csv", "", "「a.csv」には何も書かれていません"),
        ("a.csv", 'a,"b\n猫', "「a.csv」の1行目から、引用符"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path, name, content, said):
    with pytest.raises(BrokenTexts) as failure:
        list(read_records([written(tmp_path / name, content)]))
    assert said in str(failure.value)


@given(content=st.binary(max_size=200), kind=st.sampled_from(["txt", "csv", "jsonl"]))
def test_any_bytes_are_records_or_a_sentence(tmp_path_factory, content, kind):
    path = written(tmp_path_factory.mktemp("bytes") / f"a.{kind}", content)
    with suppress(BrokenTexts):
        assert all(record and all(record) for record in read_records([path]))


def test_a_name_in_capitals_is_read_too(tmp_path):
    assert list(read_records([written(tmp_path / "A.TXT.GZ", gzip.compress("猫".encode()))])) == [("猫",)]
