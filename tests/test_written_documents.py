"""What the README and the documents promise is what the program has, each thing in one place that a link reaches."""

import ast
import re
import unicodedata
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.settings import Settings
from api.words.labels import PART_LABELS
from corpus.readers.base import Kind
from corpus.readers.kinds.catalogue import KINDS
from matcher.parts import PARTS

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
TEXTS = {path: path.read_text(encoding="utf-8") for path in (README, *sorted((ROOT / "docs").glob("*.md")))}
FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def rows(first_cell_starts_with):
    told = "\n".join(TEXTS.values())
    lines = [line.strip("|").split("|") for line in told.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line] for line in lines if line[0].strip().startswith(first_cell_starts_with)]


def anchor(heading):
    """A heading's anchor as GitHub makes it: letters, marks, digits, "-" and "_" stay, a space becomes "-"."""
    kept = [c for c in heading.lower() if c in "- " or unicodedata.category(c)[0] in "LM" or is_digit_or_joiner(c)]
    return "".join(kept).replace(" ", "-")


def is_digit_or_joiner(character):
    return unicodedata.category(character) in {"Nd", "Pc"}


def anchors(text):
    """Every anchor of a document; the second heading of one name gets "-1", the third "-2"."""
    seen = Counter()
    found = set()
    for heading in HEADING.findall(FENCED.sub("", text)):
        name = anchor(heading.strip())
        found.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return found


def links(path):
    """The links of a document that stay within the project: (the file they lead to, the anchor or "")."""
    told = [unquote(link) for link in LINK.findall(FENCED.sub("", TEXTS[path]))]
    split = [link.partition("#") for link in told if not re.match(r"[a-z]+:", link)]
    return [((path.parent / file).resolve() if file else path, name) for file, _, name in split]


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
    assert [name.strip("*") for name in told.split("、")] == [item.name for item in KINDS[kind].items]


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


PLACE = re.compile(r"`((?:corpus|api|models|matcher|tests)/[\w./]+\.py)(?::([\w.]+))?`")
ARCHITECTURE = ROOT / "docs" / "architecture.md"
QUALITY = ROOT / "docs" / "ranking-and-quality.md"


def defined_in(path):
    """The names that a module defines at its top level, and the methods of its classes as Class.method."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef))
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        yield from (one.id for one in targets if isinstance(one, ast.Name))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_place_that_is_told_is_there_and_has_what_is_told_of_it(path):
    for file, told in PLACE.findall(TEXTS[path]):
        assert (ROOT / file).exists(), file
        assert not told or told in set(defined_in(ROOT / file)), f"{file}:{told}"


def test_the_architecture_gives_each_name_of_the_code_with_its_place():
    """A name without its file, as `add_event` or `ctx.read(…)`, would be checked by nothing."""
    assert re.findall(r"`([A-Za-z_][\w.]*(?:\([^`]*\))?)`", TEXTS[ARCHITECTURE]) == []


def section(path, heading):
    return re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", TEXTS[path], re.MULTILINE | re.DOTALL)[1]


def cells_of(text):
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_every_part_of_a_score_stands_in_its_table_with_its_weight_in_the_order_of_the_pages():
    told = [(name, float(weight)) for name, _, weight in cells_of(section(QUALITY, "順位のつけ方"))]
    assert told == [(label, PARTS[part].weight) for part, (label, _) in PART_LABELS.items()]


def test_ten_questions_of_a_newcomer_are_answered_with_places():
    asked = cells_of(section(ARCHITECTURE, "どこにあるか"))
    assert len(asked) == 10
    for question, answer in asked:
        assert re.search(r"`(?:corpus|api|models|matcher|tests)/", answer), question


def test_the_glossary_is_short_and_gives_each_word_one_meaning():
    told = cells_of(section(ARCHITECTURE, "用語"))
    assert 20 <= len(told) <= 30
    for column in (0, 1):
        words = [cells[column] for cells in told]
        assert sorted(set(words)) == sorted(words)


def test_a_command_and_a_setting_have_one_row_each():
    names = [cells[0] for start in ("`KYODO_", "`kyodo ", "`make ") for cells in rows(start)]
    assert [name for name, times in Counter(names).items() if times > 1] == []


def test_the_first_document_is_read_in_a_few_minutes():
    assert README.stat().st_size <= 8_000  # bytes


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("設定(環境変数)", "設定環境変数"),
        ("make の一覧", "make-の一覧"),
        ("データ・表、と『点』", "データ表と点"),
        ("A_b - C", "a_b---c"),
    ],
)
def test_an_anchor_is_made_as_the_site_makes_it(heading, expected):
    assert anchor(heading) == expected


def test_the_second_heading_of_a_name_has_an_anchor_of_its_own():
    assert anchors("# 値\n\n```sh\n# not a heading\n```\n\n## 値\n") == {"値", "値-1"}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_link_between_the_documents_leads_somewhere(path):
    for file, name in links(path):
        assert file.exists(), file
        assert not name or name in anchors(TEXTS[file]), f"{file.name}#{name}"


def test_every_document_is_reached_from_the_first():
    reached, following = set(), [README]
    while following:
        path = following.pop()
        if path in TEXTS and path not in reached:
            reached.add(path)
            following += [file for file, _ in links(path)]
    assert reached == set(TEXTS)


def unfenced(path):
    return FENCED.sub("", TEXTS[path]).splitlines()


def test_no_row_of_figures_stands_in_two_places():
    """A row of figures: a row of a table with a digit in it. Where a figure is needed again, a link stands."""
    figures = Counter(line for path in TEXTS for line in unfenced(path) if re.match(r"\|.*\d", line))
    assert len(figures) > 100
    assert [line for line, times in figures.items() if times > 1] == []


def test_no_row_of_figures_stands_in_two_documents_under_another_name():
    """Three figures and more, in the same order, are the same row, whatever its first cells say."""
    numbers = {path: [tuple(re.findall(r"\d+\.\d+", line)) for line in unfenced(path)] for path in TEXTS}
    documents = Counter(row for rows_of_one in numbers.values() for row in set(rows_of_one) if len(row) >= 3)
    assert documents
    assert [row for row, times in documents.items() if times > 1] == []


def test_no_sentence_with_a_figure_stands_in_two_places():
    prose = [line for path in TEXTS for line in unfenced(path) if not line.startswith(("|", "#"))]
    sentences = Counter(part.strip(" -") for line in prose for part in line.split("。") if re.search(r"\d", part))
    assert len(sentences) > 50
    assert [sentence for sentence, times in sentences.items() if times > 1] == []
