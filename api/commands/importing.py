"""``kyodo import``: files into the collection."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.terminal import ProgressLine, answer_json, opened, say
from api.errors import Invalid

if TYPE_CHECKING:
    from api.context import Context
    from api.settings import Settings
    from api.usecases.imports import FileReport
    from corpus.readers.base import ItemOverride, Kind, MappedColumn, Problem, ReadOptions

_KINDS = "auto、inventory(業務の棚卸)、issues(投稿された課題)、organisations(団体の名簿)、npo-portal、cases(事例)"
_MOST_PROBLEMS = 50


def import_files(
    files: Annotated[
        list[str], typer.Argument(metavar="ファイル...", help="取り込むファイル(.xlsx .xls .csv .zip .jsonl)")
    ],
    kind: Annotated[str, typer.Option(metavar="種類", help=f"ファイルの種類。{_KINDS}のどれか。既定は auto")] = "auto",
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="[シート:]項目=列", help="列の割り当て。例: 課題=E。何度でも指定できます"),
    ] = None,
    department: Annotated[str, typer.Option(metavar="課名", help="部署名の欄が空の行に入れる部署名")] = "",
    fiscal_year: Annotated[str, typer.Option(metavar="年度", help="年度の欄が空の行に入れる年度。例: R6、2024")] = "",
    prefecture: Annotated[
        str, typer.Option(metavar="都道府県", help="市区町村の名前だけでは決まらないときの都道府県")
    ] = "",
    city: Annotated[str, typer.Option(metavar="市区町村", help="場所の欄が空の行に入れる市区町村。例: 岡山市")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="保存せず、取り込むとどうなるかだけを示します。")] = False,
    skip_bad_rows: Annotated[bool, typer.Option("--skip-bad-rows", help="問題のある行を除いて取り込みます。")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="結果をJSONで出力します。")] = False,
) -> None:
    """棚卸シート、投稿された課題、団体の名簿、NPOポータルのファイル、事例を取り込みます。

    1つのファイルは、全部入るか、まったく入らないかのどちらかです。
    終了コードは、取り込めたら0、問題があって取り込まなかったら1、読めないか使い方の誤りなら2です。
    """
    from api.settings import read_settings
    from api.usecases.imports import as_json as report_json

    options = _options(read_settings(), kind, mapping or [], department, fiscal_year, prefecture, city)
    reports = []
    with opened() as ctx:
        for path in files:
            reports.append(_import_one(ctx, path, options, dry_run, skip_bad_rows))
            if not as_json:
                _show(reports[-1], dry_run)
        if any(report.stored for report in reports):
            say("検索の準備をしています。")
            ctx.indexes.refresh()
    if as_json:
        answer_json({"files": [report_json(report) for report in reports]})
    raise typer.Exit(max(report.exit_code for report in reports))


def _options(
    settings: "Settings",
    kind: str,
    mapping: Sequence[str],
    department: str,
    fiscal_year: str,
    prefecture: str,
    city: str,
) -> "ReadOptions":
    from api.usecases.given import place_given, year_given
    from corpus.readers.base import ReadOptions
    from matcher.records import Area

    place = place_given(prefecture, city) or Area()
    return ReadOptions(
        kind=_kind(kind),
        overrides=tuple(_override(text) for text in mapping),
        department=department,
        fiscal_year=year_given(fiscal_year, "fiscal_year") if fiscal_year else None,
        prefecture=place.prefecture or "",
        city=f"{place.city or ''}{place.ward or ''}",
        max_rows=settings.max_rows,
        max_bytes=settings.max_unpacked_bytes,
    )


def _kind(text: str) -> "Kind | None":
    from corpus.readers.base import Kind

    if text == "auto":
        return None
    if text not in list(Kind):
        raise Invalid(f"「{text}」というファイルの種類はありません。--kind には {_KINDS} のどれかを指定してください。")
    return Kind(text)


def _override(text: str) -> "ItemOverride":
    """``[SHEET:]項目=列``; full-width signs are taken too, since the words around them are typed full-width."""
    from corpus.readers.base import ItemOverride

    left, found, column = text.replace("＝", "=").partition("=")
    sheet, _, item = left.replace("：", ":").rpartition(":")
    if not (found and item.strip() and column.strip()):
        raise Invalid(f"--map の「{text}」を読み取れません。「課題=E」や「シート名:課題=E」のように書いてください。")
    return ItemOverride(item=item.strip(), column=column.strip(), sheet=sheet.strip())


def _import_one(ctx: "Context", path: str, options: "ReadOptions", dry_run: bool, skip: bool) -> "FileReport":
    from api.usecases.imports import import_file, unreadable
    from corpus.access import TERMINAL

    data = _content_of(path, ctx.settings.max_upload_bytes)
    if isinstance(data, str):
        return unreadable(path, data)
    progress = ProgressLine(Path(path).name)
    try:
        report = import_file(
            ctx, TERMINAL, Path(path).name, data, options, dry_run=dry_run, skip_bad_rows=skip, progress=progress
        )
    finally:
        progress.close()
    return replace(report, path=path)


def _content_of(path: str, limit: int) -> bytes | str:
    """The bytes of a file, or a sentence that says why there are none."""
    try:
        size = Path(path).stat().st_size
        if size > limit:
            return f"ファイルが大きすぎます({size:,}バイト)。{limit:,}バイトまでにしてください。"
        return Path(path).read_bytes()
    except FileNotFoundError:
        return f"「{path}」が見つかりません。ファイルの名前と場所を確かめてください。"
    except IsADirectoryError:
        return f"「{path}」はフォルダーです。ファイルを指定してください。"
    except OSError as error:
        return f"「{path}」を開けません({error.strerror})。権限があるかを確かめてください。"


def _show(report: "FileReport", dry_run: bool) -> None:
    from corpus.readers.base import Kind
    from corpus.readers.kinds.catalogue import KINDS

    typer.echo(f"{report.path}: {KINDS[Kind(report.kind)].label if report.kind else '読めないファイル'}")
    for column in report.mapping:
        typer.echo(f"  {_column(column)}「{column.heading}」→ {column.item or '使いません'}")
    for problem in report.problems[:_MOST_PROBLEMS]:
        typer.echo(f"  {_problem_line(problem)}")
    if len(report.problems) > _MOST_PROBLEMS:
        rest = len(report.problems) - _MOST_PROBLEMS
        typer.echo(f"  このほかに{rest:,}件あります。--json を付けると、5万件まで出力します。")
    typer.echo(f"  {_outcome(report, dry_run)}")
    if not report.stored and report.exit_code == 1 and report.readable:
        say("問題のある行を除いて取り込むには --skip-bad-rows を付けてください。列の割り当ては --map で直せます。")


def _column(column: "MappedColumn") -> str:
    """Sheet and letter; a JSON file has neither."""
    return " ".join(part for part in (column.sheet, f"{column.column}列" if column.column else "") if part)


def _problem_line(problem: "Problem") -> str:
    place = " ".join(
        part for part in (problem.sheet, f"{problem.row}行" if problem.row else "", problem.column) if part
    )
    label = {"error": "問題", "warning": "注意"}[problem.severity]
    return f"[{label}] {f'{place}: ' if place else ''}{problem.message}"


def _outcome(report: "FileReport", dry_run: bool) -> str:
    if report.exit_code:
        return "何も取り込んでいません。"
    counts = (
        f"{report.accepted:,}行(新規{report.added:,}、更新{report.changed:,}、"
        f"変更なし{report.unchanged:,}、除いた行{report.skipped:,})"
    )
    return f"取り込むと{counts}になります。まだ保存していません。" if dry_run else f"{counts}を取り込みました。"
