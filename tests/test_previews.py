"""A preview tells what the import will do, and neither writes nor waits for one who writes."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests_of import writing
from service import INVENTORY, REGISTER, Service, upload
from sqlalchemy import event

from api.usecases.imports import import_file, store_records
from corpus import corporate_numbers, keys
from corpus.access import LOCAL
from corpus.database import connect
from corpus.readers.base import ReadOptions
from corpus.readers.kinds.inventory import issue_key
from corpus.records.cases import Case
from corpus.records.issues import Issue, Origin
from corpus.records.organisations import Organisation
from corpus.store import issues

NUMBERS = ["", *(f"{corporate_numbers.check_digit(base)}{base}" for base in ("700150000001", "700150000002"))]
IDS = st.sampled_from(["", "", "", "a", "b", "o-0c2a1d", "i-5"])


@st.composite
def organisation(draw):
    name, address = draw(st.sampled_from("虹空")) + "の会", draw(st.sampled_from(["", "倉敷市本町1", "赤磐市下市2"]))
    number = draw(st.sampled_from(NUMBERS))
    key = keys.organisation_key(name, address, number)
    given_id = draw(IDS)
    return Organisation(
        id=given_id or keys.record_id("o-", key),
        key=keys.given_key(given_id) if given_id and draw(st.booleans()) else key,
        name=name,
        address=address,
        city=draw(st.sampled_from(["", "倉敷市", "赤磐市"])),
        corporate_number=number,
        purpose=draw(st.sampled_from(["", "見守り", "掃除"])),
        active=draw(st.booleans()),
    )


@st.composite
def issue(draw):
    city, title = draw(st.sampled_from(["", "岡山市", "倉敷市"])), draw(st.sampled_from(["猫", "川"]))
    key = issue_key(city, "環境課", 2024, title)
    given_id = draw(IDS)
    return Issue(
        id=given_id or keys.record_id("i-", key),
        key=key,
        title=title,
        city=city,
        prefecture=draw(st.sampled_from(["", "岡山県"])),
        origin=draw(st.sampled_from([Origin.INVENTORY, Origin.INVENTORY, Origin.POSTED])),
        problem=draw(st.sampled_from(["", "人がいない"])),
        fields=draw(st.sampled_from([frozenset(), frozenset({7})])),
    )


@st.composite
def case(draw):
    name = draw(st.sampled_from("甲乙"))
    return Case(id=draw(IDS) or f"c-{name}", key=name, title=name, effect=draw(st.sampled_from(["", "減った"])))


files = st.lists(st.lists(organisation() | issue() | case(), max_size=6), min_size=1, max_size=4)
edits = st.lists(st.sampled_from(["title", "problem", "fields"]), max_size=3)


def edit(s, what):
    """What a person does between two imports, to the first issue there is."""
    for one in issues.page(s, limit=1)[0]:
        changed = {"title": "人が変えた題名", "problem": "人が書いた課題", "fields": frozenset({3})}[what]
        issues.update(s, replace(one, **{what: changed}), one.version)


@pytest.fixture(scope="module")
def db(databases, tmp_path_factory):
    with databases.new(tmp_path_factory.mktemp("previews")) as url, closing(connect(url)) as db:
        yield db


def test_a_preview_counts_and_notes_what_the_import_then_does(db):
    sent = []
    event.listen(db.writer, "before_cursor_execute", lambda *given: sent.append(given[2]))

    @settings(max_examples=300 if db.file else 100)
    @given(files, edits)
    def check(brought, edited):
        with writing(db) as s, s.conn.begin_nested() as example:
            for records in brought:
                sent.clear()
                told = store_records(s, records, dry_run=True)
                assert {statement.split()[0] for statement in sent} <= {"SELECT"}
                assert store_records(s, records) == told
                if edited:
                    edit(s, edited.pop())
            example.rollback()

    check()


def test_previews_are_shown_while_another_program_writes(real: Service) -> None:
    client, ctx = real
    with ctx.db.writer.connect() as ours:
        ours.exec_driver_sql("PRAGMA busy_timeout = 0")
    newer = (
        INVENTORY.replace("参加者が減っている", "人が足りない") + "花壇の世話,公園課,令和6年度,水やりをする人がいない\n"
    )
    with closing(sqlite3.connect(ctx.settings.data / "kyodo.sqlite3", isolation_level=None)) as other_program:
        other_program.execute("BEGIN IMMEDIATE")
        report = import_file(ctx, LOCAL, "棚卸.csv", newer.encode(), ReadOptions(), dry_run=True)
        answer = client.get(upload(client, "団体.csv", REGISTER.encode()))
        other_program.execute("ROLLBACK")
    assert (report.added, report.changed, report.unchanged) == (1, 1, 1)
    assert answer.status_code == 200
    assert "変わらない 2 件" in answer.text
