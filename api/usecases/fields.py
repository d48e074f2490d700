"""Activity fields proposed for an issue that names none, and learning them from a register."""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from api.usecases.context import Context
from corpus.documents import issue_query
from corpus.records import Issue, Organisation
from corpus.store import organisations as organisation_rows
from corpus.store.rows import batches
from models.artefacts import BrokenArtefact
from models.fields.classifier import LIKELY, FieldModel, load_field_model

_LOG = logging.getLogger(__name__)
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A field that may be one of an issue's, until an officer says so only proposed."""

    code: int
    likely: bool


@dataclass(frozen=True, slots=True)
class FieldProposer:
    """Asks the city's own model in ``folder`` while that can be used, else the shipped one; follows a new training."""

    folder: Path

    def of(self, text: str) -> dict[int, float]:
        """Code -> probability of all fields; {} for a text of unknown words, or where no model can be used."""
        model = self._model()
        return model.of(text) if model else {}

    def proposed(self, text: str) -> dict[int, float]:
        """Code -> probability of the fields worth proposing: at most three, likeliest first."""
        model = self._model()
        return model.proposed(text) if model else {}

    def _model(self) -> FieldModel | None:
        return (_loaded(self.folder, _stamp(self.folder)) if self.folder.is_dir() else None) or _shipped()


def proposer(ctx: Context) -> FieldProposer:
    """The one of this collection."""
    return FieldProposer(own_folder(ctx.settings.data))


def own_folder(data: Path) -> Path:
    """Where a city's own model is kept."""
    return data / "models" / "fields"


def proposals(ctx: Context, issue: Issue) -> tuple[Proposal, ...]:
    """For an issue without fields, likeliest first; nothing for one that has fields."""
    if issue.fields:
        return ()
    proposed = proposer(ctx).proposed(issue_query(issue).text)
    return tuple(Proposal(code, probability >= LIKELY) for code, probability in proposed.items())


def labelled(ctx: Context, most: int) -> list[tuple[str, str, frozenset[int]]]:
    """(id, text, fields) of at most ``most`` stored organisations with fields: no invented, no inactive ones.

    Of more, the same ones each time, drawn by the hash of the id so that no place or name is preferred.
    """
    return [
        (one.id, "\n".join(text for text in (one.purpose, one.activities, one.offers) if text), one.fields)
        for one, _ in zip(_with_fields(ctx), range(most), strict=False)
    ]


def _with_fields(ctx: Context) -> Iterator[Organisation]:
    with ctx.db.read() as conn:
        ids = sorted(organisation_rows.rankable_digests(conn), key=lambda id: hashlib.sha256(id.encode()).digest())
        for batch in batches(ids):
            found = organisation_rows.by_ids(conn, batch).values()
            yield from (one for one in found if one.fields and not one.is_sample)


def _stamp(folder: Path) -> int:
    """Changes when a model is trained anew; 0 where the manifest is missing."""
    path = folder / _MANIFEST
    return path.stat().st_mtime_ns if path.is_file() else 0


@lru_cache(maxsize=4)
def _loaded(folder: Path, _stamp: int) -> FieldModel | None:
    """None, said once in the log, for a model that cannot be used."""
    try:
        return load_field_model(folder)
    except BrokenArtefact as error:
        _LOG.warning("活動分野のモデル(%s)は使えません。%s", folder.name, error)
        return None


def _shipped() -> FieldModel | None:
    return _loaded(Path(str(files("models"))) / "pretrained" / "fields", 0)
