"""法人番号: thirteen digits, the first of which checks the other twelve (平成26年財務省令第70号)."""

import re

from matcher.folding import nfkc


def normalise(text: str) -> str:
    """The digits of ``text`` in ASCII: full-width digits folded, hyphens, spaces and words dropped."""
    return re.sub(r"[^0-9]", "", nfkc(text))


def check_digit(base12: str) -> int:
    """The digit, 1 to 9, that stands before a 12-digit base.

    It is 9 minus the remainder by 9 of the digits' sum, where from the right every second digit counts twice.
    Exchanging a 0 for a 9 therefore goes unnoticed. Raises ValueError unless given twelve ASCII digits.
    """
    if not re.fullmatch(r"[0-9]{12}", base12):
        raise ValueError("法人番号の基礎番号は12桁の数字です。")
    weighted = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(base12)))
    return 9 - sum(weighted) % 9


def is_valid(text: str) -> bool:
    """Whether ``text`` holds thirteen digits, no more, that begin with their right check digit."""
    digits = normalise(text)
    return len(digits) == 13 and int(digits[0]) == check_digit(digits[1:])
