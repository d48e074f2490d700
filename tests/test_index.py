import errno
import fcntl
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from requests_of import suggest_for_text

from api.context import open_context
from api.settings import Settings
from api.usecases import suggestions
from corpus.access import LOCAL
from corpus.records.cases import Case
from corpus.records.issues import Issue, ReleaseLevel
from corpus.records.organisations import Organisation
from corpus.store import cases, issues, meta, organisations
from matcher.records import Part, Query
from matcher.sparse import TermIndex
from models.encoding.encoder import SentenceEncoder
from models.search import index as index_module
from models.search import kept as kept_module
from models.search.index import NotReady

CAT = Query("q", "飼い主のいない猫の世話をする人が足りない。")


def organisation(n, activities="猫の世話", **more):
    return Organisation(id=f"o{n}", key=f"id:o{n}", name=f"会{n}", activities=activities, **more)


def context(folder, patient=True):
    return open_context(Settings(data=folder), patient)


def store(ctx, *records):
    with ctx.write(LOCAL) as s:
        organisations.upsert(s, records)


def standing(ctx):
    with ctx.read(LOCAL) as s:
        return ctx.indexes.organisations.at(s)


def ranked(ctx):
    now = standing(ctx)
    return now.matcher.rank(CAT, among=now.among).suggestions


def found(ctx):
    return [suggestion.owner for suggestion in ranked(ctx)]


def kept(folder):
    return sorted(path.name for path in (folder / "index").glob("organisations-*"))


def test_a_change_by_another_process_shows_at_once(tmp_path):
    service, command = context(tmp_path, patient=False), context(tmp_path)
    assert found(service) == []
    store(command, organisation(1), organisation(2))
    assert found(service) == ["o1", "o2"]
    store(command, organisation(1, "高齢者の見守り"))
    assert found(service) == ["o2"]


def test_retired_organisations_are_no_longer_ranked(tmp_path):
    ctx = context(tmp_path)
    store(ctx, organisation(1), organisation(2))
    assert found(ctx) == ["o1", "o2"]
    store(ctx, organisation(1, active=False, inactive_reason="解散"))
    assert found(ctx) == ["o2"]


def test_samples_leave_the_ranking_when_a_real_organisation_comes(tmp_path):
    ctx = context(tmp_path)
    store(ctx, organisation(1, is_sample=True))
    assert found(ctx) == ["o1"]
    store(ctx, organisation(2))
    assert found(ctx) == ["o2"]


def test_a_start_without_changes_reads_the_kept_state_and_fits_nothing(tmp_path, monkeypatch):
    first = context(tmp_path)
    store(first, organisation(1), organisation(2))
    expected = found(first)
    assert len(kept(tmp_path)) == 1

    def unexpected(*_):
        raise AssertionError("the state on disk was not used")

    monkeypatch.setattr(index_module.Matcher, "updated", unexpected)
    assert found(context(tmp_path)) == expected


def test_only_what_differs_from_the_kept_state_is_worked_out(tmp_path, monkeypatch):
    first = context(tmp_path)
    store(first, organisation(1), organisation(2), organisation(3))
    found(first)
    store(context(tmp_path), organisation(2, "猫の世話と譲渡"))
    changed = []
    before = index_module.Matcher.updated
    monkeypatch.setattr(
        index_module.Matcher, "updated", lambda self, changes: changed.append(set(changes)) or before(self, changes)
    )
    assert found(context(tmp_path)) == ["o1", "o3", "o2"]
    assert changed == [{"o2"}]


def test_a_damaged_state_is_built_anew(tmp_path, caplog):
    first = context(tmp_path)
    store(first, organisation(1))
    expected = found(first)
    path = tmp_path / "index" / kept(tmp_path)[0] / "words-data.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert found(context(tmp_path)) == expected
    assert "words-data.npy" in caplog.text
    assert found(context(tmp_path)) == expected


def test_another_area_weight_needs_no_new_counting(tmp_path, monkeypatch):
    first = context(tmp_path)
    store(first, organisation(1))
    found(first)
    monkeypatch.setattr(index_module.Matcher, "updated", None)
    other = open_context(Settings(data=tmp_path, area_weight=0.0))
    assert found(other) == ["o1"]
    assert standing(other).matcher.name != standing(first).matcher.name


def test_small_changes_of_a_large_collection_are_not_written_each_time(tmp_path):
    ctx = context(tmp_path)
    store(ctx, *(organisation(n) for n in range(100)))
    found(ctx)
    before = kept(tmp_path)
    store(ctx, organisation(100))
    found(ctx)
    assert kept(tmp_path) == before
    store(ctx, *(organisation(n) for n in range(101, 110)))
    found(ctx)
    assert kept(tmp_path) != before
    assert len(kept(tmp_path)) == 1


def test_a_service_answers_from_before_while_a_large_change_is_taken_in(tmp_path, monkeypatch):
    monkeypatch.setattr(index_module, "_MANY", 5)
    service = context(tmp_path, patient=False)
    store(service, organisation(1))
    assert found(service) == ["o1"]
    released = _hold(monkeypatch)
    store(service, *(organisation(n) for n in range(2, 20)))
    assert found(service) == ["o1"]
    released.set()
    service.indexes.organisations._worker.join()
    assert len(found(service)) == 10


def test_what_a_large_change_retires_is_not_suggested_while_it_is_taken_in(tmp_path, monkeypatch):
    service = context(tmp_path, patient=False)
    store(service, organisation("sample", is_sample=True))
    assert found(service) == ["osample"]
    monkeypatch.setattr(index_module, "_MANY", 5)
    released = _hold(monkeypatch)
    store(service, *(organisation(n) for n in range(20)))
    with pytest.raises(NotReady):
        found(service)
    released.set()
    service.indexes.organisations._worker.join()
    assert "osample" not in found(service)


def test_a_service_with_nothing_from_before_says_that_it_is_preparing(tmp_path, monkeypatch):
    monkeypatch.setattr(index_module, "_MANY", 5)
    service = context(tmp_path, patient=False)
    store(service, *(organisation(n) for n in range(20)))
    released = _hold(monkeypatch)
    with pytest.raises(NotReady, match="しばらく待って"):
        found(service)
    released.set()
    service.indexes.organisations._worker.join()
    assert len(found(service)) == 10


def _hold(monkeypatch):
    """Lets what is added or changed wait until the event that is returned is set; what is only retired goes at once."""
    released = threading.Event()
    before = index_module.Matcher.updated

    def wait(self, changes):
        if any(changes.values()):
            released.wait(30)
        return before(self, changes)

    monkeypatch.setattr(index_module.Matcher, "updated", wait)
    return released


def test_what_is_retired_is_passed_over_without_any_work_for_each_who_asks(tmp_path, monkeypatch):
    monkeypatch.setattr(index_module, "_MANY", 5)
    service = context(tmp_path, patient=False)
    store(service, organisation(1), organisation(2))
    assert found(service) == ["o1", "o2"]
    released = _hold(monkeypatch)
    store(service, organisation(1, active=False), *(organisation(n) for n in range(3, 20)))
    worked = []
    before = index_module.Matcher.updated
    monkeypatch.setattr(
        index_module.Matcher, "updated", lambda self, changes: worked.append(len(changes)) or before(self, changes)
    )
    assert [found(service) for _ in range(3)] == [["o2"]] * 3
    assert (standing(service).total, standing(service).lacking) == (1, True)
    released.set()
    service.indexes.organisations._worker.join()
    assert worked in ([], [18])  # the worker's, if it had not begun before the count
    assert (len(found(service)), standing(service).lacking) == (10, False)


def test_no_transaction_is_open_while_the_texts_of_a_large_change_are_read(tmp_path, monkeypatch):
    open_while_reading = []
    before = index_module.Matcher.updated

    def watched(self, changes):
        open_while_reading.append(command.db.reader.pool.checkedout())
        return before(self, changes)

    monkeypatch.setattr(index_module.Matcher, "updated", watched)
    command = context(tmp_path)
    store(command, *(organisation(n) for n in range(20)))
    command.indexes.prepare()
    assert open_while_reading == [0]
    assert len(found(command)) == 10
    assert open_while_reading == [0]


def test_who_reads_an_older_state_of_the_database_gets_the_list_of_that_state(tmp_path):
    ctx = context(tmp_path)
    store(ctx, organisation(1))
    with ctx.read(LOCAL) as s:
        before = ctx.indexes.organisations.at(s).matcher.owners
        store(ctx, organisation(2))
        assert found(ctx) == ["o1", "o2"]
        assert ctx.indexes.organisations.at(s).matcher.owners == before == ["o1"]
    kept_in_memory = ctx.indexes.organisations._snapshot
    assert found(ctx) == ["o1", "o2"]
    assert ctx.indexes.organisations._snapshot is kept_in_memory


def issue(n, problem="猫の世話をする人が足りない"):
    return Issue(id=f"i{n}", key=f"k{n}", title=f"業務{n}", problem=problem, release_level=ReleaseLevel.PUBLIC)


def looking(ctx, id="o1"):
    """What an organisation is shown of the issues."""
    with ctx.read(LOCAL) as s:
        organisation = organisations.get(s, id)
        return suggestions.ask_with_organisation(s, ctx.indexes, organisation).issues()


def test_issues_are_shown_while_the_first_large_register_is_taken_in_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(index_module, "_MANY", 5)
    service = context(tmp_path, patient=False)
    with service.write(LOCAL) as s:
        issues.upsert(s, [issue(1), issue(2)])
    with service.read(LOCAL) as s:
        service.indexes.issues.at(s)
    released = _hold(monkeypatch)
    store(service, *(organisation(n) for n in range(20)))
    found = looking(service)
    assert [one.id for one in found.candidates] == ["i1", "i2"]
    assert "読み込んでいる途中" in found.message
    released.set()
    service.indexes.organisations._worker.join()
    assert looking(service).message == ""


def test_a_list_says_that_past_cases_are_still_being_taken_in(tmp_path, monkeypatch):
    service = context(tmp_path, patient=False)
    store(service, organisation(1))
    with service.write(LOCAL) as s:
        cases.upsert(s, [Case(id="c0", key="k0", title="猫の見守り", issue="猫の世話")])
    assert suggest_for_text(service, CAT.text).message == ""
    monkeypatch.setattr(index_module, "_MANY", 2)
    released = _hold(monkeypatch)
    with service.write(LOCAL) as s:
        cases.upsert(s, [Case(id=f"c{n}", key=f"k{n}", title="猫の見守り", issue="猫の世話") for n in range(1, 9)])
    assert "読み込んでいる途中" in suggest_for_text(service, CAT.text).message
    released.set()
    service.indexes.cases._worker.join()
    assert suggest_for_text(service, CAT.text).message == ""


def test_issues_are_weighed_anew_only_when_they_or_the_organisations_have_changed(tmp_path, monkeypatch):
    ctx = context(tmp_path)
    store(ctx, organisation(1))
    with ctx.write(LOCAL) as s:
        issues.upsert(s, [issue(1), issue(2)])
    looking(ctx)
    weighed = []
    before = TermIndex._weigh
    monkeypatch.setattr(TermIndex, "_weigh", lambda self: weighed.append(self) or before(self))
    with ctx.write(LOCAL) as s:
        meta.bump(s)
    looking(ctx)
    assert weighed == []
    with ctx.write(LOCAL) as s:
        issues.upsert(s, [issue(1, "川の清掃")])
    looking(ctx)
    assert len(weighed) == 3  # by words, characters and synonyms
    store(ctx, organisation(2))
    looking(ctx)
    assert len(weighed) == 3 + 3 + 3  # the organisations, and the issues beside them


def test_a_large_change_is_not_begun_again_for_who_reads_the_state_before_it(tmp_path, monkeypatch):
    service = context(tmp_path, patient=False)
    store(service, organisation(1))
    assert found(service) == ["o1"]
    monkeypatch.setattr(index_module, "_MANY", 5)
    with service.read(LOCAL) as s:
        before = service.indexes.organisations.at(s).matcher.owners
        store(service, *(organisation(n) for n in range(2, 20)))
        found(service)
        worker = service.indexes.organisations._worker
        worker.join()
        newer = service.indexes.organisations.at(s)
        assert service.indexes.organisations._worker is worker
        shown = newer.matcher.rank(CAT, among=newer.among).suggestions
        assert [one.owner for one in shown] == before == ["o1"]
    assert service.indexes.organisations._snapshot.digests.keys() == {f"o{n}" for n in range(1, 20)}


def test_a_start_after_small_changes_is_quick_however_large_the_collection(tmp_path, monkeypatch):
    first = context(tmp_path)
    store(first, *(organisation(n) for n in range(100)))
    found(first)
    store(first, organisation(100, "飼い主のいない猫の世話"))
    monkeypatch.setattr(index_module, "_MANY", 5)
    assert found(context(tmp_path, patient=False))[0] == "o100"


def test_no_start_finds_more_changes_than_it_can_take_in_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(index_module, "_MANY", 5)
    first = context(tmp_path)
    store(first, *(organisation(n) for n in range(200)))
    found(first)
    store(first, *(organisation(n, "飼い主のいない猫の世話") for n in range(200, 208)))
    found(first)
    assert found(context(tmp_path, patient=False))[0] == "o200"


def test_a_small_change_shows_while_another_process_is_at_work_on_the_same_state(tmp_path):
    service, command = context(tmp_path, patient=False), context(tmp_path)
    store(command, *(organisation(n) for n in range(100)))
    found(service)
    with (tmp_path / "index" / "organisations.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        store(command, organisation(100, "飼い主のいない猫の世話"))
        answers = []
        asking = threading.Thread(target=lambda: answers.extend(found(service)), daemon=True)
        asking.start()
        asking.join(10)
        assert answers[:1] == ["o100"]


def test_an_import_that_changes_little_does_not_read_the_kept_state(tmp_path, monkeypatch):
    first = context(tmp_path)
    store(first, *(organisation(n) for n in range(100)))
    found(first)
    command = context(tmp_path)
    store(command, organisation(100))
    monkeypatch.setattr(index_module.Matcher, "from_state", None)
    command.indexes.refresh()
    assert command.indexes.organisations._snapshot is None


def test_a_full_disk_keeps_nobody_from_an_answer(tmp_path, monkeypatch, caplog):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(kept_module.artefacts, "save", full)
    ctx = context(tmp_path)
    store(ctx, organisation(1))
    assert found(ctx) == ["o1"]
    assert kept(tmp_path) == []
    assert "保存できなかった" in caplog.text
    store(ctx, organisation(2))
    assert found(ctx) == ["o1", "o2"]


def test_a_folder_that_takes_no_index_keeps_nobody_from_an_answer(tmp_path, caplog):
    (tmp_path / "index").write_text("a file where the folder should be")
    ctx = context(tmp_path)
    store(ctx, organisation(1))
    assert found(ctx) == ["o1"]
    assert "書き込めません" in caplog.text


def test_what_a_killed_process_left_half_written_is_cleared_away(tmp_path):
    ctx = context(tmp_path)
    half = tmp_path / "index" / ".draft-organisations-0-0abc"
    others = tmp_path / "index" / ".draft-issues-0-0abc"
    half.mkdir(parents=True)
    others.mkdir()
    store(ctx, organisation(1))
    found(ctx)
    assert not half.exists()
    assert others.exists()


def test_a_state_of_another_version_is_not_used_and_goes(tmp_path, monkeypatch):
    first = context(tmp_path)
    store(first, organisation(1))
    found(first)
    before = kept(tmp_path)
    monkeypatch.setattr(kept_module, "DOCUMENTS_EDITION", "another")
    monkeypatch.setattr(index_module.Matcher, "from_state", None)
    assert found(context(tmp_path)) == ["o1"]
    assert len(kept(tmp_path)) == 1
    assert kept(tmp_path) != before


def test_threads_asking_at_once_get_the_same_answer(tmp_path):
    ctx = context(tmp_path)
    store(ctx, *(organisation(n) for n in range(50)))
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(found(ctx))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert all(answer == answers[0] for answer in answers)


def test_the_documents_come_from_the_same_view_as_the_digests(tmp_path):
    ctx = context(tmp_path)
    source = ctx.indexes.organisations.source
    store(ctx, organisation(1))
    with ctx.read(LOCAL) as s:
        before = source.digests(s)
        store(context(tmp_path), organisation(1, "変わった"), organisation(2))
        assert source.digests(s) == before
        assert source.documents(s, ["o1"])["o1"][0].body == "猫の世話"


def test_the_lock_file_is_left_free(tmp_path):
    ctx = context(tmp_path)
    store(ctx, organisation(1))
    found(ctx)
    assert os.access(tmp_path / "index" / "organisations.lock", os.W_OK)
    assert found(context(tmp_path)) == ["o1"]


def test_the_data_folder_is_open_to_its_owner_alone(tmp_path):
    context(tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


# an encoder that fails while a collection is taken in


class Letters:
    """A small model with the methods of the library's: how often each of four letters occurs, unless ``tired``."""

    tired = False

    def encode_query(self, texts, **_):
        rows = np.array([[1 + text.count(letter) for letter in "猫世話川"] for text in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def encode_document(self, texts, **_):
        if self.tired:
            raise MemoryError
        return self.encode_query(texts)


class Dead(Letters):
    """It does not even read a query."""

    def encode_query(self, texts, **_):
        if self.tired:
            raise MemoryError
        return super().encode_query(texts)


@pytest.fixture
def encoding(tmp_path, monkeypatch):
    """Opens the collection with an encoder; and the model below it."""
    model = Letters()
    monkeypatch.setattr(SentenceEncoder, "open", lambda *_: SentenceEncoder(model, "letters", "", ""))
    settings = Settings(data=tmp_path, encoder=tmp_path / "model")
    return lambda patient=True: open_context(settings, patient), model


def encoded(ctx):
    """Those of the first ten to whose score the encoder adds."""
    return [s.owner for s in ranked(ctx) if any(c.part is Part.ENCODER for c in s.evidence.contributions)]


def test_what_an_encoder_failed_at_is_encoded_at_the_next_start(encoding, monkeypatch, caplog):
    opened, model = encoding
    model.tired = True
    first = opened()
    store(first, organisation(1), organisation(2))
    assert (found(first), encoded(first)) == (["o1", "o2"], [])
    assert "検索用のデータ(organisations)のうち2件は、文エンコーダーが文章を読み込めなかった" in caplog.text
    assert "猫" not in caplog.text
    model.tired = False
    assert encoded(opened()) == ["o1", "o2"]
    monkeypatch.setattr(index_module.Matcher, "updated", None)
    assert encoded(opened()) == ["o1", "o2"]


def test_only_what_an_encoder_failed_at_is_worked_out_again(encoding, monkeypatch):
    opened, model = encoding
    first = opened()
    store(first, organisation(1), organisation(2))
    found(first)
    model.tired = True
    store(first, organisation(3))
    assert (found(first), encoded(first)) == (["o1", "o2", "o3"], ["o1", "o2"])
    model.tired = False
    changed = []
    before = index_module.Matcher.updated
    monkeypatch.setattr(
        index_module.Matcher, "updated", lambda self, changes: changed.append(set(changes)) or before(self, changes)
    )
    assert encoded(opened()) == ["o1", "o2", "o3"]
    assert changed == [{"o3"}]


def test_while_an_encoder_answers_nothing_no_start_works_for_it_in_vain(tmp_path, monkeypatch):
    model = Dead()
    monkeypatch.setattr(SentenceEncoder, "open", lambda *_: SentenceEncoder(model, "letters", "", ""))
    settings = Settings(data=tmp_path, encoder=tmp_path / "model")
    model.tired = True
    first = open_context(settings)
    store(first, organisation(1), organisation(2))
    found(first)
    with monkeypatch.context() as still:
        still.setattr(index_module.Matcher, "updated", None)
        assert found(open_context(settings)) == ["o1", "o2"]
    model.tired = False
    assert encoded(open_context(settings)) == ["o1", "o2"]


def test_many_who_ask_at_a_start_wait_for_one_reading_of_what_is_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(index_module, "_MANY", 5)
    first = context(tmp_path)
    store(first, organisation(1), organisation(2))
    found(first)
    store(first, *(organisation(n) for n in range(3, 20)))
    released, reads = _hold(monkeypatch), []
    loaded = kept_module.KeptStates._loaded

    def counted(self, path):
        reads.append(self.name)
        time.sleep(0.2)
        return loaded(self, path)

    monkeypatch.setattr(kept_module.KeptStates, "_loaded", counted)
    service = context(tmp_path, patient=False)
    with ThreadPoolExecutor(8) as many:
        answers = [one.result() for one in [many.submit(found, service) for _ in range(8)]]
    assert answers == [["o1", "o2"]] * 8
    released.set()
    service.indexes.organisations._worker.join()
    assert len(found(service)) == 10
    assert reads.count("organisations") <= 2  # by the first who asked, and by the worker


def test_an_organisation_that_was_never_encoded_can_be_retired(encoding):
    opened, model = encoding
    model.tired = True
    first = opened()
    store(first, organisation(1), organisation(2))
    found(first)
    store(first, organisation(1, active=False, inactive_reason="解散"))
    assert found(opened()) == ["o2"]


def test_a_service_ranks_by_words_while_it_encodes_again(encoding, monkeypatch):
    monkeypatch.setattr(index_module, "_MANY", 5)
    opened, model = encoding
    model.tired = True
    first = opened()
    store(first, *(organisation(n) for n in range(20)))
    found(first)
    model.tired = False
    released = _hold(monkeypatch)
    service = opened(patient=False)
    assert (len(found(service)), encoded(service)) == (10, [])
    assert service.indexes.organisations.taking_in
    released.set()
    service.indexes.organisations._worker.join()
    assert len(encoded(service)) == 10
    assert not service.indexes.organisations.taking_in


def test_a_service_whose_encoder_failed_waits_for_its_next_start(encoding, monkeypatch):
    monkeypatch.setattr(index_module, "_MANY", 5)
    opened, model = encoding
    model.tired = True
    service = opened(patient=False)
    store(service, *(organisation(n) for n in range(20)))
    with pytest.raises(NotReady):
        found(service)
    worker = service.indexes.organisations._worker
    worker.join()
    assert len(found(service)) == 10
    with service.write(LOCAL) as s:
        meta.bump(s)
    monkeypatch.setattr(index_module.Matcher, "updated", None)
    assert len(found(service)) == 10
    assert service.indexes.organisations._worker is worker


def test_a_service_starts_with_what_is_on_disk_while_a_large_change_is_taken_in(tmp_path, monkeypatch):
    monkeypatch.setattr(index_module, "_MANY", 5)
    first = context(tmp_path)
    store(first, organisation(1), organisation(2))
    found(first)
    store(first, organisation(1, active=False, inactive_reason="解散"), *(organisation(n) for n in range(3, 20)))
    released = _hold(monkeypatch)
    service = context(tmp_path, patient=False)
    assert found(service) == ["o2"]
    released.set()
    service.indexes.organisations._worker.join()
    assert len(found(service)) == 10
