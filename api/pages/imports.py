"""Bringing in a file: choose it, look at what was understood, confirm."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.dependencies import Ctx
from api.errors import Detail, Invalid
from api.pages.forms import reading_from
from api.pages.rendering import page, see
from api.usecases import imports
from api.usecases.imports import FileReport
from corpus.readers.base import Kind, MappedColumn
from corpus.readers.items import ITEMS

router = APIRouter(prefix="/imports")
_SHOWN_PROBLEMS = 200


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
def choose_file(ctx: Ctx, done: str = "") -> HTMLResponse:
    """The form, and what was brought in before."""
    return _choose(ctx, done=done)


@router.post("")
def stage(ctx: Ctx, file: Annotated[UploadFile | None, File()] = None) -> Response:
    """Keeps the file for its preview; nothing is stored in the collection yet."""
    if file is None or not file.filename:
        return _choose(ctx, errors=(Detail("file", "ファイルを選んでください。"),))
    token = imports.stage_upload(ctx, file.filename, file.file.read())
    return see(f"/imports/{token}")


@router.get("/{token}")
def preview(ctx: Ctx, request: Request, token: str) -> HTMLResponse:
    """What would be stored. The address holds how the file shall be read: 項目 and letters of columns only."""
    return _preview(ctx, request, token)


@router.post("/{token}/confirm")
def confirm(ctx: Ctx, request: Request, token: str, skip_bad_rows: Annotated[str, Form()] = "") -> Response:
    """Stores the file as previewed; rows with errors are left out only when that was ticked."""
    name, data = imports.staged(ctx, token)
    options = reading_from(request.query_params.multi_items(), ctx.settings)
    report = imports.import_file(ctx, name, data, options, skip_bad_rows=bool(skip_bad_rows))
    if not report.stored:
        return _preview(ctx, request, token)
    imports.discard(ctx, token)
    return see("/imports?done=imported")


@router.post("/{token}/cancel")
def cancel(ctx: Ctx, token: str) -> RedirectResponse:
    """Forgets the file."""
    imports.discard(ctx, token)
    return see("/imports?done=cancelled")


def _choose(ctx: Ctx, *, done: str = "", errors: tuple[Detail, ...] = ()) -> HTMLResponse:
    return page("imports.html", 422 if errors else 200, recent=imports.recent(ctx), done=done, errors=errors)


def _preview(ctx: Ctx, request: Request, token: str) -> HTMLResponse:
    name, data = imports.staged(ctx, token)
    errors: tuple[Detail, ...] = ()
    try:
        options = reading_from(request.query_params.multi_items(), ctx.settings)
    except Invalid as error:
        options, errors = reading_from((), ctx.settings), error.details
    report = imports.import_file(ctx, name, data, options, dry_run=True)
    return page(
        "import_preview.html",
        422 if errors else 200,
        token=token,
        name=name,
        report=report,
        options=options,
        sheets=sheet_choices(report),
        shown_problems=_SHOWN_PROBLEMS,
        query=request.url.query,
        errors=errors,
    )


def sheet_choices(report: FileReport) -> list[SheetChoices]:
    """The guessed mapping, sheet by sheet, 項目 in their canonical order."""
    if not report.kind:
        return []
    items = [item.name for item in ITEMS[Kind(report.kind)]]
    sheets = groupby(report.mapping, key=lambda column: column.sheet)
    return [_choices(number, name, tuple(columns), items) for number, (name, columns) in enumerate(sheets, start=1)]


def _choices(number: int, name: str, columns: tuple[MappedColumn, ...], items: Sequence[str]) -> SheetChoices:
    used = {column.item: column.column for column in columns if column.item}
    return SheetChoices(
        number=number,
        name=name,
        columns=columns,
        choices=tuple(ItemChoice(item, used.get(item, "")) for item in items),
    )
