"""The tables of the collection, a file a noun. Importing this package makes ``metadata`` whole."""

from corpus.tables import cases, decisions, imports, issues, models, organisations, state
from corpus.tables.columns import metadata

__all__ = ["cases", "decisions", "imports", "issues", "metadata", "models", "organisations", "state"]
