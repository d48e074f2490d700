"""A fitted state as a folder: plain arrays, JSON tables, and a manifest with the hash of every file and of itself.

Nothing is pickled. A folder appears whole or not at all, and is verified byte by byte before anything of it is used.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from corpus import private
from matcher.document_index import State
from matcher.text import DICTIONARY_EDITION

_MANIFEST = "manifest.json"
_SEAL = "seal"  # of the manifest, over the rest of it
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
    """As ``load``, but a manifest from before there were seals will do, for nobody can make a city's models anew.

    Raises BrokenArtefact also for another kind, layout or edition of the dictionary of words.
    """
    state, known = _loaded(folder, _manifest(folder, unsealed=True))
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
    private.make_folder(folder.parent)
    draft = Path(tempfile.mkdtemp(prefix=draft_name(folder.name), dir=folder.parent))
    try:
        for name, array in state.arrays.items():
            np.save(draft / f"{name}.npy", array, allow_pickle=False)
        for name, table in state.tables.items():
            (draft / f"{name}.json").write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")
        if card:
            (draft / _CARD).write_text(card, encoding="utf-8")
        files = {path.name: _hash(path) for path in sorted(draft.iterdir())}
        (draft / _MANIFEST).write_text(_sealed({"about": dict(about), "files": files}), encoding="utf-8")
        private.tighten(draft)
        _put_in_place(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def keep(folder: Path, state: State, about: Mapping[str, Any]) -> None:
    """As ``save``, for what is made anew when it is lost: damage, a file or a link in its place goes."""
    if folder.is_symlink() or not folder.is_dir() or _named_like_ours(folder):
        discard(folder)
    save(folder, state, about)


def discard(path: Path) -> None:
    """A folder with all that is in it, a file, or a link but not what it leads to; what cannot be removed stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def replaceable(folder: Path) -> None:
    """Raises NotReplaceable for what holds other things than an artefact, or is the folder one works in."""
    if folder.is_symlink() or _resolved(folder) in (None, Path.cwd(), *Path.cwd().parents):
        raise NotReplaceable(f"{folder} には書き出せません。新しいフォルダーの名前を指定してください。")
    if folder.is_file():
        raise NotReplaceable(f"{folder} はファイルです。新しいフォルダーの名前を指定してください。")
    if folder.is_dir() and any(folder.iterdir()) and not _only_ours(folder):
        raise NotReplaceable(
            f"{folder} には、ほかのファイルがあります。空のフォルダーか、新しい名前を指定してください。"
        )


def _resolved(folder: Path) -> Path | None:
    """None for links in a ring."""
    try:
        return folder.resolve()
    except (OSError, RuntimeError):
        return None


def _only_ours(folder: Path) -> bool:
    """Whether every file is one that ``save`` writes."""
    files = all(path.is_file() for path in folder.iterdir())
    return files and (folder / _MANIFEST).is_file() and _named_like_ours(folder)


def _named_like_ours(folder: Path) -> bool:
    return all(path.suffix in (".npy", ".json") or path.name == _CARD for path in folder.iterdir())


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
    return _loaded(folder, _manifest(folder))


def about(folder: Path) -> dict[str, Any]:
    """What the manifest says, without reading or verifying the rest. Raises BrokenArtefact."""
    known: dict[str, Any] = _manifest(folder)["about"]
    return known


def _loaded(folder: Path, manifest: Mapping[str, Any]) -> tuple[State, dict[str, Any]]:
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
        except (OSError, ValueError, EOFError, MemoryError, RecursionError) as error:
            raise BrokenArtefact(f"{name} を読み込めません。".replace("\0", "?")) from error
    return State(arrays, tables), manifest["about"]


def _manifest(folder: Path, unsealed: bool = False) -> dict[str, Any]:
    """``unsealed``: one that never had a seal will do."""
    try:
        manifest = json.loads(_ordinary(folder / _MANIFEST).read_text(encoding="utf-8"))
        if isinstance(manifest["about"], dict) and isinstance(manifest["files"], dict):
            if not (unsealed and manifest.keys() == {"about", "files"}) and manifest[_SEAL] != _seal(manifest):
                raise BrokenArtefact(f"{folder.name} の {_MANIFEST} が、書いたあとに変わっています。")
            return dict(manifest)
    except (OSError, ValueError, KeyError, TypeError, MemoryError, RecursionError) as error:
        raise BrokenArtefact(f"{folder.name} の {_MANIFEST} を読み込めません。") from error
    raise BrokenArtefact(f"{folder.name} の {_MANIFEST} は、別の形式で書かれています。")


def _sealed(manifest: Mapping[str, Any]) -> str:
    written = json.dumps(manifest, ensure_ascii=False)
    return json.dumps(json.loads(written) | {_SEAL: _seal(json.loads(written))}, ensure_ascii=False, indent=1)


def _seal(manifest: Mapping[str, Any]) -> str:
    """Of what is said, whatever the order and the spaces in which it is written."""
    rest = {name: value for name, value in manifest.items() if name != _SEAL}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _hash(path: Path) -> str:
    with _ordinary(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _ordinary(path: Path) -> Path:
    """Raises FileNotFoundError for a folder, and for a pipe, of which the end would never come."""
    if not path.is_file():
        raise FileNotFoundError(path.name)
    return path
