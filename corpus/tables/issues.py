"""課題. Only ``corpus.access`` and the store of issues name this table."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, String, Table, Text

from corpus.tables.columns import (
    ReadableDate,
    ReadableJSON,
    content,
    metadata,
    texts,
)

issues = Table(
    "issues",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    *texts("title", "department", "purpose", "situation", "problem", "partner_sought", "idea", "collaboration"),
    Column("fiscal_year", Integer),
    Column("seeks_partner", Boolean, nullable=False),
    *texts("legal_basis", "note", "prefecture", "city", "area", "source_name", "source_url"),
    Column("fields", ReadableJSON, nullable=False),
    Column("partners", ReadableJSON, nullable=False),
    Column("origin", String(16), nullable=False),
    Column("release_level", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("posted_on", ReadableDate),
    *content(),
    Column("imported_release_level", String(16), nullable=False, server_default=""),  # what the last import said
    CheckConstraint("release_level IN ('section', 'centre', 'registered', 'public')", name="release_level"),
    CheckConstraint("status IN ('open', 'closed')", name="status"),
    Index(None, "department", "fiscal_year"),
)
