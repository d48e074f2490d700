"""Past cases in the database. Those that come with the program are real, so they stay in use beside a city's own."""

from corpus import tables
from corpus.records.cases import Case
from corpus.session import Session
from corpus.store.shelf import Shelf

_TABLE = tables.cases.cases
_SHELF = Shelf(
    table=_TABLE,
    record=Case,
    called="title",
    searched=("title", "issue", "departments", "partners", "city", "role_sought", "effect", "outlook"),
)

upsert, count = _SHELF.upsert, _SHELF.count
get, by_ids, rankable_digests = _SHELF.get, _SHELF.by_ids, _SHELF.digests


def page(
    s: Session, *, text: str = "", prefecture: str = "", city: str = "", limit: int, offset: int = 0
) -> tuple[list[Case], int]:
    """A slice by (title, id) of those that hold every word of ``text``, and the number of all. "" means "any"."""
    equal = {"prefecture": prefecture, "city": city}
    return _SHELF.page(s, text=text, equal=equal, order=[_TABLE.c.title], limit=limit, offset=offset)
