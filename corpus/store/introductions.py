"""Introductions and the dated steps that follow them. Append-only: what was wrong is voided by a row of its own."""

from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, and_, insert, select

from corpus import values
from corpus.records import IndicatorEvent, Introduction, Stage, StageEvent
from corpus.store import rows, samples
from corpus.tables import introduction_voidings, introductions, issues, organisations, stage_events, voidings

R = TypeVar("R", Introduction, StageEvent)


def add(conn: Connection, *, issue: str, organisation: str, introduced_on: date, note: str = "") -> Introduction:
    """The introduction as recorded; the one there is when one not voided says the very same (a button pressed twice).

    Raises IntegrityError when the issue or the organisation is not stored.
    """
    is_sample = samples.take_part(conn, issue, [organisation])
    wanted = Introduction(
        id=0, issue=issue, organisation=organisation, introduced_on=introduced_on, note=note, recorded_at=rows.now()
    )
    known = next((there for there in of_issue(conn, issue) if _same(there, wanted)), None)
    return known or replace(wanted, id=_insert(conn, introductions, wanted, is_sample))


def add_event(conn: Connection, *, introduction: int, stage: Stage, happened_on: date, note: str = "") -> StageEvent:
    """The step as recorded; the one there is when a step that is not voided says the very same.

    Raises NoResultFound when there is no such introduction.
    """
    is_sample = _hold(conn, introduction)
    wanted = StageEvent(
        id=0, introduction=introduction, stage=stage, happened_on=happened_on, note=note, recorded_at=rows.now()
    )
    known = next((there for there in events(conn, introduction) if _same(there, wanted)), None)
    return known or replace(wanted, id=_insert(conn, stage_events, wanted, is_sample))


def void(conn: Connection, introduction: int, note: str = "") -> None:
    """From now on neither the introduction nor its steps count; voided twice is voided. Raises NoResultFound."""
    is_sample = _hold(conn, introduction)
    _void(conn, introduction_voidings.c.introduction, introduction, note, is_sample)


def void_event(conn: Connection, event: int, note: str = "") -> None:
    """From now on the step counts nowhere; voided twice is voided. Raises NoResultFound when there is no such step."""
    introduction = conn.execute(select(stage_events.c.introduction).where(stage_events.c.id == event)).scalar_one()
    is_sample = _hold(conn, introduction)
    _void(conn, voidings.c.event, event, note, is_sample)


def _void(conn: Connection, voided: Column[int], id: int, note: str, is_sample: bool) -> None:
    if conn.scalar(select(voided).where(voided == id)) is None:
        row = {voided.name: id, "note": note, "is_sample": is_sample, "recorded_at": rows.now()}
        conn.execute(insert(voided.table).values(row))


def _hold(conn: Connection, introduction: int) -> bool:
    """Whether an invented side takes part; the row is held, so that the second press of a button finds the first."""
    row = select(introductions.c.is_sample).where(introductions.c.id == introduction).with_for_update()
    return bool(conn.execute(row).scalar_one())


def _same(there: R, wanted: R) -> bool:
    return replace(wanted, id=there.id, recorded_at=there.recorded_at) == there


def _insert(conn: Connection, table: Table, record: Introduction | StageEvent, is_sample: bool) -> int:
    names = [column.name for column in table.c if column.name not in ("id", "is_sample")]
    columns = {name: getattr(values.check(record), name) for name in names}
    number: int = conn.execute(insert(table).values(**columns, is_sample=is_sample).returning(table.c.id)).scalar_one()
    return number


def get(conn: Connection, id: int) -> Introduction | None:
    """None when there is none."""
    return next(iter(_introductions(conn, introductions.c.id == id)), None)


def held(conn: Connection, id: int) -> Introduction | None:
    """As ``get``; until the transaction ends nobody else records a step of it."""
    conn.execute(select(introductions.c.id).where(introductions.c.id == id).with_for_update())
    return get(conn, id)


def of_issue(conn: Connection, issue: str) -> list[Introduction]:
    """By (day, id), voided ones too."""
    return _introductions(conn, introductions.c.issue == issue)


def of_organisation(conn: Connection, organisation: str) -> list[Introduction]:
    """By (day, id), voided ones too."""
    return _introductions(conn, introductions.c.organisation == organisation)


def _introductions(conn: Connection, condition: ColumnElement[bool]) -> list[Introduction]:
    columns = [column for column in introductions.c if column.name != "is_sample"]
    chosen = (
        select(*columns, introduction_voidings.c.id.is_not(None).label("voided"))
        .outerjoin_from(
            introductions, introduction_voidings, introduction_voidings.c.introduction == introductions.c.id
        )
        .where(condition)
        .order_by(introductions.c.introduced_on, introductions.c.id)
    )
    return rows.readable(Introduction, conn.execute(chosen).mappings(), introductions)


def get_event(conn: Connection, id: int) -> StageEvent | None:
    """None when there is none."""
    return next(iter(_events(conn, stage_events.c.id == id)), None)


def events(conn: Connection, introduction: int) -> list[StageEvent]:
    """The steps after an introduction by (day, id), voided ones too."""
    return _events(conn, stage_events.c.introduction == introduction)


def _events(conn: Connection, condition: ColumnElement[bool]) -> list[StageEvent]:
    columns = [column for column in stage_events.c if column.name != "is_sample"]
    chosen = (
        select(*columns, voidings.c.id.is_not(None).label("voided"))
        .outerjoin_from(stage_events, voidings, voidings.c.event == stage_events.c.id)
        .where(condition)
        .order_by(stage_events.c.happened_on, stage_events.c.id)
    )
    return rows.readable(StageEvent, conn.execute(chosen).mappings(), stage_events)


def standing_events(conn: Connection) -> list[tuple[int, IndicatorEvent]]:
    """Every step that counts, with the number of its introduction, by (day, id): nothing voided, no samples."""
    standing = conn.execute(_standing()).mappings().all()
    of_event = {row["event"]: row["introduction"] for row in standing}
    return [(of_event[one.event], one) for one in rows.readable(IndicatorEvent, standing, stage_events)]


def _standing() -> Select[Any]:
    return (
        select(
            stage_events.c.introduction,
            stage_events.c.id.label("event"),
            stage_events.c.stage,
            stage_events.c.happened_on,
            issues.c.id.label("issue"),
            issues.c.title.label("issue_title"),
            organisations.c.id.label("organisation"),
            organisations.c.name.label("organisation_name"),
        )
        .join_from(stage_events, introductions, introductions.c.id == stage_events.c.introduction)
        .join(issues, issues.c.id == introductions.c.issue)
        .join(organisations, organisations.c.id == introductions.c.organisation)
        .outerjoin(voidings, voidings.c.event == stage_events.c.id)
        .outerjoin(introduction_voidings, introduction_voidings.c.introduction == introductions.c.id)
        .where(and_(voidings.c.id.is_(None), introduction_voidings.c.id.is_(None)))
        .where(introductions.c.is_sample.is_(False))
        .order_by(stage_events.c.happened_on, stage_events.c.id)
    )
