"""What is asked is read once, however many lists are made of it, and no list hears of another."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import models
from matcher import text
from matcher.analysis import AnalysedQuery, LanguageResources
from matcher.bridges import Partner, bridges_for
from matcher.dense import WordVectors
from matcher.matching import Matcher
from matcher.records import Document, Query
from models.fields.classifier import load_field_model, terms_of

LEARNED = LanguageResources(
    vectors=WordVectors("two", {"猫": 0, "世話": 1}, np.array([[3, 0], [1, 1]], dtype=np.float32))
)
ISSUE = Query("i", "飼い主のいない猫が増えている。捕獲して世話をする人がいない。")
OTHERS = ["囲碁の対局", "歌の練習", "川の清掃", "高齢者の見守り", "日本語教室"]


def fitted(*bodies):
    return Matcher.fit([Document(f"d{n}", f"o{n}", body=body) for n, body in enumerate(bodies)], learned=LEARNED)


ORGANISATIONS = fitted("猫の世話をします。", "飼い主のいない猫の捕獲", *OTHERS)
ISSUES = fitted("猫が増えた。", "世話をする人がいない。")
CASES = fitted("飼い主のいない猫を捕獲して世話をした。", *OTHERS)


def partners_of(cases):
    return {case: [Partner("o1", "ねこの会")] for case in cases}


@pytest.fixture
def read(monkeypatch):
    """What Sudachi was given, and in which mode; none is mode A."""
    calls, real = [], text._tokenizer()

    class Counting:
        def tokenize(self, text, *mode):
            calls.append((text, *map(str, mode)))
            return real.tokenize(text, *mode)

    monkeypatch.setattr(text, "_tokenizer", Counting)
    return calls


def test_for_all_lists_of_a_page_the_text_is_read_once_in_each_mode(read):
    fields = load_field_model(Path(models.__file__).parent / "pretrained" / "fields")
    asked = ORGANISATIONS.asked(ISSUE)
    bridges = bridges_for(asked, CASES, partners_of)
    rankings = [ORGANISATIONS.rank(asked, bridges=bridges), ISSUES.rank(asked), CASES.rank(asked)]
    assert bridges
    assert all(ranking.suggestions for ranking in rankings)
    assert fields.of(asked)
    assert fields.proposed(asked).keys() >= fields.likely(asked)
    assert sorted(read) == [(ISSUE.text,), (ISSUE.text, str(text.SplitMode.C))]


def test_no_list_hears_of_another():
    asked = ORGANISATIONS.asked(ISSUE)
    bridges = bridges_for(asked, CASES, partners_of)
    assert bridges == bridges_for(ISSUE, CASES, partners_of)
    assert CASES.rank(asked) == CASES.rank(ISSUE)
    assert ORGANISATIONS.rank(asked, bridges=bridges) == ORGANISATIONS.rank(ISSUE, bridges=bridges)
    assert ORGANISATIONS.rank(asked) == ORGANISATIONS.rank(ISSUE)
    assert ISSUES.features(asked).tolist() == ISSUES.features(ISSUE).tolist()
    assert ISSUES.scores(asked).tolist() == ISSUES.scores(ISSUE).tolist()
    assert ISSUES.best(asked, 1) == ISSUES.best(ISSUE, 1)


def test_what_was_made_ready_with_other_vectors_is_refused():
    other = Matcher.fit([], learned=LanguageResources()).asked(ISSUE)
    for ask in (ISSUES.rank, ISSUES.scores, ISSUES.features, lambda asked: bridges_for(asked, CASES, partners_of)):
        with pytest.raises(ValueError, match="something else"):
            ask(other)
    assert ISSUES.asked(AnalysedQuery.of(ISSUE, LanguageResources(vectors=LEARNED.vectors))).query is ISSUE


@given(st.text(st.sampled_from("猫ﾈｺﾞガ㈱㌔子育てカフェ8050の。\n\u3099か１#a"), max_size=40))
def test_the_fields_of_what_is_asked_are_those_of_its_text(text):
    asked = AnalysedQuery.of(Query("q", text), LanguageResources())
    assert sorted(terms_of(asked)) == sorted(terms_of(text))
