import pytest

from corpus.names import comparable_name, may_be_one


@pytest.mark.parametrize(
    "written",
    [
        "特定非営利活動法人ねこの手",
        "ＮＰＯ法人　ねこの手",
        "認定NPO法人ねこの手",
        "(特非)ねこの手",
        "ねこの 手",
        "ねこの手(株)",
        "㈱ねこの手",
    ],
)
def test_a_name_is_the_same_with_and_without_its_legal_form(written):
    assert comparable_name(written) == "ねこの手"


@pytest.mark.parametrize("written", ["岡山npoセンター", "新しい株式会社の会", "岡山漁業協同組合"])
def test_what_is_no_legal_form_before_or_after_a_name_stays(written):
    assert comparable_name(written) == written


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("NPO法人ねこの会", "特定非営利活動法人ねこの会", True),
        ("ねこの会", "㈱ねこの会", True),
        ("株式会社ねこの会", "ねこの会(株)", True),
        ("株式会社ねこの会", "NPO法人ねこの会", False),
        ("学校法人聖母会", "社会福祉法人聖母会", False),
    ],
)
def test_two_forms_that_differ_are_two_bodies(one, other, alike):
    assert comparable_name(one) == comparable_name(other)
    assert may_be_one(one, other) == alike


def test_a_name_that_is_only_a_legal_form_stays():
    assert comparable_name("株式会社") == "株式会社"
    assert comparable_name("") == ""
