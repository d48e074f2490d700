"""団体. The three columns that name persons are written, and nothing in corpus.store reads them back."""

from sqlalchemy import Column, Index, Table, Text

from corpus.records.organisations import Organisation
from corpus.tables.columns import columns_of, content, metadata

organisations = Table(
    "organisations",
    metadata,
    *columns_of(Organisation),
    *content(),
    Column("comparable_name", Text, nullable=False, server_default=""),
    Index(None, "name", "id"),
    Index(None, "comparable_name"),
    Index(None, "prefecture", "city"),
    Index(None, "is_sample", "active", "id", "digest"),  # what may be ranked, without reading the long rows
)
