"""Long runs, by ``make soak`` only: kills in the middle of an import, mutilated files, readers while others write."""

import csv
import os
import random
import signal
import subprocess
import sys
import threading
import time
from io import BytesIO, StringIO
from pathlib import Path

import openpyxl
import pytest
from requests_of import matcher_of
from service import client_of

from api.context import open_context
from api.settings import Settings
from corpus.access import LOCAL
from corpus.readers.base import ReadOptions, UnreadableFile
from corpus.readers.read_file import read_file
from corpus.store import organisations
from matcher.matching import Matcher
from matcher.records import Query

pytestmark = pytest.mark.soak
KYODO = Path(sys.executable).with_name("kyodo")
CAT = Query("q", "飼い主のいない猫の世話")


def register(rows, activity):
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(["団体名", "所在地", "活動内容"])
    writer.writerows((f"会{n}", f"岡山県岡山市北区{n}番地", f"{activity}を{n}か所で行う") for n in range(rows))
    return text.getvalue().encode()


def stored(ctx):
    with ctx.read(LOCAL) as s:
        found, _ = organisations.page(s, limit=100_000)
    return found


def test_an_import_killed_at_any_moment_leaves_all_or_nothing_and_a_usable_index(tmp_path):
    data, generator = tmp_path / "data", random.Random(1)
    before, after = tmp_path / "before.csv", tmp_path / "after.csv"
    before.write_bytes(register(4_000, "猫の世話"))
    after.write_bytes(register(4_000, "高齢者の見守り"))
    environment = {**os.environ, "KYODO_DATA": str(data)}
    subprocess.run([KYODO, "import", before], env=environment, check=True, capture_output=True)
    for _ in range(30):
        process = subprocess.Popen(
            [KYODO, "import", generator.choice([before, after])],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(generator.uniform(0.2, 5))
        process.send_signal(signal.SIGKILL)
        process.wait()
        ctx = open_context(Settings(data=data))
        found = stored(ctx)
        assert len(found) == 4_000
        assert len({one.activities[:2] for one in found}) == 1
        kept = matcher_of(ctx.indexes.organisations)
        source = ctx.indexes.organisations.source
        with ctx.read(LOCAL) as s:
            documents = source.documents(s, list(source.digests(s)))
        learned = ctx.indexes.organisations.learned
        fresh = Matcher.fit((d for each in documents.values() for d in each), kept.config, learned)
        assert kept.best(CAT, 20) == fresh.best(CAT, 20)
        ctx.db.close()


def test_mutilated_files_are_read_or_refused_with_a_sentence():
    generator = random.Random(2)
    book = openpyxl.Workbook()
    for row in (["業務名", "課題", "担当課"], ["猫の相談", "運ぶ人がいない", "生活衛生課"]):
        book.active.append(row)
    workbook = BytesIO()
    book.save(workbook)
    table = register(20, "猫の世話")
    originals = [workbook.getvalue(), table, table.decode().encode("cp932"), '{"id": "a", "name": "会"}\n'.encode()]
    sentences = set()
    for _ in range(20_000):
        data = bytearray(generator.choice(originals))
        for _ in range(generator.randrange(1, 12)):
            place = generator.randrange(len(data))
            data[place : place + generator.randrange(3)] = generator.randbytes(generator.randrange(3))
        try:
            read_file("a.bin", bytes(data), ReadOptions(max_rows=1_000, max_bytes=10_000_000))
        except UnreadableFile as error:
            sentences.add(str(error))
    assert sentences
    assert [sentence for sentence in sentences if not sentence.endswith("。")] == []


def test_pages_answer_while_imports_come_and_go(tmp_path):
    ctx = open_context(Settings(data=tmp_path), patient=False)
    failures, done = [], threading.Event()

    def write():
        for turn in range(20):
            with ctx.write(LOCAL) as s:
                text = register(500, "猫の世話" if turn % 2 else "高齢者の見守り")
                organisations.upsert(s, read_file("a.csv", text, ReadOptions()).records)
        done.set()

    with client_of(ctx) as client:

        def read():
            while not done.is_set():
                answer = client.post("/api/v1/suggestions", json={"text": "飼い主のいない猫の世話と高齢者の見守り"})
                if answer.status_code != 200:
                    failures.append(answer.json())

        threads = [threading.Thread(target=write), *(threading.Thread(target=read) for _ in range(4))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
