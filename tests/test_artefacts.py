import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from matcher.document_index import State
from matcher.matching import Matcher
from matcher.records import Document, Query
from models import artefacts
from models.artefacts import BrokenArtefact, NotReplaceable, about, fingerprint, load, load_model, save, save_model

STATE = State({"a": np.arange(5, dtype=np.int32)}, {"words": ["猫", "犬"]})


def test_a_saved_state_comes_back_as_it_was(tmp_path):
    save(tmp_path / "x", STATE, {"model": "m"})
    state, known = load(tmp_path / "x")
    assert state.arrays["a"].tolist() == [0, 1, 2, 3, 4]
    assert state.tables == {"words": ["猫", "犬"]}
    assert known == about(tmp_path / "x") == {"model": "m"}


def test_saving_again_replaces_and_leaves_no_draft(tmp_path):
    save(tmp_path / "x", STATE, {"n": 1})
    save(tmp_path / "x", State({}, {}), {"n": 2})
    assert load(tmp_path / "x") == (State({}, {}), {"n": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_changed_byte_is_noticed(tmp_path):
    save(tmp_path / "x", STATE, {})
    path = tmp_path / "x" / "a.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(BrokenArtefact, match=r"a\.npy"):
        load(tmp_path / "x")


def test_a_missing_file_is_noticed(tmp_path):
    save(tmp_path / "x", STATE, {})
    (tmp_path / "x" / "words.json").unlink()
    with pytest.raises(BrokenArtefact, match=r"words\.json"):
        load(tmp_path / "x")


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"about": 1, "files": {}}'])
def test_a_manifest_of_another_format_is_noticed(tmp_path, manifest):
    save(tmp_path / "x", STATE, {})
    (tmp_path / "x" / "manifest.json").write_text(manifest)
    with pytest.raises(BrokenArtefact, match="manifest"):
        load(tmp_path / "x")


def test_a_folder_that_is_not_there_is_noticed(tmp_path):
    with pytest.raises(BrokenArtefact):
        load(tmp_path / "x")


def test_nothing_is_unpickled(tmp_path):
    save(tmp_path / "x", STATE, {})
    np.save(tmp_path / "x" / "a.npy", np.array([{"code": 1}], dtype=object), allow_pickle=True)
    vouched(tmp_path / "x", "a.npy", (tmp_path / "x" / "a.npy").read_bytes())
    with pytest.raises(BrokenArtefact, match=r"a\.npy"):
        load(tmp_path / "x")


def test_a_matcher_kept_on_disk_ranks_alike(tmp_path):
    matcher = Matcher.fit([Document("a#1", "a", body="猫の世話"), Document("b#1", "b", body="高齢者の見守り")])
    save(tmp_path / "m", matcher.state(), {})
    again = Matcher.from_state(load(tmp_path / "m")[0], matcher.config)
    assert again.rank(Query("q", "猫の世話をする人")) == matcher.rank(Query("q", "猫の世話をする人"))


def save_words(folder):
    save_model(folder, STATE, kind="words", form=1, config={"k": 1}, data=fingerprint([b"a"]), measures={"f1": 0.5})


def test_a_model_tells_what_it_is_made_of(tmp_path):
    save_words(tmp_path / "x")
    _, known = load_model(tmp_path / "x", "words", 1)
    assert known["config"] == {"k": 1}
    assert known["measures"] == {"f1": 0.5}
    assert "sudachidict-core" in known["dictionary"]
    assert set(known["versions"]) == {"kyodo-matcher", "numpy", "scikit-learn"}


@pytest.mark.parametrize(("kind", "form", "says"), [("fields", 1, "fields"), ("words", 2, "違う版の形式")])
def test_a_model_of_another_kind_or_layout_is_refused(tmp_path, kind, form, says):
    save_words(tmp_path / "x")
    with pytest.raises(BrokenArtefact, match=says):
        load_model(tmp_path / "x", kind, form)


def test_a_model_of_another_edition_of_the_dictionary_is_refused(tmp_path, monkeypatch):
    save_words(tmp_path / "x")
    monkeypatch.setattr(artefacts, "DICTIONARY_EDITION", "another edition")
    with pytest.raises(BrokenArtefact, match="another edition"):
        load_model(tmp_path / "x", "words", 1)


def test_a_fingerprint_tells_apart_how_the_same_bytes_are_cut():
    assert fingerprint([b"ab", b"c"]) != fingerprint([b"a", b"bc"])
    assert fingerprint([b"ab", b"c"]) == fingerprint(iter([b"ab", b"c"]))


def vouched(folder, name, content):
    """The manifest says that a file has this content, and bears the right seal."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] = hashlib.sha256(content).hexdigest()
    (folder / "manifest.json").write_text(artefacts._sealed(manifest))


def sealed(folder, name, content):
    """A file of ``folder`` with another content, and a manifest that vouches for it."""
    (folder / name).write_bytes(content)
    vouched(folder, name, content)


@pytest.mark.parametrize(("name", "content"), [("words.json", b"{"), ("words.json", b"[" * 100_000), ("a.npy", b"xx")])
def test_a_file_that_cannot_be_read_is_said_so_even_where_its_hash_is_right(tmp_path, name, content):
    save(tmp_path / "x", STATE, {})
    sealed(tmp_path / "x", name, content)
    with pytest.raises(BrokenArtefact, match=name):
        load(tmp_path / "x")


@pytest.mark.parametrize("name", ["../out.json", "a/b.json", "a\0b"])
def test_a_file_outside_the_folder_is_not_read(tmp_path, name):
    save(tmp_path / "x", STATE, {})
    (tmp_path / "out.json").write_text("1")
    vouched(tmp_path / "x", name, b"1")
    with pytest.raises(BrokenArtefact):
        load(tmp_path / "x")


def test_a_save_that_fails_at_the_last_step_leaves_what_was_there(tmp_path, monkeypatch):
    save(tmp_path / "x", STATE, {"n": 1})
    rename, calls = Path.rename, []

    def failing(self, target):
        calls.append(target)
        if len(calls) == 2:  # the old one is aside, the new one comes
            raise OSError(28, "no space")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="no space"):
        save(tmp_path / "x", STATE, {"n": 2})
    assert about(tmp_path / "x") == {"n": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_folder_with_other_files_is_not_replaced(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.txt").write_text("x")
    with pytest.raises(NotReplaceable, match="ほかのファイル"):
        save(tmp_path / "thesis", STATE, {})
    assert (tmp_path / "thesis" / "thesis.txt").read_text() == "x"


def test_an_artefact_beside_which_somebody_put_a_file_is_not_replaced(tmp_path):
    save(tmp_path / "x", STATE, {})
    (tmp_path / "x" / "notes.txt").write_text("x")
    with pytest.raises(NotReplaceable):
        save(tmp_path / "x", STATE, {})


def test_the_folder_one_works_in_and_a_file_are_not_replaced(tmp_path, monkeypatch):
    (tmp_path / "f").write_text("x")
    with pytest.raises(NotReplaceable, match="ファイル"):
        save(tmp_path / "f", STATE, {})
    (tmp_path / "w").mkdir()
    monkeypatch.chdir(tmp_path / "w")
    with pytest.raises(NotReplaceable):
        save(Path(), STATE, {})


def test_an_empty_folder_may_be_used(tmp_path):
    (tmp_path / "x").mkdir()
    save(tmp_path / "x", STATE, {"n": 1})
    assert about(tmp_path / "x") == {"n": 1}


@pytest.mark.parametrize("name", ["", "about", "files", "seal"])
def test_a_manifest_that_was_changed_or_lost_a_part_is_noticed(tmp_path, name):
    save(tmp_path / "x", STATE, {"n": 1})
    path = tmp_path / "x" / "manifest.json"
    manifest = json.loads(path.read_text())
    if name:
        del manifest[name]
    else:
        manifest["about"]["n"] = 2
    path.write_text(json.dumps(manifest))
    with pytest.raises(BrokenArtefact, match="manifest"):
        load(tmp_path / "x")
    with pytest.raises(BrokenArtefact, match="manifest"):
        about(tmp_path / "x")


def test_a_model_from_before_there_were_seals_is_still_read(tmp_path):
    save_words(tmp_path / "x")
    path = tmp_path / "x" / "manifest.json"
    manifest = json.loads(path.read_text())
    seal = manifest.pop("seal")
    path.write_text(json.dumps(manifest))
    assert load_model(tmp_path / "x", "words", 1)[0].tables == STATE.tables
    path.write_text(json.dumps(manifest | {"seel": seal}))
    with pytest.raises(BrokenArtefact):
        load_model(tmp_path / "x", "words", 1)


@pytest.mark.parametrize("name", ["a.npy", "manifest.json"])
@pytest.mark.parametrize("put", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_not_waited_for(tmp_path, name, put):
    save(tmp_path / "x", STATE, {})
    (tmp_path / "x" / name).unlink()
    put(tmp_path / "x" / name)
    with pytest.raises(BrokenArtefact, match=name):
        load(tmp_path / "x")


def test_what_can_be_made_anew_takes_the_place_of_whatever_is_there(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "thesis.txt").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "words.json").write_text("[]")
    for name in ("link", "file", "folder", "new"):
        artefacts.keep(tmp_path / name, STATE, {"n": 1})
        assert about(tmp_path / name) == {"n": 1}
    assert (tmp_path / "elsewhere" / "thesis.txt").read_text() == "x"


def test_an_artefact_is_open_to_its_owner_alone(tmp_path):
    umask = os.umask(0)
    try:
        save(tmp_path / "new" / "x", STATE, {})
    finally:
        os.umask(umask)
    assert [path for path in (tmp_path / "new").rglob("*") if path.stat().st_mode & 0o077] == []
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0
