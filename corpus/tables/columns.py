"""What tables are made of: kinds of columns, and the columns that many tables have."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from sqlalchemy import JSON, Boolean, Column, Date, DateTime, Dialect, ForeignKey, Integer, MetaData, String, Text
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class _Readable(TypeDecorator[Any]):
    """A column whose stored value may be none of its kind (written by hand, or damaged): then it reads as None."""

    impl: Any = Text
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """One row that cannot be read must not cost the page of all others."""
        read = super().result_processor(dialect, coltype)

        def reading(value: Any) -> Any:
            try:
                return read(value) if read else value
            except (ValueError, TypeError, RecursionError):
                return None

        return reading


class UtcDateTime(_Readable):
    """An aware time, kept in UTC. SQLite forgets the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuses a naive time (ValueError): nobody could say later which clock it was."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ReadableJSON(_Readable):
    """JSON; what no longer parses reads as None."""

    impl = JSON
    cache_ok = True


class ReadableDate(_Readable):
    """A day; what no longer is one reads as None."""

    impl = Date
    cache_ok = True


class RowNumber(TypeDecorator[int]):
    """The number of a row. One that is too large for the databases is nobody's: nothing is found, no error raised."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """None, which equals nothing, for what no row can have."""
        return None if isinstance(value, int) and abs(value) >= 2**31 else value


def id_of(name: str, *extra: Any) -> Column[Any]:
    """The id of a row with content."""
    return Column(name, String(64), *extra, nullable=False)


def texts(*names: str) -> list[Column[Any]]:
    """Texts of any length, empty rather than NULL."""
    return [Column(name, Text, nullable=False) for name in names]


def columns_of(record: type[Any]) -> list[Column[Any]]:
    """One for each column of a record that an import can write, but for those that ``content`` has.

    Texts are empty rather than NULL; only what may be None there may be NULL here.
    """
    return [_column(name, kind) for name, kind in get_type_hints(record).items() if name not in _OF_CONTENT]


_OF_CONTENT = frozenset({"is_sample", "version"})


def _column(name: str, kind: Any) -> Column[Any]:
    if name == "id":
        return Column(name, String(64), primary_key=True)
    if name == "key":
        return Column(name, Text, nullable=False, unique=True)
    if isinstance(kind, UnionType):
        return Column(name, _stored_as(next(one for one in get_args(kind) if one is not NoneType)))
    return Column(name, _stored_as(kind), nullable=False)


def _stored_as(kind: Any) -> Any:
    if get_origin(kind) in (frozenset, tuple):
        return ReadableJSON
    if issubclass(kind, Enum):
        return String(16)
    return {str: Text, bool: Boolean, int: Integer, date: ReadableDate}[kind]


def content() -> list[Column[Any]]:
    """Columns of every row that an import can write.

    ``digest`` is that of the content as it stands, ``imported`` that of the last import (empty: written by hand), so
    that the same file again does not undo what a person has edited. ``search`` is the folded text that pages filter by.
    """
    return [
        Column("is_sample", Boolean, nullable=False),
        Column("version", Integer, nullable=False),
        Column("digest", String(64), nullable=False),
        Column("imported", String(64), nullable=False),
        Column("search", Text, nullable=False),
        Column("created_at", UtcDateTime, nullable=False),
        Column("updated_at", UtcDateTime, nullable=False),
    ]


def recorded_by() -> list[Column[Any]]:
    """Columns of every append-only row. ``actor`` is an opaque id, never a name; "" in rows from before it was kept."""
    return [
        Column("recorded_at", UtcDateTime, nullable=False),
        Column("actor", String(64), nullable=False, server_default=""),
    ]


def recorded() -> list[Column[Any]]:
    """The same of one about an issue. ``is_sample``: an invented side took part, so it counts nowhere and may go."""
    return [Column("is_sample", Boolean, nullable=False), *recorded_by()]


def number() -> Column[Any]:
    """The primary key of rows that the database counts."""
    return Column("id", RowNumber, primary_key=True)


def to(table: str) -> ForeignKey:
    """A row of another table, by its id."""
    return ForeignKey(f"{table}.id")
