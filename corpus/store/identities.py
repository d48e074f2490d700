"""Stored organisations whose newer row has another key, since it gives more, or less, of what identifies them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, update

from corpus.readers.keys import organisation_key
from corpus.records import Organisation
from corpus.store import meta
from corpus.store.rows import fold
from corpus.tables import organisations as table

_Stored = Row[Any, Any, Any, Any, Any]  # id, key, name, city, active


def follow(conn: Connection, records: Sequence[Organisation]) -> list[str]:
    """Gives stored organisations the keys of their newer rows among ``records``, so that an import finds them.

    A row with a valid 法人番号 means the stored one of its name and address that had none. A row that says that a body
    has ended, without number and address (the portal drops it), means the stored one of its name that has no number
    either, in its city where it names one. What has a row of its own under its old key is another organisation.
    Returns the names of ended bodies that could be one of several; these stay as they are.
    """
    if not records:
        return []
    meta.hold(conn)
    columns = select(table.c.id, table.c.key, table.c.name, table.c.city, table.c.active)
    stored = conn.execute(columns.where(table.c.is_sample.is_(False)).order_by(table.c.id)).all()
    known, listed = {row.key for row in stored}, {record.key for record in records}
    left = [row for row in stored if row.key not in listed]
    by_key = {row.key: row for row in left}
    by_name: dict[str, list[_Stored]] = defaultdict(list)
    for row in left:
        if not row.key.startswith("cn:"):  # a body with a number ends under its number
            by_name[fold(row.name)].append(row)
    unclear = []
    for record in records:
        ended = _has_lost_its_key(record)
        meant = _of_its_name(record, by_name) if ended else _without_number(record, by_key)
        if len(meant) == 1 and record.key not in known:
            conn.execute(update(table).where(table.c.id == meant[0].id).values(key=record.key))
        elif ended and any(row.active for row in meant):
            unclear.append(record.name)
    return unclear


def _has_lost_its_key(record: Organisation) -> bool:
    return record.key.startswith("na:") and not (record.active or record.address)


def _of_its_name(record: Organisation, by_name: Mapping[str, list[_Stored]]) -> list[_Stored]:
    return [row for row in by_name.get(fold(record.name), ()) if record.city in ("", row.city)]


def _without_number(record: Organisation, by_key: Mapping[str, _Stored]) -> list[_Stored]:
    if not (record.key.startswith("cn:") and record.address):
        return []
    row = by_key.get(organisation_key(record.name, record.address))
    return [row] if row else []
