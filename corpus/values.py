"""What a column may hold: one check of all that is written, and one way to read back what is stored all the same.

Forms, JSON, terminal and files pass the same door; the store refuses what it refuses. A row that something else has
written (an older program, a hand in the database) loses what cannot be read, and costs no page of others.
"""

import sys
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from corpus.activity_fields import FIELDS

MAX_TEXT = 32_767  # what one cell of a workbook holds, so that everything written can also leave as a workbook
MAX_PLACE = 100
MAX_DEPARTMENT = 200
MAX_ID = 64
YEARS = (1800, 2200)  # as far as dates are read, and a little more
LARGEST_NUMBER = 2**31 - 1  # of a whole number in a column
_LIMITS = {"prefecture": MAX_PLACE, "city": MAX_PLACE, "department": MAX_DEPARTMENT, "id": MAX_ID}
_NOT_CHECKED = frozenset({"key", "search"})  # made of the others

_NEEDED = object()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the value of a field; ``message`` is a sentence that does not repeat the value."""

    field: str
    message: str


class Unstorable(ValueError):
    """A record that no column takes. Its text names fields, never values."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"not storable: {', '.join(fault.field for fault in faults)}")
        self.faults = tuple(faults)


class Unreadable(ValueError):
    """A stored row without which nothing can be said: it is left out."""


def is_storable(text: str) -> bool:
    """Whether it consists of whole characters: NUL, or half of one, is taken by no database and no sheet."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def text_fault(text: str, limit: int = MAX_TEXT) -> str:
    """Why ``text`` cannot be taken (longer than ``limit`` characters, no real characters), as a sentence; else ""."""
    if len(text) > limit:
        return f"文章が長すぎます（{len(text):,}文字）。{limit:,}文字までにしてください。"
    if not is_storable(text):
        return "文字として読み取れない部分があります。文字化けしていないか確かめて、入れなおしてください。"
    return ""


def faults(record: Any) -> list[Fault]:
    """What is wrong with a record of ``corpus.records``, or with a draft of one, in the order of its fields."""
    found = []
    for one, kind, limit in _checked(cast(Hashable, type(record))):
        value = getattr(record, one.name)
        if value is one.default or (type(value) is str and len(value) <= limit and is_storable(value)):
            continue  # nearly every value of nearly every record
        if message := _fault_of(one.name, kind, value):
            found.append(Fault(one.name, message))
    return found


@lru_cache(maxsize=32)
def _checked(kind: Hashable) -> list[tuple[Field[Any], Any, int]]:
    """Each field with its type and the most characters of a text in it: -1 where it holds something else."""
    asked = [(one, held) for one, held in _held(kind) if one.name not in _NOT_CHECKED]
    return [(one, held, _LIMITS.get(one.name, MAX_TEXT) if held is str else -1) for one, held in asked]


def _held(kind: Hashable) -> list[tuple[Field[Any], Any]]:
    """The fields of a record with their types, without what is noted beside these."""
    record = cast(type[Any], kind)
    types = get_type_hints(record)
    return [(one, types[one.name]) for one in fields(record)]


def check(record: T, before: T | None = None) -> T:
    """The record itself. Raises Unstorable, but not for what ``before`` has in the same field."""
    wrong = faults(record)
    if before is not None:
        wrong = [one for one in wrong if getattr(record, one.field) != getattr(before, one.field)]
    if wrong:
        raise Unstorable(wrong)
    return record


def _fault_of(name: str, kind: Any, value: Any) -> str:
    if type(value) is not kind and not _fits(kind, value):
        return "選べない値が入っています。選び直してください。"
    if isinstance(value, int) and not isinstance(value, bool):
        return _number_fault(name, value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return _year_fault(value.year)
    if name == "fields":
        return "" if value <= FIELDS.keys() else "活動分野は、1から20までの番号で選んでください。"
    if isinstance(value, tuple) and value and is_dataclass(value[0]):
        return next((fault.message for step in value for fault in faults(step)), "")
    return next(filter(None, (text_fault(text, _LIMITS.get(name, MAX_TEXT)) for text in _texts(value))), "")


def _number_fault(name: str, value: int) -> str:
    if name == "fiscal_year":
        return _year_fault(value)
    return "" if 0 <= value <= LARGEST_NUMBER else f"0から{LARGEST_NUMBER}までの整数にしてください。"


def _year_fault(year: int) -> str:
    first, last = YEARS
    return "" if first <= year <= last else f"年は{first}年から{last}年までにしてください。"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and not isinstance(value, Enum):
        yield value
    elif isinstance(value, tuple):
        yield from (text for entry in value for text in _texts(entry))


def _fits(kind: Any, value: Any) -> bool:
    """Whether it is of the annotated type; bool is no number here."""
    if isinstance(kind, UnionType):
        return any(_fits(one, value) for one in get_args(kind))
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if get_origin(kind) in (frozenset, tuple):
        entry = get_args(kind)[0]
        return isinstance(value, get_origin(kind)) and all(_fits(entry, one) for one in value)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def restored(kind: type[T], row: Mapping[Any, Any]) -> T:
    """A stored row as a record; columns that ``row`` lacks take their defaults.

    What cannot be read takes its default. Raises Unreadable where there is none: then the row is left out of lists.
    """
    found = {}
    for name, restore, optional, otherwise in _plan(cast(Hashable, kind)):
        if name in row:
            stored = row[name]
            if restore is text_of and type(stored) is str:
                found[name] = stored
                continue
            value = restore(stored)
            if value is None and not (optional and stored is None):
                if otherwise is _NEEDED:
                    raise Unreadable(name)
                value = otherwise
            found[name] = value
    return kind(**found)


@lru_cache(maxsize=32)
def _plan(kind: Hashable) -> tuple[tuple[str, Callable[[Any], Any], bool, Any], ...]:
    """Each field with how it is read back, whether it may be None, and what stands for what cannot be read."""
    return tuple(
        (one.name, _reading(one.name, held), _optional(held), _otherwise(one, held)) for one, held in _held(kind)
    )


def _otherwise(one: Field[Any], kind: Any) -> Any:
    """A judgement that cannot be read is not one taken back."""
    if one.default is not MISSING:
        return one.default
    return None if _optional(kind) and one.name != "grade" else _NEEDED


def _reading(name: str, kind: Any) -> Callable[[Any], Any]:
    return _RESTORE.get(name) or _RESTORE.get(kind) or _other(kind)


def _optional(kind: Any) -> bool:
    return isinstance(kind, UnionType) and NoneType in get_args(kind)


def shown_id(row: Mapping[Any, Any]) -> str:
    """The number or id of a row, for a log; "?" where even that cannot be told."""
    found = row.get("id", row.get("event"))
    plain = isinstance(found, (int, str)) and str(found).isascii() and str(found).isprintable()
    return str(found)[:MAX_ID] if plain else "?"


def text_of(value: Any) -> str:
    """A stored text; what no longer is one is shown with signs that stand for lost ones, nothing as ""."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()  # JSON may hold half of a character
    return value.decode(errors="replace") if isinstance(value, bytes) else ""


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and abs(value) <= LARGEST_NUMBER else None


def _year(value: Any) -> int | None:
    found = _whole(value)
    return found if found is not None and not _year_fault(found) else None


def _codes(value: Any) -> frozenset[int]:
    return frozenset(one for one in _entries(value) if type(one) is int and one in FIELDS)


def _entries(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _names(value: Any) -> tuple[str, ...]:
    return tuple(text_of(one) for one in _entries(value) if isinstance(one, str))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and abs(value) <= sys.float_info.max else None


def _member(kind: type[Enum], value: Any) -> Any:
    return next((one for one in kind if one.value == value), None)


def _steps(kind: type[Any], value: Any) -> tuple[Any, ...]:
    blank = {one.name: None for one in fields(kind)}
    told = (one for one in _entries(value) if isinstance(one, dict) and blank.keys() & one)
    return tuple(restored(kind, blank | _cleaned(one)) for one in told)


def _cleaned(entry: Mapping[Any, Any]) -> dict[Any, Any]:
    return {name: text_of(value) if isinstance(value, str) else value for name, value in entry.items()}


def _same(kind: type[Any], value: Any) -> Any:
    return value if isinstance(value, kind) else None


_RESTORE: dict[Any, Callable[[Any], Any]] = {
    "version": lambda value: value if (found := _whole(value)) is not None and found >= 0 else None,
    "fiscal_year": _year,
    "fields": _codes,
    str: text_of,
    bool: lambda value: value if isinstance(value, bool) else None,
    int: _whole,
    int | None: _whole,
    float | None: _number,
    tuple[str, ...]: _names,
    tuple[dict[str, Any], ...]: lambda value: tuple(one for one in _entries(value) if isinstance(one, dict)),
}


def _other(kind: Any) -> Callable[[Any], Any]:
    """Of days, moments, choices and lists of records."""
    plain: Any = next((one for one in get_args(kind) if one is not NoneType), kind) if _optional(kind) else kind
    if get_origin(plain) is tuple:
        return lambda value: _steps(get_args(plain)[0], value)
    if issubclass(plain, Enum):
        return lambda value: _member(plain, value)
    if plain is date:
        return lambda value: value if isinstance(value, date) and not _year_fault(value.year) else None
    return lambda value: _same(plain, value)
