"""What the ranking knows beyond the collection, put together from what is shipped, made by the city, or set."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corpus.synonyms import BrokenSynonyms, read_synonyms, shipped_synonyms
from matcher.analysis import Learned
from matcher.dense import Floats, TextEncoder
from matcher.synonyms import Synonyms
from models.encoding.encoded import EncodedTexts
from models.encoding.encoder import BrokenEncoder, SentenceEncoder
from models.vectors.artefact import find_vectors

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are; None for what is shipped, or for none. ``data`` is the city's own folder."""

    data: Path | None = None
    synonyms: Path | None = None
    vectors: Path | None = None
    encoder: Path | None = None
    query_prefix: str = ""
    passage_prefix: str = ""


def find_learned(places: Places = Places()) -> Learned:  # frozen
    """What can be used; of what is broken a warning says so, and the ranking goes on without it or as shipped."""
    return Learned(_synonyms(places.synonyms), find_vectors(places.data, places.vectors), _encoder(places))


def _synonyms(path: Path | None) -> Synonyms:
    try:
        return read_synonyms(path) if path else shipped_synonyms()
    except BrokenSynonyms as error:
        fault = f"直すところが{len(error.problems):,}か所あります。{error.problems[0]}"
    except FileNotFoundError:
        fault = "ファイルが見つかりません。名前と場所を確かめてください。"
    except OSError:
        fault = "ファイルを開けません。フォルダーでないか、読む権限があるかを確かめてください。"
    _LOG.warning("言いかえの表(%s)が使えないため、付属の表を使います。%s", path, fault)
    return shipped_synonyms()


def _encoder(places: Places) -> TextEncoder | None:
    if places.encoder is None:
        return None
    try:
        encoder = SentenceEncoder.open(places.encoder, places.query_prefix, places.passage_prefix)
    except BrokenEncoder as error:
        _LOG.warning("文エンコーダー(%s)が使えないため、使わずに並べます。%s", places.encoder, error)
        return None
    return _Remembering(encoder, EncodedTexts(places.data / "encoded")) if places.data else encoder


@dataclass(frozen=True, slots=True)
class _Remembering:
    """An encoder that reads each passage once."""

    encoder: SentenceEncoder
    known: EncodedTexts

    @property
    def name(self) -> str:
        return self.encoder.name

    def encode_queries(self, texts: Sequence[str]) -> Floats:
        """Zeros, near to nothing, where the encoder fails: the list goes on without it."""
        try:
            return self.encoder.encode_queries(texts)
        except BrokenEncoder as error:
            _LOG.warning("文エンコーダーが答えなかったため、使わずに並べます。%s", error)
            return np.zeros((len(texts), self.encoder.dimensions), np.float32)

    def encode_passages(self, texts: Sequence[str]) -> Floats:
        """Zeros likewise."""
        return self.known.vectors(self.encoder, texts)
