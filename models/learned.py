"""What the ranking knows beyond the collection, put together from what is shipped, made by the city, or set."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from corpus.synonyms import BrokenSynonyms, read_synonyms, shipped_synonyms
from matcher.analysis import LanguageResources
from matcher.dense import Float32Array, TextEncoder, WordVectors
from matcher.synonyms import Synonyms
from models.artefacts import BrokenArtefact
from models.encoding.encoded import EncodedTexts
from models.encoding.encoder import BrokenEncoder, SentenceEncoder
from models.vectors.artefact import SHIPPED, load_vectors, vectors_folder

_LOG = logging.getLogger(__name__)
Whose = Literal["own", "shipped", "none"]


@dataclass(frozen=True, slots=True)
class ResourcePaths:
    """Where things are; None for what is shipped, or for none. ``data`` is the city's own folder."""

    data: Path | None = None
    synonyms: Path | None = None
    vectors: Path | None = None
    encoder: Path | None = None
    query_prefix: str = ""
    passage_prefix: str = ""


@dataclass(frozen=True, slots=True)
class InUse:
    """Which of a kind is used: the city's own, the shipped one, or none. ``kind``: synonyms, vectors, encoder, fields.

    ``fault`` says in sentences what was to be used and cannot be; empty where nothing is wrong.
    """

    kind: str
    whose: Whose
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Resources:
    """What the ranking uses, and for people which of each kind that is."""

    learned: LanguageResources
    in_use: tuple[InUse, ...]


def find_learned(places: ResourcePaths = ResourcePaths()) -> LanguageResources:  # frozen
    """What rankings use where nobody asks which of each kind it is: of ``places``, else what is shipped."""
    return find_resources(places).learned


def find_resources(places: ResourcePaths) -> Resources:
    """What can be used; of what is broken a warning says so, and the ranking goes on without it or as shipped."""
    synonyms, table = _synonyms(places.synonyms)
    vectors, words = find_vectors(places.data, places.vectors)
    encoder, sentences = _encoder(places)
    return Resources(LanguageResources(synonyms, vectors, encoder), (table, words, sentences))


def _synonyms(path: Path | None) -> tuple[Synonyms, InUse]:
    if path is None:
        return shipped_synonyms(), InUse("synonyms", "shipped")
    try:
        return read_synonyms(path), InUse("synonyms", "own")
    except BrokenSynonyms as error:
        fault = (
            f"直すところが{len(error.problems):,}か所あります。{error.problems[0]}"
            "すべての問題は kyodo models check-synonyms で確かめられます。"
        )
    except FileNotFoundError:
        fault = "ファイルが見つかりません。名前と場所を確かめてください。"
    except OSError:
        fault = "ファイルを開けません。フォルダーでないか、読む権限があるかを確かめてください。"
    fault += "いまは付属の表を使っています。サービスを動かしているときは、直したあとに起動し直してください。"
    return shipped_synonyms(), InUse("synonyms", "shipped", _told("設定した言いかえの表", path, fault))


def find_vectors(data: Path | None, chosen: Path | None) -> tuple[WordVectors | None, InUse]:
    """Those of ``chosen``, else the city's own in ``data``, else the shipped ones; None where none can be used."""
    own = vectors_folder(data) if data else None
    choices: list[tuple[Whose, str, Path | None]] = [
        ("own", "設定した", chosen),
        ("own", "市で作った", own if own and _is_there(own) else None),
        ("shipped", "付属の", SHIPPED),
    ]
    faults = ""
    for whose, which, folder in choices:
        if folder is None:
            continue
        try:
            return load_vectors(folder), InUse("vectors", whose, faults)
        except BrokenArtefact as error:
            faults += _told(f"{which}単語ベクトル", folder, str(error))
    return None, InUse("vectors", "none", faults)


def _is_there(folder: Path) -> bool:
    """Also where it cannot be looked into, which is then said of it."""
    try:
        return folder.exists()
    except OSError:
        return True


def _encoder(places: ResourcePaths) -> tuple[TextEncoder | None, InUse]:
    if places.encoder is None:
        return None, InUse("encoder", "none")
    try:
        encoder = SentenceEncoder.open(places.encoder, places.query_prefix, places.passage_prefix)
    except BrokenEncoder as error:
        return None, InUse("encoder", "none", _told("設定した文エンコーダー", places.encoder, str(error)))
    remembering = _Remembering(encoder, EncodedTexts(places.data / "encoded")) if places.data else encoder
    return remembering, InUse("encoder", "own")


def _told(what: str, place: Path, reason: str) -> str:
    """For people, who need no place of this machine; the log names it."""
    _LOG.warning("%s(%s)は使えません。%s", what, place, reason)
    return f"{what}は使えません。{reason.replace(f'「{place}」', f'「{place.absolute().name}」')}"


@dataclass(frozen=True, slots=True)
class _Remembering:
    """An encoder that reads each passage once."""

    encoder: SentenceEncoder
    known: EncodedTexts

    @property
    def name(self) -> str:
        return self.encoder.name

    def encode_queries(self, texts: Sequence[str]) -> Float32Array:
        """Zeros, near to nothing, where the encoder fails: the list goes on without it."""
        try:
            return self.encoder.encode_queries(texts)
        except BrokenEncoder as error:
            _LOG.warning("文エンコーダーが答えなかったため、使わずに並べます。%s", error)
            return np.zeros((len(texts), self.encoder.dimensions), np.float32)

    def encode_passages(self, texts: Sequence[str]) -> Float32Array:
        """Zeros likewise."""
        return self.known.vectors(self.encoder, texts)
