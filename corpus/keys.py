"""What makes two rows the same thing: the key of a record, and the id made from it."""

import hashlib
import re

from corpus import corporate_numbers
from corpus.folding import fold

# An id stands in addresses: of these three, one is the form for a new issue, and browsers take the others for folders.
ID = re.compile(r"(?!(?:new|\.|\.\.)\Z)[A-Za-z0-9_.-]{1,64}")


def joined(*parts: str) -> str:
    """The parts, folded, with | between them; a part that holds one itself is not told apart."""
    return "|".join(fold(part) for part in parts)


def organisation_key(name: str, place: str, corporate_number: str = "") -> str:
    """``cn:`` and the 法人番号 where its check digit is right, else ``na:`` with name and place (address, or area)."""
    if corporate_number and corporate_numbers.is_valid(corporate_number):
        return "cn:" + corporate_numbers.normalise(corporate_number)
    return "na:" + joined(name, place)


def given_key(identifier: str) -> str:
    """The key of a record that came with its own id."""
    return "id:" + identifier


def record_id(prefix: str, key: str) -> str:
    """The id people use: the one given, or ``prefix`` ("i-", "o-", "c-") and 12 hex digits of the key's SHA-256."""
    if key.startswith("id:"):
        return key.removeprefix("id:")
    return prefix + hashlib.sha256(key.encode()).hexdigest()[:12]
