"""A fitted state as a folder: plain arrays, JSON tables, and a manifest with the hash of every file.

Nothing is pickled. A folder appears whole or not at all, and is verified byte by byte before anything of it is used.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from matcher.fitted import State
from matcher.text import DICTIONARY_EDITION

_MANIFEST = "manifest.json"
_CARD = "CARD.md"


class NotReplaceable(Exception):
    """What is there is no artefact, so that it must not be written over; the text is a Japanese sentence."""


class BrokenArtefact(Exception):
    """The folder is incomplete, altered or of another format; the text is a Japanese sentence naming the file."""


def save_model(
    folder: Path,
    state: State,
    *,
    kind: str,
    form: int,
    config: Mapping[str, Any],
    data: str,
    measures: Mapping[str, float],
    card: str = "",
) -> None:
    """As ``save``, for something learned: with what is needed to judge it and to refuse it.

    ``form`` is the number of the layout of ``state``, raised when that changes; ``data`` a ``fingerprint`` of what it
    was learned from; ``measures`` may be empty; ``card`` is for people, in Markdown, and is verified like the rest.
    """
    about = {
        "kind": kind,
        "form": form,
        "made": datetime.now(UTC).date().isoformat(),
        "config": dict(config),
        "data": data,
        "versions": {name: version(name) for name in ("kyodo-matcher", "numpy", "scikit-learn")},
        "dictionary": DICTIONARY_EDITION,
        "measures": dict(measures),
    }
    save(folder, state, about, card)


def load_model(folder: Path, kind: str, form: int) -> tuple[State, dict[str, Any]]:
    """As ``load``. Raises BrokenArtefact also for another kind, layout or edition of the dictionary of words."""
    state, known = load(folder)
    if known.get("kind") != kind:
        raise BrokenArtefact(f"{folder.name} は「{kind}」のモデルではありません(「{known.get('kind')}」)。")
    if known.get("form") != form:
        raise BrokenArtefact(f"{folder.name} は、このプログラムと違う版の形式です。モデルを作り直してください。")
    if known.get("dictionary") != DICTIONARY_EDITION:
        raise BrokenArtefact(
            f"{folder.name} は、語の辞書の別の版({known.get('dictionary')})で作られています。"
            f"今の版は {DICTIONARY_EDITION} です。モデルを作り直してください。"
        )
    return state, known


def fingerprint(pieces: Iterable[bytes]) -> str:
    """SHA-256 over the pieces in their order, lengths included, so that no two lists of pieces share one."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(len(piece).to_bytes(8, "big") + piece)
    return digest.hexdigest()


def save(folder: Path, state: State, about: Mapping[str, Any], card: str = "") -> None:
    """Write ``state`` to ``folder``, replacing what is there; ``about`` goes into the manifest.

    A process that is killed meanwhile leaves a folder named by ``draft_name``. Raises NotReplaceable.
    """
    replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=draft_name(folder.name), dir=folder.parent))
    try:
        for name, array in state.arrays.items():
            np.save(draft / f"{name}.npy", array, allow_pickle=False)
        for name, table in state.tables.items():
            (draft / f"{name}.json").write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")
        if card:
            (draft / _CARD).write_text(card, encoding="utf-8")
        manifest = {"about": dict(about), "files": {path.name: _hash(path) for path in sorted(draft.iterdir())}}
        (draft / _MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
        _put_in_place(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def replaceable(folder: Path) -> None:
    """Raises NotReplaceable for what holds other things than an artefact, or is the folder one works in."""
    if folder.is_symlink() or folder.resolve() in (Path.cwd(), *Path.cwd().parents):
        raise NotReplaceable(f"{folder} には書き出せません。新しいフォルダーの名前を指定してください。")
    if folder.is_file():
        raise NotReplaceable(f"{folder} はファイルです。新しいフォルダーの名前を指定してください。")
    if folder.is_dir() and any(folder.iterdir()) and not _only_ours(folder):
        raise NotReplaceable(
            f"{folder} には、ほかのファイルがあります。空のフォルダーか、新しい名前を指定してください。"
        )


def _only_ours(folder: Path) -> bool:
    """Whether every file is one that ``save`` writes."""
    return (folder / _MANIFEST).is_file() and all(
        path.is_file() and (path.suffix in (".npy", ".json") or path.name == _CARD) for path in folder.iterdir()
    )


def _put_in_place(draft: Path, folder: Path) -> None:
    """The old folder goes only when the new one has its name."""
    if not folder.exists():
        draft.rename(folder)
        return
    aside = draft.with_name(f"{draft.name}-old")
    folder.rename(aside)
    try:
        draft.rename(folder)
    except OSError:
        aside.rename(folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def draft_name(name: str) -> str:
    """How the folders begin in which what will be ``name`` is written."""
    return f".draft-{name}"


def load(folder: Path) -> tuple[State, dict[str, Any]]:
    """The state and what was said ``about`` it. Raises BrokenArtefact."""
    manifest = _manifest(folder)
    arrays: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    for name, expected in manifest["files"].items():
        path = folder / name
        try:
            if path.name != name:
                raise BrokenArtefact(f"{_MANIFEST} に、フォルダーの外のファイル「{name}」が書かれています。")
            if _hash(path) != expected:
                raise BrokenArtefact(f"{name} が、書いたあとに変わっています。")
            if path.suffix == ".npy":
                arrays[path.stem] = np.load(path, allow_pickle=False)
            elif name != _CARD:
                tables[path.stem] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, MemoryError, RecursionError) as error:
            raise BrokenArtefact(f"{name} を読み込めません。".replace("\0", "?")) from error
    return State(arrays, tables), manifest["about"]


def about(folder: Path) -> dict[str, Any]:
    """What the manifest says, without reading or verifying the rest. Raises BrokenArtefact."""
    known: dict[str, Any] = _manifest(folder)["about"]
    return known


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        if isinstance(manifest["about"], dict) and isinstance(manifest["files"], dict):
            return dict(manifest)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BrokenArtefact(f"{folder.name} の {_MANIFEST} を読み込めません。") from error
    raise BrokenArtefact(f"{folder.name} の {_MANIFEST} は、別の形式で書かれています。")


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
