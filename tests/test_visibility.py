"""Whether there is something that a viewer may not see changes not one bit of what the viewer sees."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from test_matching import CAT, LEARNED, OKAYAMA

from matcher.bridges import Partner, bridges_for
from matcher.matching import Matcher
from matcher.records import Area, Bridge, Document, Query

QUERY = Query("q", CAT.text, frozenset({7, 1}), (OKAYAMA,))
OFFER = replace(QUERY, offers=True)
TEXTS = st.text(st.sampled_from("猫の世話見守り高齢者支援カフェ捕獲飼い主地域。\n"), max_size=14)
AREAS = st.sampled_from([(), (OKAYAMA,), (Area("岡山県", "倉敷市"), Area()), (Area("北海道"),)])
FIELDS = st.frozensets(st.sampled_from([1, 3, 7]), max_size=2)
ABOUT = st.tuples(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3), AREAS, FIELDS)


def documents(owner, about, public=True):
    texts, areas, fields = about
    return [
        Document(f"{owner}#{n}", owner, title, body=body, areas=areas, fields=fields, public=public)
        for n, (title, body) in enumerate(texts)
    ]


def collections(owners):
    return st.dictionaries(st.sampled_from(owners), ABOUT, max_size=6)


def made_in_steps(shown, hidden, background):
    """The hidden first, so that their words are numbered first."""
    first = [d for owner, about in hidden.items() for d in documents(owner, about)]
    second = {owner: documents(owner, about, public=False) for owner, about in hidden.items()}
    matcher = Matcher.fit(first, learned=LEARNED, background=background).updated(second)
    return matcher.updated({owner: documents(owner, about) for owner, about in shown.items()})


@settings(max_examples=80)
@given(collections("bdfh"), collections("acegi"), collections("xyz"))
def test_what_is_hidden_changes_nothing_that_is_shown(shown, hidden, elsewhere):
    background = Matcher.fit([d for o, about in elsewhere.items() for d in documents(o, about)], learned=LEARNED)
    alone = [d for owner, about in shown.items() for d in documents(owner, about)]
    behind = [d for owner, about in hidden.items() for d in documents(owner, about, public=False)]
    seen = Matcher.fit(alone, learned=LEARNED, background=background.statistics)
    whole = Matcher.fit([*behind, *alone], learned=LEARNED, background=background.statistics)
    again = Matcher.from_state(whole.state(), whole.config, LEARNED, background.statistics)
    beside = Matcher.fit([*alone, *behind], learned=LEARNED).beside(background.statistics)
    bridges = [Bridge(f"c{n}", "事例", owner, "会", 0.9, "", "") for n, owner in enumerate("bdac")]
    partners = {owner: [Partner("b", "会")] for owner in "abcdefghi"}
    for matcher in (whole, again, beside, made_in_steps(shown, hidden, background.statistics)):
        here = np.array([owner in shown for owner in matcher.owners], dtype=bool)
        assert matcher.statistics == seen.statistics
        for query in (QUERY, OFFER):
            assert matcher.scores(query)[here].tolist() == seen.scores(query).tolist()
            assert matcher.rank(query, among=here) == seen.rank(query)
        here_too = matcher.rank(QUERY, bridges=bridges, among=here)
        assert here_too == seen.rank(QUERY, bridges=bridges)
        assert bridges_for(QUERY, matcher, lambda _: partners, among=here) == bridges_for(
            QUERY, seen, lambda _: partners
        )
        assert matcher.rank(QUERY, bridges=bridges) == whole.rank(QUERY, bridges=bridges)


def test_who_may_see_what_is_not_public_finds_it_by_its_own_words():
    rare = Document("d", "hidden", body="宇宙ロケット", public=False)
    matcher = Matcher.fit([rare, *documents("shown", ([("猫の会", "猫の世話")], (), frozenset()))])
    found = matcher.rank(Query("q", "宇宙ロケットの打ち上げ"))
    assert [suggestion.owner for suggestion in found.suggestions] == ["hidden"]
    assert found.good_match
    assert matcher.rank(Query("q", "宇宙ロケットの打ち上げ"), among=np.array([False, True])).suggestions == ()


def test_a_noun_that_only_hidden_texts_have_is_as_missing_as_one_that_nobody_has():
    shown = [Document("a", "a", body="猫の世話"), Document("b", "b", body="手術の費用")]
    hidden = Document("c", "c", body="不妊の猫", public=False)
    asked = Query("q", "猫の不妊手術の費用")
    first, *_ = Matcher.fit([*shown, hidden]).rank(asked, among=np.array([True, True, False])).suggestions
    assert first.evidence == Matcher.fit(shown).rank(asked).suggestions[0].evidence


def test_weights_go_on_beside_the_background():
    organisations = Matcher.fit(documents("o", ([("猫の会", "猫の世話と捕獲")], (), frozenset())), learned=LEARNED)
    issues = documents("i", ([("猫", "猫の捕獲と高齢者の見守り")], (), frozenset()))
    fresh = Matcher.fit(issues, learned=LEARNED, background=organisations.statistics)
    assert fresh.rank(QUERY) != Matcher.fit(issues, learned=LEARNED).rank(QUERY)
    weights = fresh.config.weighing(words=0.3).weights
    assert fresh.weighed(weights).beside({}).rank(QUERY) == Matcher.fit(issues, learned=LEARNED).weighed(weights).rank(
        QUERY
    )
    assert fresh.weighed(weights).updated({}).rank(QUERY) == fresh.weighed(weights).rank(QUERY)
