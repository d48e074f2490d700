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
from api.pages.rendering import PageRecord, page, see
from api.usecases import imports
from api.usecases.given import check_sees_all, read_options_given
from api.usecases.imports import FileReport
from corpus.readers.base import Kind, MappedColumn, ReadOptions, Record
from corpus.readers.kinds.catalogue import KINDS
from corpus.records.cases import Case
from corpus.records.issues import Issue
from corpus.records.organisations import Organisation
from corpus.store.imports import Import

router = APIRouter(route_class=LaneRoute, prefix="/imports")
_MOST_OPTIONS = 50_000  # columns to choose from, for all 項目 of all sheets together
_LISTS: Mapping[type[Record], tuple[str, str]] = {  # what the rows of a file are, and where they are listed
    Issue: ("課題", "/issues"),
    Organisation: ("団体", "/organisations"),
    Case: ("事例", "/cases"),
}


@dataclass(frozen=True, slots=True)
class FreshImport:
    """What was brought in just now: the noun for it, and the path of the page that lists it."""

    entry: Import
    noun: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportListPage(PageRecord):
    """The choice of a file, and what was brought in lately, the newest first."""

    template = "imports.html"
    recent: Sequence[Import]
    fresh: FreshImport | None
    done: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPreviewPage(PageRecord):
    """What was understood of a file, read with ``options``; with ``errors`` it cannot be stored yet.

    ``token`` finds the file again. Its rows will be listed at the path ``listed_at``, which decides what is shown of
    them ("" for a file of no known kind). ``typed`` are the parts of the address, which is ``query`` as a whole.
    ``sheets`` can be corrected here, ``more_sheets`` others cannot.
    """

    template = "import_preview.html"
    token: str
    name: str
    report: FileReport
    listed_at: str
    options: ReadOptions
    typed: Mapping[str, str]
    query: str
    sheets: Sequence[SheetChoices]
    more_sheets: int


@router.get("")
def choose_file(ctx: Ctx, viewer: Asker, done: str = "", entry: int = 0) -> HTMLResponse:
    """``entry`` is the number of what was brought in just now."""
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
    """Forgets the file, or does nothing where it is gone already. Raises Refused for whoever may not import."""
    check_sees_all(viewer)
    imports.discard(ctx.settings, token)
    return see("/imports?done=cancelled")


def _choose(
    ctx: Ctx, viewer: Asker, *, done: str = "", entry: int = 0, errors: tuple[Detail, ...] = ()
) -> HTMLResponse:
    with ctx.read(viewer) as s:
        recent = imports.recent(s)
    fresh = next((FreshImport(one, *_LISTS[KINDS[one.kind].record]) for one in recent if one.id == entry), None)
    return page(ImportListPage(recent=recent, fresh=fresh, done=done, errors=errors))


def _preview(ctx: Ctx, viewer: Asker, request: Request, token: str) -> HTMLResponse:
    check_sees_all(viewer)
    name, data = imports.staged(ctx.settings, token)
    typed = {name: value.strip() for name, value in request.query_params.items()}
    options, errors = _options(ctx, typed)
    report = imports.import_file(ctx, viewer, name, data, options, dry_run=True)
    plain = _without_choices(ctx, viewer, name, data, options) if _loses_a_sheet(report, options) else report
    if report.exit_code == imports.UNREADABLE and plain.exit_code != imports.UNREADABLE:
        report, errors = plain, (_what_to_choose(report, plain, options),)
    sheets = sheet_choices(plain, typed)
    return page(
        ImportPreviewPage(
            token=token,
            name=name,
            report=report,
            listed_at=_LISTS[KINDS[Kind(report.kind)].record][1] if report.kind else "",
            options=options,
            typed=typed,
            query=request.url.query,
            sheets=sheets,
            more_sheets=len({column.sheet for column in plain.mapping}) - len(sheets),
            errors=errors,
        )
    )


def _options(ctx: Ctx, typed: Mapping[str, str]) -> tuple[ReadOptions, tuple[Detail, ...]]:
    """As typed, else, with what to put right, as if nothing were."""
    try:
        return read_options_given(typed.items(), ctx.settings), ()
    except Invalid as error:
        return read_options_given((), ctx.settings), error.details


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
    items = [item.name for item in KINDS[Kind(report.kind)].items]
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
