"""団体."""

from sqlalchemy import Boolean, Column, Index, String, Table, Text

from corpus.tables.columns import (
    ReadableDate,
    ReadableJSON,
    content,
    metadata,
    texts,
)

organisations = Table(
    "organisations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    *texts("name", "kind", "purpose", "activities", "offers", "prefecture", "city", "address", "area"),
    Column("fields", ReadableJSON, nullable=False),
    *texts("corporate_number", "founded", "website", "inactive_reason", "source"),
    Column("active", Boolean, nullable=False),
    Column("confirmed_on", ReadableDate),
    # Persons. Nothing in corpus.store reads these three back.
    *texts("representative", "contact_person", "contact"),
    *content(),
    Column("comparable_name", Text, nullable=False, server_default=""),
    Index(None, "name", "id"),
    Index(None, "comparable_name"),
    Index(None, "prefecture", "city"),
    Index(None, "is_sample", "active", "id", "digest"),  # what may be ranked, without reading the long rows
)
