"""Bringing a file into the collection: all or nothing, one transaction, and a report a clerk can act on."""

import ctypes
import json
import re
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from api.context import Context
from api.errors import NotFound, Preparing
from api.settings import Settings
from api.usecases.given import check_sees_all
from corpus import private
from corpus.access import Viewer
from corpus.readers.apart.process import Limits, ReadersBusy, read_apart
from corpus.readers.base import (
    MappedColumn,
    Problem,
    Progress,
    ReadOptions,
    ReadResult,
    Record,
    Severity,
    UnreadableFile,
)
from corpus.records.cases import Case
from corpus.records.issues import RELEASE_LABELS, Issue, ReleaseLevel
from corpus.records.organisations import Organisation
from corpus.session import Session
from corpus.store import cases, identities, imports, issues, organisations
from corpus.store.rows import Changes
from models import artefacts

STORED, PROBLEMS, UNREADABLE = 0, 1, 2
_PREVIEW = 5
_LARGE = 1_000_000  # bytes
UPLOAD_SECONDS = 24 * 60 * 60
_PATIENCE = 60.0  # seconds; who brings a file would rather wait for another import than read the file again
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What became of one file, or would in a dry run.

    ``accepted`` = things taken in (rows that tell of one thing, such as the years of a case, count once), ``skipped`` =
    rows with an error, ``readable`` = those without one, stored or not, ``preview`` the first few of those; of the
    readable ones ``inactive`` are organisations that are no candidates; ``ignored`` rows are no data. ``kind`` is
    empty when the file could not be read; ``kind_may_help`` says that it could be, were its kind named. ``exit_code``:
    0 stored or ready to be, 1 problems and nothing stored, 2 not readable. ``entry`` is its number in the log of
    imports, None where nothing was stored.
    """

    path: str
    kind: str
    stored: bool
    accepted: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    readable: int = 0
    inactive: int = 0
    ignored: int = 0
    mapping: tuple[MappedColumn, ...] = ()
    problems: tuple[Problem, ...] = ()
    preview: tuple[Record, ...] = ()
    kind_may_help: bool = False
    exit_code: int = STORED
    entry: int | None = None


def import_file(
    ctx: Context,
    viewer: Viewer,
    name: str,
    data: bytes,
    options: ReadOptions,
    *,
    dry_run: bool = False,
    skip_bad_rows: bool = False,
    progress: Progress | None = None,
) -> FileReport:
    """Read ``data`` and store its rows in one transaction; a row with an error keeps the file out unless skipped.

    Raises Refused for a viewer who may not see all issues.
    """
    check_sees_all(viewer)
    try:
        return _imported(ctx, viewer, name, data, options, dry_run, skip_bad_rows, progress)
    finally:
        if len(data) > _LARGE:
            _give_memory_back()


def _give_memory_back() -> None:
    """What the texts of a large file took the C library would keep for its next need; only the one of GNU can do it."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _imported(
    ctx: Context,
    viewer: Viewer,
    name: str,
    data: bytes,
    options: ReadOptions,
    dry_run: bool,
    skip_bad_rows: bool,
    progress: Progress | None,
) -> FileReport:
    try:
        result = read_apart(name, data, options, _limits(ctx.settings), progress)
    except UnreadableFile as error:
        return replace(unreadable(name, str(error), str(options.kind or "")), kind_may_help=error.kind_may_help)
    except ReadersBusy as error:
        raise Preparing("ほかのファイルを読み込んでいます。少し待ってから、もう一度お試しください。") from error
    problems = result.problems + _nothing_found(result)
    blocked = not result.records or (_has_errors(problems) and not skip_bad_rows)
    done = _NOTHING_DONE if blocked else _store(ctx, viewer, name, result, dry_run)
    changes = done.changes
    return FileReport(
        path=name,
        kind=str(result.kind),
        stored=not blocked and not dry_run,
        accepted=0 if blocked else len(result.records),
        added=changes.added,
        changed=changes.changed,
        unchanged=changes.unchanged,
        skipped=result.skipped,
        readable=len(result.records),
        inactive=sum(isinstance(record, Organisation) and not record.active for record in result.records),
        ignored=result.ignored,
        mapping=result.mapping,
        problems=done.notes + problems,
        preview=result.records[:_PREVIEW],
        entry=done.entry,
        exit_code=PROBLEMS if blocked else STORED,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(memory=settings.read_memory_bytes, seconds=settings.read_seconds, output=settings.read_output_bytes)


def unreadable(name: str, message: str, kind: str = "") -> FileReport:
    """The report of a file that cannot be read at all."""
    return FileReport(
        path=name, kind=kind, stored=False, problems=(_whole_file_problem(message),), exit_code=UNREADABLE
    )


_FOR_PEOPLE = ("exit_code", "readable", "inactive", "ignored", "preview", "kind_may_help", "entry")


def as_json(report: FileReport) -> dict[str, Any]:
    """The report as ``kyodo import --json`` and the JSON interface give it."""
    shown = asdict(report)
    for name in _FOR_PEOPLE:
        del shown[name]
    return shown


def _whole_file_problem(message: str, expected: str = "") -> Problem:
    return Problem(sheet="", row=0, column="", severity=Severity.ERROR, found="", expected=expected, message=message)


def _has_errors(problems: Sequence[Problem]) -> bool:
    return any(problem.severity is Severity.ERROR for problem in problems)


def _nothing_found(result: ReadResult) -> tuple[Problem, ...]:
    if result.records or _has_errors(result.problems):
        return ()
    return (
        _whole_file_problem(
            "見出しは見つかりましたが、その下に読み込める行がありません。見出しの次の行からデータを入れてください。",
            expected="見出しの下に1行以上のデータ",
        ),
    )


@dataclass(frozen=True, slots=True)
class _ImportOutcome:
    """What became of the rows of a file, what to look at, and its number in the log."""

    changes: Changes
    notes: tuple[Problem, ...] = ()
    entry: int | None = None


_NOTHING_DONE = _ImportOutcome(Changes(added=0, changed=0, unchanged=0))


def _store(ctx: Context, viewer: Viewer, name: str, result: ReadResult, dry_run: bool) -> _ImportOutcome:
    """A dry run goes the same way and leaves out the writing: its counts are the real ones, and it waits for nobody."""
    if dry_run:
        with ctx.read(viewer) as s:
            return _ImportOutcome(*store_records(s, result.records, dry_run=True))
    with ctx.write(viewer, _PATIENCE) as s:
        changes, notes = store_records(s, result.records)
        entry = imports.record(s, name=name, kind=str(result.kind), changes=changes, skipped=result.skipped)
    return _ImportOutcome(changes, notes, entry.id)


def _unclear(name: str) -> Problem:
    return _note(
        name,
        "法人番号、または解散前の所在地",
        f"解散した「{name}」の行には所在地と法人番号がなく、同じ名前の団体が複数登録されているため、"
        "どの団体のことか決められません。登録されている団体は変えていませんので、確かめてください。",
    )


def _overwritten(issue: Issue) -> Problem:
    return _note(
        issue.title,
        "",
        f"「{issue.title}」には画面で書き直されたところがあり、この取り込みで表の内容に置き換わります"
        "(表で空欄の活動分野だけは残ります)。残したい内容は、取り込む前に控えるか、この行を表から除いてください。",
    )


def _tightened(issue: Issue, stored: ReleaseLevel) -> Problem:
    before, after = RELEASE_LABELS[stored], RELEASE_LABELS[issue.release_level]
    return _note(
        issue.title,
        "",
        f"「{issue.title}」の公開の範囲は「{before}」ですが、このファイルでは「{after}」です。狭いほうの「{after}」に"
        "変わります。内容を確かめてよければ、取り込んだあとで課題の画面から広げてください。",
    )


def _note(found: str, expected: str, message: str) -> Problem:
    return Problem(
        sheet="", row=0, column="", severity=Severity.WARNING, found=found, expected=expected, message=message
    )


def store_records(
    s: Session, records: Sequence[Record], *, dry_run: bool = False
) -> tuple[Changes, tuple[Problem, ...]]:
    """Insert or update records of any kind by their keys, in the caller's transaction; a dry run only reads.

    Also returns what to look at: dissolved organisations of which it is not clear which stored ones they are, issues
    that people have edited and that are written over, and those that fewer people will see.

    Raises Refused for a viewer who may not see all issues: rows are met by their keys.
    """
    check_sees_all(s.viewer)
    bodies = [record for record in records if isinstance(record, Organisation)]
    known_bodies, unclear = identities.follow(s, bodies)
    wanted, known_issues = identities.follow_sheets(s, [one for one in records if isinstance(one, Issue)])
    notes = (
        *map(_unclear, unclear),
        *map(_overwritten, issues.overwriting(s, wanted, known_issues)),
        *(_tightened(issue, stored) for issue, stored in issues.tightening(s, wanted, known_issues)),
    )
    parts = [
        organisations.upsert(s, bodies, known_bodies, dry_run=dry_run),
        issues.upsert(s, wanted, known_issues, dry_run=dry_run),
        cases.upsert(s, [record for record in records if isinstance(record, Case)], dry_run=dry_run),
    ]
    changes = Changes(
        added=sum(part.added for part in parts),
        changed=sum(part.changed for part in parts),
        unchanged=sum(part.unchanged for part in parts),
    )
    return changes, notes


def stage_upload(settings: Settings, viewer: Viewer, name: str, data: bytes) -> str:
    """Keep an uploaded file until its preview is confirmed, a day at most; returns the token that finds it again.

    Raises OSError, and then nothing is kept, and Refused as ``import_file``.
    """
    check_sees_all(viewer)
    sweep_uploads(settings)
    token = secrets.token_urlsafe(16)
    draft = _uploads(settings) / f".draft-{token}"
    if _uploads(settings).is_file() or (_uploads(settings).is_symlink() and not _uploads(settings).exists()):
        artefacts.discard(_uploads(settings))  # a file, or a link to nowhere
    private.make_folder(draft)
    try:
        private.write_new(draft / "name.json", json.dumps(name).encode())
        private.write_new(draft / "content", data)
        draft.rename(_place(settings, token))
    finally:
        artefacts.discard(draft)
    return token


def staged(settings: Settings, token: str) -> tuple[str, bytes]:
    """Name and content of a kept upload. Raises NotFound when it was confirmed, discarded or is older than a day."""
    sweep_uploads(settings)
    place = _place(settings, token)
    try:
        name = json.loads((place / "name.json").read_text(encoding="utf-8"))
        return str(name), (place / "content").read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError) as error:
        raise NotFound(
            "読み込んだファイルはもう残っていません。お手数ですが、もう一度ファイルを選んでください。"
        ) from error


def sweep_uploads(settings: Settings) -> int:
    """Removes whatever has lain among the uploads for over a day, or bears a day to come; says how many there were."""
    old = [path for path in _lying(_uploads(settings)) if abs(time.time() - _changed(path)) > UPLOAD_SECONDS]
    for path in old:
        artefacts.discard(path)
    return len(old)


def _changed(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:  # another request is sweeping too
        return time.time()


def _lying(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def discard(settings: Settings, token: str) -> None:
    """Forget an upload; one that is gone already is no error."""
    artefacts.discard(_place(settings, token))


def recent(s: Session) -> list[imports.Import]:
    """What was stored lately, newest first. Raises Refused for a viewer who may not see all issues."""
    check_sees_all(s.viewer)
    return imports.recent(s)


def _uploads(settings: Settings) -> Path:
    return settings.data / "uploads"


def _place(settings: Settings, token: str) -> Path:
    """The folder of a token; whatever does not look like one of ours leads nowhere, so no path can be smuggled in."""
    return _uploads(settings) / (token if _TOKEN.fullmatch(token) else "none")
