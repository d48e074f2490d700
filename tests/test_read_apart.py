"""Files are read in a process of their own: within limits, with the same result, and nothing left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from service import INVENTORY, REGISTER

from corpus.readers.apart import process
from corpus.readers.apart.answers import Answer, GarbledAnswer
from corpus.readers.apart.handover import asked, lines_of, question
from corpus.readers.apart.process import Limits, ReadersBusy, read_apart
from corpus.readers.base import ItemOverride, Kind, ReadOptions, UnreadableFile
from corpus.readers.read_file import read_file

CASES = "事例名,課題,協働の相手,経過,担当課\n猫の学校,猫が増えた,猫と暮らす会,令和5年度 モデル事業,環境課\n"
POSTS = "題名,本文,日付,取り組むNPO\n【岡山市】猫の相談,人がいない,2024/5/27,猫と暮らす会、川辺の会\n"
BAD = "業務名,課題\n猫の相談,#REF!\n,人がいない\n川の清掃,=B1\n"
LINES = '{"name": "虹の会", "fields": ["環境"], "contact": "x"}\n{broken\n{"name": "\\ud800の会"}\n'
DEFAULTS = ReadOptions()


@pytest.mark.parametrize("text", [INVENTORY, REGISTER, CASES, POSTS, BAD, LINES])
def test_what_is_read_apart_is_what_is_read_here(text):
    assert read_apart("表", text.encode(), DEFAULTS, Limits()) == read_file("表", text.encode(), DEFAULTS)


def test_a_refusal_is_said_in_the_same_words():
    for data in (b"", b"%PDF", "名前,電話\n山田,1\n".encode()):
        with pytest.raises(UnreadableFile) as here:
            read_file("表", data, DEFAULTS)
        with pytest.raises(UnreadableFile) as there:
            read_apart("表", data, DEFAULTS, Limits())
        assert str(there.value) == str(here.value)
        assert there.value.kind_may_help == here.value.kind_may_help


def test_how_a_file_shall_be_read_reaches_the_other_process():
    options = ReadOptions(
        kind=Kind.CASES,
        overrides=(ItemOverride(item="課題", column="E", sheet="表"),),
        department="環境課",
        fiscal_year=2024,
        prefecture="岡山県",
        city="岡山市",
        max_rows=7,
        max_bytes=8,
    )
    assert asked(question("表\ud800\n", options)) == ("表\ud800\n", options)


def test_progress_arrives_while_a_file_is_read():
    told = []
    rows = "".join(f"会{n},{n}番地\n" for n in range(2_500))
    read_apart("名簿.csv", ("団体名,所在地\n" + rows).encode(), DEFAULTS, Limits(), told.append)
    assert told == [1_000, 2_000]


# ---- limits and crashes


def refusal(data, limits=None, options=DEFAULTS):
    with pytest.raises(UnreadableFile) as caught:
        read_apart("表.csv", data, options, limits or Limits())
    assert str(caught.value).startswith("「表.csv」")
    assert str(caught.value).endswith("。")
    return str(caught.value)


def test_a_file_that_needs_more_memory_than_allowed_is_refused():
    data = b"a,b\n" + b"c,d\n" * 10_000_000
    assert "メモリー" in refusal(data, Limits(memory=200_000_000), ReadOptions(max_rows=20_000_000))


def test_a_file_that_takes_longer_than_allowed_is_refused():
    rows = "".join(f"会{n},岡山県岡山市北区{n}番地\n" for n in range(150_000))
    assert "1秒" in refusal(("団体名,所在地\n" + rows).encode(), Limits(seconds=1))


def test_a_result_that_is_larger_than_allowed_is_refused():
    assert "大きい" in refusal(REGISTER.encode() + "猫の会,a,b\n".encode() * 20, Limits(output=500))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "思いがけない終わり方"),
        ("import os; os._exit(0)", "思いがけない終わり方"),
        ("raise RuntimeError('山田太郎')", "思いがけない終わり方"),
        ("import os; os.abort()", "メモリー"),
        ("import sys; sys.stdin.buffer.read(); print('o' + '[' * 100_000)", "思いがけない終わり方"),
        ("import sys; sys.stdin.buffer.read(); print('x[]')", "思いがけない終わり方"),
        ("import sys; sys.stdin.buffer.read(); print('o' * 40_000_000)", "大きい"),
        ("import time; time.sleep(60)", "1秒"),
    ],
)
def test_whatever_the_other_process_does_the_file_is_refused_with_a_sentence(tmp_path, monkeypatch, capfd, code, said):
    """A reader that has been taken over, or has crashed, is played by another module of the same name."""
    room = tmp_path / "corpus" / "readers" / "apart"
    room.mkdir(parents=True)
    for package in (room, *room.parents[:2]):
        (package / "__init__.py").touch()
    (room / "child.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(process, "_CLOCK", 1)
    assert said in refusal(REGISTER.encode() * 2_000, Limits(seconds=1))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("line", [b"", b"?{}\n", b"o{}\n", b'o{"id": 1, "key": "a", "name": "b"}\n', b"e{}\n", b"n\n"])
def test_a_line_of_another_kind_is_not_taken(line):
    with pytest.raises(GarbledAnswer):
        Answer().take(line, None)


def test_every_kind_of_record_comes_back_as_it_went():
    for text in (INVENTORY, REGISTER, CASES, POSTS):
        result = read_file("表", text.encode(), DEFAULTS)
        answer = Answer()
        *others, last = (line.encode() + b"\n" for line in lines_of(replace(result, skipped=3)))
        assert [answer.take(line, None) for line in others] == [None] * len(others)
        assert answer.take(last, None) == replace(result, skipped=3)


def children() -> set[str]:
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"corpus.readers.apart.child" in words:
            found.add(path.parent.name)
    return found


SLOW = ("団体名,所在地\n" + "".join(f"会{n},岡山県岡山市北区{n}番地\n" for n in range(190_000))).encode()


def wait_for(true):
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_readings_end_when_the_service_stops():
    refused = []

    def read():
        try:
            read_apart("表.csv", SLOW, DEFAULTS, Limits())
        except UnreadableFile as error:
            refused.append(str(error))

    thread = threading.Thread(target=read)
    thread.start()
    wait_for(lambda: process._running)
    process.stop_reading()
    thread.join(30)
    assert len(refused) == 1
    assert not process._running


def test_a_reading_ends_with_the_process_that_asked_for_it(tmp_path):
    path = tmp_path / "slow.csv"
    path.write_bytes(SLOW)
    code = (
        "import sys; from pathlib import Path; from corpus.readers.apart.process import Limits, read_apart;"
        "from corpus.readers.base import ReadOptions;"
        "read_apart('表', Path(sys.argv[1]).read_bytes(), ReadOptions(), Limits())"
    )
    before = children()
    parent = subprocess.Popen([sys.executable, "-c", code, path], env={**os.environ, "PYTHONPATH": str(Path.cwd())})
    try:
        wait_for(lambda: children() - before)
        (mine,) = children() - before
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        wait_for(lambda: mine not in children())
    finally:
        parent.kill()


def test_a_reading_that_finds_no_place_says_so(monkeypatch):
    monkeypatch.setattr(process, "_places", threading.BoundedSemaphore(1))
    monkeypatch.setattr(process, "_PATIENCE", 0.01)
    with process._places, pytest.raises(ReadersBusy):
        read_apart("表.csv", b"a", DEFAULTS, Limits())
