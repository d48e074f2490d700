"""The twenty fields of the NPO law and the ways people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.activity_fields import FIELDS, label, parse_fields


def test_there_are_twenty_fields_with_short_unlike_labels():
    assert list(FIELDS) == list(range(1, 21))
    assert all(field.code == code and 0 < len(field.short) <= 10 for code, field in FIELDS.items())
    assert len({field.name for field in FIELDS.values()} | {field.short for field in FIELDS.values()}) == 40


@pytest.mark.parametrize("code", range(1, 21))
def test_the_words_of_the_law_and_the_label_name_their_field_only(code):
    assert parse_fields(FIELDS[code].name) == {code}
    assert parse_fields(label(code)) == {code}
    assert parse_fields(f"{code} {FIELDS[code].name}") == {code}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("1,3", {1, 3}),
        ("１、３", {1, 3}),
        ("1 3 13", {1, 3, 13}),
        ("①③⑬", {1, 3, 13}),
        ("⑳", {20}),
        ("(1)(3)", {1, 3}),
        ("第1号", {1}),
        ("第１号、第13号", {1, 13}),
        ("第一号・第十三号・第二十号", {1, 13, 20}),
        ("1号/2号", {1, 2}),
        ("13", {13}),
    ],
)
def test_numbers_of_the_list_are_codes(text, codes):
    assert parse_fields(text) == codes


@pytest.mark.parametrize("text", ["", "その他", "0", "21", "135", "令和6年", "平成25年度", "-", "なし"])
def test_what_names_no_field_is_empty(text):
    assert parse_fields(text) == frozenset()


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("子育て", {13}),
        ("福祉、環境", {1, 7}),
        ("まちづくり・防犯", {3, 9}),
        ("保健・医療・福祉／子どもの健全育成", {1, 13}),
        ("防災", {8, 9}),
        ("安全・安心", {9}),
        ("多文化共生", {11}),  # and not 文化
        ("ＩＴ支援", {14}),
        ("NPO支援", {19}),
        ("団体の活動に関する連絡、助言又は援助", {19}),
        ("高齢者福祉\n観光\n農業", {1, 4, 5}),
        ("1.保健、医療又は福祉の増進を図る活動 2.社会教育の推進を図る活動", {1, 2}),
        ("文化・芸術・スポーツ, 男女共同参画", {6, 12}),
        ("学習支援 / 就労支援", {13, 17}),
    ],
)
def test_everyday_words_of_directories_are_understood(text, codes):
    assert parse_fields(text) == codes


def test_a_directory_s_own_numbering_does_not_count_beside_words():
    assert parse_fields("①まちづくり ②環境 3．福祉") == {3, 7, 1}


def test_a_label_of_no_field_is_refused():
    with pytest.raises(KeyError):
        label(21)


@given(st.frozensets(st.sampled_from(range(1, 21))), st.sampled_from(["、", ",", "・", "/", "\n", " ", "，"]))
def test_any_choice_of_fields_survives_being_written_as_codes_or_labels(codes, separator):
    assert parse_fields(separator.join(map(str, sorted(codes)))) == codes
    assert parse_fields(separator.join(label(code) for code in sorted(codes))) == codes
    assert parse_fields(separator.join(FIELDS[code].name for code in sorted(codes))) == codes


@given(st.text())
def test_any_text_gives_codes_of_the_list(text):
    assert parse_fields(text) <= set(FIELDS)
