from hypothesis import given
from hypothesis import strategies as st

from matcher.context import NEARNESS, AreaTable, FieldMasks, nearest, relation
from matcher.records import Area, AreaRelation, Document

OKAYAMA = Area("岡山県", "岡山市")
KITA = Area("岡山県", "岡山市", "北区")
MINAMI = Area("岡山県", "岡山市", "南区")
KURASHIKI = Area("岡山県", "倉敷市")
HIROSHIMA = Area("広島県", "広島市")
SCHOOL = Area("岡山県", "岡山市", "北区", "岡北中学校区", "御野小学校区")
COUNTRY = Area()

NAMES = st.sampled_from([None, "一", "二"])
AREAS = st.builds(Area, NAMES, NAMES, NAMES, NAMES, NAMES)


def test_the_wider_place_holds_the_narrower_at_every_level():
    chain = [COUNTRY, Area("岡山県"), OKAYAMA, KITA, Area("岡山県", "岡山市", "北区", "岡北中学校区"), SCHOOL]
    for i, wide in enumerate(chain):
        for narrow in chain[i:]:
            assert relation(wide, narrow) is AreaRelation.INSIDE
            assert relation(narrow, wide) is AreaRelation.INSIDE


def test_places_apart_are_told_by_the_narrowest_they_share():
    assert relation(KITA, MINAMI) is AreaRelation.SAME_CITY
    assert relation(KITA, KURASHIKI) is AreaRelation.SAME_PREFECTURE
    assert relation(KITA, HIROSHIMA) is AreaRelation.ELSEWHERE


def test_cities_of_one_name_in_two_prefectures_are_elsewhere():
    assert relation(Area("東京都", "府中市"), Area("広島県", "府中市")) is AreaRelation.ELSEWHERE


def test_the_nearest_of_several_places_counts_and_unknown_is_said_so():
    assert nearest([KITA], [HIROSHIMA, MINAMI]) == (AreaRelation.SAME_CITY, KITA, MINAMI)
    assert nearest([], [KITA]) == (AreaRelation.UNKNOWN, None, KITA)
    assert nearest([KITA], []) == (AreaRelation.UNKNOWN, KITA, None)


def test_unknown_lies_between_the_same_prefecture_and_another_one():
    assert NEARNESS[AreaRelation.SAME_PREFECTURE] > NEARNESS[AreaRelation.UNKNOWN] == 0
    assert NEARNESS[AreaRelation.UNKNOWN] > NEARNESS[AreaRelation.ELSEWHERE]


def test_fields_count_by_the_share_of_those_asked_for():
    documents = [Document("a", "a", fields=frozenset({1, 20})), Document("b", "b")]
    masks = FieldMasks.of(documents)
    assert masks.shares(frozenset({1, 7})).tolist() == [0.5, 0.0]
    assert masks.shares(frozenset()).tolist() == [0.0, 0.0]


@given(AREAS, AREAS)
def test_a_relation_is_the_same_from_both_sides(one, other):
    assert relation(one, other) is relation(other, one)


@given(st.lists(AREAS, max_size=3), st.lists(st.lists(AREAS, max_size=3), max_size=6))
def test_all_documents_at_once_agree_with_one_pair_at_a_time(asked, places):
    documents = [Document(str(i), str(i), areas=tuple(areas)) for i, areas in enumerate(places)]
    expected = [NEARNESS[nearest(asked, document.areas)[0]] for document in documents]
    assert AreaTable(documents).nearness(asked).tolist() == expected
