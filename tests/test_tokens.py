import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matcher.analysis import LanguageResources, joined_text
from matcher.document_index import DocumentIndex
from matcher.records import Document, Part
from matcher.sparse import Bm25
from matcher.text import Term, words
from matcher.tokens import DocumentTokens, token_rows

FORMS = ["猫", "犬", "世話"]
CATS = token_rows([0, 2], [Term("猫", "ねこ", 0, 2), Term("世話", "お世話", 4, 7)])
DOGS = token_rows([1], [Term("犬", "犬", 3, 4)])
NONE = token_rows([], [])


def test_a_word_is_given_back_with_its_form_its_place_and_as_written():
    readings = DocumentTokens.joined([NONE, CATS, DOGS])
    assert readings.terms(0, "", FORMS) == []
    assert readings.terms(1, "ねこへのお世話", FORMS) == [Term("猫", "ねこ", 0, 2), Term("世話", "お世話", 4, 7)]
    assert readings.terms(2, "大きな犬", FORMS) == [Term("犬", "犬", 3, 4)]


def test_documents_are_chosen_from_those_here_and_those_added_in_the_order_named():
    chosen = DocumentTokens.joined([CATS, NONE]).chosen(DocumentTokens.joined([DOGS, NONE]), [2, 1, 0, 3])
    assert chosen.words.tolist() == [[1, 3, 4], [0, 0, 2], [2, 4, 7]]
    assert chosen.starts.tolist() == [0, 1, 1, 3, 3]


def test_none_are_chosen_from_none():
    nothing = DocumentTokens.joined([])
    assert nothing.chosen(nothing, []).starts.tolist() == [0]
    assert nothing.words.shape == (0, 3)
    assert nothing.words.dtype == np.int32


TEXTS = st.text(st.sampled_from("猫ﾈｺねこの世話を子育て引きこもり8050問題㈱。\n 、a"), max_size=30)


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS), min_size=1, max_size=4))
def test_a_document_s_words_are_those_of_its_parts_wherever_they_stand(parts):
    documents = [Document(f"d{number}", f"d{number}", *four) for number, four in enumerate(parts)]
    fitted = DocumentIndex.empty(Bm25()).changed([], documents, (2.0, 0.0, 1.0, 1.0), LanguageResources())
    for row, document in enumerate(documents):
        text = joined_text(document)
        found = fitted.tokens.terms(row, text, fitted.indexes[Part.WORDS].forms)
        assert [(t.form, t.surface) for t in found] == [(t.form, t.surface) for p in document.texts for t in words(p)]
        assert all(text[term.start : term.end] == term.surface for term in found)
