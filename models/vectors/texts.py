"""Whatever text a city has, as records of texts to learn words from."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from corpus.readers.base import ReadOptions, UnreadableFile
from corpus.readers.formats.delimited import NotText, decode, read_delimited
from corpus.readers.formats.unpacking import unpacked

_OPTIONS = ReadOptions(max_rows=10**9, max_bytes=2 * 10**9)
_JAPANESE = re.compile("[ぁ-ヿ㐀-鿿豈-﫿]")
# Columns that name no topic but an office or a verdict, which many records share whatever they are about, and those
# that name persons: what is learned must hold no one's name.
_LEFT_OUT = re.compile(
    r"(?:^|_)(?:ids?|urls?|uri|source|sheet|phone|tel|fax|e?mail|address|representative|contact"
    r"|ministry|municipality|bureau|department|section|statutory|evaluation)(?:_|$)"
    r"|番号|ＵＲＬ|URL|出典|氏名|代表者|担当者|連絡先|電話|メール|住所|所在地|カナ|フリガナ"
    r"|府省|省庁|自治体|市区?町村|部局|部署|担当課|所管|評価区分",
    re.IGNORECASE,
)
_BLANK_LINES = re.compile(r"\r?\n[^\S\n]*\r?\n\s*")


class BrokenTexts(ValueError):
    """A file that no text can be taken from; the text is a Japanese sentence naming the file and the line."""


def read_records(paths: Iterable[Path]) -> Iterator[tuple[str, ...]]:
    """The texts of each record: a paragraph of a ``.txt``, a row of a ``.csv``, an object of a ``.jsonl``.

    Any of them may be in gzip. Only what holds Japanese characters, and nothing from columns that by their name hold
    numbers, addresses, sources, offices or persons. The entries of a list make one sentence.
    Raises BrokenTexts, OSError.
    """
    for path in paths:
        texts = _reader(path)
        with _in_words(path.name):
            for record in texts(path.name, unpacked(path.name, path.read_bytes(), _OPTIONS)):
                if kept := tuple(text for text in record if _JAPANESE.search(text)):
                    yield kept


def _reader(path: Path) -> Callable[[str, bytes], Iterator[list[str]]]:
    """By the end of the name, ``.gz`` apart. Raises BrokenTexts for any other, OSError for what cannot be opened."""
    texts = _READERS.get(Path(path.name.lower().removesuffix(".gz")).suffix)
    if texts is None:
        path.open("rb").close()  # of what is not there, or is a folder, that is said instead
        raise BrokenTexts(
            f"「{path.name}」は、名前からは読み方が分かりません。名前の終わりを .txt、.csv、.jsonl のどれか"
            "(gzipなら .txt.gz、.csv.gz、.jsonl.gz)にしてください。"
        )
    return texts


@contextmanager
def _in_words(name: str) -> Iterator[None]:
    try:
        yield
    except NotText as error:  # whose own advice is to save it as a workbook, which is not read here
        raise BrokenTexts(
            f"「{name}」は文字のファイルとして読めませんでした。中身が文章かを確かめ、UTF-8で保存し直してください。"
        ) from error
    except UnreadableFile as error:
        raise BrokenTexts(str(error)) from error


def _paragraphs(name: str, content: bytes) -> Iterator[list[str]]:
    yield from ([paragraph] for paragraph in _BLANK_LINES.split(decode(name, content)))


def _rows(name: str, content: bytes) -> Iterator[list[str]]:
    """The first row, too: where it is a heading, its few words do no harm."""
    rows = read_delimited(name, content, _OPTIONS).rows
    left_out = {column for column, heading in enumerate(rows[0]) if _LEFT_OUT.search(heading.strip())}
    yield from ([cell for column, cell in enumerate(row) if column not in left_out] for row in rows)


def _objects(name: str, content: bytes) -> Iterator[list[str]]:
    for number, line in enumerate(decode(name, content).split("\n"), start=1):
        if line.strip():
            values = _object(name, number, line)
            yield [_joined(value) for key, value in values.items() if not _LEFT_OUT.search(key)]


def _object(name: str, number: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BrokenTexts(
            f"「{name}」の{number:,}行目をJSONとして読めません。1行に1つのJSONを書いてください。"
        ) from error
    if not isinstance(value, dict):
        raise BrokenTexts(f"「{name}」の{number:,}行目は {{ と }} で囲まれていません。1行に1つのJSONを書いてください。")
    return value


def _joined(value: Any) -> str:
    """A string, or a list of strings as one sentence: an entry alone is too short to say what its record is about.

    Anything else holds no text to learn from.
    """
    if isinstance(value, list):
        return "、".join(entry for entry in value if isinstance(entry, str))
    return value if isinstance(value, str) else ""


_READERS = {".txt": _paragraphs, ".csv": _rows, ".jsonl": _objects}
