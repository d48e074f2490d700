import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from matcher.text import character_forms, characters, compounds, sentence_spans, word_forms, words

JAPANESE = st.text(
    st.sampled_from("子育て支援のＮＰＯ㈱ﾌｰﾄﾞﾊﾞﾝｸ、。！\n　①髙﨑㍿ひきこもり引き籠居場所カフェ12㎡ﷺ𠮷が゙"), max_size=60
)


def forms(terms):
    return [term.form for term in terms]


def test_words_are_compared_by_their_normalised_form_and_shown_as_written():
    assert forms(words("ひきこもり")) == forms(words("引きこもり"))
    assert [t.surface for t in words("障がい者の居場所")] == ["障がい", "者", "居", "場所"]


def test_particles_auxiliaries_symbols_and_numerals_not_in_digits_are_left_out():
    assert [t.surface for t in words("三件の町を、８０５０にしています。とても大切です。")] == [
        "件",
        "町",
        "８０５０",
        "とても",
        "大切",
    ]


def test_half_width_kana_and_full_width_letters_are_the_same_words():
    assert word_forms("ﾌｰﾄﾞﾊﾞﾝｸ ＮＰＯ") == word_forms("フードバンク NPO")


def test_compounds_are_whole_nouns_with_the_words_they_are_made_of():
    assert [noun.surface for noun in compounds("不登校の子どもと外国語の相談が年間１８０件増えた。")] == [
        "不登校",
        "子ども",
        "外国語",
        "相談",
    ]
    assert compounds("居場所")[0].forms == tuple(word_forms("居場所"))


def test_characters_are_single_kanji_and_pairs_within_runs():
    assert character_forms("居場所づくり") == ["居", "場", "所", "居場", "場所"]
    assert character_forms("猫カフェ") == ["猫", "カフ", "フェ"]
    assert character_forms("ひらがな abc 12") == []


def test_a_character_that_folds_into_several_keeps_its_surface():
    assert [(t.form, t.surface) for t in characters("㈱")] == [("株", "㈱")]
    assert [(t.form, t.surface) for t in characters("ｶﾞｽ")] == [("ガス", "ｶﾞｽ")]


def test_sentences_end_at_stops_and_line_ends_and_keep_the_closing_bracket():
    text = "困っている。「助けて！」と言う\n  人手がない  \n\n"
    assert [text[a:b] for a, b in sentence_spans(text)] == ["困っている。", "「助けて！」", "と言う", "人手がない"]


def test_the_pieces_of_an_address_are_no_nouns():
    text = "連絡は tanto@city.example.jp か https://www.example.jp/neko へ。猫の世話。"
    assert [noun.surface for noun in compounds(text)] == ["連絡", "世話"]


def test_only_the_characters_asked_for_are_given():
    assert forms(characters("子育て支援", {"支援"})) == ["支援"]


def test_a_text_longer_than_the_tokenizer_takes_is_cut_and_read_whole():
    assert word_forms("㍿" * 30_000).count("株式") == 30_000
    assert word_forms("ﷺ" * 5_000) is not None


@given(JAPANESE)
def test_every_surface_stands_where_the_term_says(text):
    for term in [*words(text), *characters(text)]:
        assert text[term.start : term.end] == term.surface


@given(JAPANESE)
def test_counting_and_showing_see_the_same_terms(text):
    assert word_forms(text) == forms(words(text))
    assert sorted(character_forms(text)) == sorted(forms(characters(text)))


@given(JAPANESE)
def test_width_variants_do_not_change_the_characters(text):
    assert character_forms(text) == character_forms(unicodedata.normalize("NFKC", text))


@given(st.text(max_size=200))
def test_sentences_lose_nothing_but_blanks(text):
    joined = "".join(text[a:b] for a, b in sentence_spans(text))
    assert "".join(joined.split()) == "".join(text.split())


@given(st.text(max_size=200))
def test_no_text_breaks_the_analysis(text):
    assert len(words(text)) == len(word_forms(text))
    assert all(noun.forms for noun in compounds(text))
    assert all(term.form for term in characters(text))


def test_a_separator_of_lines_or_paragraphs_is_no_word():
    assert words("\u2028猫\u2029")[0].surface == "猫"
    assert len(words("\u2028猫\u2029")) == 1


def test_a_long_text_is_cut_where_a_sentence_or_a_clause_ends():
    text = "ああ。" * 498 + "買い物弱者が増えた"
    assert [t.surface for t in words(text)][-2:] == ["買い物", "弱者"]
