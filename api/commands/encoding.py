"""``kyodo models encode-cost``: whether this machine is strong enough for a sentence encoder."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.terminal import answer_json
from api.errors import NotReadable

if TYPE_CHECKING:
    from models.encoding.cost import EncodingCost


def encode_cost(
    folder: Annotated[
        Path, typer.Argument(metavar="フォルダー", help="文エンコーダーの入ったフォルダー", readable=False)
    ],
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="ファイル", help="測るのに使う文章のJSONLファイル。既定はサンプルの団体", readable=False
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="結果をJSONで出力します。")] = False,
) -> None:
    """文エンコーダーが文章1,000件を読むのにかかる時間と記憶を、この機械で測ります。"""
    from models.encoding.cost import measure, texts_of
    from models.encoding.encoder import BrokenEncoder
    from models.ranking_files import BrokenCollection

    try:
        texts = texts_of(file)
        if not texts:
            raise NotReadable(f"「{file}」に文章がありません。1行に1つのJSONを書いたファイルを指定してください。")
        cost = measure(folder, texts)
    except (BrokenEncoder, BrokenCollection) as error:
        raise NotReadable(str(error)) from error
    if as_json:
        answer_json(asdict(cost))
    else:
        _show(cost)


def _show(cost: "EncodingCost") -> None:
    mean = cost.characters / cost.texts
    typer.echo(f"読み込むまで: {cost.loading:.1f}秒({cost.dimensions}次元)")
    typer.echo(f"測った文章: {cost.texts:,}件(1件に平均{mean:.0f}字)")
    typer.echo(f"1,000件あたり: {cost.per_thousand:.2f}秒(まとめて読ませた{cost.batches:,}回の中央値)")
    typer.echo(f"1件だけのとき: {cost.single * 1000:.1f}ミリ秒(中央値)")
    typer.echo(f"記憶の最大: {cost.memory / 2**20:,.0f} MB(部品とモデルを含みます)")
