"""Files into the collection."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, UploadFile

from api.dependencies import Asker, Ctx
from api.lanes import FILES, LaneRoute, lane
from api.routers.schema import Schema
from api.usecases import imports
from api.usecases.given import read_options_given
from corpus.store.imports import Import

router = APIRouter(route_class=LaneRoute, tags=["imports"])
Typed = Annotated[str, Form()]


class Column(Schema):
    """A column recognised (``item`` set) or left unused."""

    sheet: str
    item: str
    column: str
    heading: str


class RowProblem(Schema):
    """``row`` counts from 1; 0 is the whole sheet or file."""

    sheet: str
    row: int
    column: str
    severity: str
    found: str
    expected: str
    message: str


class FileReport(Schema):
    """What became of a file, or would in a dry run."""

    path: str
    kind: str
    stored: bool
    accepted: int
    added: int
    changed: int
    unchanged: int
    skipped: int
    mapping: list[Column]
    problems: list[RowProblem]


class ImportReport(Schema):
    """One entry per file."""

    files: list[FileReport]


class ImportEntry(Schema):
    """A line of the log of imports."""

    id: int
    name: str
    kind: str
    added: int
    changed: int
    unchanged: int
    skipped: int
    recorded_at: datetime
    actor: str


@router.post("/imports", response_model=ImportReport)
@lane(FILES)
def import_file(
    ctx: Ctx,
    viewer: Asker,
    file: UploadFile,
    kind: Typed = "auto",
    department: Typed = "",
    fiscal_year: Typed = "",
    prefecture: Typed = "",
    city: Typed = "",
    dry_run: Annotated[bool, Form()] = False,
    skip_bad_rows: Annotated[bool, Form()] = False,
) -> dict[str, Any]:
    """All rows or none, as ``kyodo import --json``. A file with problems answers 200 with ``stored`` false."""
    given = {"kind": kind, "department": department, "year": fiscal_year, "prefecture": prefecture, "city": city}
    options = read_options_given(given.items(), ctx.settings)
    data = file.file.read()
    name = file.filename or ""
    report = imports.import_file(ctx, viewer, name, data, options, dry_run=dry_run, skip_bad_rows=skip_bad_rows)
    return {"files": [imports.as_json(report)]}


@router.get("/imports", response_model=list[ImportEntry])
def recent(ctx: Ctx, viewer: Asker) -> list[Import]:
    """What was stored lately, newest first."""
    with ctx.read(viewer) as s:
        return imports.recent(s)
