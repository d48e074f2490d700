"""What the README and the documents promise is what the program has."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.settings import Settings
from corpus.readers.base import Kind
from corpus.readers.kinds.items import ITEMS

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
TEXTS = {path: path.read_text(encoding="utf-8") for path in (README, *sorted((ROOT / "docs").glob("*.md")))}


def rows(first_cell_starts_with):
    told = "\n".join(TEXTS.values())
    lines = [line.strip("|").split("|") for line in told.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line] for line in lines if line[0].strip().startswith(first_cell_starts_with)]


def test_every_setting_stands_in_the_table_with_its_default_and_meaning():
    told = {name.strip("`"): (default.strip("`"), meaning) for name, default, meaning in rows("`KYODO_")}
    known = {}
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else str(field.default)
        default = default.lower() if isinstance(field.default, bool) else default
        known[f"KYODO_{name.upper()}"] = (default, field.description)
    assert told == known


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.NPO_PORTAL])
def test_every_item_of_a_kind_stands_in_the_table(kind):
    told = next(cells[1] for cells in rows(f"`{kind}`"))
    assert [name.strip("*") for name in told.split("、")] == [item.name for item in ITEMS[kind]]


def help_of(*command):
    result = CliRunner().invoke(app, [*command, "--help"])
    assert result.exit_code == 0, command
    return result.stdout


def command_of(cell):
    """The words of a command in the first cell of its row: kyodo models neighbours 語 -> models, neighbours."""
    return re.match(r"`kyodo ([a-z]+(?: [a-z-]+)?)", cell).group(1).split()


def test_every_command_is_told_and_exists():
    told = {command_of(cells[0])[0] for cells in rows("`kyodo ")}
    assert told == set(re.findall(r"^  ([a-z]+)$", help_of(), re.MULTILINE))


def test_every_command_of_the_models_is_told_and_exists():
    told = {command_of(cells[0])[1] for cells in rows("`kyodo models ") if len(command_of(cells[0])) > 1}
    commands = help_of("models").partition("オプション:")[0]
    assert told == set(re.findall(r"^  ([a-z-]+)$", commands, re.MULTILINE))


def test_every_option_that_a_row_tells_is_one_of_its_command():
    for cells in rows("`kyodo "):
        known = set(re.findall(r"^  (-[a-z-]+)", help_of(*command_of(cells[0])), re.MULTILINE))
        told = re.findall(r"`(--?[a-z][a-z-]*)[^`]*`", cells[1]) + re.findall(r" (--[a-z-]+)", cells[0])
        assert set(told) <= known, cells[0]


def test_every_target_that_is_told_is_in_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    told = {target for text in TEXTS.values() for target in re.findall(r"`?make ([a-z-]+)", text)}
    assert told
    assert told <= targets


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_path_that_is_told_is_there(path):
    for told in re.findall(r"`((?:corpus|api|models|matcher|notebooks|tests|docs|\.ci)/[\w./]*)`", TEXTS[path]):
        assert (ROOT / told).exists(), told
