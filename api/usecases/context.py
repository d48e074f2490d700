"""What every use case works with: the settings, the database and the matchers that follow it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from api.settings import Settings
from api.usecases.index import Index, Source
from api.usecases.weight_sets import Ruling
from corpus.database import Database, connect, migrate
from corpus.documents import case_documents, issue_documents, organisation_documents
from corpus.store import cases, issues, organisations
from matcher.matching import MatcherConfig, Weights
from matcher.records import Document
from models.learned import InUse, Places, take_stock

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Indexes:
    """A matcher for each thing that is searched."""

    organisations: Index
    issues: Index
    cases: Index

    def refresh(self) -> None:
        """After a change of the collection: all three, kept on disk."""
        for index in (self.organisations, self.issues, self.cases):
            index.refresh()


@dataclass(frozen=True, slots=True)
class Context:
    """One per process, shared by its threads."""

    settings: Settings
    db: Database
    indexes: Indexes
    ruling: Ruling
    in_use: tuple[InUse, ...]


def open_context(settings: Settings, patient: bool = True) -> Context:
    """Create the data folder, bring the database to this program's version, and get the matchers ready to be asked.

    ``patient`` False is for the service: it answers while a large change is still being taken in.
    """
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)  # it will hold names of contact persons
    db = connect(settings.database_address)
    migrate(db)
    config = MatcherConfig()
    config = config.weighing(area=config.weights.area * settings.area_weight)
    stock, ruling = take_stock(_places(settings)), Ruling(settings.data)

    def weights(conn: Connection) -> Weights:
        return replace(config.weights, **ruling.of(conn).weights)

    def index(name: str, source: Source) -> Index:
        return Index(name, db, settings.data / "index", config, stock.learned, weights, source, patient)

    return Context(
        settings,
        db,
        Indexes(
            organisations=index("organisations", _source(organisations, organisation_documents)),
            issues=index("issues", _source(issues, issue_documents)),
            cases=index("cases", _source(cases, case_documents)),
        ),
        ruling,
        stock.in_use,
    )


def _places(settings: Settings) -> Places:
    return Places(
        settings.data,
        settings.synonyms,
        settings.vectors,
        settings.encoder,
        settings.encoder_query_prefix,
        settings.encoder_passage_prefix,
    )


def _source(store: "_Store[R]", documents: Callable[[R], list[Document]]) -> Source:
    def documents_of(conn: Connection, ids: Sequence[str]) -> Mapping[str, Sequence[Document]]:
        return {id: documents(record) for id, record in store.by_ids(conn, ids).items()}

    return Source(store.rankable_digests, documents_of)


class _Store(Protocol[R]):
    """The two verbs of a store module that an index needs."""

    def rankable_digests(self, conn: Connection) -> dict[str, str]: ...

    def by_ids(self, conn: Connection, ids: Sequence[str]) -> dict[str, R]: ...
