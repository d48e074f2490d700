"""The sample collection as written: what a reader of the files may rely on."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import pytest

Row = dict[str, Any]

ORGANISATION_TEXTS = ("purpose", "activities", "offers")
ISSUE_TEXTS = ("title", "purpose", "situation", "text", "partner_sought")
PHONE = re.compile(r"\d{2,4}[-ー‐−)]\d{1,4}[-ー‐−)]\d{3,4}|\d{9,}")  # \d holds full-width digits too


def rows(name: str) -> list[Row]:
    text = (files("corpus") / "data" / "samples" / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


ORGANISATIONS = rows("organisations.jsonl")
ISSUES = rows("issues.jsonl")
CASES = rows("cases.jsonl")


def texts(records: Iterable[Row], parts: tuple[str, ...]) -> list[str]:
    return [record[part] for record in records for part in parts if record[part]]


def sentences(records: Iterable[Row], parts: tuple[str, ...]) -> list[str]:
    return [piece for text in texts(records, parts) for piece in text.split("。") if piece.strip()]


def runs(text: str, length: int = 12) -> set[str]:
    return {text[start : start + length] for start in range(len(text) - length + 1)}


def test_there_are_enough_samples_of_unlike_kinds() -> None:
    assert len(ORGANISATIONS) >= 72
    assert len(ISSUES) >= 36
    assert len({issue["department"] for issue in ISSUES}) >= 14
    assert len(CASES) == 8
    kinds = {organisation["kind"] for organisation in ORGANISATIONS}
    asked = {
        "NPO法人",
        "任意団体",
        "町内会",
        "連合町内会",
        "安全・安心ネットワーク",
        "婦人会",
        "愛育委員会",
        "公民館",
        "大学",
        "社会福祉協議会",
        "企業",
        "商店会",
        "農業団体",
    }
    assert asked <= kinds
    assert any(kind.startswith("学校") for kind in kinds)


def test_every_activity_field_of_the_law_has_an_organisation() -> None:
    assert {code for organisation in ORGANISATIONS for code in organisation["fields"]} == set(range(1, 21))


def test_ids_are_unique_and_say_that_they_are_samples() -> None:
    for records, pattern in ((ORGANISATIONS, r"s-o\d{3}"), (ISSUES, r"s-i\d{3}"), (CASES, r"s-c\d{2}")):
        ids = [record["id"] for record in records]
        assert len(set(ids)) == len(ids)
        assert all(re.fullmatch(pattern, name) for name in ids)


def test_names_are_not_repeated() -> None:
    assert max(Counter(organisation["name"] for organisation in ORGANISATIONS).values()) == 1
    assert max(Counter(issue["title"] for issue in ISSUES).values()) == 1


@pytest.mark.parametrize("record", ORGANISATIONS + ISSUES + CASES, ids=lambda record: record["id"])
def test_field_codes_are_codes_of_the_law(record: Row) -> None:
    codes = record["fields"]
    assert all(1 <= code <= 20 for code in codes)
    assert len(set(codes)) == len(codes)


def test_every_organisation_says_who_it_is_and_where_it_works() -> None:
    for organisation in ORGANISATIONS:
        needed = ("name", "kind", "prefecture", "city", "area", "address", "purpose", "activities", "fields", "founded")
        assert all(organisation[part] for part in needed), organisation["id"]
        assert organisation["website"] == ""


def test_every_issue_that_seeks_a_partner_says_why() -> None:
    for issue in ISSUES:
        assert issue["collaboration"] in {"有", "検討中", "無"}
        assert issue["year"] == "令和6年度"
        assert issue["department"]
        if issue["collaboration"] != "無":
            assert all(issue[part] for part in ISSUE_TEXTS), issue["id"]
    assert sum(issue["collaboration"] == "無" for issue in ISSUES) >= 3


def test_no_sentence_is_used_twice() -> None:
    counted = Counter(sentences(ORGANISATIONS, ORGANISATION_TEXTS) + sentences(ISSUES, ISSUE_TEXTS))
    assert [sentence for sentence, count in counted.items() if count > 1] == []


def test_issues_and_organisations_do_not_share_wording() -> None:
    of_organisations = set[str]().union(*(runs(text) for text in texts(ORGANISATIONS, ORGANISATION_TEXTS)))
    of_issues = set[str]().union(*(runs(text) for text in texts(ISSUES, ISSUE_TEXTS)))
    assert of_organisations & of_issues == set()


def test_nothing_looks_like_a_telephone_number_or_a_mail_address() -> None:
    for record in ORGANISATIONS + ISSUES:
        for value in record.values():
            assert not PHONE.search(str(value)), record["id"]
            assert "@" not in str(value)


def test_neighbourhood_bodies_speak_of_disasters_in_their_own_profiles() -> None:
    neighbourhood = {"町内会", "連合町内会", "安全・安心ネットワーク", "婦人会", "自主防災組織"}
    speaking = {
        organisation["kind"]
        for organisation in ORGANISATIONS
        if "防災" in organisation["purpose"] + organisation["activities"] + organisation["offers"]
    }
    assert neighbourhood <= speaking
    assert sum("防災" in issue["title"] + issue["text"] for issue in ISSUES) >= 3


def test_cases_name_a_partner_and_a_published_source() -> None:
    stages = {"ニーズ調査", "モデル事業1", "モデル事業2", "一般施策化"}
    for case in CASES:
        assert case["issue"]
        assert case["partners"]
        assert case["city"] in {"岡山市", "倉敷市"}
        assert case["source_name"]
        assert case["source_url"] == "" or case["source_url"].startswith("https://")
        assert {step["stage"] for step in case["programme"]} <= stages


def test_a_real_partner_of_a_case_is_not_an_invented_organisation() -> None:
    invented = {organisation["name"] for organisation in ORGANISATIONS}
    assert invented.isdisjoint(partner for case in CASES for partner in case["partners"])


def test_the_cases_cover_the_eight_themes() -> None:
    titles = "".join(case["title"] for case in CASES)
    themes = [
        "地域猫",
        "消費者被害",
        "鳥獣被害",
        "西川緑道公園",
        "学習支援",
        "児童虐待",
        "キャリア教育",
        "子どもの防災",
    ]
    assert [theme for theme in themes if theme not in titles] == []
