import logging

import numpy as np

from corpus.synonyms import shipped_synonyms
from matcher.dense import WordVectors
from matcher.matching import Matcher
from matcher.records import Document, Part, Query
from models.learned import Places, find_learned
from models.vectors.artefact import SHIPPED, Origin, load_vectors, save_vectors, vectors_folder


def test_what_is_shipped_is_used_where_nothing_is_named():
    learned = find_learned()
    assert learned.synonyms == shipped_synonyms()
    assert learned.vectors.name == load_vectors(SHIPPED).name
    assert learned.encoder is None


def test_a_table_of_one_s_own_takes_the_place_of_the_shipped_one(tmp_path):
    (tmp_path / "table.txt").write_text("猫 = にゃんこ\n", encoding="utf-8")
    learned = find_learned(Places(synonyms=tmp_path / "table.txt"))
    assert [group.members for group in learned.synonyms.groups] == [("猫", "にゃんこ")]


def test_vectors_of_one_s_own_take_the_place_of_the_shipped_ones(tmp_path):
    own = WordVectors("own", {"猫": 0, "犬": 1}, np.array([[1, 0], [0, 1]], dtype=np.float32))
    save_vectors(vectors_folder(tmp_path), own, {}, Origin("command", (), "0" * 64), {})
    assert set(find_learned(Places(data=tmp_path)).vectors.rows) == {"猫", "犬"}


def test_what_is_broken_is_said_and_the_ranking_goes_on(tmp_path, caplog):
    (tmp_path / "table.txt").write_text("猫\n", encoding="utf-8")
    vectors_folder(tmp_path).mkdir(parents=True)
    places = Places(tmp_path, tmp_path / "table.txt", tmp_path / "nothing", tmp_path / "no-model")
    with caplog.at_level(logging.WARNING):
        learned = find_learned(places)
    assert learned.name == find_learned().name
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 4
    ranking = Matcher.fit([Document("o#p", "o", body="親子の集い")], learned=learned).rank(Query("q", "親子の孤立"))
    assert [s.owner for s in ranking.suggestions] == ["o"]


def test_what_is_learned_finds_a_profile_that_shares_no_word():
    profiles = {"a": "育児に悩む保護者が集まる場です。", "b": "里山の木を切って道を直します。", "c": "囲碁の対局"}
    documents = [Document(f"{owner}#p", owner, body=body) for owner, body in profiles.items()]
    ranking = Matcher.fit(documents, learned=find_learned()).rank(Query("q", "子育て"))
    found = ranking.suggestions[0]
    assert found.owner == "a"
    shown = {(c.part, c.term, c.matched) for c in found.evidence.contributions}
    assert (Part.SYNONYMS, "子育て", "育児") in shown
    assert not [c for c in found.evidence.contributions if c.part is Part.WORDS]
