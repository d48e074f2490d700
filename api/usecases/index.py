"""Fitted matchers that follow the database: kept on disk, verified, and brought up to date by what has changed."""

import gc
import hashlib
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from fcntl import LOCK_EX, flock
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection

from api.errors import Preparing
from corpus import private
from corpus.database import Database
from corpus.documents import DOCUMENTS_EDITION
from corpus.store import meta
from matcher.analysis import Learned
from matcher.fitted import State
from matcher.matching import Matcher, MatcherConfig, Weights
from matcher.records import Document
from models import artefacts

_LOG = logging.getLogger(__name__)
_NO_REVISION = -1  # of a state that is not known to be the database's
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
    learned: Learned
    weights: Callable[[Connection], Weights]  # in force, which may change with every revision
    source: Source
    patient: bool  # wait for large changes (commands), or answer from the state before them (the service)
    _fitted: _Fitted | None = None
    _saved: Digests = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _starting: threading.Lock = field(default_factory=threading.Lock)
    _worker: threading.Thread | None = None

    def matcher(self) -> Matcher:
        """Up to date with the database; but a service that is still taking in a large change does without what is new.

        Raises Preparing where there is nothing from before.
        """
        with self.db.read() as conn:
            revision = meta.revision(conn)
            if self._fitted is not None and self._fitted.revision == revision:
                return self._fitted.matcher
            wanted = self.source.digests(conn)
            if not self.patient:  # what lies there may turn out to be damaged: only what was read counts as known
                self._read_from_before(conn, wanted)
            if self.patient or _differing(wanted, self._known(wanted)) <= _MANY:
                return self._follow(conn, revision, wanted).matcher
        return self._meanwhile(wanted)

    @property
    def taking_in(self) -> bool:
        """Whether the last answers lack a large change that is still being taken in."""
        return self._worker is not None and self._worker.is_alive()

    def refresh(self) -> None:
        """After an import: leave on disk what the next start would otherwise have to work out."""
        with self.db.read() as conn:
            wanted = self.source.digests(conn)
            if _worth_keeping(wanted, self._known(wanted)):
                self._follow(conn, meta.revision(conn), wanted)

    def _take_in(self) -> None:
        with self.db.read() as conn:
            self._follow(conn, meta.revision(conn), self.source.digests(conn))
        settle()

    def _known(self, wanted: Digests) -> Digests:
        """What the state holds that the next one would be made from: the one in memory, else that on disk."""
        fitted = self._fitted
        if fitted is not None and (fitted.digests == wanted or not self._is_kept(wanted)):
            return fitted.digests
        if fitted is None and not self.patient:
            return {}
        for path in self._kept(wanted):
            with suppress(artefacts.BrokenArtefact):
                return self._up_to_date(self._ours(artefacts.about(path)))
        return {}

    def _meanwhile(self, wanted: Digests) -> Matcher:
        """The state before a large change, without what it has retired: that must not be suggested once more."""
        fitted = self._fitted
        if not self.taking_in:
            self._worker = threading.Thread(target=self._take_in, name=f"index-{self.name}", daemon=True)
            self._worker.start()
        if fitted is None or not fitted.digests.keys() & wanted.keys():
            raise Preparing("登録された情報を読み込んでいます。しばらく待ってから、もう一度お試しください。")
        gone = fitted.digests.keys() - wanted.keys()
        return fitted.matcher.updated(dict.fromkeys(gone, ())) if gone else fitted.matcher

    def _follow(self, conn: Connection, revision: int, wanted: Digests) -> _Fitted:
        """The state of what ``conn`` sees, ``wanted`` at ``revision``."""
        with self._lock:
            fitted = self._fitted
            if fitted is not None and fitted.revision == revision:  # another thread was first
                return fitted
            if fitted is None or _worth_keeping(wanted, self._saved):
                matcher = self._from_disk(conn, wanted)
            else:  # no other process has to be waited for
                matcher = self._brought_up(conn, fitted.matcher, fitted.digests, wanted)
            self._fitted = _Fitted(matcher.weighed(self.weights(conn)), wanted, revision)
            return self._fitted

    def _from_disk(self, conn: Connection, wanted: Digests) -> Matcher:
        """Of several processes that want the same, one works it out and the others read what it has kept."""
        with _alone(self.folder / f"{self.name}.lock"):
            matcher, known = self._nearest(wanted)
            matcher = self._brought_up(conn, matcher, known, wanted)
            if _worth_keeping(wanted, self._saved):
                self._keep(matcher, wanted)
        return matcher

    def _nearest(self, wanted: Digests) -> tuple[Matcher, Digests]:
        """The state in memory, else one on disk that can be used, else an empty one."""
        if self._fitted is not None and not self._is_kept(wanted):
            return self._fitted.matcher, self._fitted.digests
        for path in self._kept(wanted):
            try:
                matcher, digests = self._loaded(path)
            except artefacts.BrokenArtefact as error:
                _LOG.warning("検索用に保存したデータ(%s)が使えないため、作り直します。%s", self.name, error)
                artefacts.discard(path)
                continue
            self._saved = digests
            return matcher, digests
        if self._fitted is not None:
            return self._fitted.matcher, self._fitted.digests
        return Matcher.fit([], self.config, self.learned), {}

    def _read_from_before(self, conn: Connection, wanted: Digests) -> None:
        """What is on disk as it stands, at no revision, until the worker is done, who holds the other lock."""
        with self._starting:  # a large state is read once, by the first of those who ask at a start
            if self._fitted is not None or self.taking_in:
                return
            for path in self._kept(wanted):
                with suppress(artefacts.BrokenArtefact):
                    matcher, digests = self._loaded(path)
                    self._saved = digests
                    self._fitted = _Fitted(matcher.weighed(self.weights(conn)), digests, _NO_REVISION)
                    return

    def _loaded(self, path: Path) -> tuple[Matcher, Digests]:
        """Raises BrokenArtefact."""
        with _no_collection():
            state, about = artefacts.load(path)
            known = self._ours(about)
            try:
                return Matcher.from_state(state, self.config, self.learned), self._up_to_date(known)
            except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
                raise artefacts.BrokenArtefact(f"{path.name} の中身がそろっていません。") from error

    def _ours(self, about: Mapping[str, Any]) -> Mapping[str, Any]:
        """Raises BrokenArtefact for the state of something else, under whatever name it lies here."""
        if (about.get("index"), about.get("kind")) != (self.name, self._kind()) or "digests" not in about:
            raise artefacts.BrokenArtefact("ほかの検索のためのデータです。")
        return about

    def _up_to_date(self, about: Mapping[str, Any]) -> Digests:
        """The digests of a kept state, but "" for what an encoder failed at, if it answers now: that counts as new."""
        digests: Digests = about["digests"]
        failed, encoder = set(about.get("failed", ())), self.learned.encoder
        if failed and encoder and encoder.encode_queries(["確認"]).any():
            return {id: "" if id in failed else digest for id, digest in digests.items()}
        return digests

    def _kept(self, wanted: Digests) -> list[Path]:
        """What is named as a state of this kind, the very one wanted first."""
        paths = self.folder.glob(f"{self.name}-{self._kind()}-*")
        return sorted(paths, key=lambda path: (path != self._path(wanted), path.name))

    def _brought_up(self, conn: Connection, matcher: Matcher, known: Digests, wanted: Digests) -> Matcher:
        changed = sorted(id for id, digest in wanted.items() if known.get(id) != digest)
        gone: dict[str, Sequence[Document]] = dict.fromkeys(known.keys() - wanted.keys(), ())
        if not changed and not gone:
            return matcher
        return matcher.updated({**gone, **self.source.documents(conn, changed)})

    def _keep(self, matcher: Matcher, digests: Digests) -> None:
        """The new state instead of all older ones. A disk that is full keeps nobody from an answer."""
        path, state = self._path(digests), matcher.state()
        about = {"index": self.name, "kind": self._kind(), "model": matcher.name, "digests": dict(digests)}
        about["failed"] = self._failed(matcher, state)
        try:
            for draft in self.folder.glob(f"{artefacts.draft_name(self.name)}-*"):  # of a process that was killed
                artefacts.discard(draft)
            artefacts.keep(path, state, about)
        except (OSError, artefacts.NotReplaceable) as error:
            _LOG.warning(
                "検索用のデータ(%s)を保存できなかったため、次に始めるときに時間がかかります(%s)。"
                "ディスクに空きがあるか、KYODO_DATA のフォルダーに書き込めるかを確かめてください。",
                self.name,
                error.strerror if isinstance(error, OSError) else error,
            )
            return
        self._saved = digests
        for other in self.folder.glob(f"{self.name}-*-*"):
            if other != path:
                artefacts.discard(other)

    def _failed(self, matcher: Matcher, state: State) -> list[str]:
        """Whose texts an encoder failed at: the next start encodes them again."""
        texts = state.arrays["texts-small"]  # a row a document, zeros where the encoder failed; none without one
        failed = sorted({matcher.documents[row].owner for row in np.flatnonzero(~texts.any(axis=1)).tolist()})
        if failed:
            _LOG.warning(
                "検索用のデータ(%s)のうち%d件は、文エンコーダーが文章を読み込めなかったため、それを使わずに並べます。"
                "次に始めるときに、もう一度読み込みます。",
                self.name,
                len(failed),
            )
        return failed

    def _kind(self) -> str:
        known = f"sealed {self.config.counting} {self.learned.name} {DOCUMENTS_EDITION} {version('kyodo-matcher')}"
        return hashlib.sha256(known.encode()).hexdigest()[:8]

    def _is_kept(self, digests: Digests) -> bool:
        return os.access(self._path(digests), os.F_OK)  # a folder that cannot be looked into has nothing for us

    def _path(self, digests: Digests) -> Path:
        """The fingerprint covers how documents are made and counted, and the content of every one of them."""
        content = "\n".join(f"{id} {digest}" for id, digest in sorted(digests.items()))
        return self.folder / f"{self.name}-{self._kind()}-{hashlib.sha256(content.encode()).hexdigest()[:16]}"


def _differing(wanted: Digests, known: Digests) -> int:
    """How many were added, changed or retired."""
    return len(wanted.keys() | known.keys()) - len(wanted.items() & known.items())


def _worth_keeping(wanted: Digests, known: Digests) -> bool:
    """At the latest when the next start could not take the difference in at once."""
    return _differing(wanted, known) > min(_SHARE_WORTH_SAVING * len(wanted), _MANY)


def settle() -> None:
    """What was read until now stays: to look for garbage among it stops every thread for a tenth of a second."""
    gc.collect()
    gc.freeze()


@contextmanager
def _no_collection() -> Iterator[None]:
    """Everything that a state brings is kept: looking for garbage among it would take a third of a large start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time; the others wait, and then find the state on disk."""
    with ExitStack() as held:
        try:
            private.make_folder(path.parent)
            # Also for reading and without following links: it neither waits for a pipe nor empties what is not ours.
            number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            flock(held.enter_context(os.fdopen(number, "rb")), LOCK_EX)
        except OSError as error:  # nothing can be kept there either; two processes at worst do the same work
            _LOG.warning("KYODO_DATA のフォルダーの %s に書き込めません(%s)。", path.name, error.strerror)
        yield
