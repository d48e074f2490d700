"""Introductions and the dated steps that follow them. Append-only: what was wrong is voided by a row of its own."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Select, Table, and_, insert, select

from corpus import values
from corpus.access import of_visible_issues
from corpus.clock import now
from corpus.records.decisions import Introduction, Stage, StageEvent
from corpus.records.indicators import IndicatorEvent
from corpus.session import Session
from corpus.store import issues, organisations, rows, samples
from corpus.tables.decisions import introduction_voidings, introductions, stage_events, voidings

R = TypeVar("R", Introduction, StageEvent)


def add(s: Session, *, issue: str, organisation: str, introduced_on: date, note: str = "") -> Introduction:
    """The introduction as recorded; the one there is when one not voided says the very same (a button pressed twice).

    Raises IntegrityError when the issue or the organisation is not stored.
    """
    is_sample = samples.take_part(s, issue, [organisation])
    wanted = Introduction(issue=issue, organisation=organisation, introduced_on=introduced_on, note=note, **_stamp(s))
    return _once(s, introductions, wanted, of_issue(s, issue), is_sample)


def add_event(s: Session, *, introduction: int, stage: Stage, happened_on: date, note: str = "") -> StageEvent:
    """The step as recorded; the one there is when a step that is not voided says the very same.

    Raises NoResultFound when there is no such introduction.
    """
    is_sample = _hold(s, introduction)
    wanted = StageEvent(introduction=introduction, stage=stage, happened_on=happened_on, note=note, **_stamp(s))
    return _once(s, stage_events, wanted, events(s, introduction), is_sample)


def void(s: Session, introduction: int, note: str = "") -> None:
    """From now on neither the introduction nor its steps count; voided twice is voided. Raises NoResultFound."""
    is_sample = _hold(s, introduction)
    _void(s, introduction_voidings.c.introduction, introduction, note, is_sample)


def void_event(s: Session, event: int, note: str = "") -> None:
    """From now on the step counts nowhere; voided twice is voided. Raises NoResultFound when there is no such step."""
    introduction = s.conn.execute(select(stage_events.c.introduction).where(stage_events.c.id == event)).scalar_one()
    is_sample = _hold(s, introduction)
    _void(s, voidings.c.event, event, note, is_sample)


def _void(s: Session, voided: Column[int], id: int, note: str, is_sample: bool) -> None:
    if s.conn.scalar(select(voided).where(voided == id)) is None:
        row = {voided.name: id, "note": note, "is_sample": is_sample, "recorded_at": now(), "actor": s.actor}
        s.conn.execute(insert(voided.table).values(row))


def _hold(s: Session, introduction: int) -> bool:
    """Whether an invented side takes part; the row is held, so that the second press of a button finds the first."""
    mine = (introductions.c.id == introduction) & _visible(s)
    return bool(s.conn.execute(select(introductions.c.is_sample).where(mine).with_for_update()).scalar_one())


def _visible(s: Session) -> ColumnElement[bool]:
    return of_visible_issues(s.viewer, introductions.c.issue)


def _stamp(s: Session) -> dict[str, Any]:
    """Of a row that is recorded now and has no number yet."""
    return {"id": 0, "recorded_at": now(), "actor": s.actor}


def _once(s: Session, table: Table, wanted: R, recorded: Sequence[R], is_sample: bool) -> R:
    """A fact is recorded once, whoever says it: the one there that says the very same, else ``wanted`` as it is now."""
    for there in recorded:
        if replace(wanted, id=there.id, recorded_at=there.recorded_at, actor=there.actor) == there:
            return there
    return replace(wanted, id=_insert(s, table, wanted, is_sample))


def _insert(s: Session, table: Table, record: Introduction | StageEvent, is_sample: bool) -> int:
    names = [column.name for column in table.c if column.name not in ("id", "is_sample")]
    columns = {name: getattr(values.check(record), name) for name in names}
    number: int = s.conn.execute(
        insert(table).values(**columns, is_sample=is_sample).returning(table.c.id)
    ).scalar_one()
    return number


def get(s: Session, id: int) -> Introduction | None:
    """A voided one too; None when there is none, or the viewer may not see its issue."""
    return next(iter(_introductions(s, introductions.c.id == id)), None)


def held(s: Session, id: int) -> Introduction | None:
    """As ``get``; until the transaction ends nobody else records a step of it."""
    s.conn.execute(select(introductions.c.id).where(introductions.c.id == id, _visible(s)).with_for_update())
    return get(s, id)


def of_issue(s: Session, issue: str) -> list[Introduction]:
    """By (day, id), voided ones too."""
    return _introductions(s, introductions.c.issue == issue)


def of_organisation(s: Session, organisation: str) -> list[Introduction]:
    """By (day, id), voided ones too."""
    return _introductions(s, introductions.c.organisation == organisation)


def _introductions(s: Session, condition: ColumnElement[bool]) -> list[Introduction]:
    columns = [column for column in introductions.c if column.name != "is_sample"]
    chosen = (
        select(*columns, introduction_voidings.c.id.is_not(None).label("voided"))
        .outerjoin_from(
            introductions, introduction_voidings, introduction_voidings.c.introduction == introductions.c.id
        )
        .where(condition, _visible(s))
        .order_by(introductions.c.introduced_on, introductions.c.id)
    )
    return rows.readable(Introduction, s.conn.execute(chosen).mappings(), introductions)


def get_event(s: Session, id: int) -> StageEvent | None:
    """As ``get``, for a step."""
    return next(iter(_events(s, stage_events.c.id == id)), None)


def events(s: Session, introduction: int) -> list[StageEvent]:
    """The steps after an introduction by (day, id), voided ones too."""
    return _events(s, stage_events.c.introduction == introduction)


def _events(s: Session, condition: ColumnElement[bool]) -> list[StageEvent]:
    columns = [column for column in stage_events.c if column.name != "is_sample"]
    chosen = (
        select(*columns, voidings.c.id.is_not(None).label("voided"))
        .outerjoin_from(stage_events, voidings, voidings.c.event == stage_events.c.id)
        .join(introductions, introductions.c.id == stage_events.c.introduction)
        .where(condition, _visible(s))
        .order_by(stage_events.c.happened_on, stage_events.c.id)
    )
    return rows.readable(StageEvent, s.conn.execute(chosen).mappings(), stage_events)


def counting_events(s: Session) -> list[tuple[int, IndicatorEvent]]:
    """Every step that counts, with the number of its introduction, by (day, id): nothing voided, no samples.

    Of the issues that the viewer sees: whole figures come of it only for who sees all.
    """
    counting = s.conn.execute(_counting(s)).mappings().all()
    of_event = {row["event"]: row["introduction"] for row in counting}
    titles = issues.titles(s, {row["issue"] for row in counting})
    names = organisations.names(s, {row["organisation"] for row in counting})
    told = [
        {**row, "issue_title": titles.get(row["issue"], ""), "organisation_name": names.get(row["organisation"], "")}
        for row in counting
    ]
    return [(of_event[one.event], one) for one in rows.readable(IndicatorEvent, told, stage_events)]


def _counting(s: Session) -> Select[Any]:
    return (
        select(
            stage_events.c.introduction,
            stage_events.c.id.label("event"),
            stage_events.c.stage,
            stage_events.c.happened_on,
            introductions.c.issue,
            introductions.c.organisation,
        )
        .join_from(stage_events, introductions, introductions.c.id == stage_events.c.introduction)
        .outerjoin(voidings, voidings.c.event == stage_events.c.id)
        .outerjoin(introduction_voidings, introduction_voidings.c.introduction == introductions.c.id)
        .where(and_(voidings.c.id.is_(None), introduction_voidings.c.id.is_(None)))
        .where(introductions.c.is_sample.is_(False), _visible(s))
        .order_by(stage_events.c.happened_on, stage_events.c.id)
    )
