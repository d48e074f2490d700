"""What became of what is learned: calls of the reader and choices of weights, append-only."""

from sqlalchemy import Column, Index, Integer, String, Table

from corpus.tables.columns import (
    id_of,
    metadata,
    number,
    recorded_by,
    texts,
    to,
)

# Calls of the reader, a language model. What is sent and answered is kept nowhere. No reference to the issue: what was
# spent stays counted when a sample goes.
reader_calls = Table(
    "reader_calls",
    metadata,
    number(),
    id_of("issue"),
    *recorded_by(),
    Index(None, "recorded_at"),
)


reader_outcomes = Table(
    "reader_outcomes",
    metadata,
    number(),
    Column("call", Integer, to("reader_calls"), nullable=False, unique=True),
    Column("outcome", String(16), nullable=False),
    *[Column(name, Integer, nullable=False) for name in ("tokens_in", "tokens_out", "milliseconds")],
    *recorded_by(),
)


weight_choices = Table(
    "weight_choices",
    metadata,
    number(),
    id_of("weights"),
    *texts("reason"),
    *recorded_by(),
)
