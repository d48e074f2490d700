"""Bringing in a file: choose it, look at what was understood, confirm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.dependencies import Asker, Ctx
from api.errors import Detail, Invalid
from api.lanes import FILES, READING, LaneRoute, lane
from api.pages.rendering import page, see
from api.usecases import imports
from api.usecases.given import check_sees_all, read_options_given
from api.usecases.imports import FileReport
from corpus.readers.base import Kind, MappedColumn, ReadOptions
from corpus.readers.kinds.items import ITEMS

router = APIRouter(route_class=LaneRoute, prefix="/imports")
_SHOWN_PROBLEMS = 200
_MOST_OPTIONS = 50_000  # columns to choose from, for all 項目 of all sheets together


@dataclass(frozen=True, slots=True)
class ItemChoice:
    """A 項目 and the letter of the column it is read from, empty for none."""

    item: str
    column: str


@dataclass(frozen=True, slots=True)
class SheetChoices:
    """What can be corrected in one sheet, the ``number``-th: its columns, and for each 項目 the one in use."""

    number: int
    name: str
    columns: tuple[MappedColumn, ...]
    choices: tuple[ItemChoice, ...]


@router.get("")
def choose_file(ctx: Ctx, viewer: Asker, done: str = "", entry: int = 0) -> HTMLResponse:
    """The form, and what was brought in before; ``entry`` is the number of what was brought in just now."""
    return _choose(ctx, viewer, done=done, entry=entry)


@router.post("")
@lane(READING)
def stage(ctx: Ctx, viewer: Asker, file: Annotated[UploadFile | None, File()] = None) -> Response:
    """Keeps the file for its preview; nothing is stored in the collection yet."""
    if file is None or not file.filename:
        return _choose(ctx, viewer, errors=(Detail("file", "ファイルを選んでください。"),))
    token = imports.stage_upload(ctx.settings, viewer, file.filename, file.file.read())
    return see(f"/imports/{token}")


@router.get("/{token}")
@lane(FILES)
def preview(ctx: Ctx, viewer: Asker, request: Request, token: str) -> HTMLResponse:
    """What would be stored. The address holds how the file shall be read: 項目 and letters of columns only."""
    return _preview(ctx, viewer, request, token)


@router.post("/{token}/confirm")
@lane(FILES)
def confirm(
    ctx: Ctx, viewer: Asker, request: Request, token: str, skip_bad_rows: Annotated[str, Form()] = ""
) -> Response:
    """Stores the file as previewed; rows with errors are left out only when that was ticked."""
    check_sees_all(viewer)
    name, data = imports.staged(ctx.settings, token)
    options = read_options_given(request.query_params.multi_items(), ctx.settings)
    report = imports.import_file(ctx, viewer, name, data, options, skip_bad_rows=bool(skip_bad_rows))
    if not report.stored:
        return _preview(ctx, viewer, request, token)
    imports.discard(ctx.settings, token)
    return see(f"/imports?done=imported&entry={report.entry}#done")


@router.post("/{token}/cancel")
@lane(READING)
def cancel(ctx: Ctx, viewer: Asker, token: str) -> RedirectResponse:
    """Forgets the file."""
    check_sees_all(viewer)
    imports.discard(ctx.settings, token)
    return see("/imports?done=cancelled")


def _choose(
    ctx: Ctx, viewer: Asker, *, done: str = "", entry: int = 0, errors: tuple[Detail, ...] = ()
) -> HTMLResponse:
    with ctx.read(viewer) as s:
        recent = imports.recent(s)
    fresh = next((one for one in recent if one.id == entry), None)
    return page("imports.html", 422 if errors else 200, recent=recent, fresh=fresh, done=done, errors=errors)


def _preview(ctx: Ctx, viewer: Asker, request: Request, token: str) -> HTMLResponse:
    check_sees_all(viewer)
    name, data = imports.staged(ctx.settings, token)
    typed = {name: value.strip() for name, value in request.query_params.items()}
    errors: tuple[Detail, ...] = ()
    try:
        options = read_options_given(typed.items(), ctx.settings)
    except Invalid as error:
        options, errors = read_options_given((), ctx.settings), error.details
    report = imports.import_file(ctx, viewer, name, data, options, dry_run=True)
    plain = _without_choices(ctx, viewer, name, data, options) if _loses_a_sheet(report, options) else report
    if report.exit_code == imports.UNREADABLE and plain.exit_code != imports.UNREADABLE:
        report, errors = plain, (_what_to_choose(report, plain, options),)
    sheets = sheet_choices(plain, typed)
    return page(
        "import_preview.html",
        422 if errors else 200,
        token=token,
        name=name,
        report=report,
        options=options,
        typed=typed,
        placeless=bool(report.preview) and not any(record.city for record in report.preview),
        kind_may_help=report.kind_may_help or report.exit_code != imports.UNREADABLE,
        sheets=sheets,
        more_sheets=len({column.sheet for column in plain.mapping}) - len(sheets),
        shown_problems=_SHOWN_PROBLEMS,
        query=request.url.query,
        errors=errors,
    )


def _loses_a_sheet(report: FileReport, options: ReadOptions) -> bool:
    """A choice of kind or columns made the file, or one of its sheets, unreadable; it must be there to be corrected."""
    chosen = {override.sheet for override in options.overrides}
    lost = chosen - {column.sheet for column in report.mapping}
    return bool(lost) or (report.exit_code == imports.UNREADABLE and options.kind is not None)


def _without_choices(ctx: Ctx, viewer: Asker, name: str, data: bytes, options: ReadOptions) -> FileReport:
    """The file by its own headings: of the kind that was chosen, else of the one that fits."""
    report = imports.import_file(ctx, viewer, name, data, replace(options, overrides=()), dry_run=True)
    if report.exit_code != imports.UNREADABLE or options.kind is None:
        return report
    return imports.import_file(ctx, viewer, name, data, replace(options, overrides=(), kind=None), dry_run=True)


def _what_to_choose(report: FileReport, plain: FileReport, options: ReadOptions) -> Detail:
    """Which column, where the choice of none is what made the file unreadable; else what the reader said."""
    known = {column.item for column in plain.mapping}
    freed = [f"「{one.item}」" for one in options.overrides if not one.column and one.item in known]
    if not freed:
        return Detail("kind" if options.kind else "mapping", report.problems[0].message)
    if len(freed) == 1:
        return Detail("mapping", f"この対応では読み取れません。{freed[0]}の列を選んでください。")
    names = "、".join(freed)
    return Detail(
        "mapping", f"この対応では読み取れません。（なし）にした{names}のうち、必要な項目の列を選んでください。"
    )


def sheet_choices(report: FileReport, typed: Mapping[str, str]) -> list[SheetChoices]:
    """The mapping, sheet by sheet, 項目 in their canonical order: as chosen in ``typed``, else as guessed.

    Of many sheets only as many as a page can hold; the others are read as guessed.
    """
    if not report.kind:
        return []
    items = [item.name for item in ITEMS[Kind(report.kind)]]
    shown: list[SheetChoices] = []
    room = _MOST_OPTIONS
    for name, columns in groupby(report.mapping, key=lambda column: column.sheet):
        choices = _choices(len(shown) + 1, name, tuple(columns), items, typed)
        room -= len(choices.columns) * len(items)
        if shown and room < 0:
            break
        shown.append(choices)
    return shown


def _choices(
    number: int, name: str, columns: tuple[MappedColumn, ...], items: Sequence[str], typed: Mapping[str, str]
) -> SheetChoices:
    used = {column.item: column.column for column in columns if column.item}
    return SheetChoices(
        number=number,
        name=name,
        columns=columns,
        choices=tuple(ItemChoice(item, typed.get(f"map:{name}:{item}", used.get(item, ""))) for item in items),
    )
