"""``kyodo models check-synonyms``."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.terminal import answer_json
from api.errors import Detail, NotReadable


def check_synonyms(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="ファイル", help="同じ意味の語と近い意味の語の表(UTF-8の文字のファイル)", readable=False
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="結果をJSONで出力します。")] = False,
) -> None:
    """同じ意味の語と近い意味の語の表が使えるかを確かめます。

    使えるときは組の数と、直すとよいところを示します。使えないときは、すべての問題を行の番号とともに示します。
    """
    from corpus.synonyms import BrokenSynonyms, read_synonyms
    from matcher.synonyms import doubts

    try:
        table = read_synonyms(file)
    except BrokenSynonyms as error:
        details = tuple(Detail("file", problem) for problem in error.problems)
        raise NotReadable(f"{file} には、直すところが{len(details):,}か所あります。", details) from error
    near = sum(group.near for group in table.groups)
    same, warnings = len(table.groups) - near, doubts(table)
    if as_json:
        answer_json({"same": same, "near": near, "name": table.name, "warnings": warnings})
        return
    typer.echo(f"同じ意味の語が{same:,}組、近い意味の語が{near:,}組あります。")
    for warning in warnings:
        typer.echo(f"  [注意] {warning}")
    typer.echo("この表は使えます。")
