"""Each page's record and its template say the same: what is given is asked for, and what is asked for is there."""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, get_type_hints

import pytest
from jinja2 import ChoiceLoader, DictLoader
from template_reading import attributes_missing, names_asked, tree_of, used

from api import pages
from api.pages.rendering import PageRecord, environment
from api.usecases.collection import Page
from api.usecases.suggestions import CandidateList
from corpus.records.issues import Issue

MODULES = [importlib.import_module(f"api.pages.{found.name}") for found in pkgutil.iter_modules(pages.__path__)]
RECORDS = sorted(
    {
        one
        for module in MODULES
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, PageRecord) and one is not PageRecord
    },
    key=lambda one: one.__name__,
)
SHARED = {one.name for one in fields(PageRecord)}
TEMPLATES = {name: tree_of(environment, name) for name in environment.list_templates()}
FRAME, INPUTS = "base.html", "macros.html"


def given(record: type[PageRecord]) -> dict[str, Any]:
    hints = get_type_hints(record)
    return {one.name: hints[one.name] for one in fields(record)}


def used_by(name: str) -> set[str]:
    return {name}.union(*(used_by(other) for other in used(TEMPLATES[name])))


def test_every_page_has_one_record_and_every_record_a_page() -> None:
    """What a page is made of, the frame included, is reached from one."""
    names = [record.template for record in RECORDS]
    assert sorted(names) == sorted(name for name in TEMPLATES if FRAME in used(TEMPLATES[name]))
    assert set().union(*map(used_by, names)) == TEMPLATES.keys()


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_has_what_its_template_asks_for_and_nothing_else(record: type[PageRecord]) -> None:
    asked = names_asked(environment, record.template)
    assert asked - given(record).keys() == set()
    assert given(record).keys() - asked - SHARED == set()


def test_what_all_records_share_is_what_the_frame_and_the_inputs_ask_for() -> None:
    asked = names_asked(environment, FRAME) | names_asked(environment, INPUTS)
    assert asked - {"here"} == SHARED  # which each template sets: its place in the menu


@pytest.mark.parametrize("record", RECORDS)
def test_what_a_template_asks_of_a_field_its_type_has(record: type[PageRecord]) -> None:
    assert attributes_missing(environment, record.template, given(record)) == set()


@dataclass(frozen=True, kw_only=True)
class MadeUpPage(PageRecord):
    template = "made-up.html"
    issue: Issue
    found: Page[Issue]
    list: CandidateList | None
    names: Mapping[str, Issue]
    pairs: Sequence[tuple[str, Issue]]


def made_up(text: str, part: str = "") -> Any:
    loader = DictLoader({"made-up.html": text, "part.html": part})
    return environment.overlay(loader=ChoiceLoader([loader, environment.loader]))


@pytest.mark.parametrize(
    ("text", "part", "name"),
    [
        ("{{ isue.title }}", "", "isue"),
        ('{% include "part.html" %}', "{{ isue.title }}", "isue"),
        ('{% import "part.html" as p with context %}', "{% macro a() %}{{ isue }}{% endmacro %}", "isue"),
        ('{% extends "part.html" %}{% set here = 1 %}', "{{ here }}{{ isue }}", "isue"),
        ("{% for title in issue %}{% endfor %}{{ title }}", "", "title"),
    ],
)
def test_a_name_that_no_field_has_is_seen(text: str, part: str, name: str) -> None:
    assert names_asked(made_up(text, part), "made-up.html") - given(MadeUpPage).keys() == {name}


@pytest.mark.parametrize(
    ("text", "part", "missing"),
    [
        ("{{ issue.titel }}", "", "Issue.titel"),
        ("{{ list.query.txt }}", "", "Query.txt"),
        ("{% for one in found.items %}{{ one.titel }}{% endfor %}", "", "Issue.titel"),
        ("{% for one in list.candidates[:3] if one.nam %}{% endfor %}", "", "Candidate.nam"),
        ("{% for id, one in names.items() %}{{ one.titel }}{% endfor %}", "", "Issue.titel"),
        ("{% for name, one in pairs %}{{ one.titel }}{% endfor %}", "", "Issue.titel"),
        ('{% for name, one in [("a", issue)] %}{{ one.titel }}{% endfor %}', "", "Issue.titel"),
        ("{% set one = names.get(issue.id) %}{{ one.titel if one else 1 }}", "", "Issue.titel"),
        ("{% set one = telling_case(list.candidates[0].suggestion) %}{{ one.titel }}", "", "Bridge.titel"),
        ('{{ found.items | selectattr("titel") | list }}', "", "Issue.titel"),
        ('{% for issue in pairs %}{% endfor %}{% include "part.html" %}', "{{ issue.titel }}", "Issue.titel"),
        (
            '{% import "part.html" as p with context %}{{ p.a(names["i"]) }}',
            "{% macro a(x) %}{{ b(y=x) }}{% endmacro %}{% macro b(y) %}{{ y.titel }}{% endmacro %}",
            "Issue.titel",
        ),
        ('{% extends "part.html" %}{% set one = issue %}', "{{ one.titel }}", "Issue.titel"),
    ],
)
def test_an_attribute_that_no_type_has_is_seen(text: str, part: str, missing: str) -> None:
    assert attributes_missing(made_up(text, part), "made-up.html", given(MadeUpPage)) == {missing}
    right = [one.replace("titel", "title").replace("txt", "text").replace("nam ", "name ") for one in (text, part)]
    assert attributes_missing(made_up(*right), "made-up.html", given(MadeUpPage)) == set()
