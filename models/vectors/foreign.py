"""Word vectors that others made, brought to our words: the text format of word2vec, and the wheel of ja-ginza.

The wheel is read as a zip of data; nothing of it is run, and neither spaCy nor msgpack is needed for what it holds.
"""

import gzip
import io
import json
import math
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from matcher.dense import MOST_DIMENSIONS, WordVectors, unit_rows
from matcher.text import words

GINZA_LICENCES = (
    "ja-ginza(Megagon Labs Tokyo)、MIT License、https://github.com/megagonlabs/ginza",
    "その中の単語ベクトルはchiVe(ワークスアプリケーションズ)、Apache License 2.0、"
    "https://github.com/WorksApplications/chiVe",
)
_LONGEST_LINE = 1_000_000  # bytes; a file without line ends is no file of vectors
_MOST_BYTES = {"vectors": 1_000_000_000, "key2row": 100_000_000, "strings.json": 300_000_000}
_BLOCK = 8_192  # rows worked on at once where a whole matrix would need several times its memory
_MASK = 2**64 - 1
_MURMUR, _SHIFT = 0xC6A4A7935BD1E995, 47
_SEED = 1  # of spaCy's string store
# First byte of a MessagePack value -> how many bytes of a big-endian number follow.
_MAPS, _NUMBERS = {0xDE: 2, 0xDF: 4}, {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}


class BrokenVectors(ValueError):
    """A file of vectors that cannot be used; the text is a Japanese sentence naming the file and the place."""


def is_wheel(path: Path) -> bool:
    """By content, a zip file; by name, one that is broken and must not be taken for text."""
    return path.suffix.lower() == ".whl" or zipfile.is_zipfile(path)


def from_word2vec_text(path: Path, limit: int, progress: Callable[[int], None] = lambda lines: None) -> WordVectors:
    """At most ``limit`` lines of ``WORD NUMBER NUMBER …`` in UTF-8, the usual word first; gzip and a first line
    ``LINES DIMENSIONS`` are taken too.

    Only keys that are one whole content word for us; of those that share a form the first wins. Raises BrokenVectors
    with the number of the line, OSError. ``progress`` gets the number of each line.
    """
    rows: dict[str, int] = {}
    values = array("f")
    dimensions = 0
    for number, line in islice(_numbered(path), limit):
        key, *written = line.rstrip().split(" ")
        if not (dimensions or any(map(_is_number, written))):
            raise BrokenVectors(
                f"「{path.name}」は、word2vecのテキスト形式ではありません。"
                "1行に1語ずつ、「猫 0.12 -0.34 0.56」のように、語と数(どの行も同じ個数)を空白で区切って書いた"
                "ファイルを指定してください。"
            )
        dimensions = dimensions or max(len(written), 2)
        vector = _vector(path, number, written, dimensions)
        form = form_of(key)
        if form and form not in rows and any(vector):
            rows[form] = len(rows)
            values.extend(vector)
        progress(number)
    if not rows:
        raise BrokenVectors(f"「{path.name}」に、使える語が1つもありません。日本語の単語ベクトルか確かめてください。")
    return WordVectors(_plain(path), rows, _at_length_one(np.frombuffer(values, np.float32).reshape(-1, dimensions)))


def _at_length_one(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Changed in place: each word tells the same, for what its maker meant by lengths is not known here."""
    for start in range(0, len(matrix), _BLOCK):
        matrix[start : start + _BLOCK] = unit_rows(matrix[start : start + _BLOCK])
    return matrix


def form_of(key: str) -> str:
    """The form of a key that is one whole content word, else nothing."""
    found = words(key)
    return found[0].form if len(found) == 1 and found[0].surface == key else ""


def _numbered(path: Path) -> Iterator[tuple[int, str]]:
    """The lines after the first line of two whole numbers, if it is one."""
    for number, raw in enumerate(_raw_lines(path), start=1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise BrokenVectors(
                f"「{path.name}」の{number:,}行目はUTF-8の文字として読めません。UTF-8のファイルか確かめてください。"
            ) from error
        header = number == 1 and len(line.split()) == 2 and all(part.isdecimal() for part in line.split())
        if line.strip() and not header:
            yield number, line


def _raw_lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as start:
        packed = start.read(2) == b"\x1f\x8b"
    opened: Callable[[Path], BinaryIO] = _gzip if packed else lambda path: path.open("rb")
    try:
        with opened(path) as file:
            while line := file.readline(_LONGEST_LINE):
                yield line
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BrokenVectors(f"「{path.name}」は圧縮が壊れているため開けません。もう一度入手してください。") from error


def _gzip(path: Path) -> BinaryIO:
    return gzip.open(path, "rb")  # type: ignore[return-value]  # a GzipFile reads as any binary file does


def _is_number(written: str) -> bool:
    try:
        float(written)
    except ValueError:
        return False
    return True


def _vector(path: Path, number: int, written: list[str], dimensions: int) -> "array[float]":
    try:
        vector = array("f", map(float, written))
    except (ValueError, OverflowError) as error:
        raise BrokenVectors(
            f"「{path.name}」の{number:,}行目に、数でないものがあります。1行に語と数だけを空白で区切って書いてください。"
        ) from error
    if len(vector) != dimensions:
        raise BrokenVectors(
            f"「{path.name}」の{number:,}行目の数は{len(vector)}個です。どの行も{dimensions}個にしてください。"
        )
    _check_dimensions(path, dimensions)
    if not all(map(math.isfinite, vector)):
        raise BrokenVectors(f"「{path.name}」の{number:,}行目に、有限でない数があります。その行を除いてください。")
    return vector


def _check_dimensions(path: Path, dimensions: int) -> None:
    if dimensions > MOST_DIMENSIONS:
        raise BrokenVectors(
            f"「{path.name}」のベクトルは{dimensions:,}次元です。{MOST_DIMENSIONS:,}次元までのものを指定してください。"
        )


def from_ginza_wheel(path: Path) -> WordVectors:
    """The static vectors of a ``ja_ginza-*.whl``: 20,000 rows that half a million keys share.

    Its keys are normalised forms of an older edition of the dictionary; each is taken by its form today. Raises
    BrokenVectors, OSError.
    """
    matrix = _matrix(path, _member(path, "vectors"))
    key_rows = dict(_pairs(path, _member(path, "key2row")))
    strings = {murmur_hash(string.encode("utf-8", "surrogatepass")): string for string in _strings(path)}
    rows: dict[str, int] = {}
    for key, row in key_rows.items():  # in the order of the file: the usual word first
        form = form_of(strings.get(key, ""))
        if form and row < len(matrix) and matrix[row].any():
            rows.setdefault(form, row)
    if not rows:
        raise BrokenVectors(f"「{path.name}」の中の語とベクトルが結び付きません。ja-ginzaのwheelか確かめてください。")
    return WordVectors(_plain(path), rows, _at_length_one(matrix))


def murmur_hash(data: bytes) -> int:
    """MurmurHash64A by Austin Appleby (public domain), seeded as spaCy does."""
    mixed = _SEED ^ (len(data) * _MURMUR & _MASK)
    whole = len(data) // 8 * 8
    for start in range(0, whole, 8):
        block = int.from_bytes(data[start : start + 8], "little") * _MURMUR & _MASK
        mixed = (mixed ^ (block ^ block >> _SHIFT) * _MURMUR & _MASK) * _MURMUR & _MASK
    if rest := data[whole:]:
        mixed = (mixed ^ int.from_bytes(rest, "little")) * _MURMUR & _MASK
    mixed = (mixed ^ mixed >> _SHIFT) * _MURMUR & _MASK
    return mixed ^ mixed >> _SHIFT


def _member(path: Path, name: str) -> bytes:
    """The one member ``…/vocab/NAME``, read no further than its limit, whatever the zip says of its size."""
    try:
        with zipfile.ZipFile(path) as wheel:
            (found,) = [info for info in wheel.infolist() if _is_member(info, name)]
            with wheel.open(found) as file:
                content = file.read(_MOST_BYTES[name] + 1)
    except ValueError as error:
        raise BrokenVectors(
            f"「{path.name}」の中に vocab/{name} がありません。ja-ginzaのwheelか確かめてください。"
        ) from error
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise BrokenVectors(
            f"「{path.name}」は、wheelとして開けません。壊れているか、wheelではありません。もう一度入手してください。"
        ) from error
    if len(content) > _MOST_BYTES[name]:
        raise BrokenVectors(f"「{path.name}」の中の vocab/{name} が大きすぎます。ja-ginzaのwheelか確かめてください。")
    return content


def _is_member(info: zipfile.ZipInfo, name: str) -> bool:
    return info.filename.endswith(f"/vocab/{name}") and info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def _matrix(path: Path, content: bytes) -> NDArray[np.float32]:
    """Of an .npy file: its header is only believed where the bytes that follow bear it out."""
    file = io.BytesIO(content)
    try:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError("another version")
        shape, by_column, kind = np.lib.format.read_array_header_1_0(file)
        if by_column or len(shape) != 2 or kind != np.dtype("<f4"):
            raise ValueError("another layout")
        matrix = np.frombuffer(content, "<f4", offset=file.tell()).reshape(shape).astype(np.float32)
    except (ValueError, EOFError) as error:
        raise BrokenVectors(f"「{path.name}」の中の vocab/vectors を、数の表として読めません。") from error
    _check_dimensions(path, matrix.shape[1])
    if not np.isfinite(matrix).all():
        raise BrokenVectors(f"「{path.name}」の中の vocab/vectors に、有限でない数があります。")
    return matrix


def _pairs(path: Path, content: bytes) -> Iterable[tuple[int, int]]:
    """The entries of a MessagePack map of numbers from 0 to 2**64 - 1, which is all that the file holds."""
    numbers = _numbers(content)
    try:
        return [(next(numbers), next(numbers)) for _ in range(next(numbers))]
    except (StopIteration, ValueError) as error:
        raise BrokenVectors(f"「{path.name}」の中の vocab/key2row を読めません。") from error


def _numbers(content: bytes) -> Iterator[int]:
    """The length of the map, then keys and values in turn."""
    at, first = 0, True
    while at < len(content):
        code = content[at]
        width = (_MAPS if first else _NUMBERS).get(code, 0)
        if first and not width and 0x80 <= code <= 0x8F:
            code &= 0x0F
        elif not width and code > 0x7F:
            raise ValueError(code)
        start, at, first = at + 1, at + 1 + width, False
        if at > len(content):
            raise ValueError("cut off")
        yield int.from_bytes(content[start:at], "big") if width else code


def _strings(path: Path) -> list[str]:
    try:
        strings = json.loads(_member(path, "strings.json"))
    except (ValueError, RecursionError) as error:
        raise BrokenVectors(f"「{path.name}」の中の vocab/strings.json を読めません。") from error
    if not isinstance(strings, list):
        raise BrokenVectors(f"「{path.name}」の中の vocab/strings.json は、語の一覧ではありません。")
    return [string for string in strings if isinstance(string, str)]


def _plain(path: Path) -> str:
    """The file's name up to its first dot or hyphen: what it is called without its version."""
    return path.name.encode("utf-8", "replace").decode().split(".")[0].split("-")[0]
