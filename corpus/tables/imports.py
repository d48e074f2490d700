"""What was brought in, append-only."""

from sqlalchemy import Column, Integer, String, Table

from corpus.tables.columns import (
    metadata,
    number,
    recorded_by,
    texts,
)

imports = Table(
    "imports",
    metadata,
    number(),
    *texts("name"),
    Column("kind", String(16), nullable=False),
    *[Column(name, Integer, nullable=False) for name in ("added", "changed", "unchanged", "skipped")],
    *recorded_by(),
)
