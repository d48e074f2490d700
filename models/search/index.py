"""A fitted matcher that follows the database, brought up to date by what has changed."""

import gc
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.access import ANONYMOUS, PROGRAM
from corpus.database import Database
from corpus.session import Session
from corpus.store import meta
from matcher.analysis import LanguageResources
from matcher.matching import Matcher, MatcherConfig, Weights
from matcher.records import Document
from models.search.kept import Digests, KeptStates

_NO_REVISION = -1  # of a state that is not known to be the database's
_MANY = 2_000  # changes that take longer than a page may wait; a server takes them in beside its work
_PREPARING = "登録された情報を読み込んでいます。しばらく待ってから、もう一度お試しください。"
_SHARE_WORTH_SAVING = 0.05  # of the collection: writing a large state for a few changes costs more than redoing them


class NotReady(Exception):
    """There is nothing yet that the viewer may be shown, but will be. The text is a Japanese sentence for them."""

    def __init__(self) -> None:
        super().__init__(_PREPARING)


@dataclass(frozen=True, slots=True)
class Source:
    """Where an index gets its documents: the digests of all that may be ranked, and the documents of some of it.

    ``released``: there are viewers who may see a part of it only.
    """

    digests: Callable[[Session], Digests]
    documents: Callable[[Session, Sequence[str]], Mapping[str, Sequence[Document]]]
    released: bool = False


@dataclass(frozen=True, slots=True)
class SearchView:
    """What a session ranks with. ``among``, shape (owners,): those it may be shown; None for all.

    ``lacking``: a large change is still being taken in, and the list goes without what it brings.
    """

    matcher: Matcher
    among: NDArray[np.bool_] | None
    lacking: bool

    @property
    def total(self) -> int:
        """How many owners there are to be ranked."""
        return len(self.matcher.owners) if self.among is None else int(self.among.sum())


@dataclass(frozen=True, slots=True)
class _Snapshot:
    matcher: Matcher
    digests: Digests
    revision: int

    @property
    def public(self) -> Digests:
        """Of what counts in what is known of all."""
        owners = {document.owner for document in self.matcher.documents if document.public}
        return {owner: self.digests[owner] for owner in owners}


@dataclass(slots=True)
class Index:
    """One collection's matcher. Threads share it; each gets a whole state, the old or the new one.

    What is counted of ``beside`` tells how rare words are here too: what is known of all must not rest on the few
    documents, or the hidden ones, of this collection.
    """

    name: str
    db: Database
    folder: Path
    config: MatcherConfig
    learned: LanguageResources
    weights: Callable[[Session], Weights]  # in force, which may change with every revision
    source: Source
    patient: bool  # wait for large changes (commands), or answer from the state before them (the service)
    beside: "Index | None" = None
    _snapshot: _Snapshot | None = None
    _saved: Digests = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _setting: threading.Lock = field(default_factory=threading.Lock)  # of ``_snapshot``, for a moment only
    _starting: threading.Lock = field(default_factory=threading.Lock)
    _worker: threading.Thread | None = None

    @property
    def _kept(self) -> KeptStates:
        return KeptStates(self.name, self.folder, self.config, self.learned)

    def at(self, s: Session) -> SearchView:
        """Of the very revision that ``s`` sees; but a service that is taking in a large change lacks what that brings.

        Raises NotReady where there is nothing from before that ``s`` may be shown.
        """
        revision, fitted = meta.revision(s), self._snapshot
        if fitted is not None and fitted.revision == revision:
            return self._view(s, fitted)
        whole = s.as_program()
        wanted = self.source.digests(whole)
        if not self.patient:  # what lies there may turn out to be damaged: only what was read counts as known
            self._read_from_before(whole, wanted)
        if self.patient or _differing(wanted, self._known(wanted)) <= self._at_once:
            return self._view(s, self._follow(whole, revision, wanted))
        self._begin_taking_in(revision)
        return self._view(s, self._snapshot, wanted)

    @property
    def _at_once(self) -> int:
        """Changes that a page waits for, with its session open: some two seconds. An encoder takes sixty times as long
        for a text as counting its words.
        """
        return max(1, _MANY // 60) if self.learned.encoder else _MANY

    def _view(self, s: Session, fitted: _Snapshot | None, wanted: Digests | None = None) -> SearchView:
        """``wanted`` where the state is one from before: what a change has retired is not suggested once more."""
        if self.source.released and not s.viewer.sees_all:
            return self._part(s, fitted, wanted)
        if fitted is None or (wanted is not None and not fitted.digests.keys() & wanted.keys()):
            raise NotReady
        matcher, lacking = self._beside(s, fitted)
        if wanted is None:
            return SearchView(matcher, None, lacking)
        return SearchView(matcher, _among(matcher, wanted) if fitted.digests.keys() - wanted.keys() else None, True)

    def _part(self, s: Session, fitted: _Snapshot | None, wanted: Digests | None) -> SearchView:
        """For who may see a part only. What else is being taken in changes nothing for them: a state from before does,
        as long as what was public in it is what is public now, and what they see is as they see it.
        """
        visible = self.source.digests(s)
        if not visible:
            nothing = Matcher.fit([], self.config, self.learned).weighed(self.weights(s))
            return SearchView(nothing, _among(nothing, visible), lacking=False)
        if fitted is None or (wanted is not None and not self._is_as_seen(s, fitted, visible)):
            raise NotReady
        matcher, lacking = self._beside(s, fitted)
        return SearchView(matcher, _among(matcher, visible), lacking)

    def _is_as_seen(self, s: Session, fitted: _Snapshot, visible: Digests) -> bool:
        public = self.source.digests(replace(s, viewer=ANONYMOUS))
        return fitted.public == public and visible.items() <= fitted.digests.items()

    def _beside(self, s: Session, fitted: _Snapshot) -> tuple[Matcher, bool]:
        """Weighed along with what lies behind at present, and whether that lacks something."""
        if self.beside is None:
            return fitted.matcher, False
        try:
            behind = self.beside.at(s)
        except NotReady:  # the first large register is being read: the words of what is here weigh alone until then
            return fitted.matcher, True
        background = behind.matcher.statistics
        if fitted.matcher.is_beside(background):
            return fitted.matcher, behind.lacking
        weighed = replace(fitted, matcher=fitted.matcher.beside(background))
        with self._setting:
            if self._snapshot is fitted:
                self._snapshot = weighed
        return weighed.matcher, behind.lacking

    @property
    def taking_in(self) -> bool:
        """Whether a large change is being taken in."""
        return self._worker is not None and self._worker.is_alive()

    def refresh(self) -> None:
        """After an import: leave on disk what the next start would otherwise have to work out."""
        with self._own_session() as s:
            wanted = self.source.digests(s)
        if _worth_keeping(wanted, self._known(wanted)):
            self.prepare()

    def prepare(self) -> None:
        """Brings the state up to date, whatever it takes. Texts are read while no transaction is open."""
        with self._lock, self._kept.alone():
            with self._own_session() as s:
                if self._snapshot is not None and self._snapshot.revision == meta.revision(s):
                    return
                wanted = self.source.digests(s)
            matcher, known = self._nearest(wanted)
            with self._own_session() as s:
                revision, wanted, weights = meta.revision(s), self.source.digests(s), self.weights(s)
                changes = self._changes(s, known, wanted)
            matcher = matcher.updated(changes) if changes else matcher
            self._keep_if_worth_it(matcher, wanted)
            with self._setting:
                self._snapshot = _Snapshot(matcher.weighed(weights), wanted, revision)

    def _take_in(self) -> None:
        self.prepare()
        settle()

    @contextmanager
    def _own_session(self) -> Iterator[Session]:
        with self.db.read() as conn:
            yield Session(conn, PROGRAM)

    def _known(self, wanted: Digests) -> Digests:
        """What the state holds that the next one would be made from: the one in memory, else that on disk."""
        fitted = self._snapshot
        if fitted is not None and (fitted.digests == wanted or not self._kept.holds(wanted)):
            return fitted.digests
        if fitted is None and not self.patient:
            return {}
        return self._kept.digests(wanted)

    def _begin_taking_in(self, revision: int) -> None:
        """A large change, beside the work; not for who reads a view older than the state is."""
        is_older = self._snapshot is not None and revision < self._snapshot.revision
        if not (self.taking_in or is_older):
            self._worker = threading.Thread(target=self._take_in, name=f"index-{self.name}", daemon=True)
            self._worker.start()

    def _follow(self, s: Session, revision: int, wanted: Digests) -> _Snapshot:
        """The state of what ``s`` sees, ``wanted`` at ``revision``; kept unless somebody has seen a later one."""
        with self._lock:
            fitted = self._snapshot
            if fitted is not None and fitted.revision == revision:  # another thread was first
                return fitted
            is_older = fitted is not None and revision < fitted.revision
            if fitted is None or (_worth_keeping(wanted, self._saved) and not is_older):
                matcher = self._from_disk(s, wanted)
            else:  # no other process has to be waited for
                matcher = self._brought_up(s, fitted.matcher, fitted.digests, wanted)
            followed = _Snapshot(matcher.weighed(self.weights(s)), wanted, revision)
            if not is_older:
                with self._setting:
                    self._snapshot = followed
            return followed

    def _from_disk(self, s: Session, wanted: Digests) -> Matcher:
        """Of several processes that want the same, one works it out and the others read what it has kept."""
        with self._kept.alone():
            matcher, known = self._nearest(wanted)
            matcher = self._brought_up(s, matcher, known, wanted)
            self._keep_if_worth_it(matcher, wanted)
        return matcher

    def _nearest(self, wanted: Digests) -> tuple[Matcher, Digests]:
        """The state in memory, else one on disk that can be used, else an empty one."""
        if self._snapshot is not None and not self._kept.holds(wanted):
            return self._snapshot.matcher, self._snapshot.digests
        if found := self._kept.nearest(wanted, tidy=True):
            self._saved = found[1]
            return found
        if self._snapshot is not None:
            return self._snapshot.matcher, self._snapshot.digests
        return Matcher.fit([], self.config, self.learned), {}

    def _keep_if_worth_it(self, matcher: Matcher, digests: Digests) -> None:
        if _worth_keeping(digests, self._saved) and self._kept.keep(matcher, digests):
            self._saved = digests

    def _read_from_before(self, s: Session, wanted: Digests) -> None:
        """What is on disk as it stands, at no revision, until the worker is done, who holds the other lock."""
        with self._starting:  # a large state is read once, by the first of those who ask at a start
            if self._snapshot is not None or self.taking_in:
                return
            if found := self._kept.nearest(wanted, tidy=False):
                matcher, self._saved = found
                self._snapshot = _Snapshot(matcher.weighed(self.weights(s)), self._saved, _NO_REVISION)

    def _brought_up(self, s: Session, matcher: Matcher, known: Digests, wanted: Digests) -> Matcher:
        changes = self._changes(s, known, wanted)
        return matcher.updated(changes) if changes else matcher

    def _changes(self, s: Session, known: Digests, wanted: Digests) -> Mapping[str, Sequence[Document]]:
        """What makes a state of ``known`` one of ``wanted``: owners with their documents, none for who is gone."""
        changed = sorted(id for id, digest in wanted.items() if known.get(id) != digest)
        gone: dict[str, Sequence[Document]] = dict.fromkeys(known.keys() - wanted.keys(), ())
        return {**gone, **self.source.documents(s, changed)}


def _among(matcher: Matcher, allowed: Digests) -> NDArray[np.bool_]:
    return np.fromiter((owner in allowed for owner in matcher.owners), np.bool_, len(matcher.owners))


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
