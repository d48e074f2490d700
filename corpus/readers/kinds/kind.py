"""What makes a kind of file: the items its columns may hold, and what a row becomes."""

from collections.abc import Callable
from dataclasses import dataclass

from corpus.readers.base import Record
from corpus.readers.kinds.cells import CheckedRow
from corpus.readers.kinds.surroundings import Surroundings
from corpus.readers.layout.meanings import Item

Groups = tuple[tuple[str, ...], ...]  # of each group at least one item must be there


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """``convert`` gives the ``record`` of a row, None for a row that says nothing or has an error.

    ``needed`` is what a table must hold to be read as this kind at all, ``telling`` what besides to be recognised
    without being told. ``label`` is what people call it.
    """

    label: str
    record: type[Record]
    items: tuple[Item, ...]
    convert: Callable[[CheckedRow, Surroundings], Record | None]
    needed: Groups
    telling: Groups
