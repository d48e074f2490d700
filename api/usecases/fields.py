"""Activity fields proposed for an issue that names none, and learning them from a register."""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from corpus.documents import issue_query
from corpus.records.issues import Issue
from corpus.records.organisations import Organisation
from corpus.session import Session
from corpus.store import organisations as organisation_rows
from corpus.store.rows import batches
from matcher.analysis import AnalysedQuery
from models.artefacts import BrokenArtefact
from models.fields.classifier import FieldModel, load_field_model
from models.learned import InUse, Whose

_LOG = logging.getLogger(__name__)
_Stamp = tuple[tuple[str, int, int, int], ...]  # of every file of a folder its name, size and times


@dataclass(frozen=True, slots=True)
class Proposal:
    """A field that may be one of an issue's, until an officer says so only proposed."""

    code: int
    likely: bool


@dataclass(frozen=True, slots=True)
class FieldProposer:
    """Asks the city's own model in ``folder``, else the shipped one; follows a new training.

    A model that was read goes on while what is in its folder cannot be used, until the folder is removed.
    """

    folder: Path

    def of(self, text: str | AnalysedQuery) -> dict[int, float]:
        """Code -> probability of all fields; {} for a text of unknown words, or where no model can be used."""
        model = self._model()
        return model.of(text) if model else {}

    def proposed(self, text: str | AnalysedQuery) -> dict[int, float]:
        """Code -> probability of the fields worth proposing: at most three, likeliest first."""
        model = self._model()
        return model.proposed(text) if model else {}

    def likely(self, text: str | AnalysedQuery) -> frozenset[int]:
        """Of ``proposed`` the codes that are shown as likely; none for a text of too few known words."""
        model = self._model()
        return model.likely(text) if model else frozenset()

    def in_use(self) -> InUse:
        """Whose model that is, and why it is not what lies in ``folder``."""
        own, shipped = _follower(self.folder).read(), _shipped()
        whose: Whose = "own" if own.model else "shipped" if shipped.model else "none"
        return InUse("fields", whose, own.fault + ("" if own.model else shipped.fault))

    def _model(self) -> FieldModel | None:
        return _follower(self.folder).read().model or _shipped().model


def proposer(data: Path) -> FieldProposer:
    """The one of the collection in this folder."""
    return FieldProposer(own_folder(data))


def own_folder(data: Path) -> Path:
    """Where a city's own model is kept."""
    return data / "models" / "fields"


def proposals(proposer: FieldProposer, issue: Issue, asked: AnalysedQuery | None = None) -> tuple[Proposal, ...]:
    """For an issue without fields, likeliest first; nothing for one that has fields. ``asked``: its text, read before.

    None is likely for an issue with fewer than four different words that the model knows.
    """
    if issue.fields:
        return ()
    text = asked or issue_query(issue).text
    likely = proposer.likely(text)
    return tuple(Proposal(code, code in likely) for code in proposer.proposed(text))


def labelled(s: Session, most: int) -> list[tuple[str, str, frozenset[int]]]:
    """(id, text, fields) of at most ``most`` stored organisations with fields: no invented, no inactive ones.

    Of more, the same ones each time, drawn by the hash of the id so that no place or name is preferred.
    """
    return [
        (one.id, "\n".join(text for text in (one.purpose, one.activities, one.offers) if text), one.fields)
        for one, _ in zip(_with_fields(s), range(most), strict=False)
    ]


def _with_fields(s: Session) -> Iterator[Organisation]:
    ids = sorted(organisation_rows.rankable_digests(s), key=lambda id: hashlib.sha256(id.encode()).digest())
    for batch in batches(ids):
        found = organisation_rows.by_ids(s, batch).values()
        yield from (one for one in found if one.fields and not one.is_sample)


@dataclass(frozen=True, slots=True)
class _Load:
    """What came of reading a folder that had ``stamp``. ``fault`` is a sentence where what lies there is not used."""

    stamp: _Stamp | None = None
    model: FieldModel | None = None
    fault: str = ""


class _Follower:
    """Reads a folder anew when one of its files has changed, be it for the worse."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known = _Load()

    def read(self) -> _Load:
        """By any thread."""
        known, stamp = self._known, _stamp(self._folder)
        if known.stamp != stamp:  # taken before the files are read: what changes meanwhile is read again
            known = self._known = _Load() if stamp is None else _read(self._folder, stamp, known.model)
        return known


def _read(folder: Path, stamp: _Stamp, before: FieldModel | None) -> _Load:
    """``before`` goes on, said once in the log, where the folder's model cannot be used."""
    try:
        return _Load(stamp, load_field_model(folder))
    except BrokenArtefact as error:
        going_on = "前に読み込んだものを使い続けます。" if before else ""
        _LOG.warning("活動分野のモデル(%s)を読み込めません。%s%s", folder.name, error, going_on)
        return _Load(stamp, before, f"市で作った活動分野のモデルを読み込めません。{error}{going_on}")


def _stamp(folder: Path) -> _Stamp | None:
    """None where there is no folder; empty where it cannot be looked into."""
    try:
        found = [(path.name, path.stat()) for path in folder.iterdir()]
        # The second time is of the right to read, too.
        return tuple(sorted((name, of.st_size, of.st_mtime_ns, of.st_ctime_ns) for name, of in found))
    except FileNotFoundError:
        return () if folder.exists() else None  # a file that went away meanwhile
    except OSError:
        return ()


@lru_cache(maxsize=4)
def _follower(folder: Path) -> _Follower:
    return _Follower(folder)


def _shipped() -> _Load:
    return _follower(Path(str(files("models"))) / "pretrained" / "fields").read()
