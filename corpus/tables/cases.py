"""事例."""

from sqlalchemy import Table

from corpus.records.cases import Case
from corpus.tables.columns import columns_of, content, metadata

cases = Table("cases", metadata, *columns_of(Case), *content())
