"""Every derived file may be cut, flipped, lost or replaced by something else: the next start answers as before."""

import os
import random
import shutil

import numpy as np
import pytest
from requests_of import choose, matcher_of
from test_weight_choices import ONE, learned

from api.context import open_context
from api.settings import Settings
from api.usecases import fields
from corpus.access import LOCAL
from corpus.records.organisations import Organisation
from corpus.store import organisations
from matcher.records import Query
from models.encoding.encoder import SentenceEncoder
from models.search import index as index_module
from models.search.index import NotReady
from models.vectors.artefact import SHIPPED

QUERY = Query("q", "飼い主のいない猫の世話をする人と、高齢者の見守りをする人が足りない。")
ACTIVITIES = ("飼い主のいない猫の世話", "高齢者の見守りと配食", "川辺のごみ拾い", "子どもの学習支援")


class Letters:
    """A model with the methods of the library's: how often each of four letters occurs."""

    def encode_query(self, texts, **_):
        rows = np.array([[1 + text.count(letter) for letter in "猫者川子"] for text in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    encode_document = encode_query


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A collection with a kept index and kept encoded texts; every start reads both."""
    monkeypatch.setattr(SentenceEncoder, "open", lambda *_: SentenceEncoder(Letters(), "letters", "", ""))
    ctx = opened(tmp_path)
    records = [
        Organisation(id=f"o{n}", key=f"id:o{n}", name=f"会{n}", activities=ACTIVITIES[n % 4] + "をする" * (n % 3))
        for n in range(20)
    ]
    with ctx.write(LOCAL) as s:
        organisations.upsert(s, records)
    ctx.indexes.refresh()
    ctx.db.close()
    return tmp_path


def opened(folder, patient=True):
    return open_context(Settings(data=folder, encoder=folder / "model"), patient)


def ranked(folder):
    """As a process that has just started answers."""
    ctx = opened(folder)
    try:
        return [(s.owner, s.score) for s in matcher_of(ctx.indexes.organisations).rank(QUERY, 20).suggestions]
    finally:
        ctx.db.close()


def damage(path, generator):
    """Something that a disk, a person or a half-written copy may do to a file."""
    kind = generator.choice(
        ["flip", "flip", "cut", "cut", "empty", "lose", "folder", "pipe", "link", "other", "parent"]
    )
    if kind == "parent":
        shutil.rmtree(path.parent)
        return kind
    content = bytearray(path.read_bytes())
    if kind == "flip" and content:
        content[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
    path.unlink()
    if kind == "flip":
        path.write_bytes(content)
    elif kind == "cut":
        path.write_bytes(content[: generator.randrange(len(content) + 1)])
    elif kind == "empty":
        path.touch()
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to("/dev/zero")
    elif kind == "other":
        path.write_text(generator.choice(["{}", "[]", "null", "1", '{"about": {}, "files": {}}']), encoding="utf-8")
    return kind


def derived(folder):
    """In the order of their names, so that a seed always meets the same files."""
    return sorted(path for name in ("index", "encoded") for path in (folder / name).rglob("*") if path.is_file())


def check(place, damages, seed):
    generator = random.Random(seed)
    expected = ranked(place)
    assert len(expected) >= 10
    for turn in range(damages):
        files = derived(place)
        assert len(files) > 20
        path = generator.choice(files)
        kind = damage(path, generator)
        assert ranked(place) == expected, (turn, kind, path.name)


def test_damaged_files_change_no_list(place):
    check(place, 40, seed=1)


@pytest.mark.soak
def test_two_hundred_damaged_files_change_no_list(place):
    check(place, 200, seed=2)


def test_every_bit_of_a_manifest_counts(place):
    expected = ranked(place)
    (manifest,) = (place / "index").glob("organisations-*/manifest.json")
    content = manifest.read_bytes()
    for at in range(0, len(content), len(content) // 20):
        manifest.parent.mkdir(exist_ok=True)
        manifest.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert ranked(place) == expected


def test_a_service_makes_a_large_damaged_index_anew_beside_its_work(place, monkeypatch):
    expected = ranked(place)
    monkeypatch.setattr(index_module, "_MANY", 5)
    (array,) = (place / "index").glob("organisations-*/words-data.npy")
    array.write_bytes(array.read_bytes()[:-1])
    ctx = opened(place, patient=False)
    with pytest.raises(NotReady):
        matcher_of(ctx.indexes.organisations)
    ctx.indexes.organisations._worker.join()
    assert [(s.owner, s.score) for s in matcher_of(ctx.indexes.organisations).rank(QUERY, 20).suggestions] == expected
    ctx.db.close()


def test_the_state_of_one_search_is_not_taken_for_that_of_another(place):
    (ours,) = (place / "index").glob("organisations-*")
    shutil.copytree(ours, place / "index" / ours.name.replace("organisations", "issues"))
    ctx = opened(place)
    assert matcher_of(ctx.indexes.issues).owners == []
    ctx.db.close()


@pytest.mark.parametrize("kind", ["vectors", "fields"])
def test_of_a_damaged_model_the_shipped_one_takes_the_place(place, kind):
    """The city's own is a copy of the shipped one here, so that every answer must stay as it is."""
    generator, own = random.Random(3), place / "models" / kind
    expected, text = ranked(place), "飼い主のいない猫の世話をする人が足りない。川辺の清掃をする人が足りない。"
    proposed = fields.FieldProposer(own).of(text)
    for _ in range(8):
        shutil.rmtree(own, ignore_errors=True)
        shutil.copytree(SHIPPED.with_name(kind), own)
        damage(generator.choice(sorted(own.iterdir())), generator)
        assert ranked(place) == expected
        assert fields.FieldProposer(own).of(text) == proposed != {}


def test_damaged_weights_in_force_are_not_used_and_that_is_said(place):
    ctx, generator = opened(place), random.Random(4)
    folder = learned(ctx)
    choose(ctx, ONE, "試す")
    ctx.db.close()
    shutil.copytree(folder, place / "whole")
    told = set()
    for _ in range(12):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(place / "whole", folder)
        damage(generator.choice(sorted(folder.iterdir())), generator)
        ctx = opened(place)
        with ctx.read(LOCAL) as s:
            in_force = ctx.ruling.of(s)
        assert matcher_of(ctx.indexes.organisations).rank(QUERY, 20).suggestions
        assert (in_force.id, in_force.chosen, in_force.fault != "") in ((ONE, ONE, False), ("", ONE, True))
        told.add(in_force.id)
        ctx.db.close()
    assert "" in told


def test_a_service_goes_on_when_its_folders_vanish(place):
    ctx = opened(place)
    before = matcher_of(ctx.indexes.organisations).rank(QUERY, 20)
    for name in ("index", "encoded"):
        shutil.rmtree(place / name)
    with ctx.write(LOCAL) as s:
        organisations.upsert(s, [Organisation(id="x", key="id:x", name="川の会", activities="川の清掃")])
    after = matcher_of(ctx.indexes.organisations)
    assert len(after.owners) == 21
    assert after.rank(QUERY, 20).suggestions[0].owner == before.suggestions[0].owner
    ctx.db.close()


@pytest.mark.parametrize("put", [os.mkfifo, os.mkdir, lambda path: path.symlink_to(path.parent / "precious")])
def test_a_lock_file_of_another_kind_stops_nobody_and_empties_nothing(place, put):
    expected = ranked(place)
    (place / "index" / "precious").write_text("x")
    shutil.rmtree(next((place / "index").glob("organisations-*")))
    (place / "index" / "organisations.lock").unlink()
    put(place / "index" / "organisations.lock")
    assert ranked(place) == expected
    assert (place / "index" / "precious").read_text() == "x"
