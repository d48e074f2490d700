"""Text to terms with their surface: words by Sudachi, and characters of kanji and katakana runs.

The only file that imports sudachipy. Terms are compared by their ``form`` and shown by their ``surface``.
"""

import re
import threading
import unicodedata
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from itertools import count, takewhile

from sudachipy import Dictionary, Morpheme, SplitMode, Tokenizer

from matcher.folding import nfkc

# What is learned from words fits only texts that are cut into the same words: raise the last number when ``words``
# gives others for some text.
_WORDS_EDITION = 3
DICTIONARY_EDITION = (
    f"sudachipy {version('sudachipy')}, sudachidict-core {version('sudachidict-core')}, words {_WORDS_EDITION}"
)

# Sudachi refuses 49,150 bytes, and 65,536 after its own folding, where one character may become 33 bytes (U+FDFA).
_PIECE = 1_500
_CUTS = "\n。、 　"
_DROPPED_CLASSES = frozenset({"助詞", "助動詞", "補助記号", "空白", "記号", "接続詞", "感動詞", "連体詞"})
_DROPPED_DETAILS = frozenset({"非自立可能"})
_NUMERAL = "数詞"
_DIGIT = re.compile("[0-9０-９]")  # 三 has the form 3 too, but is mostly a part of other words
# Words that any issue and any profile may use, in normalised form: they say how, never what.
_GENERIC = frozenset(
    """
    誰 何 何れ 此れ 其れ どこ そこ ここ こと よう よる 為 物 事 等 時 様 程度 場合 状況 必要 課題 現状 業務 事業
    体制 実施 対応 推進 促進 取り組み 組む 増える 減る 多い 少ない 足りる 関する 対する 基づく 通じる 伴う 含む
    加える 行う 図る 進める 進む 求める 続く 続ける 向ける 思う
    """.split()  # noqa: SIM905  # a list of words reads best as words
)
# Of mail and pages: the pieces of an address are no nouns.
# What stands before the @ is read from its first sign on: from each of its signs, a run would take its square.
_ADDRESS = re.compile(
    r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)+|(?:https?://|www\.)[!-~]+", re.ASCII | re.IGNORECASE
)
_NO_TOPIC = frozenset({"数詞", "助数詞可能", "副詞可能", "助動詞語幹"})
_SENTENCE = re.compile(r"[^。！？!?\n]*[。！？!?]+[」』）)]*|[^。！？!?\n]+")
_RUN = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U000323af々〆ヶ]+|[ァ-ヴーヽヾ]+")
_HALF_WIDTH_MARKS = "ﾞﾟ"


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a text: ``text[start:end]`` is its surface as written."""

    form: str
    surface: str
    start: int
    end: int


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a text start and end: cut after 。！？ and at line ends, blanks around them left out."""
    spans = []
    for match in _SENTENCE.finditer(text):
        written = match.group()
        if written.strip():
            start = match.start() + len(written) - len(written.lstrip())
            spans.append((start, start + len(written.strip())))
    return spans


def has_digit(form: str) -> bool:
    """Whether a number is written in it in digits."""
    return _DIGIT.search(form) is not None


def word_forms(text: str) -> list[str]:
    """The forms of ``words``, for counting."""
    return [form for _, _, form in _topical_morphemes(text)]


def all_word_forms(text: str) -> list[str]:
    """What the usual filter of word classes keeps: the forms of ``words`` with the generic words, without numbers."""
    numerals = _classes_with(_NUMERAL)
    return [m.normalized_form() for _, m in _content_morphemes(text) if m.part_of_speech_id() not in numerals]


def words(text: str) -> list[Term]:
    """Content words by Sudachi in mode A, compared by normalised form (ひきこもり = 引きこもり).

    Left out: particles, auxiliaries, symbols, conjunctions, interjections, adnominals, dependent words, numbers not
    in digits (in them: 8050問題, 75歳), and some fifty words that any text may use (誰, 増える, 必要, 取り組み).
    """
    found = []
    for offset, morpheme, form in _topical_morphemes(text):
        start, end = offset + morpheme.begin(), offset + morpheme.end()
        found.append(Term(form, text[start:end], start, end))
    return found


def _topical_morphemes(text: str) -> Iterator[tuple[int, Morpheme, str]]:
    """Morphemes that may say what a text is about, with the start of their piece and their forms."""
    numerals = _classes_with(_NUMERAL)
    for offset, morpheme in _content_morphemes(text):
        form = morpheme.normalized_form()
        if form not in _GENERIC and (morpheme.part_of_speech_id() not in numerals or has_digit(morpheme.surface())):
            yield offset, morpheme, form


@dataclass(frozen=True, slots=True)
class Compound:
    """A whole noun as people read it (不登校, 中国語), and the forms of the words it is made of."""

    surface: str
    forms: tuple[str, ...]


def compounds(text: str) -> list[Compound]:
    """The nouns of a text in Sudachi's mode C, in the order they are written.

    Left out: numerals and counters, nouns of time, generic words, addresses of mail and pages.
    """
    nouns = []
    for _, piece in _pieces(_ADDRESS.sub("。", text)):
        for morpheme in _tokenizer().tokenize(piece, SplitMode.C):
            word_class = morpheme.part_of_speech()
            if word_class[0] == "名詞" and _NO_TOPIC.isdisjoint(word_class) and len(morpheme.surface()) > 1:
                # An unsplittable word gives an empty list, and asking for itself instead breaks its offsets in 0.7.0.
                parts = morpheme.split(SplitMode.A) or [morpheme]
                nouns.append(Compound(morpheme.surface(), tuple(part.normalized_form() for part in parts)))
    return [noun for noun in nouns if not _GENERIC.issuperset(noun.forms)]


def character_forms(text: str) -> list[str]:
    """The forms of ``characters``, for counting."""
    return [form for form, _, _ in _character_spans(nfkc(text))]


def characters(text: str, among: Container[str] | None = None) -> list[Term]:
    """Every single character and every pair of neighbours within a run of kanji or of katakana, or those in ``among``.

    Single kanji survive inflections and compounds (障 in 障がい者 and 障害); single katakana mean nothing: left out.
    """
    folded, origins = _fold(text)
    return [
        Term(form, text[origins[start][0] : origins[end - 1][1]], origins[start][0], origins[end - 1][1])
        for form, start, end in _character_spans(folded)
        if among is None or form in among
    ]


def _character_spans(folded: str) -> Iterator[tuple[str, int, int]]:
    for run in _RUN.finditer(folded):
        start, end = run.span()
        if not "ァ" <= folded[start] <= "ヾ":
            yield from ((folded[i], i, i + 1) for i in range(start, end))
        yield from ((folded[i : i + 2], i, i + 2) for i in range(start, end - 1))


def _fold(text: str) -> tuple[str, list[tuple[int, int]]]:
    """NFKC, with the span in ``text`` that each folded character comes from (㈱ gives three of one span)."""
    if unicodedata.is_normalized("NFKC", text):
        return text, [(i, i + 1) for i in range(len(text))]
    folded: list[str] = []
    origins: list[tuple[int, int]] = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and (text[end] in _HALF_WIDTH_MARKS or unicodedata.combining(text[end])):
            end += 1
        piece = nfkc(text[start:end])
        folded.append(piece)
        origins.extend([(start, end)] * len(piece))
        start = end
    return "".join(folded), origins


def _content_morphemes(text: str) -> Iterator[tuple[int, Morpheme]]:
    tokenizer, dropped = _tokenizer(), _dropped_classes()
    for offset, piece in _pieces(text):
        for morpheme in tokenizer.tokenize(piece):
            # A separator of lines or paragraphs (U+2028, U+2029) is a word to Sudachi.
            if morpheme.part_of_speech_id() not in dropped and not morpheme.surface().isspace():
                yield offset, morpheme


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """What Sudachi can take at once, with where it starts; cut after a sentence or a clause where there is one."""
    start = 0
    while start < len(text):
        end = start + _PIECE
        if end < len(text):
            end = max(text.rfind(sign, start, end) for sign in _CUTS) + 1 or end
        yield start, text[start:end]
        start = end


_LOCAL = threading.local()


@lru_cache(maxsize=1)
def _dictionary() -> Dictionary:
    return Dictionary(dict="core")


def _tokenizer() -> Tokenizer:
    """One per thread: a shared one raises 'already in use'."""
    if not hasattr(_LOCAL, "tokenizer"):
        _LOCAL.tokenizer = _dictionary().tokenizer(mode=SplitMode.A)
    tokenizer: Tokenizer = _LOCAL.tokenizer
    return tokenizer


@lru_cache(maxsize=1)
def _dropped_classes() -> frozenset[int]:
    """Numbers of the part-of-speech classes left out; comparing numbers is twice as fast as comparing tuples."""
    return frozenset().union(*map(_classes_with, _DROPPED_CLASSES | _DROPPED_DETAILS))


@lru_cache(maxsize=16)
def _classes_with(name: str) -> frozenset[int]:
    """Numbers of the part-of-speech classes that have ``name`` among their names."""
    classes = takewhile(lambda names: names is not None, map(_dictionary().pos_of, count()))
    return frozenset(number for number, names in enumerate(classes) if name in names)
