"""A sentence encoder from a folder on this machine: it turns texts into vectors and never asks the network.

The libraries it needs are an extra (``embed``) and take seconds to start, so they are imported when a folder is opened.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.dense import MOST_DIMENSIONS
from models.artefacts import fingerprint

_WORDS = ("高齢", "清掃", "場所", "教育", "防災", "医療")  # alike in length: unread, they are the same to a model
BATCH = 32  # texts for which others wait, and whose rows are held at a time
_TOKENIZERS = frozenset({"tokenizer.json", "vocab.txt", "vocab.json"})
_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
_QUIET_AND_OFFLINE = (
    "HF_HUB_OFFLINE",
    "TRANSFORMERS_OFFLINE",
    "HF_HUB_DISABLE_TELEMETRY",
    "HF_HUB_DISABLE_PROGRESS_BARS",
)


class BrokenEncoder(Exception):
    """No encoder can be had from the folder, or it fails at a text.

    The text is a Japanese sentence that says why and what would be right, and holds nothing of what was encoded.
    """


class SentenceEncoder:
    """Texts as vectors. Every row has length 1, so that a product of two rows is their cosine.

    A text longer than the model reads is cut at the model's own limit. Every method raises BrokenEncoder.
    """

    def __init__(self, model: Any, name: str, query_prefix: str, passage_prefix: str) -> None:
        self._model = model
        self._lock = Lock()  # tokenizers are not made for threads; held for a batch, so that a query waits no longer
        self._prefixes = (query_prefix or None, passage_prefix or None)
        self.name = name
        self.dimensions: int = self.encode_queries(["試し"]).shape[1]
        if self.dimensions > MOST_DIMENSIONS:
            raise BrokenEncoder(
                f"この文エンコーダーのベクトルは{self.dimensions:,}次元です。"
                f"{MOST_DIMENSIONS:,}次元までのモデルを使ってください。"
            )

    @classmethod
    def open(cls, folder: Path, query_prefix: str = "", passage_prefix: str = "") -> "SentenceEncoder":
        """The model in ``folder`` (as sentence-transformers or transformers save one), on the processor, in float32.

        ``name`` is of the folder's files (but for its cards, ``.md``) and the prefixes: what one name encoded, no
        other model did. An empty prefix leaves it to what the folder itself asks to be put before a query or a
        document. Code in the folder is never run and weights are read from safetensors only.

        The model is loaded twice, one after the other, and must read some words alike both times: what the files
        lack, the library fills with random numbers. To compare the names of the weights would be quicker, but they
        differ between file and model (prefixes, tied and renamed weights), and a missing one may be one that is not
        used. Not noticed is what it fills with fixed numbers: a lone offset or norm.

        Raises BrokenEncoder.
        """
        _check(folder)
        load, name = _library(), _name(folder, query_prefix, passage_prefix)
        try:
            # The first is let go before the second is there, so that the memory holds one.
            before = cls(_load(load, folder), name, query_prefix, passage_prefix).encode_passages(_WORDS)
            encoder = cls(_load(load, folder), name, query_prefix, passage_prefix)
            _check_reading(folder, before, encoder.encode_passages(_WORDS))
        except BrokenEncoder:
            raise
        except Exception as error:  # whatever the libraries raise over a damaged model
            raise BrokenEncoder(
                f"「{folder}」を文エンコーダーとして読み込めません({type(error).__name__})。{_advice(folder)}"
            ) from error
        return encoder

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dimensions), for texts that look for something: issues."""
        return self._encode(self._model.encode_query, texts, self._prefixes[0])

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dimensions), for texts that are looked for: organisations."""
        return self._encode(self._model.encode_document, texts, self._prefixes[1])

    def _encode(self, encode: Any, texts: Sequence[str], prefix: str | None) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        rows = np.concatenate([self._rows(encode, batch, prefix) for batch in batches]).astype(np.float32, copy=False)
        if not np.isfinite(rows).all():
            raise BrokenEncoder(
                "文エンコーダーが数でない値を返しました。モデルのファイルが壊れていないか確かめてください。"
            )
        return rows

    def _rows(self, encode: Any, batch: Sequence[str], prefix: str | None) -> Any:
        try:
            with self._lock:
                # One by one: read together, texts change each other's last bits, and what is hidden must change none.
                return encode(
                    list(batch), prompt=prefix, batch_size=1, show_progress_bar=False, normalize_embeddings=True
                )
        except Exception as error:  # whatever the libraries raise over a text, or for want of memory
            raise BrokenEncoder(
                f"文エンコーダーが文章を読み込めませんでした({type(error).__name__})。"
                "モデルのファイルがそろっているか、メモリーに空きがあるかを確かめてください。"
            ) from error


def _check(folder: Path) -> None:
    """Refuse what is no model or would need trust. Raises BrokenEncoder."""
    if not folder.is_dir():
        raise BrokenEncoder(
            f"文エンコーダーのフォルダー「{folder}」が見つかりません。モデルの入ったフォルダーの場所を確かめてください。"
        )
    files = list(_files(folder))
    for path in files:
        _check_file(folder, path)
    if not any(path.suffix == ".safetensors" for path in files) or not any(path.suffix == ".json" for path in files):
        raise BrokenEncoder(
            f"「{folder}」は文エンコーダーのフォルダーではありません。"
            "設定(config.json など)と重み(model.safetensors)の入ったフォルダーを指定してください。"
        )
    _check_parts(folder)


def _check_file(folder: Path, path: Path) -> None:
    if path.suffix == ".py":
        raise BrokenEncoder(
            f"「{folder}」にプログラム({path.name})が入っています。"
            "安全のため、プログラムの入っていないモデルだけを使えます。"
        )
    if path.match("pytorch_model*.bin") and not _has_weights(path.parent):
        raise BrokenEncoder(
            f"「{folder}」の重みは、安全に読めない形式のファイル({path.relative_to(folder)})にしかありません。"
            "safetensors形式(model.safetensors)のモデルを使ってください。"
        )


def _check_reading(folder: Path, before: NDArray[np.float32], after: NDArray[np.float32]) -> None:
    """Refuse a model that takes all words for one since it has no tokenizer, or the same words for others.

    One that has a tokenizer may know few words: it helps little, and spoils nothing. Raises BrokenEncoder.
    """
    tokenizers = (path for path in _files(folder) if path.name in _TOKENIZERS or path.suffix == ".model")
    if np.allclose(after, after[0], atol=1e-6) and not any(tokenizers):
        raise BrokenEncoder(
            f"「{folder}」では、違う言葉がどれも同じベクトルになります。"
            "語の区切り方(トークナイザー)のファイルが足りません。モデルのファイルをすべて置きなおしてください。"
        )
    if not np.allclose(before, after, atol=1e-6):
        raise BrokenEncoder(
            f"「{folder}」は、読み込むたびに違うベクトルを返します。"
            "重みのファイル(model.safetensors)が設定(config.json)に合わないか、重みの一部が足りません。"
            "モデルのファイルをすべて置きなおしてください。"
        )


def _check_parts(folder: Path) -> None:
    # The list of a model's parts names classes that are imported as they stand there: none but the library's own.
    listed = folder / "modules.json"
    try:
        parts = [str(part["type"]) for part in json.loads(listed.read_bytes())] if listed.exists() else []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenEncoder(f"「{folder}」の modules.json を読み込めません。モデルを入れ直してください。") from error
    for part in parts:
        if part.split(".")[0] != "sentence_transformers":
            raise BrokenEncoder(
                f"「{folder}」の modules.json に、使えない部品「{part}」があります。"
                "sentence-transformers の部品だけでできたモデルを使ってください。"
            )


def _advice(folder: Path) -> str:
    # Told only of what could not be loaded: parts without settings (Normalize) need no folder, and copies leave out
    # empty ones.
    listed = folder / "modules.json"
    parts = json.loads(listed.read_text("utf-8")) if listed.exists() else []
    needed = [str(part.get("path", "")) for part in parts if not part["type"].endswith(".Normalize")]
    missing = "、".join(name for name in needed if not (folder / name).is_dir())
    if missing:
        return f"modules.json に書かれたフォルダー({missing})がありません。"
    return "モデルのファイルがすべてそろっているか、壊れていないかを確かめてください。"


def _has_weights(folder: Path) -> bool:
    return any((folder / name).exists() for name in _WEIGHTS)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def _name(folder: Path, *prefixes: str) -> str:
    pieces = [prefix.encode() for prefix in prefixes]
    for path in _files(folder):
        if path.suffix.lower() == ".md":  # for people: no vector is another when it is edited
            continue
        with path.open("rb") as file:
            pieces += [path.relative_to(folder).as_posix().encode(), hashlib.file_digest(file, "sha256").digest()]
    return fingerprint(pieces)[:32]


def _library() -> Any:
    """What loads a folder. Raises BrokenEncoder where the extra is not installed."""
    for name in _QUIET_AND_OFFLINE:  # read once, when the libraries are imported
        os.environ[name] = "1"
    # Threads that wait by spinning made a text many times as slow on a machine that had other work to do.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        from sentence_transformers import SentenceTransformer
    except (ImportError, OSError) as error:
        raise BrokenEncoder(
            "文エンコーダーを使うための追加の部品(sentence-transformers と PyTorch)が入っていないか、動きません。"
            "requirements-embed.lock に書かれた部品を入れてください。"
        ) from error
    return SentenceTransformer


def _load(load: Any, folder: Path) -> Any:
    return load(
        str(folder.absolute()),
        device="cpu",
        local_files_only=True,
        trust_remote_code=False,
        model_kwargs={"use_safetensors": True, "dtype": "float32"},
    )
