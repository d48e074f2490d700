"""A text of an issue is listed once, with its record: wherever people meet an issue, they meet each of its texts."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from requests_of import seen
from service import Service, client_of, first_issue, upload
from sqlalchemy import inspect

from api.context import open_context
from api.settings import Settings
from api.usecases import collection
from corpus.access import LOCAL
from corpus.documents import issue_documents, issue_query
from corpus.readers.base import ReadOptions
from corpus.readers.read_file import read_file
from corpus.records.issues import TEXTS, TEXTS_ON_FORMS, Issue
from corpus.store import issues as rows
from corpus.tables.issues import issues as table

ROOT = Path(__file__).parents[1]
WORDS = {name: f"『{name}』の言葉" for name in TEXTS}
RECORD = Issue(id="i-1", key="k", title="猫の相談", **WORDS)  # type: ignore[arg-type]
SHEET = "\r\n".join(
    [",".join(["業務名", *(text.label for text in TEXTS.values())]), ",".join(["棚卸", *WORDS.values()])]
)
every_text = pytest.mark.parametrize("name", TEXTS)
every_written_text = pytest.mark.parametrize("name", TEXTS_ON_FORMS)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One issue that a sheet brought in, one that a person wrote, one that is stored; each text has its own words."""
    ctx = open_context(Settings(data=tmp_path_factory.mktemp("columns")))
    with client_of(ctx) as client:
        preview = upload(client, "棚卸.csv", SHEET.encode())
        assert client.post(f"{preview}/confirm", follow_redirects=False).status_code == 303
        form = {"title": "画面", **{name: f"画面の{WORDS[name]}" for name in TEXTS_ON_FORMS}}
        assert client.post("/issues", data=form, follow_redirects=False).status_code == 303
        with ctx.write(LOCAL) as s:
            rows.add(s, RECORD)
        yield client, ctx


def told(label: str, words: str) -> str:
    return f'<dt>{label}</dt><dd class="prose">{words}'


@every_text
def test_a_sheet_brings_it_under_its_label_and_the_page_of_the_issue_tells_it(service: Service, name: str) -> None:
    client, ctx = service
    brought = first_issue(ctx, "棚卸")
    assert getattr(seen(ctx, collection.issue, brought), name).startswith(WORDS[name])
    assert told(TEXTS[name].label, WORDS[name]) in client.get(f"/issues/{brought}").text


@every_text
def test_a_line_of_json_brings_it_under_its_name(name: str) -> None:
    line = json.dumps({"title": "猫の相談", name: WORDS[name]}).encode()
    [issue] = read_file("課題.jsonl", line, ReadOptions()).records
    assert getattr(issue, name) == WORDS[name]


@every_text
def test_the_json_interface_tells_it(service: Service, name: str) -> None:
    client, ctx = service
    answer = client.get(f"/api/v1/issues/{first_issue(ctx, '棚卸')}").json()
    assert answer[name].startswith(WORDS[name])
    shapes = client.get("/api/v1/openapi.json").json()["components"]["schemas"]
    assert name in shapes["Issue"]["properties"]
    assert (name in shapes["IssueDraft"]["properties"]) is (name in TEXTS_ON_FORMS)


@every_text
def test_the_table_and_the_migrated_database_have_its_column(service: Service, name: str) -> None:
    _, ctx = service
    with ctx.db.read() as conn:
        made = {column["name"]: column for column in inspect(conn).get_columns(table.name)}
    assert not table.c[name].nullable
    assert not made[name]["nullable"]


@every_text
def test_lists_are_searched_by_it_where_it_says_so(service: Service, name: str) -> None:
    _, ctx = service
    found = [issue.id for issue in seen(ctx, collection.issues, WORDS[name]).items]
    assert (RECORD.id in found) is TEXTS[name].searched


@every_text
def test_it_speaks_in_the_ranking_where_it_says_so(name: str) -> None:
    part, [document] = TEXTS[name].speaks_in, issue_documents(RECORD)
    speaking = {one for one in ("title", "aim", "body", "offer") if WORDS[name] in getattr(document, one)}
    assert speaking == ({part} if part else set())
    assert (WORDS[name] in issue_query(RECORD).text) is bool(part)


@every_written_text
def test_a_form_asks_for_it_stores_it_and_gives_it_back(service: Service, name: str) -> None:
    client, ctx = service
    text, words = TEXTS[name], f"画面の{WORDS[name]}"
    asked = client.get("/issues/new").text
    assert f'<label for="{name}">{text.label}' in asked
    assert text.hint in asked
    written = first_issue(ctx, "画面")
    assert getattr(seen(ctx, collection.issue, written), name) == words
    assert told(text.label, words) in client.get(f"/issues/{written}").text
    assert re.search(rf'<textarea id="{name}"[^>]*>\n{words}</textarea>', client.get(f"/issues/{written}/edit").text)


# ---- one more


COLUMN, LABEL = "one_more_text", "試しに増やす欄"  # names that no real column will have
MIGRATION = f'''"""How people are told."""

import sqlalchemy as sa
from alembic import op

revision: str = "next"
down_revision: str | None = "{{head}}"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("issues", sa.Column("{COLUMN}", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("issues", "{COLUMN}")
'''
# What is written for it beside the migration: file -> what it comes after there, and itself.
ONE_MORE = {
    "corpus/records/issues.py": ("    idea: .*\n", f'    {COLUMN}: Annotated[str, Text("{LABEL}")] = ""\n'),
    "corpus/readers/kinds/inventory.py": ('        "事業アイデア",\n.*\n    \\),\n', f'    item("{LABEL}"),\n'),
    "docs/使い方.md": ("`inventory` .*事業アイデア、", f"{LABEL}、"),
}
ALL_OF_IT = [name for name, made in globals().items() if name.startswith("test_") and hasattr(made, "pytestmark")]
CHECKED = (
    *(f"test_issue_columns.py::{name}[{COLUMN}]" for name in ALL_OF_IT),
    "test_migrations.py::test_the_migrations_make_exactly_the_tables_the_code_declares[sqlite]",
    "test_written_documents.py::test_every_item_of_a_kind_stands_in_the_table[inventory]",
)


def test_one_more_column_takes_a_migration_and_three_lines(tmp_path: Path) -> None:
    copied = ("api", "corpus", "docs", "matcher", "models", "tests", "README.md", "pyproject.toml")
    for each in copied:
        copy = shutil.copytree if (ROOT / each).is_dir() else shutil.copy
        copy(ROOT / each, tmp_path / each)
    for file, (before, line) in ONE_MORE.items():
        path = tmp_path / file
        text = path.read_text(encoding="utf-8")
        [found] = re.finditer(before, text)
        path.write_text(text[: found.end()] + line + text[found.end() :], encoding="utf-8")
    versions = tmp_path / "corpus" / "migrations" / "versions"
    head = max(path.name for path in versions.glob("0*.py")).partition("_")[0]
    (versions / "9999_next.py").write_text(MIGRATION.format(head=head))
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/{one}" for one in CHECKED)]
    there = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ran = subprocess.run(run, cwd=tmp_path, env=there, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout
    assert f"{len(CHECKED)} passed" in ran.stdout
