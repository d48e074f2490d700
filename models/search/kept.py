"""The fitted states of one index on the disk: found, verified before they are read, and written for the next start."""

import gc
import hashlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from corpus import private
from corpus.documents import DOCUMENTS_EDITION
from matcher.analysis import LanguageResources
from matcher.matching import Matcher, MatcherConfig
from models import artefacts

_LOG = logging.getLogger(__name__)

Digests = Mapping[str, str]  # owner -> what its documents are made from


@dataclass(frozen=True, slots=True)
class KeptStates:
    """Of all states of ``name`` in ``folder`` those that this program, with ``learned``, would have made.

    Whatever else lies there, or is damaged, counts as nothing: every state can be worked out again.
    """

    name: str
    folder: Path
    config: MatcherConfig
    learned: LanguageResources

    def alone(self) -> AbstractContextManager[None]:
        """Of several processes that want the same state, one works it out and the others read what it has kept."""
        return private.alone(self.folder / f"{self.name}.lock")

    def holds(self, wanted: Digests) -> bool:
        """Whether there is something named as the very state of ``wanted``."""
        return os.access(self._path(wanted), os.F_OK)  # a folder that cannot be looked into has nothing for us

    def digests(self, wanted: Digests) -> Digests:
        """What the state that ``nearest`` would give is of, without reading it whole; empty where there is none."""
        for path in self._paths(wanted):
            with suppress(artefacts.BrokenArtefact):
                return self._up_to_date(self._ours(artefacts.about(path)))
        return {}

    def nearest(self, wanted: Digests, *, tidy: bool) -> tuple[Matcher, Digests] | None:
        """The state of ``wanted``, else the first other one that can be used, and what it is of; or None.

        ``tidy``, for who is ``alone``: those that cannot be used are told to the log and taken away.
        """
        for path in self._paths(wanted):
            try:
                return self._loaded(path)
            except artefacts.BrokenArtefact as error:
                if tidy:
                    _LOG.warning("検索用に保存したデータ(%s)が使えないため、作り直します。%s", self.name, error)
                    artefacts.discard(path)
        return None

    def keep(self, matcher: Matcher, digests: Digests) -> bool:
        """The new state instead of all older ones. A disk that is full keeps nobody from an answer: then False."""
        path = self._path(digests)
        about = {"index": self.name, "kind": self._kind(), "model": matcher.name, "digests": dict(digests)}
        about["failed"] = self._failed(matcher)
        try:
            for draft in self.folder.glob(f"{artefacts.draft_name(self.name)}-*"):  # of a process that was killed
                artefacts.discard(draft)
            artefacts.keep(path, matcher.state(), about)
        except (OSError, artefacts.NotReplaceable) as error:
            _LOG.warning(
                "検索用のデータ(%s)を保存できなかったため、次に始めるときに時間がかかります(%s)。"
                "ディスクに空きがあるか、KYODO_DATA のフォルダーに書き込めるかを確かめてください。",
                self.name,
                error.strerror if isinstance(error, OSError) else error,
            )
            return False
        for other in self.folder.glob(f"{self.name}-*-*"):
            if other != path:
                artefacts.discard(other)
        return True

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

    def _paths(self, wanted: Digests) -> Sequence[Path]:
        """What is named as a state of this kind, the very one wanted first."""
        paths = self.folder.glob(f"{self.name}-{self._kind()}-*")
        return sorted(paths, key=lambda path: (path != self._path(wanted), path.name))

    def _failed(self, matcher: Matcher) -> list[str]:
        """Whose texts an encoder failed at: the next start encodes them again."""
        failed = matcher.not_encoded
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

    def _path(self, digests: Digests) -> Path:
        """The fingerprint covers how documents are made and counted, and the content of every one of them."""
        content = "\n".join(f"{id} {digest}" for id, digest in sorted(digests.items()))
        return self.folder / f"{self.name}-{self._kind()}-{hashlib.sha256(content.encode()).hexdigest()[:16]}"


@contextmanager
def _no_collection() -> Iterator[None]:
    """Everything that a state brings is kept: looking for garbage among it would take a third of a large start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
