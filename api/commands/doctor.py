"""``kyodo doctor``: what is wrong, for whoever runs the service."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.terminal import answer_json
from api.errors import Invalid

if TYPE_CHECKING:
    from api.usecases.doctor import Finding

_MARKS = ("よい", "注意", "故障")


def doctor(as_json: Annotated[bool, typer.Option("--json", help="結果をJSONで出力します。")] = False) -> None:
    """データの置き場所、データベース、空き、モデル、辞書、時計、設定を確かめます。何も変えません。

    終了コードは、よければ0、注意するところがあれば1、動かないところがあれば2です。
    """
    found = _found()
    worst = max(one.severity for one in found)
    if as_json:
        findings = [
            {"subject": one.subject, "severity": one.severity.name.lower(), "message": one.message} for one in found
        ]
        answer_json({"severity": worst.name.lower(), "findings": findings})
    else:
        for one in found:
            typer.echo(f"[{_MARKS[one.severity]}] {one.subject}: {one.message}")
    raise typer.Exit(int(worst))


def _found() -> "list[Finding]":
    from api.settings import read_settings
    from api.usecases.doctor import Finding, Verdict, examine

    try:
        return examine(read_settings(), os.environ)
    except Invalid as error:
        return [Finding("設定", Verdict.BROKEN, error.message)]
