"""``kyodo models train-fields``: learning from a city's own register which words speak of which activity field."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.folders import for_card, replaceable, writing
from api.commands.terminal import opened, say
from api.errors import Invalid, NotReadable

if TYPE_CHECKING:
    from models.fields.learning import LabelledText


def train_fields(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="ファイル", help="団体のJSONLファイル。省くと、登録されている団体から学びます", readable=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="フォルダー", help="書き出すフォルダー。既定は KYODO_DATA の中の models/fields", readable=False
        ),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(metavar="説明", help="出典と使用許諾の説明。モデルカードに書きます。何度でも指定できます"),
    ] = None,
) -> None:
    """分野の付いた団体の紹介文から、文章の活動分野を見積もるモデルを作り、よさを測ります。

    法律の言葉で比べるよりよいときだけ書き出します。今あるものは置き換わります。団体の名前とサンプルは使いません。
    """
    from api.settings import read_settings
    from api.usecases.fields import own_folder
    from models.fields.quality import TooFewTexts, judge, tables
    from models.fields.training import keep

    folder = replaceable(out or own_folder(read_settings().data))
    given = _from_file(file) if file else _from_collection()
    try:
        judged = judge(given)
    except TooFewTexts as error:
        raise Invalid(str(error) if file else f"{error}サンプルの団体は数えません。") from error
    typer.echo(f"分野の付いた文章{len(given):,}件で、10分割の交差検証をしました。\n")
    typer.echo("\n".join(tables(judged)) + "\n")
    if not judged.better:
        typer.echo("法律の言葉で比べるよりよいとは言えないため、モデルは書き出しません。今あるものをそのまま使います。")
        return
    command = for_card(shlex.join(["kyodo", "models", "train-fields", *([file.name] if file else [])]))
    sources = list(map(for_card, source or ["市の名簿。外に出すときは、許諾を確かめてください"]))
    with writing(folder):
        keep(given, judged, folder, command, sources)
    typer.echo(f"学んだモデルを {folder} に書き出しました。")


def _from_file(path: Path) -> "list[LabelledText]":
    from models.fields.quality import read_examples
    from models.ranking_files import BrokenCollection

    try:
        return _limited(read_examples(path))
    except BrokenCollection as error:
        raise NotReadable(str(error)) from error


def _from_collection() -> "list[LabelledText]":
    from api.usecases.fields import labelled
    from corpus.access import TERMINAL
    from models.fields.learning import examples
    from models.fields.training import MOST_TEXTS

    with opened() as ctx, ctx.read(TERMINAL) as s:
        return _limited(examples(labelled(s, MOST_TEXTS + 1)))


def _limited(given: "list[LabelledText]") -> "list[LabelledText]":
    from models.fields.training import MOST_TEXTS, drawn

    if len(given) > MOST_TEXTS:
        say(f"分野の付いた文章が多いため、{MOST_TEXTS:,}件を選んで学びます。")
    return drawn(given)
