"""Stored things whose newer row has another key, since it gives more, or less, of what identifies them.

Nothing is written here: what is found is told to ``upsert``, which gives the stored rows their new keys.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, select

from corpus.folding import fold
from corpus.keys import organisation_key
from corpus.records.issues import Issue, Origin
from corpus.records.organisations import Organisation
from corpus.session import Session
from corpus.store import issues
from corpus.store.issues import Sheet
from corpus.tables.organisations import organisations as table

_Stored = Row[Any, Any, Any, Any, Any]  # id, key, name, city, active


def follow(s: Session, records: Sequence[Organisation]) -> tuple[dict[str, str], list[str]]:
    """Key -> id of the stored organisation that is meant by a newer row among ``records`` with another key.

    A row with a valid 法人番号 means the stored one of its name and address that had none. A row that says that a body
    has ended, without number and address (the portal drops it), means the stored one of its name that has no number
    either, in its city where it names one. What has a row of its own under its old key is another organisation.
    Also returns the names of ended bodies that could be one of several; these stay as they are.
    """
    if not records:
        return {}, []
    stored = _stored(s)
    known, listed = {row.key for row in stored}, {record.key for record in records}
    left = [row for row in stored if row.key not in listed]
    by_key, by_name = {row.key: row for row in left}, _without_number_by_name(left)
    keys: dict[str, str] = {}  # of the stored rows, by their ids: of two records that mean one the last
    unclear = []
    for record in records:
        ended = _has_lost_its_key(record)
        meant = _of_its_name(record, by_name) if ended else _without_number(record, by_key)
        if len(meant) == 1 and record.key not in known:
            keys[meant[0].id] = record.key
        elif ended and any(row.active for row in meant):
            unclear.append(record.name)
    return {key: id for id, key in keys.items()}, unclear


def _stored(s: Session) -> Sequence[_Stored]:
    columns = select(table.c.id, table.c.key, table.c.name, table.c.city, table.c.active)
    return s.conn.execute(columns.where(table.c.is_sample.is_(False)).order_by(table.c.id)).all()


def _without_number_by_name(left: Sequence[_Stored]) -> Mapping[str, list[_Stored]]:
    """A body with a number ends under its number."""
    by_name: dict[str, list[_Stored]] = defaultdict(list)
    for row in left:
        if not row.key.startswith("cn:"):
            by_name[fold(row.name)].append(row)
    return by_name


def _has_lost_its_key(record: Organisation) -> bool:
    return record.key.startswith("na:") and not (record.active or record.address)


def _of_its_name(record: Organisation, by_name: Mapping[str, list[_Stored]]) -> list[_Stored]:
    return [row for row in by_name.get(fold(record.name), ()) if record.city in ("", row.city)]


def _without_number(record: Organisation, by_key: Mapping[str, _Stored]) -> list[_Stored]:
    if not (record.key.startswith("cn:") and record.address):
        return []
    row = by_key.get(organisation_key(record.name, record.address))
    return [row] if row else []


def follow_sheets(s: Session, records: Sequence[Issue]) -> tuple[list[Issue], dict[str, str]]:
    """The records, where the rows of a 棚卸 sheet that was imported with its city, or without, mean the stored ones.

    Also returns key -> id of the stored rows that a record means by another key.

    The key of such a row begins with the city. A row whose key is not stored means the one stored row of the same rest
    (department, year, title) where either names no place; it takes over the place it lacks. A row that has its own in
    the same file, or that several of the file would mean, is another one.
    """
    if not any(record.origin is Origin.INVENTORY for record in records):
        return list(records), {}
    stored = issues.sheets(s)
    known, listed = {row.key for row in stored}, {record.key for record in records}
    by_rest: dict[str, list[Sheet]] = defaultdict(list)
    for row in stored:
        if row.key not in listed:
            by_rest[_without_city(row.key)].append(row)
    new = [record for record in records if record.origin is Origin.INVENTORY and record.key not in known]
    meant = {record.key: found for record in new if (found := _of_its_sheet(record, by_rest))}
    claims = Counter(row.id for row in meant.values())
    alone = {key: row for key, row in meant.items() if claims[row.id] == 1}
    keys = {record.key: alone[record.key].id for record in new if record.city and record.key in alone}
    return [_as_stored(record, alone[record.key]) if record.key in alone else record for record in records], keys


def _without_city(key: str) -> str:
    return key.partition("|")[2]


def _of_its_sheet(record: Issue, by_rest: Mapping[str, list[Sheet]]) -> Sheet | None:
    """The one row meant, if it is clear; of several the one that had the record's key before it was given its city."""
    rows = [
        row
        for row in by_rest.get(_without_city(record.key), ())
        if _agree(record.city, row.city) and _agree(record.prefecture, row.prefecture)
    ]
    rows = [row for row in rows if row.id == record.id] or rows
    return rows[0] if len(rows) == 1 else None


def _agree(one: str, other: str) -> bool:
    return not (one and other) or fold(one) == fold(other)


def _as_stored(record: Issue, row: Sheet) -> Issue:
    """The stored key is kept where the record does not name the city."""
    key = record.key if record.city else row.key
    return replace(record, key=key, prefecture=record.prefecture or row.prefecture, city=record.city or row.city)
