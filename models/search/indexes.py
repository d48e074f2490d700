"""The three indexes of a collection, and what each is made from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from corpus.database import Database
from corpus.documents import case_documents, issue_documents, organisation_documents
from corpus.session import Session
from corpus.store import cases, issues, organisations
from matcher.analysis import LanguageResources
from matcher.matching import MatcherConfig, Weights
from matcher.records import Document
from models.search.index import Index, Source
from models.search.kept import Digests
from models.search.weight_sets import Ruling

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Indexes:
    """A matcher for each thing that is searched."""

    organisations: Index
    issues: Index
    cases: Index

    @property
    def all(self) -> tuple[Index, ...]:
        """In the order in which they need each other."""
        return self.organisations, self.issues, self.cases

    def prepare(self) -> None:
        """Before a command's session begins, lest a whole fit keep it open."""
        for index in self.all:
            index.prepare()

    def refresh(self) -> None:
        """After a change of the collection: all three, kept on disk."""
        for index in self.all:
            index.refresh()


def indexes_of(
    db: Database, folder: Path, config: MatcherConfig, learned: LanguageResources, ruling: Ruling, *, patient: bool
) -> Indexes:
    """Of what ``db`` holds, kept in ``folder``; ``patient`` as in ``Index``. Nothing is read before somebody asks."""

    def weights(s: Session) -> Weights:
        return config.weighing(**ruling.of(s).weights).weights

    def index(name: str, source: Source, beside: Index | None = None) -> Index:
        return Index(name, db, folder, config, learned, weights, source, patient, beside)

    bodies = index("organisations", _ORGANISATIONS)
    return Indexes(bodies, index("issues", _ISSUES, beside=bodies), index("cases", _CASES))


def _source(
    digests: Callable[[Session], Digests],
    by_ids: Callable[[Session, Sequence[str]], Mapping[str, R]],
    documents: Callable[[R], Sequence[Document]],
    *,
    released: bool = False,
) -> Source:
    def documents_of(s: Session, ids: Sequence[str]) -> Mapping[str, Sequence[Document]]:
        return {id: documents(record) for id, record in by_ids(s, ids).items()}

    return Source(digests, documents_of, released)


_ORGANISATIONS = _source(organisations.rankable_digests, organisations.by_ids, organisation_documents)
_ISSUES = _source(issues.rankable_digests, issues.by_ids, issue_documents, released=True)
_CASES = _source(cases.rankable_digests, cases.by_ids, case_documents)
