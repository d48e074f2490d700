"""``kyodo indicators`` and ``kyodo samples remove``."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.terminal import answer_json, opened

if TYPE_CHECKING:
    from corpus.records.indicators import Indicator


def indicators(
    year: Annotated[str, typer.Option(metavar="年度", help="数える年度。例: 令和6、R6、2024。既定は今の年度")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="結果をJSONで出力します。")] = False,
) -> None:
    """マッチング件数と実際の取組につながった件数を、記録された出来事から数えます。"""
    from api.usecases import indicators as counting
    from api.usecases.given import year_given
    from corpus.access import TERMINAL
    from corpus.clock import today
    from corpus.dates import fiscal_year_label, fiscal_year_of

    fiscal_year = year_given(year) if year else fiscal_year_of(today())
    with opened() as ctx, ctx.read(TERMINAL) as s:
        counted = counting.indicators(s, fiscal_year)
    if as_json:
        answer_json(counting.as_json(counted))
        return
    typer.echo(fiscal_year_label(fiscal_year))
    for indicator in counted:
        _show(indicator)


def _show(indicator: "Indicator") -> None:
    from corpus.dates import era_label
    from corpus.records.decisions import STAGE_LABELS

    typer.echo(f"\n{indicator.name}: {indicator.value}件({indicator.baseline_label}: {indicator.baseline}件)")
    typer.echo(f"  {indicator.definition}")
    for event in indicator.events:
        typer.echo(
            f"  {era_label(event.happened_on)} {STAGE_LABELS[event.stage]}: "
            f"{event.issue_title}({event.issue})と{event.organisation_name}({event.organisation})"
        )


def remove_samples(
    cases: Annotated[bool, typer.Option("--cases", help="一緒に入れた過去の事例も取り除きます。")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="結果をJSONで出力します。")] = False,
) -> None:
    """サンプルの団体と課題を、それについての記録とともに取り除きます。二度と入りません。"""
    from api.usecases.samples import remove
    from corpus.access import TERMINAL

    with opened() as ctx, ctx.write(TERMINAL) as s:
        removed = remove(s, include_cases=cases)
    if as_json:
        answer_json({"organisations": removed.organisations, "issues": removed.issues, "cases": removed.cases})
    else:
        typer.echo(
            f"サンプルの団体{removed.organisations}件、課題{removed.issues}件、事例{removed.cases}件を取り除きました。"
        )
