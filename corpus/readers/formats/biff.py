"""An own pass over an .xls before it is opened: locked or not, its size when laid out, error cells, formulas.

Layout of the container: [MS-CFB]; of the records: [MS-XLS]. Only what is needed is read, and of a container that can be
read in two ways the same stream that calamine opens: else a harmless one could be looked at and another laid out.
"""

import struct
from collections.abc import Iterator
from itertools import islice

from corpus.readers.formats.sheets import MOST_SHEETS, CellFacts, TooManyError

_FREE = 0xFFFFFFFA  # this and above: no sector
_SMALL = 4_096  # bytes; shorter streams lie in the mini stream. The header repeats the number; calamine does not look
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
_BOF, _EOF, _BOUNDSHEET, _FILEPASS = 0x809, 0x0A, 0x85, 0x2F
_FORMULA, _BOOLERR, _MULRK, _DIMENSIONS, _SST = 0x06, 0x205, 0xBD, 0x200, 0xFC
_VALUES = {
    _FORMULA,
    _BOOLERR,
    _MULRK,
    0x203,
    0x204,
    0xFD,
    0x27E,
    0xD6,
}  # the rest: NUMBER, LABEL, LABELSST, RK, RSTRING


class BrokenContainerError(Exception):
    """The file is cut off or its parts point nowhere."""


class Container:
    """A compound file: ``names`` of its streams, and ``read(name)``. Raises ``BrokenContainerError``."""

    def __init__(self, data: bytes) -> None:
        if len(data) < 512:
            raise BrokenContainerError("no header")
        self._data = data
        shift = struct.unpack_from("<H", data, 30)[0]
        if shift not in (9, 12):
            raise BrokenContainerError("sectors of a size that the format does not know")
        self._size = 1 << shift
        mini_start, _, next_difat = struct.unpack_from("<3I", data, 60)
        self._fat = self._table(self._fat_sectors(next_difat))
        directory = self._chain(struct.unpack_from("<I", data, 48)[0])
        self._entries = dict(reversed(list(_entries(directory))))  # the first of a name, in whatever folder it is
        self._mini_fat = _numbers(self._chain(mini_start))
        root = self._entries.get("Root Entry", (_FREE, 0))
        self._mini = self._chain(root[0])
        self.names = frozenset(self._entries)

    def read(self, name: str) -> bytes:
        """The bytes of a stream."""
        start, size = self._entries[name]
        if size >= _SMALL:
            return self._chain(start)[:size]
        sectors = _follow(start, self._mini_fat)
        return b"".join(self._mini[sector * 64 : sector * 64 + 64] for sector in sectors)[:size]

    def _sector(self, number: int) -> bytes:
        return self._data[(number + 1) * self._size : (number + 2) * self._size]

    def _chain(self, start: int) -> bytes:
        return b"".join(self._sector(number) for number in _follow(start, self._fat))

    def _table(self, sectors: Iterator[int]) -> tuple[int, ...]:
        most = len(self._data) // self._size + 1
        return _numbers(b"".join(self._sector(number) for number in islice(sectors, most)))

    def _fat_sectors(self, next_difat: int) -> Iterator[int]:
        yield from (number for number in struct.unpack_from("<109I", self._data, 76) if number < _FREE)
        for _ in range(len(self._data) // self._size):
            numbers = _numbers(self._sector(next_difat)) if next_difat < _FREE else ()
            if not numbers:
                return
            yield from (number for number in numbers[:-1] if number < _FREE)
            next_difat = numbers[-1]


def _numbers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])


def _follow(start: int, table: tuple[int, ...]) -> Iterator[int]:
    """The sectors of a chain, each at most once."""
    for _ in range(len(table)):
        if start >= _FREE:
            return
        if start >= len(table):
            raise BrokenContainerError("a chain leaves the file")
        yield start
        start = table[start]


def _entries(directory: bytes) -> Iterator[tuple[str, tuple[int, int]]]:
    for offset in range(0, len(directory) - 127, 128):
        name = directory[offset : offset + 64].decode("utf-16-le", "replace").partition("\0")[0]
        if name:
            yield name, struct.unpack_from("<II", directory, offset + 116)


def is_locked(book: bytes) -> bool:
    """Whether the records of a book are encrypted; the FILEPASS record stands among the first."""
    return any(kind == _FILEPASS for kind, _ in islice(_records(book, 0), 50))


def scan_book(book: bytes) -> list[CellFacts]:
    """The facts of each sheet, in the order of the book; a stream that is two sheets counts twice. Or TooManyError."""
    offsets = [
        struct.unpack_from("<I", body)[0] for kind, body in _records(book, 0) if kind == _BOUNDSHEET and len(body) >= 4
    ]
    if len(offsets) > MOST_SHEETS:
        raise TooManyError(f"シートが{len(offsets):,}枚")
    facts = {offset: _scan_sheet(book, offset) for offset in dict.fromkeys(offsets)}
    return [facts[offset] for offset in offsets]


def _records(book: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    """The records from an offset to the end of its stream part; charts within a sheet are passed over."""
    depth = 0
    while offset + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, offset)
        body = book[offset + 4 : offset + 4 + length]
        _check_claims(kind, body, len(book))
        depth += (kind & 0xFF == 0x09) - (kind == _EOF)
        if kind == _EOF and depth < 1:
            return
        if depth < 2:
            yield kind, body
        offset += 4 + length


def _check_claims(kind: int, body: bytes, size: int) -> None:
    """The library reserves memory for as many cells and texts as a book claims to have: no more than it can have."""
    if kind == _DIMENSIONS and len(body) in (10, 14):
        top, bottom, left, right = struct.unpack_from("<IIHH" if len(body) == 14 else "<4H", body)
        if not (top <= bottom <= 65_536 and left <= right <= 256):
            raise BrokenContainerError("a sheet claims a size that the format does not allow")
    if kind == _SST and len(body) >= 8 and struct.unpack_from("<I", body, 4)[0] > size:
        raise BrokenContainerError("a book claims to have more texts than bytes")


def _scan_sheet(book: bytes, offset: int) -> CellFacts:
    facts = CellFacts()
    rows = set()
    for kind, body in _records(book, offset):
        facts.size += 4 + len(body)
        if kind not in _VALUES or len(body) < 8:
            continue
        row, first = struct.unpack_from("<HH", body)
        last = struct.unpack_from("<H", body, len(body) - 2)[0] if kind == _MULRK else first
        rows.add(row)
        facts.height, facts.width = max(facts.height, row + 1), max(facts.width, last + 1)
        _note(facts, kind, (row, first), body)
    facts.rows = len(rows)
    return facts


def _note(facts: CellFacts, kind: int, place: tuple[int, int], body: bytes) -> None:
    """The formula itself is stored as tokens: it is shown as "=…". Its result may be an error (type 2)."""
    if kind == _BOOLERR and body[7]:
        facts.texts[place] = _ERRORS.get(body[6], "#N/A")
    if kind != _FORMULA:
        return
    facts.formulas[place] = "=…"
    if len(body) >= 14 and body[12:14] == b"\xff\xff" and body[6] == 2:
        facts.texts[place] = _ERRORS.get(body[8], "#N/A")
