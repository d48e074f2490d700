"""An own pass over the parts of an .xlsx before it is opened: its size when laid out, error cells, formulas.

The library that reads the values allocates the whole rectangle up to the last cell, whatever the cost, and turns error
cells and formulas without a stored result into empty cells. Both are seen here, in the XML.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from copy import copy
from typing import IO
from xml.etree import ElementTree
from xml.parsers import expat

from corpus.readers.sheets import CellFacts, column_index

_REFERENCE = re.compile(r"([A-Za-z]{1,3})(\d{1,7})")
_CHUNK = 1 << 16


class BrokenWorkbookError(Exception):
    """The parts do not fit together, or try something no office program writes."""


def scan_workbook(archive: zipfile.ZipFile) -> dict[str, CellFacts]:
    """Sheet name -> facts, for each worksheet. Raises ``BrokenWorkbookError``, or what zipfile and expat raise."""
    facts: dict[str, CellFacts] = {}
    books: list[str] = []
    for info in archive.infolist():
        root, found = _scan_part(archive, info)
        facts[info.filename.lower()] = found
        if root == "workbook":
            books.append(info.filename)
    if len(books) != 1:
        raise BrokenWorkbookError(f"{len(books)} workbook parts")
    targets = _sheet_parts(archive, books[0])
    if missing := [part for part in targets.values() if part not in facts]:
        raise BrokenWorkbookError(f"missing parts: {missing}")
    return {name: facts[part] for name, part in targets.items()}


def _sheet_parts(archive: zipfile.ZipFile, book: str) -> dict[str, str]:
    """Sheet name -> part name in small letters, by the relations of the book."""
    folder, file = posixpath.split(book)
    relations = {
        relation.get("Id"): posixpath.normpath(posixpath.join("/", folder, relation.get("Target", "")))[1:].lower()
        for relation in ElementTree.fromstring(archive.read(f"{folder}/_rels/{file}.rels"))  # noqa: S314
    }
    sheets = {}
    for element in ElementTree.fromstring(archive.read(book)).iter():  # noqa: S314
        if element.tag.endswith("}sheet"):
            identifier = next((value for key, value in element.items() if key.endswith("}id")), "")
            sheets[element.get("name", "")] = relations.get(identifier, "")
    return sheets


def _scan_part(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[str, CellFacts]:
    """The name of the root element ("" when the part is no XML) and the facts of its cells."""
    scan = _Scan()
    with archive.open(_one_byte_longer(info)) as part:
        for chunk in _chunks(part, info.file_size):
            if not scan.feed(chunk):
                break
        else:
            scan.close()
    return scan.root, scan.facts


def _one_byte_longer(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """So that a part that holds more than the directory says is noticed instead of being cut."""
    longer = copy(info)
    longer.file_size += 1
    return longer


def _chunks(part: IO[bytes], size: int) -> Iterator[bytes]:
    while chunk := part.read(_CHUNK):
        size -= len(chunk)
        if size < 0:
            raise BrokenWorkbookError("a part is longer than the directory says")
        yield chunk


class _Scan:
    """Expat handlers. A cell counts once it has a value, an inline text or a formula; formats alone do not."""

    def __init__(self) -> None:
        self.root = ""
        self.facts = CellFacts()
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start_root
        self._started = False
        self._row = self._column = -1
        self._counted_row = -1
        self._kind = ""
        self._formula: str | None = None
        self._text: list[str] = []

    def feed(self, chunk: bytes) -> bool:
        """False when the part is no XML at all (a picture, say)."""
        if not self._started and chunk.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1] != b"<":
            return False
        self._started = True
        self._parser.Parse(chunk, False)
        return True

    def close(self) -> None:
        if self._started:
            self._parser.Parse(b"", True)

    def _refuse(self, *_: object) -> None:
        raise BrokenWorkbookError("a part declares a DOCTYPE")

    def _start_root(self, tag: str, _: dict[str, str]) -> None:
        self.root = tag.rpartition(":")[2]
        sheet = self.root == "worksheet"
        self._parser.StartElementHandler = self._start if sheet else None
        self._parser.EndElementHandler = self._end if sheet else None

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "c":
            self._place(attributes.get("r", ""))
            self._kind, self._formula, self._text = attributes.get("t", ""), None, []
        elif tag == "row":
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
            self._column = -1
        elif tag == "f":
            self._count()
            self._collect()
        elif tag in ("v", "is"):
            self._count()
            if self._kind == "e" or self._formula is not None:
                self._collect()

    def _place(self, reference: str) -> None:
        if match := _REFERENCE.fullmatch(reference):
            self._column, self._row = column_index(match[1]), int(match[2]) - 1
        else:
            self._column += 1

    def _count(self) -> None:
        facts = self.facts
        if self._row != self._counted_row:
            facts.rows += 1
            self._counted_row = self._row
            facts.height = max(facts.height, self._row + 1)
        if self._column >= facts.width:
            facts.width = self._column + 1

    def _collect(self) -> None:
        self._text = []
        self._parser.CharacterDataHandler = self._text.append

    def _end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "f":
            self._formula = "=" + ("".join(self._text) or "…")  # a shared formula is written once, at its first cell
            self._collect()
        elif tag == "c":
            self._parser.CharacterDataHandler = None
            if self._formula is not None or self._kind == "e":
                self._note("".join(self._text).strip())

    def _note(self, value: str) -> None:
        """An empty ``v`` is a result only where the cell says it is a text."""
        place = (self._row, self._column)
        if self._formula is not None:
            self.facts.formulas[place] = self._formula
        if self._kind == "e":
            self.facts.texts[place] = value or self._formula or "#N/A"
        elif not value and self._kind != "str" and self._formula is not None:
            self.facts.texts[place] = self._formula
