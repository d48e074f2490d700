"""Fitted matchers that follow the database: kept on disk, verified, and brought up to date by what has changed."""

import hashlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fcntl import LOCK_EX, flock
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree

from sqlalchemy import Connection

from api.errors import Preparing
from corpus.documents import DOCUMENTS_FORMAT
from corpus.store import meta
from corpus.tables import Database
from matcher.matching import Matcher, MatcherConfig
from matcher.records import Document
from models import artefacts

_LOG = logging.getLogger(__name__)
_MANY = 2_000  # changes that take longer than a page may wait; a server takes them in beside its work
_SHARE_WORTH_SAVING = 0.05  # of the collection: writing a large state for a few changes costs more than redoing them

Digests = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """Where an index gets its documents: the digests of all that may be ranked, and the documents of some of it."""

    digests: Callable[[Connection], Digests]
    documents: Callable[[Connection, Sequence[str]], Mapping[str, Sequence[Document]]]


@dataclass(frozen=True, slots=True)
class _Fitted:
    matcher: Matcher
    digests: Digests
    revision: int


@dataclass(slots=True)
class Index:
    """One collection's matcher. Threads share it; a reader gets a whole state, the old or the new one."""

    name: str
    db: Database
    folder: Path
    config: MatcherConfig
    source: Source
    patient: bool  # wait for large changes (commands), or answer from the state before them (the service)
    _fitted: _Fitted | None = None
    _saved: Digests = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _worker: threading.Thread | None = None

    def matcher(self) -> Matcher:
        """Up to date with the database. A service that is still taking in a large change answers from before it,

        and raises Preparing where there is nothing from before.
        """
        with self.db.read() as conn:
            revision = meta.revision(conn)
            if self._fitted is not None and self._fitted.revision == revision:
                return self._fitted.matcher
            large = not self.patient and self._changes_many(conn)
        if large:
            return self._meanwhile()
        with self._lock:
            return self._follow().matcher

    def refresh(self) -> None:
        """Bring the state up to date and keep it on disk, as after an import."""
        with self._lock:
            self._follow()

    def _changes_many(self, conn: Connection) -> bool:
        wanted = self.source.digests(conn)
        known = self._fitted.digests if self._fitted else self._kept_digests(wanted)
        return len(wanted.items() ^ known.items()) > _MANY

    def _kept_digests(self, wanted: Digests) -> Digests:
        """A state on disk that is already right makes a change of any size a quick one."""
        return wanted if self._path(wanted).exists() else {}

    def _meanwhile(self) -> Matcher:
        if self._worker is None or not self._worker.is_alive():
            self._worker = threading.Thread(target=self.refresh, name=f"index-{self.name}", daemon=True)
            self._worker.start()
        if self._fitted is None:
            raise Preparing("登録された情報を読み込んでいます。しばらく待ってから、もう一度お試しください。")
        return self._fitted.matcher

    def _follow(self) -> _Fitted:
        with self.db.read() as conn:
            revision, wanted = meta.revision(conn), self.source.digests(conn)
            if self._fitted is not None and self._fitted.digests == wanted:
                self._fitted = _Fitted(self._fitted.matcher, wanted, revision)
                return self._fitted
            with _alone(self.folder / f"{self.name}.lock"):
                matcher, known = self._nearest(wanted)
                matcher = self._brought_up(conn, matcher, known, wanted)
                self._fitted = _Fitted(matcher, wanted, revision)
                self._keep(self._fitted)
        return self._fitted

    def _nearest(self, wanted: Digests) -> tuple[Matcher, Digests]:
        """The state in memory, else the newest one on disk that can be used, else an empty one."""
        if self._fitted is not None and not self._path(wanted).exists():
            return self._fitted.matcher, self._fitted.digests
        for path in self._kept(wanted):
            try:
                state, about = artefacts.load(path)
            except artefacts.BrokenArtefact as error:
                _LOG.warning("kept state of %s is unusable and is built anew: %s", self.name, error)
                rmtree(path, ignore_errors=True)
                continue
            self._saved = about["digests"]
            return Matcher.from_state(state, self.config), about["digests"]
        return Matcher.fit([], self.config), {}

    def _kept(self, wanted: Digests) -> list[Path]:
        """Usable folders: the very state wanted first, then the newest."""
        paths = [path for path in self.folder.glob(f"{self.name}-{self._kind()}-*") if path.is_dir()]
        return sorted(paths, key=lambda path: (path != self._path(wanted), -path.stat().st_mtime_ns, path.name))

    def _brought_up(self, conn: Connection, matcher: Matcher, known: Digests, wanted: Digests) -> Matcher:
        changed = sorted(id for id, digest in wanted.items() if known.get(id) != digest)
        gone: dict[str, Sequence[Document]] = dict.fromkeys(known.keys() - wanted.keys(), ())
        if not changed and not gone:
            return matcher
        return matcher.updated({**gone, **self.source.documents(conn, changed)})

    def _keep(self, fitted: _Fitted) -> None:
        path, differing = self._path(fitted.digests), len(fitted.digests.items() ^ self._saved.items())
        if path.exists() or differing <= _SHARE_WORTH_SAVING * len(fitted.digests):
            return
        about = {"index": self.name, "model": fitted.matcher.name, "digests": dict(fitted.digests)}
        artefacts.save(path, fitted.matcher.state(), about)
        self._saved = fitted.digests
        for other in self.folder.glob(f"{self.name}-*-*"):
            if other != path and other.is_dir():
                rmtree(other, ignore_errors=True)

    def _kind(self) -> str:
        known = f"{self.config.counting} {DOCUMENTS_FORMAT} {version('kyodo-matcher')}"
        return hashlib.sha256(known.encode()).hexdigest()[:8]

    def _path(self, digests: Digests) -> Path:
        """The fingerprint covers how documents are made and counted, and the content of every one of them."""
        content = "\n".join(f"{id} {digest}" for id, digest in sorted(digests.items()))
        return self.folder / f"{self.name}-{self._kind()}-{hashlib.sha256(content.encode()).hexdigest()[:16]}"


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time; the others wait, and then find the state on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        flock(file, LOCK_EX)
        yield
