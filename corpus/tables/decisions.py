"""Lists as they were shown, and what people recorded: append-only, held by triggers in the database."""

from sqlalchemy import Boolean, CheckConstraint, Column, Float, Index, Integer, String, Table, UniqueConstraint

from corpus.tables.columns import (
    ReadableDate,
    ReadableJSON,
    id_of,
    metadata,
    number,
    recorded,
    texts,
    to,
)

rankings = Table(
    "rankings",
    metadata,
    number(),
    id_of("issue", to("issues")),
    Column("issue_version", Integer, nullable=False),
    *texts("model"),
    Column("digest", String(64), nullable=False),
    Column("shown", ReadableJSON, nullable=False),
    *recorded(),
    UniqueConstraint("issue", "issue_version", "model", "digest"),
)


reviews = Table(
    "reviews",
    metadata,
    number(),
    id_of("issue", to("issues")),
    id_of("organisation", to("organisations")),
    Column("grade", String(16)),
    *texts("reason", "comment"),
    Column("missed", Boolean, nullable=False),
    *texts("model"),
    Column("rank", Integer),
    Column("score", Float),
    *texts("band"),
    Column("ranking", Integer, to("rankings")),
    *recorded(),
    CheckConstraint("grade IN ('suitable', 'possible', 'unsuitable')", name="grade"),
    Index(None, "issue", "organisation"),
    Index(None, "organisation"),
)


introductions = Table(
    "introductions",
    metadata,
    number(),
    id_of("issue", to("issues")),
    id_of("organisation", to("organisations")),
    Column("introduced_on", ReadableDate, nullable=False),
    *texts("note"),
    *recorded(),
    Index(None, "issue"),
    Index(None, "organisation"),
)


stage_events = Table(
    "stage_events",
    metadata,
    number(),
    Column("introduction", Integer, to("introductions"), nullable=False, index=True),
    Column("stage", String(16), nullable=False),
    Column("happened_on", ReadableDate, nullable=False),
    *texts("note"),
    *recorded(),
    CheckConstraint("stage IN ('agreed', 'consultation', 'discussion', 'started', 'ended')", name="stage"),
)


voidings = Table(
    "voidings",
    metadata,
    number(),
    Column("event", Integer, to("stage_events"), nullable=False, unique=True),
    *texts("note"),
    *recorded(),
)


introduction_voidings = Table(
    "introduction_voidings",
    metadata,
    number(),
    Column("introduction", Integer, to("introductions"), nullable=False, unique=True),
    *texts("note"),
    *recorded(),
)
