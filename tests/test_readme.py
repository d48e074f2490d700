"""What the README promises is what the program has."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from api.settings import Settings
from corpus.readers.base import Kind
from corpus.readers.items import ITEMS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def rows(first_cell_starts_with):
    lines = [line.strip("|").split("|") for line in README.splitlines() if line.startswith("| `")]
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


def test_every_command_is_told_and_exists():
    told = {re.match(r"`kyodo (\w+)", cells[0]).group(1) for cells in rows("`kyodo ")}
    help_text = subprocess.run(
        [Path(sys.executable).with_name("kyodo"), "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert told == set(re.findall(r"^  ([a-z]+)$", help_text, re.MULTILINE))


def test_every_target_that_is_told_is_in_the_makefile():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z]+)", README)) <= targets


def test_every_path_that_is_told_is_there():
    for path in re.findall(r"`((?:corpus|api|models|matcher|notebooks|tests)/[\w./]*)`", README):
        assert (ROOT / path).exists(), path
