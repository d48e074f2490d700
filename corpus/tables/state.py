"""What the database knows of itself: ``revision`` counts up with every change that a ranking may see."""

from sqlalchemy import Column, Integer, String, Table

from corpus.tables.columns import (
    metadata,
    number,
    texts,
)

meta = Table("meta", metadata, Column("key", String(64), primary_key=True), *texts("value"))


revision = Table("revision", metadata, number(), Column("number", Integer, nullable=False))
