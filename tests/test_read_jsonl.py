"""JSON Lines with the field names of the measured collections."""

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.readers.base import ItemOverride, Kind, ReadOptions, ReadResult, Severity, UnreadableFile
from corpus.readers.read_file import read_file
from corpus.records.cases import Case, ProgrammeYear
from corpus.records.issues import Issue, Origin, ReleaseLevel
from corpus.records.organisations import Organisation

BENCH = Path(__file__).parents[2] / "shared" / "bench"
ORGANISATION = {
    "id": "o1",
    "name": "虹の会",
    "kind": "任意団体",
    "prefecture": "岡山県",
    "city": "岡山市",
    "area": "岡山市北区",
    "purpose": "本に親しむ",
    "activities": "読み聞かせ",
    "offers": "出前講座",
    "fields": [2, 13],
    "founded": "2001",
    "source": "https://example.org/o1",
}
ISSUE = {
    "id": "c1",
    "prefecture": "岡山県",
    "city": "岡山市",
    "department": "図書館",
    "year": "平成30年度~令和元年度",
    "text": "本を読む子が減った。担い手がいない。",
    "source": "https://example.org/c1",
}
CASE = {
    "id": "k1",
    "title": "本の広場",
    "issue": "本を読む子が減った",
    "departments": ["図書館", "こども課"],
    "partners": ["虹の会"],
    "prefecture": "岡山県",
    "city": "岡山市",
    "programme": [
        {"fiscal_year": 2014, "stage": "ニーズ調査", "note": "聞き取り40人"},
        {"year": "平成27年度", "stage": "モデル事業1"},
    ],
    "role_sought": "読み手",
    "effect": "増えた",
    "outlook": "続ける",
    "source_name": "報告書",
    "source_url": "https://example.org/k1",
}


def read(*objects: Any, **options: object) -> ReadResult:
    lines = (entry if isinstance(entry, str) else json.dumps(entry, ensure_ascii=False) for entry in objects)
    return read_file("a.jsonl", "\n".join(lines).encode(), ReadOptions(**options))  # type: ignore[arg-type]


def test_an_organisation_keeps_its_id_and_every_field() -> None:
    result = read(ORGANISATION)
    [found] = result.records
    assert isinstance(found, Organisation)
    assert (result.kind, found.id, found.key) == (Kind.ORGANISATIONS, "o1", "id:o1")
    assert (found.name, found.kind, found.purpose) == ("虹の会", "任意団体", "本に親しむ")
    assert (found.activities, found.offers, found.fields) == ("読み聞かせ", "出前講座", frozenset({2, 13}))
    assert (found.prefecture, found.city, found.area, found.founded) == ("岡山県", "岡山市", "岡山市北区", "2001")
    assert found.source == "https://example.org/o1"
    assert [(c.item, c.heading) for c in result.mapping][:2] == [("番号", "id"), ("団体名", "name")]


def test_an_issue_without_a_title_is_titled_by_the_beginning_of_its_text() -> None:
    result = read(ISSUE)
    [found] = result.records
    assert isinstance(found, Issue)
    assert (result.kind, found.id, found.key, found.problem) == (Kind.ISSUES, "c1", "id:c1", ISSUE["text"])
    assert found.title == "本を読む子が減った。担い手がいない。"
    assert (found.department, found.fiscal_year) == ("図書館", 2018)
    assert (found.origin, found.release_level) == (Origin.POSTED, ReleaseLevel.SECTION)
    assert found.source_url == "https://example.org/c1"


def test_an_issue_of_an_inventory_stays_in_its_section_unless_it_says_otherwise() -> None:
    inventory = {"title": "貸出", "problem": "人手", "origin": "inventory", "collaboration": "無"}
    posted = {"title": "雪", "text": "除雪", "date": "R6.5.27", "release_level": "センターまで", "partners": ["空の会"]}
    first, second = (record for record in read(inventory, posted).records if isinstance(record, Issue))
    assert (first.origin, first.release_level, first.seeks_partner) == (Origin.INVENTORY, ReleaseLevel.SECTION, False)
    assert (second.release_level, second.posted_on, second.fiscal_year) == (
        ReleaseLevel.CENTRE,
        date(2024, 5, 27),
        2024,
    )
    assert (first.key, second.key, second.partners) == ("|||貸出", "2024-05-27||雪", ("空の会",))


def test_an_issue_that_bears_the_day_of_its_post_is_public() -> None:
    [found] = read({"title": "雪", "text": "除雪", "date": "R6.5.27"}).records
    assert isinstance(found, Issue)
    assert (found.origin, found.release_level) == (Origin.POSTED, ReleaseLevel.PUBLIC)


def test_an_issue_with_an_inventorys_fields_is_not_taken_for_a_public_post() -> None:
    for extra in ({"situation": "年2回"}, {"collaboration": "有"}):
        [found] = read({"title": "貸出", "text": "人手"} | extra).records
        assert isinstance(found, Issue)
        assert (found.origin, found.release_level) == (Origin.INVENTORY, ReleaseLevel.SECTION)


def test_a_case_keeps_the_notes_of_its_programme() -> None:
    result = read(CASE)
    [found] = result.records
    assert isinstance(found, Case)
    assert (result.kind, found.id) == (Kind.CASES, "k1")
    assert found.programme == (
        ProgrammeYear(fiscal_year=2014, stage="ニーズ調査", note="聞き取り40人"),
        ProgrammeYear(fiscal_year=2015, stage="モデル事業1"),
    )
    assert (found.departments, found.partners) == (("図書館", "こども課"), ("虹の会",))


def test_gzip_and_a_byte_order_mark_are_no_obstacle() -> None:
    data = "\ufeff" + json.dumps(ORGANISATION) + "\r\n\r\n" + json.dumps(ORGANISATION | {"id": "o2"}) + "\n"
    result = read_file("a.jsonl.gz", gzip.compress(data.encode()), ReadOptions())
    assert [record.id for record in result.records] == ["o1", "o2"]


def test_a_text_that_begins_with_an_equals_sign_is_no_formula() -> None:
    result = read(ORGANISATION | {"activities": "=SUM(絵本) という名の読み聞かせ"})
    assert isinstance(found := result.records[0], Organisation)
    assert (found.activities, result.problems) == ("=SUM(絵本) という名の読み聞かせ", ())


def test_bad_lines_are_named_by_their_number_and_keep_the_others() -> None:
    result = read(
        ORGANISATION, '{"name": ', {"activities": "本"}, {"name": "空の会", "id": "空"}, '{"name": "海の会\\ud800"}'
    )
    assert [(p.row, p.column, p.severity) for p in result.problems] == [
        (2, "", Severity.ERROR),
        (3, "団体名", Severity.ERROR),
        (4, "id", Severity.ERROR),
        (5, "name", Severity.ERROR),
    ]
    assert (len(result.records), result.skipped) == (1, 4)


def test_a_field_of_another_name_is_mapped_by_hand() -> None:
    override = ItemOverride(item="活動内容", column="work")
    [found] = read({"name": "虹の会", "work": "読み聞かせ"}, overrides=(override,)).records
    assert isinstance(found, Organisation)
    assert found.activities == "読み聞かせ"
    with pytest.raises(UnreadableFile, match="「仕事」という項目はありません"):
        read({"name": "虹の会"}, overrides=(ItemOverride(item="仕事", column="work"),))


def test_an_unknown_level_or_origin_is_an_error() -> None:
    result = read(
        {"title": "雪", "text": "除雪", "release_level": "秘密"}, {"title": "雪", "text": "除雪", "origin": "噂"}
    )
    assert [(p.row, p.column) for p in result.problems] == [(1, "release_level"), (2, "origin")]


def test_files_that_are_no_json_lines_of_ours_are_refused_in_a_sentence() -> None:
    with pytest.raises(UnreadableFile, match="知っている項目がありません"):
        read({"x": 1})
    with pytest.raises(UnreadableFile, match="JSONとして読める行がありません"):
        read_file("a.jsonl", b"{", ReadOptions())
    with pytest.raises(UnreadableFile, match="JSONの配列"):
        read_file("a.json", b'[\n {"name": "x"}]', ReadOptions())
    with pytest.raises(UnreadableFile, match="UTF-8"):
        read_file("a.jsonl", '{"name": "虹"}'.encode("cp932"), ReadOptions())
    with pytest.raises(UnreadableFile, match="上限の1件"):
        read(ORGANISATION, ORGANISATION | {"id": "o2"}, max_rows=1)
    with pytest.raises(UnreadableFile, match="圧縮が壊れている"):
        read_file("a.jsonl.gz", gzip.compress(b'{"name": "x"}')[:-6], ReadOptions())
    with pytest.raises(UnreadableFile, match="展開すると"):
        read_file("a.jsonl.gz", gzip.compress(b'{"name": "' + b"x" * 3_000_000), ReadOptions(max_bytes=1_000_000))


@pytest.mark.parametrize(
    ("file", "kind", "count"),
    [
        ("kyodo-dev/issues.jsonl", Kind.ISSUES, 48),
        ("kyodo-dev/organisations.jsonl", Kind.ORGANISATIONS, 312),
        ("rs-project-to-npo/issues.jsonl.gz", Kind.ISSUES, 45),
        ("rs-project-to-npo/organisations.jsonl.gz", Kind.ORGANISATIONS, 358),
    ],
)
def test_the_measured_collections_are_read_without_a_problem(file: str, kind: Kind, count: int) -> None:
    path = BENCH / file
    if not path.exists():
        pytest.skip("the collections beside the repository are absent")
    result = read_file(path.name, path.read_bytes(), ReadOptions())
    assert (result.kind, len(result.records), result.problems) == (kind, count, ())


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.lists(st.dictionaries(st.sampled_from(sorted({*ORGANISATION, *ISSUE, *CASE})), values), min_size=1, max_size=5)
)
def test_no_value_of_any_type_makes_the_reader_stumble(objects: list[dict[str, Any]]) -> None:
    for kind in (Kind.ISSUES, Kind.ORGANISATIONS, Kind.CASES):
        result = read(*(json.dumps(entry) for entry in objects), kind=kind)
        assert len(result.records) + result.skipped + result.ignored == len(objects)
        for record in result.records:
            repr(record).encode()
