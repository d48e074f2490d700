import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# Shown figures are drawn as a reader would see them, so that a glyph or a layout that fails is an error.
DRAWING = """
import matplotlib.pyplot as plt

def show():
    for number in plt.get_fignums():
        plt.figure(number).canvas.draw()
        print("figure drawn")
    plt.close("all")

plt.show = show
"""


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def code_cells(path):
    return [cell for cell in cells(path) if cell["cell_type"] == "code"]


def code(path):
    return "\n\n".join("".join(cell["source"]) for cell in code_cells(path))


each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


@each_notebook
def test_outputs_are_stripped(path):
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code_cells(path))


@each_notebook
def test_the_cells_run_in_order_and_draw_their_pictures(path, tmp_path):
    if not (ROOT.parent / "shared" / "bench").is_dir():
        pytest.skip("../shared/bench is not here")
    script = tmp_path / "cells.py"
    script.write_text(f"{DRAWING}\n\n{code(path)}", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", script],
        cwd=ROOT,
        env=os.environ | {"MPLBACKEND": "Agg", "MPLCONFIGDIR": str(tmp_path)},  # an older list of fonts is passed over
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    drawn = done.stdout.count("figure drawn")  # counted apart: the output quotes texts that a failure should not print
    assert drawn > 3


@each_notebook
def test_only_public_names_are_imported_and_nothing_is_for_others_to_use(path):
    tree = ast.parse(code(path))
    names = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    names += [alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert not [name for name in names if name.startswith("_")]
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


@each_notebook
def test_every_picture_and_table_is_introduced_in_prose(path):
    kinds = [cell["cell_type"] for cell in cells(path)]
    assert kinds[0] == "markdown"
    assert kinds.count("markdown") > 4


def test_the_story_is_told_in_three_notebooks():
    assert [path.name for path in NOTEBOOKS] == ["01_collection.ipynb", "02_terms.ipynb", "03_ranking.ipynb"]
