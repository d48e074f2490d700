"""One noun in the database: its records written as rows, imported, edited by persons, read for a viewer."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from enum import Enum
from itertools import islice
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Row, RowMapping, Table, and_, bindparam, func, insert, or_, select, true, update

from corpus import values
from corpus.access import Viewer
from corpus.clock import now
from corpus.folding import fold
from corpus.records.cases import Case
from corpus.records.issues import Issue
from corpus.records.organisations import Organisation
from corpus.session import Session
from corpus.store import meta
from corpus.store.rows import ChangedMeanwhile, Changes, Count, batches, readable
from matcher.folding import nfkc

R = TypeVar("R", bound=Organisation | Issue | Case)
Meant = Mapping[str, str]  # key of a record -> id of the stored row that it means, though that has another key
NOTHING_MEANT: Meant = {}
_IDENTITY = frozenset({"id", "key", "version"})
_MOST_WORDS, _LONGEST_WORD = 20, 200  # databases refuse patterns without bounds


@dataclass(frozen=True, slots=True)
class Shelf(Generic[R]):
    """One noun: its table, and how a record becomes a row. A noun's module names those of its methods that it offers.

    ``called`` is the column that people know a row by, ``searched`` ones are what a search box looks through.
    An import leaves the ``kept`` columns of a row that exists alone, for a person may have set them; the ``decided``
    ones of a row that a person has edited only where it brings nothing for them. ``unread`` columns are written and
    never read back; ``derived`` ones follow from a record; ``said`` ones keep what the last import said beside the
    content. ``settled`` makes one record of two that mean one row. ``visible`` says which rows a viewer may see.
    """

    table: Table
    record: type[R]
    called: str
    searched: tuple[str, ...]
    visible: Callable[[Viewer], ColumnElement[bool]] = lambda viewer: true()
    kept: frozenset[str] = frozenset()
    decided: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    derived: Mapping[str, Callable[[R], str]] = field(default_factory=dict)
    settled: Callable[[R, R], R] = lambda earlier, later: later
    said: Mapping[str, Callable[[R], str]] = field(default_factory=dict)

    def row(self, record: R) -> dict[str, Any]:
        """All columns but the two times."""
        row = {f.name: _stored(getattr(record, f.name)) for f in fields(self.record)}
        row["digest"] = self.digest(row)
        row |= {name: derive(record) for name, derive in self.derived.items()}
        row["search"] = "\n".join(fold(text) for name in self.searched for text in _texts(row[name]))
        return row

    def digest(self, row: Mapping[str, Any]) -> str:
        """SHA-256 (hex) of the content as it stands, contacts included; not of id, key, version or ``kept``.

        Empty values are left out, so that a column added later does not make every row look changed.
        """
        content = {f.name: row[f.name] for f in fields(self.record) if f.name not in _IDENTITY | self.kept}
        written = json.dumps({k: v for k, v in content.items() if v}, ensure_ascii=False, sort_keys=True, default=str)
        return hashlib.sha256(written.encode()).hexdigest()

    def read(self, rows: Iterable[RowMapping]) -> list[R]:
        """Records as they were written, with the ``unread`` columns at their defaults; see ``readable``."""
        return readable(self.record, rows, self.table)

    @property
    def columns(self) -> list[ColumnElement[Any]]:
        """What ``read`` needs."""
        return [self.table.c[f.name] for f in fields(self.record) if f.name not in self.unread]

    def upsert(
        self, s: Session, records: Sequence[R], meant: Meant = NOTHING_MEANT, *, dry_run: bool = False
    ) -> Changes:
        """Writes every record over the row with its key, else its id, else as a new one. Of equal ones the last wins.

        A row keeps its id, the ``kept`` columns and what was ``decided``, and its key unless it is ``meant`` under
        another; its version goes up by one when the content changes. A record equal to what was imported last changes
        nothing, even where a person has edited the row. A dry run only reads, and counts the same. Raises
        PermissionError for a viewer who does not see all, values.Unstorable for a record that no column takes.
        """
        met = self._met(s, records, meant)
        if not dry_run:
            self._give_keys(s, [(row.id, record.key) for record, row in met if row and meant.get(record.key) == row.id])
        added = changed = 0
        for batch in batches(met):
            new, old = self._split(batch)
            added, changed = added + len(new), changed + len(old)
            if not dry_run:
                self._insert(s, new)
                self._overwrite(s, old)
        if (added or changed) and not dry_run:
            meta.bump(s)
        return Changes(added, changed, len(met) - added - changed)

    def _split(self, batch: Sequence[tuple[R, Row[Any] | None]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The rows to add, and those to write over an existing row (whose id they carry as ``row_id``)."""
        new: list[dict[str, Any]] = []
        old: list[dict[str, Any]] = []
        for record, existing in batch:
            if existing is None:
                row = self.row(values.check(record))
                new.append({**row, **self._said(record), "imported": row["digest"]})
            elif renewed := self._renewed(record, existing):
                old.append(renewed)
        return new, old

    def _renewed(self, record: R, existing: Row[Any]) -> dict[str, Any] | None:
        """What an import writes over a row; None where it leaves it as it is."""
        row = self.row(values.check(record))
        if row["digest"] == existing.imported:
            return None
        # Where nobody has edited, an import may also empty a column.
        left = {name: getattr(existing, name) for name in self.decided if _edited(existing) and not row[name]}
        digest = self.digest({**row, **left}) if left else row["digest"]
        if digest == existing.digest:
            return None
        return {**row, **left, **self._said(record), "digest": digest, "imported": row["digest"], "row_id": existing.id}

    def _said(self, record: R) -> dict[str, str]:
        return {name: of(record) for name, of in self.said.items()}

    def meeting(self, s: Session, records: Sequence[R], meant: Meant = NOTHING_MEANT) -> list[tuple[R, Row[Any], bool]]:
        """The records that ``upsert`` meets a stored row with, that row, and whether it writes over its content.

        The row has its ``kept`` and ``said`` columns. Writes nothing; raises as ``upsert``.
        """
        met = self._met(s, records, meant)
        return [(record, row, self._renewed(record, row) is not None) for record, row in met if row]

    def _met(self, s: Session, records: Sequence[R], meant: Meant) -> list[tuple[R, Row[Any] | None]]:
        """Each record with the row that an import would write it over; several for one row are ``settled``.

        Rows are met by their keys, so only who may see all of them imports (PermissionError).
        """
        if not s.viewer.sees_all:
            raise PermissionError("this viewer imports nothing")
        wanted = list(self._settled((record.key, record) for record in records).values())
        pairs = [pair for batch in batches(wanted) for pair in self._met_by(s, batch, meant)]
        stored = {row.id: row for _, row in pairs if row}
        alone = self._settled((row.id if row else record.id, record) for record, row in pairs)
        return [(record, stored.get(id)) for id, record in alone.items()]

    def _settled(self, named: Iterable[tuple[str, R]]) -> dict[str, R]:
        """One record a name, in the order in which the names first come."""
        found: dict[str, R] = {}
        for name, record in named:
            found[name] = self.settled(found[name], record) if name in found else record
        return found

    def _met_by(self, s: Session, batch: Sequence[R], meant: Meant) -> list[tuple[R, Row[Any] | None]]:
        table, renamed = self.table, set(meant.values())
        asked = self.decided | self.kept | self.said.keys()
        columns = [table.c[name] for name in ("id", "key", "digest", "imported", *sorted(asked))]
        keys, ids = [r.key for r in batch], [r.id for r in batch]
        mine = or_(table.c.key.in_(keys), table.c.id.in_(ids + [meant[key] for key in keys if key in meant]))
        found = s.conn.execute(select(*columns).where(mine)).all()
        by_id = {row.id: row for row in found}
        by_key = {row.key: row for row in found if row.id not in renamed}
        return [(r, by_key.get(r.key) or by_id.get(meant.get(r.key, r.id))) for r in batch]

    def overwriting(self, s: Session, records: Sequence[R], meant: Meant = NOTHING_MEANT) -> list[R]:
        """Those by which ``upsert`` would lose what a person has written into a row since it was imported.

        Writes nothing; raises as ``upsert``.
        """
        met = self._met(s, records, meant)
        over = [(record, row) for record, row in met if row and _edited(row) and self._renewed(record, row)]
        stored = self.by_ids(s, [row.id for _, row in over])
        known = [(record, row) for record, row in over if row.id in stored]  # a damaged row has nothing to be kept
        return [record for record, row in known if self._loses(record, stored[row.id], row.imported)]

    def _loses(self, record: R, stored: R, imported: str) -> bool:
        """Nothing is lost where only what is ``decided`` was edited and the record brings nothing else for it."""
        row, before = self.row(record), self.row(stored)
        other = any(row[name] and row[name] != before[name] for name in self.decided)
        return other or self.digest({**before, **dict.fromkeys(self.decided)}) != imported

    def _give_keys(self, s: Session, keys: Sequence[tuple[str, str]]) -> None:
        """To the rows with these ids, the keys that their newer records have."""
        if keys:
            statement = (
                update(self.table).where(self.table.c.id == bindparam("row_id")).values(key=bindparam("new_key"))
            )
            s.conn.execute(statement, [{"row_id": id, "new_key": key} for id, key in keys])

    def _insert(self, s: Session, rows: list[dict[str, Any]]) -> None:
        if rows:
            time = now()
            stamps = {"version": 1, "created_at": time, "updated_at": time}
            s.conn.execute(insert(self.table), [{**row, **stamps} for row in rows])

    def _overwrite(self, s: Session, rows: list[dict[str, Any]]) -> None:
        if rows:
            table, leave = self.table, _IDENTITY | self.kept
            stamps = {"updated_at": now()}
            wanted = [{**{k: v for k, v in row.items() if k not in leave}, **stamps} for row in rows]
            statement = update(table).where(table.c.id == bindparam("row_id")).values(version=table.c.version + 1)
            s.conn.execute(statement, wanted)

    def add(self, s: Session, record: R) -> R:
        """The record, written by a person, as stored: version 1. Raises IntegrityError when id or key is taken."""
        first, time = replace(record, version=1), now()
        row = self.row(values.check(first))
        s.conn.execute(insert(self.table).values(**row, imported="", created_at=time, updated_at=time))
        meta.bump(s)
        return first

    def update(self, s: Session, record: R, expected_version: int) -> R:
        """The record, edited by a person, as now stored over the row with its id, which keeps its key.

        Raises ChangedMeanwhile when the row is no longer at ``expected_version``, unless it already says the very same
        (a button pressed twice). Raises values.Unstorable, but not for what is wrong already and stays as it is.
        """
        current = self.get(s, record.id)
        wanted = replace(record, key=current.key if current else record.key)
        if current and current == replace(wanted, version=current.version):
            return current
        self._write(s, wanted, expected_version, current)
        meta.bump(s)
        return replace(wanted, version=expected_version + 1)

    def _write(self, s: Session, record: R, expected_version: int, before: R | None) -> None:
        table = self.table
        row = {k: v for k, v in self.row(values.check(record, before)).items() if k not in _IDENTITY}
        if not 0 <= expected_version < values.LARGEST_NUMBER:  # no row has it, and no column could be compared with it
            raise ChangedMeanwhile(record.id, expected_version, None)
        mine = (table.c.id == record.id) & self.visible(s.viewer)
        stamped = {**row, "version": expected_version + 1, "updated_at": now()}
        written = s.conn.execute(update(table).where(mine, table.c.version == expected_version).values(stamped))
        if written.rowcount != 1:
            found = s.conn.scalar(select(table.c.version).where(mine))
            raise ChangedMeanwhile(record.id, expected_version, found)

    def get(self, s: Session, id: str) -> R | None:
        """None when there is none that the viewer may see."""
        return self.by_ids(s, [id]).get(id)

    def by_ids(self, s: Session, ids: Sequence[str]) -> dict[str, R]:
        """Those that are stored and that the viewer may see, in the order asked for."""
        found: dict[str, R] = {}
        for batch in batches([id for id in ids if values.is_storable(id)]):
            mine = self.table.c.id.in_(batch) & self.visible(s.viewer)
            rows = s.conn.execute(select(*self.columns).where(mine)).mappings()
            found |= {record.id: record for record in self.read(rows)}
        return {id: found[id] for id in ids if id in found}

    def page(
        self,
        s: Session,
        *,
        text: str,
        equal: Mapping[str, object],
        order: Sequence[ColumnElement[Any]],
        limit: int,
        offset: int,
    ) -> tuple[list[R], int]:
        """A slice of the rows that hold every word of ``text`` and equal ``equal``, and how many there are altogether.

        "" and None in ``equal`` mean "any".
        """
        if not all(map(values.is_storable, (text, *(value for value in equal.values() if isinstance(value, str))))):
            return [], 0
        mine = and_(self.visible(s.viewer), *self._equal(equal), *self._holding(text))
        total = s.conn.scalar(select(func.count()).select_from(self.table).where(mine)) or 0
        chosen = select(*self.columns).where(mine).order_by(*order, self.table.c.id).limit(limit).offset(offset)
        return self.read(s.conn.execute(chosen).mappings()), total

    def _equal(self, equal: Mapping[str, object]) -> list[ColumnElement[bool]]:
        wanted = {name: _stored(value) for name, value in equal.items() if value is not None and value != ""}
        return [self.table.c[name] == value for name, value in wanted.items()]

    def _holding(self, text: str) -> list[ColumnElement[bool]]:
        return [self.table.c.search.contains(word, autoescape=True) for word in _words(text)]

    def names(self, s: Session, ids: Collection[str]) -> dict[str, str]:
        """Id -> what people call it (``called``), of those that are stored and that the viewer may see."""
        found: dict[str, str] = {}
        for batch in batches(sorted(ids)):
            mine = self.table.c.id.in_(batch) & self.visible(s.viewer)
            named = s.conn.execute(select(self.table.c.id, self.table.c[self.called]).where(mine))
            found |= {id: values.text_of(name) for id, name in named}
        return found

    def digests(self, s: Session, *conditions: ColumnElement[bool]) -> dict[str, str]:
        """Id -> digest of the rows that meet the conditions, by id."""
        table = self.table
        chosen = select(table.c.id, table.c.digest).where(self.visible(s.viewer), *conditions).order_by(table.c.id)
        rows = s.conn.execute(chosen)
        return {values.text_of(id): values.text_of(digest) for id, digest in rows}

    def count(self, s: Session) -> Count:
        """How many rows there are that the viewer may see, whatever their state."""
        table = self.table
        tally = select(table.c.is_sample, func.count()).where(self.visible(s.viewer)).group_by(table.c.is_sample)
        rows = s.conn.execute(tally)
        by_kind = {bool(is_sample): number for is_sample, number in rows}
        return Count(real=by_kind.get(False, 0), samples=by_kind.get(True, 0))


def _edited(existing: Row[Any]) -> bool:
    return bool(existing.digest != existing.imported)


def _stored(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_stored(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value


def _texts(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _words(text: str) -> list[str]:
    """The words of a search box, folded; of a whole pasted document only the beginning."""
    words = nfkc(text).split()
    return [fold(word)[:_LONGEST_WORD] for word in islice(words, _MOST_WORDS)]
