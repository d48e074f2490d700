"""The commands that make word vectors and look at them."""

import errno
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from corpus.synonyms import shipped_synonyms
from matcher.text import word_forms
from models import artefacts
from models.vectors.artefact import SHIPPED, load_vectors, nearest, vectors_folder
from models.vectors.measures import KNOWN, ORDER

KYODO = Path(sys.executable).with_name("kyodo")
ANIMALS = itertools.product(["猫", "犬", "小鳥"], ["餌", "散歩", "病院", "首輪", "飼い主"])
FARMING = itertools.product(["農地", "水田", "畑"], ["草刈り", "収穫", "肥料", "種", "耕作"])
RECORDS = [f"{one}の{other}" for one, other in [*ANIMALS, *FARMING]]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KYODO_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def texts(folder):
    (folder / "文章.txt").write_text("\n\n".join(RECORDS), encoding="utf-8")
    return folder / "文章.txt"


@pytest.fixture
def foreign(folder):
    (folder / "w.vec").write_text("2 2\n猫 1 0\n犬 0.9 0.1\n", encoding="utf-8")
    return folder / "w.vec"


def kyodo(*arguments):
    return CliRunner().invoke(app, ["models", *map(str, arguments)])


def test_vectors_are_trained_from_files_and_looked_at(folder, texts):
    own = vectors_folder(folder / "data")
    given = ["train-vectors", texts, "--dimensions", 8, "--window", 3, "--least", 2, "--source", "市の広報"]
    trained = kyodo(*given, "--out", own)
    assert trained.exit_code == 0, trained.output
    assert trained.stdout.splitlines()[-1] == f"16語(16行、8次元)の単語ベクトルを {own} に保存しました。"
    card = (own / "CARD.md").read_text(encoding="utf-8")
    assert "train-vectors 文章.txt --dimensions 8 --window 3 --least 2" in card.replace("'", "")
    assert "- 市の広報" in card
    assert artefacts.about(own)["config"]["window"] == 3
    near = kyodo("neighbours", "ネコ").stdout.splitlines()
    assert len(near) == 10
    assert {line.split()[1] for line in near[:2]} == {"犬", "小鳥"}


@pytest.mark.parametrize("command", ["train-vectors", "convert-vectors"])
def test_worse_vectors_are_not_put_in_the_place_of_those_in_use(folder, texts, foreign, command):
    given = [command, foreign] if command == "convert-vectors" else [command, texts, "--least", 2]
    tried = kyodo(*given)
    assert tried.exit_code == 0, tried.output
    shipped = artefacts.about(SHIPPED)["measures"]
    known, order, *said = tried.stdout.splitlines()[2:]
    assert known.endswith(f"| {shipped[KNOWN]:.3f} |")
    assert order.endswith(f"| {shipped[ORDER]:.3f} |")
    assert ("| 測れません |" in order) == (command == "convert-vectors")  # two words of no group in common
    assert "今あるものをそのまま使います(0.005までの差は同じとみなします)。" in said[0]
    assert "KYODO_VECTORS" in said[1]
    own = vectors_folder(folder / "data")
    assert not own.exists()
    assert load_vectors(own.with_name("vectors-tried-1")).rows
    written = kyodo(*given, "--out", "out")
    assert written.stdout.splitlines()[:4] == tried.stdout.splitlines()[:4]
    assert load_vectors(folder / "out").rows
    kyodo(*given)
    assert load_vectors(own.with_name("vectors-tried-2")).rows


def as_good_as_shipped(path):
    shipped = load_vectors(SHIPPED)
    spoken = {form for group in shipped_synonyms().groups for member in group.members for form in word_forms(member)}
    lines = [f"{form} {' '.join(map(str, shipped.matrix[shipped.rows[form]]))}" for form in spoken & set(shipped.rows)]
    path.write_text("\n".join(lines), encoding="utf-8")


def test_vectors_as_good_as_those_in_use_take_their_place(folder):
    own = vectors_folder(folder / "data")
    as_good_as_shipped(folder / "w.vec")
    assert kyodo("convert-vectors", "w.vec", "--out", own).exit_code == 0
    again = kyodo("convert-vectors", "w.vec", "--source", "市の広報")  # those in use have lost a little by rounding
    assert again.exit_code == 0, again.output
    assert "に保存しました。" in again.stdout
    assert "- 市の広報" in (own / "CARD.md").read_text(encoding="utf-8")


def test_vectors_that_are_tried_by_the_setting_make_nothing_worse_take_the_place_of_better(
    folder, foreign, monkeypatch
):
    kyodo("convert-vectors", foreign)
    own = vectors_folder(folder / "data")
    tried = own.with_name("vectors-tried-1")
    before = (tried / "matrix.npy").read_bytes()
    monkeypatch.setenv("KYODO_VECTORS", str(tried))
    assert "今あるものをそのまま使います" in kyodo("convert-vectors", foreign).stdout
    assert not own.exists()
    assert (tried / "matrix.npy").read_bytes() == before


def test_vectors_made_while_others_are_set_are_said_not_to_be_used_yet(folder, monkeypatch):
    monkeypatch.setenv("KYODO_VECTORS", str(SHIPPED))
    as_good_as_shipped(folder / "w.vec")
    kyodo("convert-vectors", "w.vec", "--out", vectors_folder(folder / "data"))
    assert "指定をやめるまでは使われません。" in kyodo("convert-vectors", "w.vec").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["neighbours", "\udcff"], "文字として読み取れない部分があります"),
        (["neighbours", "猫" * 101], "文章が長すぎます"),
        (["neighbours", "の"], "意味のある語を取り出せませんでした"),
        (["neighbours", "ヌルポガッ"], "この単語ベクトルに入っていません"),
        (["neighbours", "くぁwせ"], "「くぁwせ」は、この単語ベクトルに入っていません。調べた語は「W」です。"),
        (["neighbours", "猫", "--vectors", "nowhere"], "単語ベクトルのフォルダー「nowhere」が見つかりません"),
        (["train-vectors", "nowhere.txt"], "「nowhere.txt」が見つかりません"),
        (["train-vectors", "nowhere.pdf"], "「nowhere.pdf」が見つかりません"),
        (["train-vectors", "nowhere"], "「nowhere」が見つかりません"),
        (["train-vectors", "."], "「.」はフォルダーです。ファイルを指定してください。"),
        (["convert-vectors", "nowhere.vec"], "「nowhere.vec」が見つかりません"),
        (["convert-vectors", "nowhere.whl"], "「nowhere.whl」が見つかりません"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(folder, arguments, said):
    result = kyodo(*arguments)
    assert result.exit_code in (1, 2)
    assert said in result.stderr
    assert result.stdout == ""
    assert not (folder / "data").exists()


def test_a_word2vec_file_is_converted(folder, foreign):
    result = kyodo("convert-vectors", foreign, "--out", folder / "out")
    assert result.exit_code == 0, result.output
    assert nearest(load_vectors(folder / "out"), ["猫"]) == [("犬", pytest.approx(0.994, abs=0.01))]
    assert json.loads((folder / "out" / "forms.json").read_text(encoding="utf-8")) == ["猫", "犬"]


@pytest.mark.parametrize("command", ["train-vectors", "convert-vectors", "train-fields"])
@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("thesis", "ほかのファイル"),
        (".", "書き出せません"),
        ("note", "ファイルです"),
        ("note/x", "note に書き込めないため、note/x を作れません"),
    ],
)
def test_what_is_no_model_is_not_written_over_and_no_work_is_done_first(folder, command, out, said):
    (folder / "thesis").mkdir()
    (folder / "thesis" / "chapter.txt").write_text("x", encoding="utf-8")
    (folder / "note").write_text("x", encoding="utf-8")
    result = kyodo(command, "nowhere.txt", "--out", out)  # the file would be missed next
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert (folder / "thesis" / "chapter.txt").read_text(encoding="utf-8") == "x"


def test_a_wheel_that_is_none_is_said_to_be_one(folder, foreign):
    result = kyodo("convert-vectors", foreign.rename(folder / "w.WHL"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "「w.WHL」は、wheelとして開けません。" in result.stderr


def test_vectors_take_the_place_of_vectors(folder, foreign):
    for _ in range(2):
        assert kyodo("convert-vectors", foreign, "--out", "out").exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["out", "w.vec"]


def test_a_folder_that_cannot_be_written_is_named_itself_not_its_draft(foreign, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.EACCES, "denied", "/srv/.draft-out8k2")

    monkeypatch.setattr(artefacts.tempfile, "mkdtemp", full)
    result = kyodo("convert-vectors", foreign, "--out", "out")
    assert result.exit_code == 1
    assert "「out」を開けません" in result.stderr
    assert "draft" not in result.stderr


def test_names_and_sources_that_are_no_characters_stop_nothing(folder, foreign):
    strange = foreign.rename(folder / "w\udcff.vec")
    result = kyodo("convert-vectors", strange, "--out", "out", "--source", "市\udcff")
    assert result.exit_code == 0, result.output
    assert "- 市?" in (folder / "out" / "CARD.md").read_text(encoding="utf-8")
    assert load_vectors(folder / "out").name.startswith("w?-")


def test_a_word_of_broken_bytes_is_a_sentence_in_a_real_terminal():
    done = subprocess.run([KYODO, "models", "neighbours", b"\xff"], capture_output=True, check=False)
    assert done.returncode == 2
    assert "文字として読み取れない部分があります" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ["models", "train-vectors", "f", "--out", "f"],
        ["models", "convert-vectors", "f", "--out", "f"],
        ["models", "train-fields", "f", "--out", "f"],
        ["models", "check-synonyms", "f"],
        ["models", "neighbours", "猫", "--vectors", "f"],
        ["models", "encode-cost", "f", "f"],
        ["rank", "--issues", "f", "--organisations", "f", "--out", "f", "--cases", "f", "--vectors", "f"],
        ["rank", "--issues", "f", "--organisations", "f", "--out", "f", "--encoder", "f"],
        ["evaluate", "--run", "f", "--qrels", "f", "--exclude", "f", "--baseline", "f"],
    ],
)
def test_a_file_one_may_not_read_is_no_wrong_use_of_the_command(folder, monkeypatch, arguments):
    (folder / "f").write_text("\n", encoding="utf-8")
    monkeypatch.setattr(os, "access", lambda *_, **__: False)  # root, who may run this, may read everything
    assert "渡された値は使えません" not in CliRunner().invoke(app, arguments).output


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("command", ["train-vectors", "convert-vectors", "train-fields", "check-synonyms"])
def test_a_file_one_may_not_read_is_said_to_be_one(texts, command):
    texts.chmod(0)
    result = kyodo(command, texts)
    assert result.exit_code == 1
    assert "を開けません。ほかのプログラムで開いていないか、権限があるかを確かめてください。" in result.stderr
