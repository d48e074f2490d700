"""``kyodo models train-vectors``, ``convert-vectors`` and ``neighbours``: making word vectors and looking at them."""

import shlex
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands.folders import for_card, replaceable, writing
from api.commands.terminal import ProgressLine, say
from api.errors import Invalid, NotFound, NotReadable

if TYPE_CHECKING:
    from matcher.dense import WordVectors

_OUT = "書き出すフォルダー。既定は KYODO_DATA の中の models/vectors"
_LONGEST_WORD = 100  # characters
_WORSE = """どちらかの値が今あるものより低いため、今あるものをそのまま使います({}までの差は同じとみなします)。
作ったものは下のフォルダーに残します。それでも使うときは、KYODO_VECTORS にそのフォルダーを指定してください。"""
_ELSEWHERE = "KYODO_VECTORS に別のフォルダーが指定されているため、指定をやめるまでは使われません。"
_SOURCE = "出典と使用許諾の説明。モデルカードに書きます。何度でも指定できます"


def train_vectors(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="ファイル...", help="文章のファイル(.txt .csv .jsonl。gzipでもかまいません)", readable=False
        ),
    ],
    out: Annotated[Path | None, typer.Option(metavar="フォルダー", help=_OUT, readable=False)] = None,
    dimensions: Annotated[int, typer.Option(metavar="数", help="次元の数。既定は128", min=2, max=1000)] = 128,
    window: Annotated[int, typer.Option(metavar="語数", help="前後何語までを見るか。既定は6", min=1, max=50)] = 6,
    least: Annotated[
        int, typer.Option(metavar="回数", help="この回数以上出てくる語だけを学びます。既定は3", min=1)
    ] = 3,
    source: Annotated[list[str] | None, typer.Option(metavar="説明", help=_SOURCE)] = None,
) -> None:
    """手元の文章から、意味の近い語を結び付けるための単語ベクトルを作ります。

    番号、URL、出典、担当の役所や部署、氏名や連絡先の列は使いません。言いかえの表で測り、今あるもの(市で作ったもの、なければ付属のもの)と比べます。
    --out がなければ、どちらの値も低くないときは今あるものと置き換え、低いときは別のフォルダー
    (KYODO_DATA の中の models/vectors-tried-1 など)に残します。
    """
    from dataclasses import asdict

    from models.vectors.artefact import data_fingerprint
    from models.vectors.contrast import REFINED, ContrastConfig
    from models.vectors.texts import read_records
    from models.vectors.training import VectorConfig, train

    folder = _folder(out)
    config, contrast = VectorConfig(window=window, dimensions=dimensions, least=least), ContrastConfig()
    with _in_words(), _timed():
        vectors = train(read_records(files), config, contrast, say)
        settings = asdict(config) | (asdict(contrast) if vectors.name == REFINED else {})
        command = ["train-vectors", *(file.name for file in files)]
        command += ["--dimensions", str(dimensions), "--window", str(window), "--least", str(least)]
        folder = _place(folder, vectors, chosen=out is not None)
        _save(folder, vectors, settings, command, _described(files, source), data_fingerprint(files))


def convert_vectors(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="ファイル",
            help="word2vecのテキスト形式(gzipでもかまいません)か、ja-ginzaのwheel",
            readable=False,
        ),
    ],
    out: Annotated[Path | None, typer.Option(metavar="フォルダー", help=_OUT, readable=False)] = None,
    limit: Annotated[int, typer.Option(metavar="語数", help="読む語の数の上限。既定は500000", min=1)] = 500_000,
    source: Annotated[list[str] | None, typer.Option(metavar="説明", help=_SOURCE)] = None,
) -> None:
    """よそで作られた単語ベクトルを、このプログラムの語に合わせて取り込みます。

    言いかえの表で測り、今あるもの(市で作ったもの、なければ付属のもの)と比べます。
    --out がなければ、どちらの値も低くないときは今あるものと置き換え、低いときは別のフォルダー
    (KYODO_DATA の中の models/vectors-tried-1 など)に残します。
    """
    from models.vectors.artefact import data_fingerprint
    from models.vectors.foreign import GINZA_LICENCES, from_ginza_wheel, from_word2vec_text, is_wheel

    folder, progress = _folder(out), ProgressLine(file.name)
    with _in_words(), _timed(), closing(progress):
        say(f"{file.name} を読んでいます。")
        wheel = is_wheel(file)
        vectors = from_ginza_wheel(file) if wheel else from_word2vec_text(file, limit, progress)
        sources = _described([file], [*(GINZA_LICENCES if wheel else ()), *(source or ())])
        config = {} if wheel else {"limit": limit}
        folder = _place(folder, vectors, chosen=out is not None)
        _save(folder, vectors, config, ["convert-vectors", file.name], sources, data_fingerprint([file]))


def neighbours(
    word: Annotated[str, typer.Argument(metavar="語", help="近い語を見たい語。例: 子育て")],
    vectors: Annotated[
        Path | None,
        typer.Option(metavar="フォルダー", help="単語ベクトルのフォルダー。既定は今使われるもの", readable=False),
    ] = None,
) -> None:
    """単語ベクトルで意味の近い語を10語、近さ(コサイン、1が最も近い)とともに示します。"""
    from api.settings import read_settings
    from corpus.values import text_fault
    from matcher.text import word_forms
    from models.learned import find_vectors
    from models.vectors.artefact import load_vectors, nearest

    if fault := text_fault(word, _LONGEST_WORD):
        raise Invalid(fault)
    settings = read_settings()
    with _in_words():
        known = load_vectors(vectors) if vectors else find_vectors(settings.data, settings.vectors)[0]
    if known is None:
        raise NotFound("使える単語ベクトルがありません。kyodo models train-vectors で作ってください。")
    forms = word_forms(word)
    if not forms:
        raise Invalid(f"「{word}」からは、意味のある語を取り出せませんでした。別の語を指定してください。")
    near = nearest(known, forms)
    if not near:
        looked_up = "".join(f"「{form}」" for form in dict.fromkeys(forms))
        raise NotFound(f"「{word}」は、この単語ベクトルに入っていません。調べた語は{looked_up}です。")
    for form, cosine in near:
        typer.echo(f"{cosine:.3f}  {form}")


def _folder(out: Path | None) -> Path:
    from api.settings import read_settings
    from models.vectors.artefact import vectors_folder

    return replaceable(out or vectors_folder(read_settings().data))


def _place(folder: Path, vectors: "WordVectors", *, chosen: bool) -> Path:
    """Their measures are shown beside those of the city's own or the shipped ones, which give way to nothing worse."""
    from api.settings import read_settings
    from models.learned import find_vectors
    from models.vectors.measures import KNOWN, MOST_LOST, ORDER, measure, no_worse

    settings = read_settings()
    standing, _ = find_vectors(settings.data, None)
    new, old = measure(vectors), measure(standing) if standing else {}
    typer.echo("| 言いかえの表で測った値(1が最もよい) | 作ったもの | 今あるもの |\n|---|---:|---:|")
    for name, said in (
        (KNOWN, "表の語のうち、ベクトルのあるものの割合"),
        (ORDER, "同じ組の2語が、別の組の2語より近い確率"),
    ):
        typer.echo(f"| {said} | {_figure(new, name)} | {_figure(old, name)} |")
    if chosen:
        return folder
    if no_worse(new, old):
        if settings.vectors and settings.vectors.resolve() != folder.resolve():
            typer.echo(_ELSEWHERE)
        return folder
    typer.echo(_WORSE.format(MOST_LOST))
    names = (f"{folder.name}-tried-{number}" for number in count(1))
    return next(place for name in names if not (place := folder.with_name(name)).exists())


def _figure(measures: Mapping[str, float], name: str) -> str:
    return f"{measures[name]:.3f}" if name in measures else "測れません"


def _save(
    folder: Path, vectors: "WordVectors", config: dict[str, Any], command: list[str], sources: list[str], data: str
) -> None:
    from models.vectors.artefact import VectorsOrigin, save_vectors
    from models.vectors.measures import measure

    origin = VectorsOrigin(for_card(f"kyodo models {shlex.join(command)}"), tuple(map(for_card, sources)), data)
    with writing(folder):
        save_vectors(folder, vectors, config, origin, {"words": len(vectors.rows), **measure(vectors)})
    rows, dimensions = vectors.matrix.shape
    typer.echo(f"{len(vectors.rows):,}語({rows:,}行、{dimensions}次元)の単語ベクトルを {folder} に保存しました。")


def _described(files: list[Path], sources: list[str] | None) -> list[str]:
    return [*(f"{file.name}({file.stat().st_size:,}バイト)" for file in files), *(sources or ())]


@contextmanager
def _timed() -> Iterator[None]:
    started = time.monotonic()
    yield
    say(f"かかった時間は{time.monotonic() - started:.0f}秒です。")


@contextmanager
def _in_words() -> Iterator[None]:
    """A broken file as a failure of the command."""
    from models.artefacts import BrokenArtefact
    from models.vectors.foreign import BrokenVectors
    from models.vectors.texts import BrokenTexts

    try:
        yield
    except (BrokenTexts, BrokenVectors, BrokenArtefact) as error:
        raise NotReadable(str(error)) from error
