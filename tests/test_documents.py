"""Which words of a record speak, and how many of them."""

from dataclasses import replace

from corpus.documents import (
    SPEAKING,
    case_documents,
    issue_documents,
    issue_query,
    organisation_documents,
    organisation_query,
    text_query,
)
from corpus.records.cases import Case
from corpus.records.issues import Issue, ReleaseLevel
from corpus.records.organisations import Organisation

LONG = "困" * 32_767
ISSUE = Issue(id="i", key="i", title=LONG, purpose=LONG, situation=LONG, problem=LONG, partner_sought=LONG, idea=LONG)
BODY = Organisation(id="o", key="o", name=LONG, purpose=LONG, activities=LONG, offers="あ\n" * 9_000)
CASE = Case(id="c", key="c", title=LONG, issue=LONG, role_sought=LONG, effect=LONG, outlook=LONG)


def test_of_a_text_that_fills_its_field_the_beginning_speaks():
    for documents in (issue_documents(ISSUE), organisation_documents(BODY), case_documents(CASE)):
        for document in documents:
            for text in (document.title, document.aim, document.offer):
                assert len(text) <= SPEAKING
            assert len(document.body) <= 3 * SPEAKING + 2
    assert len(organisation_documents(BODY)) == 201


def test_a_query_asks_with_so_much_and_no_more():
    for query in (issue_query(ISSUE), organisation_query(BODY), text_query(LONG)):
        assert 3 * SPEAKING <= len(query.text) <= 3 * SPEAKING + 5  # the ends of lines between texts


def test_of_many_long_texts_each_has_its_share():
    query = issue_query(replace(ISSUE, title="題", partner_sought="猫" * 32_767, idea="犬" * 32_767))
    assert query.text.count("猫") == query.text.count("犬") == 2 * SPEAKING // 4


def test_whatever_people_write_in_earnest_speaks_to_its_last_word():
    text = "困" * (SPEAKING - 1) + "猫"
    assert (
        issue_query(replace(ISSUE, title="題", problem=text, purpose="", situation="", idea="")).text.count("猫") == 1
    )
    assert "猫" in text_query(text * 3).text[-2:]
    assert organisation_documents(replace(BODY, purpose=text))[0].aim[-1] == "猫"


def test_only_issues_released_to_all_are_public_documents():
    levels = {level: issue_documents(replace(ISSUE, release_level=level)) for level in ReleaseLevel}
    assert [level for level, (document,) in levels.items() if document.public] == [ReleaseLevel.PUBLIC]
    assert all(document.public for document in [*organisation_documents(BODY), *case_documents(CASE)])
