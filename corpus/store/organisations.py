"""Organisations in the database. Names of contact persons are written by an import and read back by nothing here."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, exists, func, select

from corpus import tables
from corpus.names import comparable_name, legal_form, may_be_one
from corpus.records.organisations import Organisation
from corpus.session import Session
from corpus.store.shelf import Shelf
from corpus.values import text_of

_TABLE = tables.organisations.organisations
_SHELF = Shelf(
    table=_TABLE,
    record=Organisation,
    called="name",
    searched=("name", "kind", "purpose", "activities", "offers", "address", "area", "corporate_number"),
    unread=frozenset({"representative", "contact_person", "contact"}),
    derived={"comparable_name": lambda organisation: comparable_name(organisation.name)},
)

upsert, count = _SHELF.upsert, _SHELF.count
get, by_ids, names = _SHELF.get, _SHELF.by_ids, _SHELF.names


def ids_by_name(s: Session, names: Collection[str]) -> dict[str, str]:
    """Name -> id of the active one that is so called, with the same legal form or where one side names none.

    One with the very name comes first, then one with the same form, then by id.
    """
    compared = {name: comparable_name(name) for name in names}
    columns = select(_TABLE.c.id, _TABLE.c.name, _TABLE.c.comparable_name).order_by(_TABLE.c.id)
    wanted = columns.where(_TABLE.c.comparable_name.in_(sorted(set(compared.values()))), _TABLE.c.active)
    found = s.conn.execute(wanted).all()
    known = {}
    for name, key in compared.items():
        so_called = [(text_of(row.name), row.id) for row in found if row.comparable_name == key]
        alike = [(called, id) for called, id in so_called if may_be_one(name, called)]
        if alike:
            known[name] = min(alike, key=lambda one: (one[0] != name, legal_form(one[0]) != legal_form(name)))[1]
    return known


def page(
    s: Session,
    *,
    text: str = "",
    kind: str = "",
    prefecture: str = "",
    city: str = "",
    active: bool | None = None,
    is_sample: bool | None = None,
    limit: int,
    offset: int = 0,
) -> tuple[list[Organisation], int]:
    """A slice by (name, id) of those that hold every word of ``text``, and the number of all. "", None: any."""
    equal = {"kind": kind, "prefecture": prefecture, "city": city, "active": active, "is_sample": is_sample}
    return _SHELF.page(s, text=text, equal=equal, order=[_TABLE.c.name], limit=limit, offset=offset)


def kinds(s: Session) -> list[tuple[str, int]]:
    """Each kind as written, with its number of organisations, the most frequent first; "" stands for no kind given."""
    number = func.count()
    tally = select(_TABLE.c.kind, number).group_by(_TABLE.c.kind).order_by(number.desc(), _TABLE.c.kind)
    return [(text_of(kind), count) for kind, count in s.conn.execute(tally)]


def rankable_digests(s: Session) -> dict[str, str]:
    """Id -> digest of the active ones; of the sample collection only while no real organisation is stored."""
    conditions: list[ColumnElement[bool]] = [_TABLE.c.active]
    if any_real(s):
        conditions.append(_TABLE.c.is_sample.is_(False))
    return _SHELF.digests(s, *conditions)


def any_real(s: Session) -> bool:
    """Whether one is stored, active or not, that is not invented. From then on samples are not ranked."""
    return bool(s.conn.scalar(select(exists().where(_TABLE.c.is_sample.is_(False)))))
