"""事例."""

from sqlalchemy import Column, String, Table, Text

from corpus.tables.columns import (
    ReadableJSON,
    content,
    metadata,
    texts,
)

cases = Table(
    "cases",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    *texts("title", "issue", "prefecture", "city", "role_sought", "effect", "outlook", "source_name", "source_url"),
    Column("departments", ReadableJSON, nullable=False),
    Column("partners", ReadableJSON, nullable=False),
    Column("programme", ReadableJSON, nullable=False),
    Column("fields", ReadableJSON, nullable=False),
    *content(),
)
