"""法人番号: the check digit and what counts as a number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.corporate_numbers import check_digit, is_valid, normalise

BASES = st.text("0123456789", min_size=12, max_size=12)


def test_the_number_of_the_tax_agency_is_valid():
    assert is_valid("7000012050002")
    assert check_digit("000012050002") == 7


def test_a_check_digit_computed_by_hand():
    # from the right 2·1 1·2 0·1 9·2 8·1 7·2 6·1 5·2 4·1 3·2 2·1 1·2:
    # 2+2+0+18+8+14+6+10+4+6+2+2 = 74, 74 mod 9 = 2, 9-2 = 7
    assert check_digit("123456789012") == 7


def test_full_width_digits_hyphens_and_words_around_are_accepted():
    assert is_valid("法人番号：７０００-０１２０-５０００２")
    assert normalise(" Ｔ7000012050002 ") == "7000012050002"


@pytest.mark.parametrize("text", ["", "7", "700001205000", "70000120500020", "8000012050002", "法人番号なし"])
def test_anything_but_thirteen_digits_with_the_right_first_one_is_invalid(text):
    assert not is_valid(text)


@pytest.mark.parametrize("base", ["", "12345678901", "1234567890123", "12345678901x", "１２３４５６７８９０１２"])
def test_a_base_that_is_not_twelve_digits_is_refused(base):
    with pytest.raises(ValueError, match="12桁"):
        check_digit(base)


@given(BASES)
def test_exactly_one_first_digit_is_right(base):
    assert [digit for digit in "0123456789" if is_valid(digit + base)] == [str(check_digit(base))]


@given(BASES, st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_noticed_unless_a_nine_became_a_zero(base, place, step):
    old = int(base[place])
    new = (old + step) % 10
    changed = f"{base[:place]}{new}{base[place + 1 :]}"
    assert (check_digit(changed) == check_digit(base)) == ({old, new} == {0, 9})


@given(st.text())
def test_any_text_is_judged_without_an_error(text):
    assert set(normalise(text)) <= set("0123456789")
    assert is_valid(text) in (True, False)
