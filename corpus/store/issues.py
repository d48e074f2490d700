"""Issues in the database."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, select
from sqlalchemy import update as updating

from corpus import tables
from corpus.access import ANONYMOUS, visible_issues
from corpus.clock import now
from corpus.records.issues import TEXTS, Issue, IssueStatus, Origin, ReleaseLevel, narrowest
from corpus.session import Session
from corpus.store import meta, organisations
from corpus.store.rows import Changes
from corpus.store.shelf import NOTHING_MEANT, Meant, Shelf
from corpus.values import text_of

Sheet = Row[Any, Any, Any, Any]  # id, key, prefecture, city
_TABLE = tables.issues.issues
_SHELF = Shelf(
    table=_TABLE,
    record=Issue,
    called="title",
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

add, update, overwriting = _SHELF.add, _SHELF.update, _SHELF.overwriting
get, by_ids, titles, count = _SHELF.get, _SHELF.by_ids, _SHELF.names, _SHELF.count


def upsert(s: Session, records: Sequence[Issue], meant: Meant = NOTHING_MEANT, *, dry_run: bool = False) -> Changes:
    """Writes each over the row with its key, else adds it; a row keeps its status, and see ``tightening``.

    A row that a person has edited also keeps its fields where the record names none.
    """
    met = _SHELF.meeting(s, records, meant)
    narrower = [one for one in met if _tightens(*one)]
    changes = _SHELF.upsert(s, records, meant, dry_run=dry_run)
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
    met = _SHELF.meeting(s, records, meant)
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
    return _SHELF.page(s, text=text, equal=equal, order=order, limit=limit, offset=offset)


def departments(s: Session, *, is_sample: bool | None = None) -> list[tuple[str, int]]:
    """Each department that has issues, with their number, by name; "" stands for issues that name none.

    ``is_sample`` True counts only invented issues, False only real ones.
    """
    tally = select(_TABLE.c.department, func.count()).where(visible_issues(s.viewer))
    tally = tally.group_by(_TABLE.c.department).order_by(_TABLE.c.department)
    if is_sample is not None:
        tally = tally.where(_TABLE.c.is_sample.is_(is_sample))
    return [(text_of(name), number) for name, number in s.conn.execute(tally)]


def rankable_digests(s: Session) -> dict[str, str]:
    """Id -> digest of the open ones that seek a partner; samples only while no real organisation is stored.

    The digest tells also whether an issue is public, for then it counts in what is known of all.
    """
    conditions: list[ColumnElement[bool]] = [_TABLE.c.status == IssueStatus.OPEN.value, _TABLE.c.seeks_partner]
    if organisations.any_real(s):
        conditions.append(_TABLE.c.is_sample.is_(False))
    public = _SHELF.digests(s, *conditions, visible_issues(ANONYMOUS))
    return {
        id: f"{digest} {ReleaseLevel.PUBLIC}" if id in public else digest
        for id, digest in _SHELF.digests(s, *conditions).items()
    }


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
