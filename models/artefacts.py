"""A fitted state as a folder: plain arrays, JSON tables, and a manifest with the hash of every file.

Nothing is pickled. A folder appears whole or not at all, and is verified byte by byte before anything of it is used.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from matcher.matching import State

_MANIFEST = "manifest.json"


class BrokenArtefact(Exception):
    """The folder is incomplete, altered or of another format; the text is a Japanese sentence naming the file."""


def save(folder: Path, state: State, about: Mapping[str, Any]) -> None:
    """Write ``state`` to ``folder``, replacing what is there; ``about`` goes into the manifest.

    A process that is killed meanwhile leaves a folder named by ``draft_name``.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=draft_name(folder.name), dir=folder.parent))
    try:
        for name, array in state.arrays.items():
            np.save(draft / f"{name}.npy", array, allow_pickle=False)
        for name, table in state.tables.items():
            (draft / f"{name}.json").write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")
        manifest = {"about": dict(about), "files": {path.name: _hash(path) for path in sorted(draft.iterdir())}}
        (draft / _MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


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
            if _hash(path) != expected:
                raise BrokenArtefact(f"{name} が、書いたあとに変わっています。")
            if path.suffix == ".npy":
                arrays[path.stem] = np.load(path, allow_pickle=False)
            else:
                tables[path.stem] = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise BrokenArtefact(f"{name} を読み込めません。") from error
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
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenArtefact(f"{folder.name} の {_MANIFEST} を読み込めません。") from error
    raise BrokenArtefact(f"{folder.name} の {_MANIFEST} は、別の形式で書かれています。")


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
