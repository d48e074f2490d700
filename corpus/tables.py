"""The tables of the collection."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
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
    """JSON."""

    impl = JSON
    cache_ok = True


class ReadableDate(_Readable):
    """A day."""

    impl = Date
    cache_ok = True


class RowNumber(TypeDecorator[int]):
    """The number of a row. One that is too large for the databases is nobody's: nothing is found, no error raised."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """None, which equals nothing, for what no row can have."""
        return None if isinstance(value, int) and abs(value) >= 2**31 else value


def _id(name: str = "id", *extra: Any) -> Column[Any]:
    return Column(name, String(64), *extra, nullable=False)


def _texts(*names: str) -> list[Column[Any]]:
    return [Column(name, Text, nullable=False) for name in names]


def _content() -> list[Column[Any]]:
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


def _recorded_by() -> list[Column[Any]]:
    """Columns of every append-only row. ``actor`` is an opaque id, never a name; "" in rows from before it was kept."""
    return [
        Column("recorded_at", UtcDateTime, nullable=False),
        Column("actor", String(64), nullable=False, server_default=""),
    ]


def _recorded() -> list[Column[Any]]:
    """The same of one about an issue. ``is_sample``: an invented side took part, so it counts nowhere and may go."""
    return [Column("is_sample", Boolean, nullable=False), *_recorded_by()]


def _number() -> Column[Any]:
    return Column("id", RowNumber, primary_key=True)


def _to(table: str) -> ForeignKey:
    return ForeignKey(f"{table}.id")


organisations = Table(
    "organisations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    *_texts("name", "kind", "purpose", "activities", "offers", "prefecture", "city", "address", "area"),
    Column("fields", ReadableJSON, nullable=False),
    *_texts("corporate_number", "founded", "website", "inactive_reason", "source"),
    Column("active", Boolean, nullable=False),
    Column("confirmed_on", ReadableDate),
    # Persons. Nothing in corpus.store reads these three back.
    *_texts("representative", "contact_person", "contact"),
    *_content(),
    Column("comparable_name", Text, nullable=False, server_default=""),
    Index(None, "name", "id"),
    Index(None, "comparable_name"),
    Index(None, "prefecture", "city"),
    Index(None, "is_sample", "active", "id", "digest"),  # what may be ranked, without reading the long rows
)

issues = Table(
    "issues",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    *_texts("title", "department", "purpose", "situation", "problem", "partner_sought", "idea", "collaboration"),
    Column("fiscal_year", Integer),
    Column("seeks_partner", Boolean, nullable=False),
    *_texts("legal_basis", "note", "prefecture", "city", "area", "source_name", "source_url"),
    Column("fields", ReadableJSON, nullable=False),
    Column("partners", ReadableJSON, nullable=False),
    Column("origin", String(16), nullable=False),
    Column("release_level", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("posted_on", ReadableDate),
    *_content(),
    Column("imported_release_level", String(16), nullable=False, server_default=""),  # what the last import said
    CheckConstraint("release_level IN ('section', 'centre', 'registered', 'public')", name="release_level"),
    CheckConstraint("status IN ('open', 'closed')", name="status"),
    Index(None, "department", "fiscal_year"),
)

cases = Table(
    "cases",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    *_texts("title", "issue", "prefecture", "city", "role_sought", "effect", "outlook", "source_name", "source_url"),
    Column("departments", ReadableJSON, nullable=False),
    Column("partners", ReadableJSON, nullable=False),
    Column("programme", ReadableJSON, nullable=False),
    Column("fields", ReadableJSON, nullable=False),
    *_content(),
)

rankings = Table(
    "rankings",
    metadata,
    _number(),
    _id("issue", _to("issues")),
    Column("issue_version", Integer, nullable=False),
    *_texts("model"),
    Column("digest", String(64), nullable=False),
    Column("shown", ReadableJSON, nullable=False),
    *_recorded(),
    UniqueConstraint("issue", "issue_version", "model", "digest"),
)

reviews = Table(
    "reviews",
    metadata,
    _number(),
    _id("issue", _to("issues")),
    _id("organisation", _to("organisations")),
    Column("grade", String(16)),
    *_texts("reason", "comment"),
    Column("missed", Boolean, nullable=False),
    *_texts("model"),
    Column("rank", Integer),
    Column("score", Float),
    *_texts("band"),
    Column("ranking", Integer, _to("rankings")),
    *_recorded(),
    CheckConstraint("grade IN ('suitable', 'possible', 'unsuitable')", name="grade"),
    Index(None, "issue", "organisation"),
    Index(None, "organisation"),
)

introductions = Table(
    "introductions",
    metadata,
    _number(),
    _id("issue", _to("issues")),
    _id("organisation", _to("organisations")),
    Column("introduced_on", ReadableDate, nullable=False),
    *_texts("note"),
    *_recorded(),
    Index(None, "issue"),
    Index(None, "organisation"),
)

stage_events = Table(
    "stage_events",
    metadata,
    _number(),
    Column("introduction", Integer, _to("introductions"), nullable=False, index=True),
    Column("stage", String(16), nullable=False),
    Column("happened_on", ReadableDate, nullable=False),
    *_texts("note"),
    *_recorded(),
    CheckConstraint("stage IN ('agreed', 'consultation', 'discussion', 'started', 'ended')", name="stage"),
)

voidings = Table(
    "voidings",
    metadata,
    _number(),
    Column("event", Integer, _to("stage_events"), nullable=False, unique=True),
    *_texts("note"),
    *_recorded(),
)

introduction_voidings = Table(
    "introduction_voidings",
    metadata,
    _number(),
    Column("introduction", Integer, _to("introductions"), nullable=False, unique=True),
    *_texts("note"),
    *_recorded(),
)

imports = Table(
    "imports",
    metadata,
    _number(),
    *_texts("name"),
    Column("kind", String(16), nullable=False),
    *[Column(name, Integer, nullable=False) for name in ("added", "changed", "unchanged", "skipped")],
    *_recorded_by(),
)

# Calls of the reader, a language model. What is sent and answered is kept nowhere. No reference to the issue: what was
# spent stays counted when a sample goes.
reader_calls = Table(
    "reader_calls",
    metadata,
    _number(),
    _id("issue"),
    *_recorded_by(),
    Index(None, "recorded_at"),
)

reader_outcomes = Table(
    "reader_outcomes",
    metadata,
    _number(),
    Column("call", Integer, _to("reader_calls"), nullable=False, unique=True),
    Column("outcome", String(16), nullable=False),
    *[Column(name, Integer, nullable=False) for name in ("tokens_in", "tokens_out", "milliseconds")],
    *_recorded_by(),
)

weight_choices = Table(
    "weight_choices",
    metadata,
    _number(),
    _id("weights"),
    *_texts("reason"),
    *_recorded_by(),
)

meta = Table("meta", metadata, Column("key", String(64), primary_key=True), *_texts("value"))

revision = Table("revision", metadata, _number(), Column("number", Integer, nullable=False))
