"""No pattern and no function over text takes more than a time that grows with the text: long runs stop nobody."""

import ast
import gc
import importlib
import inspect
import pkgutil
import re
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import combinations
from types import ModuleType
from typing import Any

import pytest

import api
import corpus
import matcher
import models
from api.words.phrases import highlight
from corpus.folding import fold
from corpus.places.addresses import AmbiguousPlace, UnknownPlace
from corpus.places.areas import parse_areas
from matcher.folding import nfkc
from matcher.matching import Matcher
from matcher.records import Document, Query
from models.reader.contacts import masked
from models.reader.wording import fault

_SHORT = 1_024  # signs a pattern is tried on first; four times as many where that took a while
_LONG = 32_767  # signs a text may have
_MOST_GROWTH = 8.0  # a text four times as long may take eight times as long; what is quadratic takes sixteen
_SIGNS = [
    *(
        "1",
        "１",
        "a",
        "Ａ",
        "あ",
        "ア",
        "ｱ",
        "課",
        "市",
        "と",
        "例",
        "、",
        "，",
        "・",
        "。",
        ".",
        ":",
        "/",
        "-",
        "@",
        "=",
    ),
    *(
        "(",
        "（",
        ")",
        "）",
        "「",
        "【",
        "※",
        "#",
        "→",
        " ",
        "\u3000",
        "\t",
        "\n",
        "\u0301",
        "\u3099",
        "ﾞ",
        "\ufdfa",
        "\ufb03",
    ),
    *("中学校区", "地区", "周辺", "令和", "ください", "www."),
]
# What changes its length under NFKC, and marks that must be put in order.
_PAIRS = ["\u0301\u0327", "ﾞ\u0327", "a\u0301", "ア、", "北区と", "あ校区", "困。", "（、", "1.", "a@", "〓・", "㈱①"]
# Of which a telephone number or an address may begin.
_WAYS_TO_REACH = ["0", "0-", "〇の", "a.", "://", "電話", "電話 ", "電話一", "a @", "(at)", "0000000猫"]
_NOT_OVER_TEXT = {
    "corpus.database.connect": "takes the address of a database",
    "corpus.database.file_of": "takes the address of a database",
    "corpus.database.onlooker": "takes the address of a database",
    "corpus.database_health.look": "takes the address of a database",
    "corpus.readers.apart.handover.asked": "takes what the program itself has written",
    "corpus.readers.formats.sheets.column_index": "takes the letters of a column, three at most",
}


@pytest.fixture(autouse=True)
def no_collection_of_garbage() -> Iterator[None]:
    """It looks through everything that other tests have left, in the middle of what is measured."""
    gc.disable()
    yield
    gc.enable()


def _modules() -> Iterator[ModuleType]:
    for package in (matcher, corpus, models, api):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__") and ".migrations" not in found.name:
                yield importlib.import_module(found.name)


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    """Every pattern over text: those that modules keep, and those that are written where they are used."""
    found: dict[str, re.Pattern[str]] = {}
    for module in _modules():
        for value in vars(module).values():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                found.setdefault(f"{value.pattern}|{value.flags}", value)
        for pattern in _written_in(module):
            found.setdefault(f"{pattern.pattern}|{pattern.flags}", pattern)
    return found


def _written_in(module: ModuleType) -> Iterator[re.Pattern[str]]:
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if (
            isinstance(node, ast.Call)
            and re.fullmatch("re[.][a-z]+", called := ast.unparse(node.func))
            and called != "re.escape"
        ):
            written = eval(ast.unparse(node.args[0]), dict(vars(module)))
            if isinstance(written, str):
                yield re.compile(written)


def _functions() -> dict[str, Callable[..., Any]]:
    """Public functions of matcher and corpus that can be called with texts alone."""
    found: dict[str, Callable[..., Any]] = {}
    for module in _modules():
        for name, function in vars(module).items():
            mine = getattr(function, "__module__", "") == module.__name__ and not name.startswith("_")
            if mine and module.__name__.startswith(("matcher.", "corpus.")) and _texts_of(function):
                found[f"{module.__name__}.{name}"] = function
    return found


def _texts_of(function: Any) -> int:
    """How many texts it takes; 0 where it needs something else."""
    if not (inspect.isfunction(function) or hasattr(function, "cache_info")):
        return 0
    parameters = list(inspect.signature(function).parameters.values())
    needed = [one for one in parameters if one.default is one.empty]
    alone = needed and all(one.annotation is str and one.kind is not one.KEYWORD_ONLY for one in needed)
    return sum(one.annotation is str for one in parameters) if alone else 0


def _run(sign: str, length: int) -> str:
    return sign * (length // len(sign))


def _took(work: Callable[[], object]) -> float:
    """Seconds of a processor that this thread has used: what else the machine does, does not count."""
    started = time.thread_time()
    with suppress(ValueError, KeyError, UnknownPlace, AmbiguousPlace):  # a text that names nothing of the kind
        work()
    return time.thread_time() - started


def _grows_too_fast(work: Callable[[str], object], text_of: Callable[[int], str], length: int, floor: float) -> bool:
    """Whether four times the length takes more than eight times as long, five times in a row."""
    text, longer = text_of(length), text_of(4 * length)
    if _took(lambda: work(text)) < floor:
        return False
    for _ in range(5):
        once, four = (min(_took(lambda t=t: work(t)) for _ in range(3)) for t in (text, longer))  # type: ignore[misc]
        if four < 4 * floor or four < _MOST_GROWTH * once:
            return False
    return True


def _over_patterns(pattern: re.Pattern[str]) -> Callable[[str], object]:
    return lambda text: (pattern.fullmatch(text), pattern.match(text), sum(1 for _ in pattern.finditer(text)))


def _texts() -> Iterator[Callable[[int], str]]:
    for sign in [*_SIGNS, *_PAIRS]:
        yield lambda length, sign=sign: _run(sign, length)  # type: ignore[misc]
        yield lambda length, sign=sign: "課 " + _run(sign, length) + " 課"  # type: ignore[misc]
        yield lambda length, sign=sign: f"課.({sign}" + _run(sign, length) + "\n"  # type: ignore[misc]
    for one, other in list(combinations(_SIGNS, 2))[::2]:
        yield lambda length, pair=one + other: _run(pair, length)  # type: ignore[misc]


def test_patterns_take_a_time_that_grows_with_the_text():
    texts = list(_texts())
    slow = {}
    for pattern in _patterns().values():
        over = _over_patterns(pattern)
        worst = next((text_of for text_of in texts if _grows_too_fast(over, text_of, _SHORT, 0.0015)), None)
        if worst:
            slow[pattern.pattern[:60]] = worst(12)

    assert len(_patterns()) > 60
    assert slow == {}


@pytest.mark.parametrize("name", sorted(set(_functions()) - set(_NOT_OVER_TEXT)))
def test_functions_take_a_time_that_grows_with_the_text(name):
    function = _functions()[name]
    over = lambda text: function(*[text] * _texts_of(function))  # noqa: E731
    _took(lambda: over("課題"))  # dictionaries are read once

    slow = [sign for sign in [*_SIGNS, *_PAIRS] if _grows_too_fast(over, lambda n, s=sign: _run(s, n), 2_048, 0.003)]

    assert slow == []


@pytest.mark.parametrize("name", sorted(set(_functions()) - set(_NOT_OVER_TEXT)))
def test_functions_take_the_longest_text_within_seconds(name):
    function = _functions()[name]
    for sign in _PAIRS:
        longest = [_run(sign, _LONG)] * _texts_of(function)
        assert any(_took(lambda given=longest: function(*given)) < 5 for _ in range(3)), sign


@pytest.mark.parametrize(
    ("name", "over"),
    [
        ("masked", masked),
        ("fault", lambda text: fault(text, text)),
        ("places", lambda text: parse_areas(text, "岡山県", "岡山市北区")),
        ("highlight", lambda text: highlight(text, [text[:3], text[:1], text[5:9]])),
    ],
)
def test_what_pages_and_the_reader_do_with_a_text_grows_with_it(name, over):
    signs = [*_SIGNS, *_PAIRS, *_WAYS_TO_REACH]
    slow = [sign for sign in signs if _grows_too_fast(over, lambda n, s=sign: _run(s, n), 4_096, 0.003)]

    assert slow == [], name


def test_a_text_folded_in_pieces_is_folded_as_a_whole():
    for sign in ("ｶﾞ", "か\u3099", "㈱", "\u1100\u1161\u11a8", "e\u0301\u0327", "ﾞ", "１"):
        for before in range(3):
            text = "課" * before + sign * 700
            assert nfkc(text) == unicodedata.normalize("NFKC", text)
    assert fold("Ａ" * 2_000) == "a" * 2_000


@pytest.mark.parametrize("sentence", ["猫を世話。", "困る。", "犬猫鳥魚。", "1", "課", "a@"])
def test_a_reason_is_found_in_a_time_that_grows_with_the_texts(sentence):
    def ranked(text: str) -> None:
        Matcher.fit([Document(id="d", owner="o", title="会", body=text)]).rank(Query("q", text), 1)

    ranked(sentence)
    assert not _grows_too_fast(ranked, lambda length: _run(sentence, length), 2_048, 0.02)
