"""An own pass over the parts of an .xlsx before it is opened: its size when laid out, error cells, formulas.

The library that reads the values allocates the whole rectangle up to the last cell, copies a shared text into every
cell that names it, and turns error cells and formulas without a stored result into empty cells. All are seen here, in
the XML, by the library's own rules: it follows the relations from the package to the book to the sheets whatever their
root elements are called, and reads what stands in the first ``sheetData``.
"""

import re
import zipfile
from array import array
from collections.abc import Iterator
from xml.parsers import expat

from corpus.readers.formats.archives import chunks, members
from corpus.readers.formats.sheets import (
    LAST_COLUMN,
    LAST_ROW,
    MOST_CELLS,
    MOST_SHEETS,
    CellFacts,
    TooManyError,
    column_index,
)

_REFERENCE = re.compile("([A-Za-z]{1,3})([1-9][0-9]{0,6})")
_ROW = re.compile("[1-9][0-9]{0,6}")
_BOOK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"


class BrokenWorkbookError(Exception):
    """The parts do not fit together, or try something no office program writes."""


def scan_workbook(archive: zipfile.ZipFile) -> list[tuple[str, CellFacts]]:
    """Name and facts of each sheet, in the order of the book; a part that is two sheets counts twice.

    Raises ``BrokenWorkbookError``, TooManyError, or what zipfile and expat raise.
    """
    package = _Package(archive)
    folder = package.folder_of_the_book()
    sheets = list(package.sheets(folder))
    if len(sheets) > MOST_SHEETS:
        raise TooManyError(f"シートが{len(sheets):,}枚")
    lengths = package.lengths_of_texts(folder)
    package.check(f"{folder}styles.xml")
    facts = {part: package.facts_of(part, lengths) for part in dict.fromkeys(part for _, part in sheets) if part}
    return [(name, facts.get(part, CellFacts())) for name, part in sheets]


class _Package:
    """The parts by name; those that no reader looks at are never unpacked."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._members = members(archive)

    def folder_of_the_book(self) -> str:
        targets = [each.get("Target", "") for each in self._relations("_rels/.rels") if each.get("Type") == _BOOK]
        if not targets:
            raise BrokenWorkbookError("no workbook")
        return targets[-1].rpartition("/")[0].lstrip("/") + "/" if "/" in targets[-1].lstrip("/") else ""

    def sheets(self, folder: str) -> Iterator[tuple[str, str]]:
        """The name and the part of each sheet; no part for a chart."""
        relations = {each.get("Id"): each for each in self._relations(f"{folder}_rels/workbook.xml.rels")}
        for sheet in self._elements(f"{folder}workbook.xml", "sheet"):
            identifier = next((value for key, value in sheet.items() if key.rpartition(":")[2] == "id"), "")
            relation = relations.get(identifier)
            if relation is None:
                raise BrokenWorkbookError("a sheet without a part")
            target = relation.get("Target", "")
            path = target.removeprefix("/") if target.startswith("/") else folder + target
            yield sheet.get("name", ""), path if relation.get("Type", "").rpartition("/")[2] == "worksheet" else ""

    def _relations(self, part: str) -> list[dict[str, str]]:
        return self._elements(part, "Relationship")

    def _elements(self, part: str, name: str) -> list[dict[str, str]]:
        """The attributes of all elements of a name."""
        found: list[dict[str, str]] = []
        parser = _parser()

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag.rpartition(":")[2] == name:
                found.append(attributes)

        parser.StartElementHandler = start
        self._parse(part, parser)
        return found

    def lengths_of_texts(self, folder: str) -> "array[int]":
        """Of each shared text, in bytes."""
        texts = _Texts()
        if f"{folder}sharedStrings.xml".lower() in self._members:
            size = self._parse(f"{folder}sharedStrings.xml", texts.parser)
            if texts.claimed > size:
                raise BrokenWorkbookError("more texts claimed than bytes")
        return texts.lengths

    def check(self, part: str) -> None:
        """That a part, if it is there, is what its directory says."""
        if part.lower() in self._members:
            self._parse(part, _parser())

    def facts_of(self, part: str, lengths: "array[int]") -> CellFacts:
        cells = _Cells(lengths)
        cells.facts.size = self._parse(part, cells.parser)
        return cells.facts

    def _parse(self, part: str, parser: expat.XMLParserType) -> int:
        """The size of the part in bytes."""
        info = self._members.get(part.lower())
        if info is None:
            raise BrokenWorkbookError("a part is missing")
        for chunk in chunks(self._archive, info):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
        return info.file_size


def _parser() -> expat.XMLParserType:
    """For UTF-8 whatever the part says: the library finds its elements by their bytes too."""
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def _refuse(*_: object) -> None:
    raise BrokenWorkbookError("a part declares a DOCTYPE")


class _Texts:
    """Expat handlers for the shared texts."""

    def __init__(self) -> None:
        self.lengths = array("Q")
        self.claimed = 0
        self.parser = _parser()
        self.parser.StartElementHandler = self._start_root
        self._within = False

    def _start_root(self, tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] != "sst":
            raise BrokenWorkbookError("shared texts of another kind")
        claimed = attributes.get("uniqueCount", "")
        self.claimed = int(claimed[:30]) if claimed.isdecimal() else 0
        self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end

    def _start(self, tag: str, _: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "si":
            if self._within:
                raise BrokenWorkbookError("a text within a text")
            self._within = True
            self.lengths.append(0)
            self.parser.CharacterDataHandler = self._add

    def _add(self, text: str) -> None:
        self.lengths[-1] += len(text.encode())

    def _end(self, tag: str) -> None:
        if tag.rpartition(":")[2] == "si":
            self._within = False
            self.parser.CharacterDataHandler = None


class _Cells:
    """Expat handlers for a sheet. A cell counts once it has a value, an inline text or a formula, not by its format.

    A reference moves the column on, not the row; a row without number follows the end of the one before.
    """

    def __init__(self, lengths: "array[int]") -> None:
        self.facts = CellFacts()
        self.parser = _parser()
        self.parser.StartElementHandler = self._start_data
        self._lengths = lengths
        self._columns: dict[str, int] = {}
        self._next_row = self._next_column = 0
        self._row = self._column = 0
        self._counted_row = -1
        self._cells = 0
        self._kind: str | None = None  # None outside cells
        self._formula: str | None = None
        self._text: list[str] = []

    def _start_data(self, tag: str, _: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "sheetData":
            self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "c":
            self._enter(attributes)
        elif tag == "row":
            self._start_row(attributes)
        elif tag in ("v", "is", "f"):
            self._count()
            if tag == "f":
                self._formula = ""
            if tag == "f" or self._kind in ("e", "s") or self._formula is not None:
                self._collect()

    def _start_row(self, attributes: dict[str, str]) -> None:
        if self._kind is not None:
            raise BrokenWorkbookError("a row within a cell")
        if (number := attributes.get("r")) is not None:
            if not _ROW.fullmatch(number):
                raise BrokenWorkbookError("a row without a place")
            self._next_row = int(number) - 1

    def _enter(self, attributes: dict[str, str]) -> None:
        if self._kind is not None:
            raise BrokenWorkbookError("a cell within a cell")
        self._row, self._column = self._next_row, self._next_column
        if (reference := attributes.get("r")) is not None:
            match = _REFERENCE.fullmatch(reference)
            if match is None:
                raise BrokenWorkbookError("a cell without a place")
            letters = match[1]
            if letters not in self._columns:
                self._columns[letters] = column_index(letters)
            self._row, self._column = int(match[2]) - 1, self._columns[letters]
        self._next_column = self._column + 1
        self._kind, self._formula, self._text = attributes.get("t", ""), None, []

    def _count(self) -> None:
        facts = self.facts
        if self._row > LAST_ROW or self._column > LAST_COLUMN:
            raise BrokenWorkbookError("a cell beyond the edge of every sheet")
        if self._row != self._counted_row:
            facts.rows += 1
            self._counted_row = self._row
            facts.height = max(facts.height, self._row + 1)
        if self._column >= facts.width:
            facts.width = self._column + 1
        self._cells += 1
        if self._cells > 2 * MOST_CELLS:  # a formula and its value count twice
            raise TooManyError(f"値のあるセルが{MOST_CELLS:,}個より多く")

    def _collect(self) -> None:
        self._text = []
        self.parser.CharacterDataHandler = self._text.append

    def _end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "c":
            self._leave()
        elif tag == "f":
            self._formula = "=" + ("".join(self._text) or "…")  # a shared formula is written once, at its first cell
            self._collect()
        elif tag == "row":
            self._next_row, self._next_column = self._next_row + 1, 0
        elif tag == "sheetData":
            self.parser.StartElementHandler = self.parser.EndElementHandler = None

    def _leave(self) -> None:
        self.parser.CharacterDataHandler = None
        if self._kind == "s":
            self._add_length("".join(self._text).strip())
        if self._formula is not None or self._kind == "e":
            self._note("".join(self._text).strip())
        self._kind = None

    def _add_length(self, number: str) -> None:
        index = int(number) if len(number) < 10 and number.isdecimal() else 0
        if index < len(self._lengths):
            self.facts.referenced += self._lengths[index]

    def _note(self, value: str) -> None:
        """An empty ``v`` is a result only where the cell says it is a text."""
        place = (self._row, self._column)
        if self._formula is not None:
            self.facts.formulas[place] = self._formula
        if self._kind == "e":
            self.facts.texts[place] = value or self._formula or "#N/A"
        elif not value and self._kind != "str" and self._formula is not None:
            self.facts.texts[place] = self._formula
