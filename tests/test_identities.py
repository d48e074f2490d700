"""Who a newer row of a register means, when what it was known by has been dropped or added."""

import csv
import io
from dataclasses import replace

import pytest

from api.usecases.imports import import_file
from corpus import corporate_numbers
from corpus.access import LOCAL
from corpus.readers.base import Kind, ReadOptions, Severity
from corpus.records.organisations import Organisation
from corpus.store import issues, organisations

COLUMNS = ("法人名称", "所轄庁", "主たる事務所の所在地", "定款に記載された目的", "解散情報", "法人番号")
KURASHIKI, AKAIWA = "岡山県倉敷市本町1", "岡山県赤磐市下市2"
NUMBER = f"{corporate_numbers.check_digit('700150000001')}700150000001"


pytestmark = pytest.mark.usefixtures("read_here")


def body(address=KURASHIKI, dissolved="", number="", name="虹の会"):
    return (name, "岡山県", address, "子どもを見守る", dissolved, number)


def bring(ctx, *bodies, dry_run=False):
    text = io.StringIO(newline="")
    csv.writer(text).writerows([COLUMNS, *bodies])
    return import_file(ctx, LOCAL, "portal.csv", text.getvalue().encode("cp932"), ReadOptions(), dry_run=dry_run)


def counts(report):
    return report.added, report.changed, report.unchanged


def stored(ctx):
    with ctx.read(LOCAL) as s:
        return [(one.name, one.address, one.active) for one in organisations.page(s, limit=10)[0]]


GONE = body(address="", dissolved="2026年4月1日 社員総会の決議")


def test_a_body_without_a_number_is_retired_although_its_address_is_gone(ctx):
    bring(ctx, body(), body(name="空の会"))
    newer = (body(name="空の会"), GONE)
    assert counts(bring(ctx, *newer, dry_run=True)) == (0, 1, 1)
    assert counts(report := bring(ctx, *newer)) == (0, 1, 1)
    assert report.problems == ()
    assert stored(ctx) == [("空の会", KURASHIKI, True), ("虹の会", "", False)]
    assert counts(bring(ctx, *newer)) == (0, 0, 2)


def test_a_name_retyped_in_other_widths_is_the_same_name(ctx):
    bring(ctx, body(name="NPO 虹の会"))
    assert counts(bring(ctx, body(address="", dissolved="解散", name="ＮＰＯ虹の会"))) == (0, 1, 0)


def test_a_body_retired_by_mistake_comes_back_as_the_same_one(ctx):
    bring(ctx, body())
    bring(ctx, GONE)
    assert counts(bring(ctx, body())) == (0, 1, 0)
    assert stored(ctx) == [("虹の会", KURASHIKI, True)]


def test_of_several_bodies_of_the_name_none_is_retired_and_a_warning_says_so(ctx):
    bring(ctx, body(), body(AKAIWA))
    report = bring(ctx, GONE)
    [problem] = report.problems
    assert (problem.severity, problem.found, report.stored) == (Severity.WARNING, "虹の会", True)
    assert "同じ名前の団体が複数登録されている" in problem.message
    assert [active for _, _, active in stored(ctx)].count(True) == 2
    assert counts(again := bring(ctx, GONE)) == (0, 0, 1)
    assert len(again.problems) == 1


def test_a_namesake_with_a_row_of_its_own_is_another_body(ctx):
    bring(ctx, body(), body(AKAIWA))
    assert bring(ctx, GONE, body(AKAIWA)).problems == ()
    assert sorted(stored(ctx)) == [("虹の会", "", False), ("虹の会", AKAIWA, True)]


def test_a_body_that_nobody_knew_is_stored_as_ended(ctx):
    assert counts(bring(ctx, GONE)) == (1, 0, 0)
    assert stored(ctx) == [("虹の会", "", False)]


def test_a_directory_that_names_the_city_retires_the_body_of_that_city(ctx):
    bring(ctx, body(), body(AKAIWA))
    register = "団体名,目的,市区町村,解散\n虹の会,見守り,赤磐市,2026年4月\n".encode()
    report = import_file(ctx, LOCAL, "名簿.csv", register, ReadOptions())
    assert (counts(report), report.problems) == ((0, 1, 0), ())
    assert sorted(stored(ctx)) == [("虹の会", "", False), ("虹の会", KURASHIKI, True)]


def test_a_body_that_has_been_given_its_number_stays_one_and_may_move_from_then_on(ctx):
    bring(ctx, body(number="1234567890123"))
    assert counts(bring(ctx, body(number=NUMBER))) == (0, 1, 0)
    assert counts(bring(ctx, body(AKAIWA, number=NUMBER))) == (0, 1, 0)
    assert stored(ctx) == [("虹の会", AKAIWA, True)]


def test_a_sample_is_nobodys_namesake(ctx):
    with ctx.write(LOCAL) as s:
        organisations.upsert(s, [Organisation(id="s", key="na:虹の会|x", name="虹の会", is_sample=True)])
    assert counts(bring(ctx, GONE)) == (1, 0, 0)


# the same sheet with its city and without


SHEET = "部署名,年度,業務名,課題\n農林課,R6,遊休農地,人手がない\n防災課,R6,避難訓練,若い世代が来ない\n"


def bring_sheet(ctx, city="", text=SHEET):
    """What a dry run and then a real one count."""
    options = ReadOptions(kind=Kind.INVENTORY, city=city, prefecture="岡山県" if city else "")
    trial, real = (import_file(ctx, LOCAL, "棚卸.csv", text.encode(), options, dry_run=dry) for dry in (True, False))
    assert counts(trial) == counts(real)
    return counts(real)


def sheets(ctx):
    with ctx.read(LOCAL) as s:
        return sorted((one.title, one.prefecture, one.city) for one in issues.page(s, limit=10)[0])


IN_OKAYAMA = sorted((title, "岡山県", "岡山市") for title in ("避難訓練", "遊休農地"))


def test_a_sheet_brought_in_with_its_city_is_the_same_one_without(ctx):
    assert bring_sheet(ctx, "岡山市") == (2, 0, 0)
    for city in ("", "", "岡山市", ""):
        assert bring_sheet(ctx, city) == (0, 0, 2)
    assert sheets(ctx) == IN_OKAYAMA


def test_a_sheet_brought_in_without_its_city_is_given_it_once(ctx):
    assert bring_sheet(ctx) == (2, 0, 0)
    assert bring_sheet(ctx, "岡山市") == (0, 2, 0)
    for city in ("岡山市", "", "岡山市"):
        assert bring_sheet(ctx, city) == (0, 0, 2)
    assert sheets(ctx) == IN_OKAYAMA


def test_a_newer_sheet_without_its_city_changes_the_text_and_keeps_the_city(ctx):
    bring_sheet(ctx, "岡山市")
    newer = SHEET.replace("人手がない", "機械もない")
    assert bring_sheet(ctx, text=newer) == (0, 1, 1)
    assert bring_sheet(ctx, text=newer) == (0, 0, 2)
    assert sheets(ctx) == IN_OKAYAMA


def test_the_same_work_of_two_cities_stays_two(ctx):
    bring_sheet(ctx, "岡山市")
    assert bring_sheet(ctx, "倉敷市") == (2, 0, 0)
    assert bring_sheet(ctx) == (2, 0, 0)  # nobody can say which of the two is meant
    assert bring_sheet(ctx) == (0, 0, 2)


def test_a_sheet_that_was_given_its_city_is_still_meant_when_another_city_has_the_same_work(ctx):
    bring_sheet(ctx)
    bring_sheet(ctx, "岡山市")
    bring_sheet(ctx, "倉敷市")
    assert bring_sheet(ctx) == (0, 0, 2)
    assert sorted({city for _, _, city in sheets(ctx)}) == ["倉敷市", "岡山市"]


def test_what_a_person_edited_is_not_undone_by_the_same_sheet_without_its_city(ctx):
    bring_sheet(ctx, "岡山市")
    with ctx.write(LOCAL) as s:
        [one, _] = issues.page(s, limit=2)[0]
        issues.update(s, replace(one, problem="書き直した"), one.version)
    assert bring_sheet(ctx) == (0, 0, 2)
    with ctx.read(LOCAL) as s:
        assert issues.get(s, one.id).problem == "書き直した"


def test_rows_of_two_cities_in_one_file_do_not_share_a_stored_one(ctx):
    bring_sheet(ctx)
    both = (
        "市町村,部署名,年度,業務名,課題\n岡山市,農林課,R6,遊休農地,人手がない\n倉敷市,農林課,R6,遊休農地,人手がない\n"
    )
    assert bring_sheet(ctx, text=both) == (2, 0, 0)
    assert bring_sheet(ctx, text=both) == (0, 0, 2)
