"""Vectors of texts that an encoder has read once, kept so that it need not read them again. No text is kept."""

import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.document_index import State
from models import artefacts
from models.encoding.encoder import BrokenEncoder, SentenceEncoder

_FORM = 2  # of a shard's layout, and of how texts are read: those of the first were read in batches
_MOST = 1000  # texts in a shard: at most this many are lost when a long run is cut off
_ENOUGH = 20  # texts failing one by one, none read in between: the encoder is taken to be at its end
_log = logging.getLogger(__name__)

_Shard = dict[str, NDArray[np.float16]]  # SHA-256 of a text -> its vector


class EncodedTexts:
    """Vectors by text, in a folder that may be deleted at any time: what is missing or broken is encoded again.

    Each encoder has a folder of its own there, by its name, so that another model never meets its vectors. Two
    processes may write at once: the later one wins, and what the other wrote is encoded again when it is next needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._name = ""
        self._shards: list[_Shard] = []
        self._misses = 0  # single texts failed at, since one was read

    def vectors(
        self, encoder: SentenceEncoder, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """(texts, dimensions), rows of length 1; only texts never seen before are encoded, each once.

        Kept to float16, so that a row is the same (cosine to the encoder's own above 0.999999) whether it was just
        encoded or read from disk. Texts that the encoder fails at have rows of zeros, near to nothing, and are tried
        again the next time; so do all that are left once it has failed at 20 single texts in a row, or, called after
        that, at two more. ``progress`` hears how many texts have been tried so far.
        """
        if not texts:
            return encoder.encode_passages([])
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        with self._lock:
            self._open(encoder.name)
            known = {key: row for shard in self._shards for key, row in shard.items()}
            unknown = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
            self._encode(encoder, unknown, known, progress)
        return _unit(np.stack([known[key] for key in keys]).astype(np.float32))

    def _encode(
        self,
        encoder: SentenceEncoder,
        unknown: dict[str, str],
        known: _Shard,
        progress: Callable[[int], None] | None,
    ) -> None:
        waiting, parts, done = iter(unknown.items()), list[dict[str, str]](), 0
        self._misses = min(self._misses, _ENOUGH - 2)  # one bad text may stand first: the next one tells
        while done < len(unknown) and self._misses < _ENOUGH:
            number, shard = self._open_shard()  # has room for the halves of a part, as it had for the whole
            part = parts.pop() if parts else dict(islice(waiting, _MOST - len(shard)))
            read = _encoded(encoder, part)
            if not read and len(part) > 1:
                parts += _halves(part)
                continue
            self._misses = 0 if read else self._misses + 1
            if read:
                shard |= read
                known |= read
                self._write(number, shard)
            done += len(part)
            if progress:
                progress(done)
        if failed := [key for key in unknown if key not in known]:
            known.update(dict.fromkeys(failed, np.zeros(encoder.encode_passages([]).shape[1], np.float16)))
            _log.warning("文エンコーダーは、文章%d件のうち%d件を読み込めませんでした。", len(unknown), len(failed))

    def _open_shard(self) -> tuple[int, _Shard]:
        for number, shard in enumerate(self._shards):
            if len(shard) < _MOST:
                return number, shard
        self._shards.append({})
        return len(self._shards) - 1, self._shards[-1]

    def _open(self, name: str) -> None:
        if name == self._name:
            return
        self._name, self._shards = name, []
        while os.access(folder := self._place(len(self._shards)), os.F_OK):
            try:
                self._shards.append(_read(folder, self._about()))
            except artefacts.BrokenArtefact as error:
                _log.warning(
                    "文エンコーダーで読んだ文章の控え(%d番)が使えないため、読み直します。%s", len(self._shards), error
                )
                self._shards.append({})  # filled and written again before any other

    def _write(self, number: int, shard: _Shard) -> None:
        state = State({"vectors": np.stack(list(shard.values()))}, {"texts": list(shard)})
        try:
            artefacts.keep(self._place(number), state, self._about())
        # A full disk, another process: the vectors are at hand all the same.
        except (OSError, artefacts.NotReplaceable) as error:
            _log.warning("文エンコーダーで読んだ文章の控え(%d番)を残せません(%s)。", number, error)

    def _place(self, number: int) -> Path:
        return self._folder / self._name / f"{number:06}"

    def _about(self) -> dict[str, Any]:
        # Not a model's manifest: no word is looked up, so that a new edition of the dictionary leaves vectors valid.
        return {"kind": "encoded-texts", "form": _FORM, "encoder": self._name}


def _encoded(encoder: SentenceEncoder, part: dict[str, str]) -> _Shard:
    """Nothing where the encoder fails at one of the texts."""
    try:
        return dict(zip(part, encoder.encode_passages(list(part.values())).astype(np.float16), strict=True))
    except BrokenEncoder:
        return {}


def _halves(part: dict[str, str]) -> list[dict[str, str]]:
    items, middle = list(part.items()), len(part) // 2
    return [dict(items[middle:]), dict(items[:middle])]  # the last one is taken first


def _read(folder: Path, about: dict[str, Any]) -> _Shard:
    state, known = artefacts.load(folder)
    texts, rows = state.tables.get("texts"), state.arrays.get("vectors")
    if known != about or texts is None or rows is None or rows.dtype != np.float16 or len(rows) != len(texts):
        raise artefacts.BrokenArtefact(f"{folder.name} は、このプログラムと違う版の形式です。")
    return dict(zip(texts, rows, strict=True))


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    result: NDArray[np.float32] = rows / np.maximum(lengths, np.float32(1e-12))
    return result
