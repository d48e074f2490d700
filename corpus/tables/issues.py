"""課題. Only ``corpus.access`` and the store of issues name this table."""

from sqlalchemy import CheckConstraint, Column, Index, String, Table

from corpus.records.issues import Issue
from corpus.tables.columns import columns_of, content, metadata

issues = Table(
    "issues",
    metadata,
    *columns_of(Issue),
    *content(),
    Column("imported_release_level", String(16), nullable=False, server_default=""),  # what the last import said
    CheckConstraint("release_level IN ('section', 'centre', 'registered', 'public')", name="release_level"),
    CheckConstraint("status IN ('open', 'closed')", name="status"),
    Index(None, "department", "fiscal_year"),
)
