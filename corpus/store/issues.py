"""Issues in the database."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, select
from sqlalchemy import update as updating

from corpus import tables
from corpus.access import ANONYMOUS, visible_issues
from corpus.clock import now
from corpus.records.issues import TEXTS, Issue, IssueStatus, Origin, ReleaseLevel, narrowest
from corpus.session import Session
from corpus.store import meta, organisations, rows
from corpus.store.rows import NOTHING_MEANT, Changes, Count, Meant, Shelf
from corpus.values import text_of

__all__ = [
    "Sheet",
    "add",
    "by_ids",
    "count",
    "departments",
    "get",
    "hold",
    "overwriting",
    "page",
    "rankable_digests",
    "remove_samples",
    "sheets",
    "tightening",
    "titles",
    "update",
    "upsert",
]

Sheet = Row[Any, Any, Any, Any]  # id, key, prefecture, city
_TABLE = tables.issues.issues
_SHELF = Shelf(
    table=_TABLE,
    record=Issue,
    searched=(
        *("title", "department"),
        *(name for name, text in TEXTS.items() if text.searched),
        *("area", "partners"),
    ),
    visible=visible_issues,
    kept=frozenset({"release_level", "status"}),
    decided=frozenset({"fields"}),  # sheets seldom name any, so that people accept or correct a proposal
    said={"imported_release_level": lambda issue: issue.release_level.value},
    settled=lambda earlier, later: replace(later, release_level=narrowest(earlier.release_level, later.release_level)),
)
_SAID = _TABLE.c.imported_release_level


def upsert(s: Session, records: Sequence[Issue], meant: Meant = NOTHING_MEANT, *, dry_run: bool = False) -> Changes:
    """Writes each over the row with its key, else adds it; a row keeps its status, and see ``tightening``.

    A row that a person has edited also keeps its fields where the record names none.
    """
    met = rows.meeting(s, _SHELF, records, meant)
    narrower = [one for one in met if _tightens(*one)]
    changes = rows.upsert(s, _SHELF, records, meant, dry_run=dry_run)
    alone = [one for one in narrower if not one[2]]  # of whose content nothing changes
    if not dry_run:
        _tighten(s, narrower)
        _note_levels(s, [(record, row) for record, row, renewed in met if not renewed])
    if alone and not dry_run:
        meta.bump(s)
    return Changes(changes.added, changes.changed + len(alone), changes.unchanged - len(alone))


def tightening(s: Session, records: Sequence[Issue], meant: Meant = NOTHING_MEANT) -> list[tuple[Issue, ReleaseLevel]]:
    """Those that ``upsert`` shows to fewer people than the stored issue, with the level that this has.

    What a file brings anew is not shown to more people than the file says. Where it brings nothing new, the level that
    a person has chosen stays, unless the file says another one than the last time, or nobody knows what was said then.
    """
    met = rows.meeting(s, _SHELF, records, meant)
    return [(record, ReleaseLevel(row.release_level)) for record, row, new in met if _tightens(record, row, new)]


def _tightens(record: Issue, row: Row[Any], renewed: bool) -> bool:
    speaks = renewed or record.release_level != row.imported_release_level
    if not speaks or row.release_level not in list(ReleaseLevel):
        return False
    stored = ReleaseLevel(row.release_level)
    return narrowest(record.release_level, stored) is not stored


def _tighten(s: Session, met: Sequence[tuple[Issue, Row[Any], bool]]) -> None:
    """The version of what was written over has been raised already."""
    for renewed, raised in ((True, {}), (False, {"version": _TABLE.c.version + 1})):
        wanted = [{"row_id": row.id, "level": one.release_level.value} for one, row, new in met if new is renewed]
        level = updating(_TABLE).where(_TABLE.c.id == bindparam("row_id")).values(release_level=bindparam("level"))
        if wanted:
            s.conn.execute(level.values(**raised, updated_at=now()), wanted)


def _note_levels(s: Session, met: Sequence[tuple[Issue, Row[Any]]]) -> None:
    """What the file says is kept, so that the next one that says something else is noticed."""
    other = [(one, row) for one, row in met if one.release_level != row.imported_release_level]
    said = updating(_TABLE).where(_TABLE.c.id == bindparam("row_id")).values({_SAID: bindparam("level")})
    if other:
        s.conn.execute(said, [{"row_id": row.id, "level": one.release_level.value} for one, row in other])


def overwriting(s: Session, records: Sequence[Issue], meant: Meant = NOTHING_MEANT) -> list[Issue]:
    """Those that ``upsert`` would write over an issue that a person has edited since it was imported."""
    return rows.overwriting(s, _SHELF, records, meant)


def add(s: Session, issue: Issue) -> Issue:
    """Stores an issue written by a person, as version 1. Raises IntegrityError when its id or key is taken."""
    first = replace(issue, version=1)
    rows.add(s, _SHELF, first)
    return first


def update(s: Session, issue: Issue, expected_version: int) -> Issue:
    """Writes what a person edited over the row with this id; returns it as it is now stored.

    Raises ChangedMeanwhile when the row is no longer at ``expected_version``, unless it already says the very same
    (a button pressed twice).
    """
    current = get(s, issue.id)
    wanted = replace(issue, key=current.key if current else issue.key)
    if current and current == replace(wanted, version=current.version):
        return current
    rows.replace(s, _SHELF, wanted, expected_version, current)
    return replace(wanted, version=expected_version + 1)


def get(s: Session, id: str) -> Issue | None:
    """None when there is none."""
    return by_ids(s, [id]).get(id)


def by_ids(s: Session, ids: Sequence[str]) -> dict[str, Issue]:
    """Those that are stored, in the order asked for."""
    return rows.by_ids(s, _SHELF, ids)


def page(
    s: Session,
    *,
    text: str = "",
    department: str = "",
    fiscal_year: int | None = None,
    status: IssueStatus | None = None,
    is_sample: bool | None = None,
    limit: int,
    offset: int = 0,
) -> tuple[list[Issue], int]:
    """A slice, newest year first, then by (newest day of posting, department, title, id), and the number of all.

    "" and None mean "any"; issues without a year or a day come last.
    """
    equal = {"department": department, "fiscal_year": fiscal_year, "status": status, "is_sample": is_sample}
    newest = [column.desc().nulls_last() for column in (_TABLE.c.fiscal_year, _TABLE.c.posted_on)]
    order = [*newest, _TABLE.c.department, _TABLE.c.title]
    return rows.page(s, _SHELF, text=text, equal=equal, order=order, limit=limit, offset=offset)


def departments(s: Session, *, is_sample: bool | None = None) -> list[tuple[str, int]]:
    """Each department that has issues, with their number, by name; "" stands for issues that name none.

    ``is_sample`` True counts only invented issues, False only real ones.
    """
    tally = select(_TABLE.c.department, func.count()).where(visible_issues(s.viewer))
    tally = tally.group_by(_TABLE.c.department).order_by(_TABLE.c.department)
    if is_sample is not None:
        tally = tally.where(_TABLE.c.is_sample.is_(is_sample))
    return [(text_of(name), number) for name, number in s.conn.execute(tally)]


def titles(s: Session, ids: Collection[str]) -> dict[str, str]:
    """Id -> title of those that are stored."""
    found: dict[str, str] = {}
    for batch in rows.batches(sorted(ids)):
        mine = _TABLE.c.id.in_(batch) & visible_issues(s.viewer)
        found |= {id: text_of(title) for id, title in s.conn.execute(select(_TABLE.c.id, _TABLE.c.title).where(mine))}
    return found


def rankable_digests(s: Session) -> dict[str, str]:
    """Id -> digest of the open ones that seek a partner; samples only while no real organisation is stored.

    The digest tells also whether an issue is public, for then it counts in what is known of all.
    """
    conditions: list[ColumnElement[bool]] = [_TABLE.c.status == IssueStatus.OPEN.value, _TABLE.c.seeks_partner]
    if organisations.any_real(s):
        conditions.append(_TABLE.c.is_sample.is_(False))
    public = rows.digests(s, _SHELF, *conditions, visible_issues(ANONYMOUS))
    return {
        id: f"{digest} {ReleaseLevel.PUBLIC}" if id in public else digest
        for id, digest in rows.digests(s, _SHELF, *conditions).items()
    }


def count(s: Session) -> Count:
    """Open or closed."""
    return rows.count(s, _SHELF)


def hold(s: Session, id: str) -> bool:
    """Until the transaction ends nobody else writes what depends on the issue: the second press of a button waits and
    finds the first. Says whether it is an invented one; False where there is none.
    """
    mine = (_TABLE.c.id == id) & visible_issues(s.viewer)
    return bool(s.conn.scalar(select(_TABLE.c.is_sample).where(mine).with_for_update()))


def sheets(s: Session) -> Sequence[Sheet]:
    """What tells the rows of 棚卸 sheets apart, by id; no samples."""
    columns = select(_TABLE.c.id, _TABLE.c.key, _TABLE.c.prefecture, _TABLE.c.city)
    mine = _TABLE.c.is_sample.is_(False) & (_TABLE.c.origin == Origin.INVENTORY.value) & visible_issues(s.viewer)
    return s.conn.execute(columns.where(mine).order_by(_TABLE.c.id)).all()


def remove_samples(s: Session) -> int:
    """How many invented ones went."""
    return s.conn.execute(delete(_TABLE).where(_TABLE.c.is_sample, visible_issues(s.viewer))).rowcount
