"""Judgements of suggestions. Append-only: the newest of an (issue, organisation) pair counts, all stay on record."""

from dataclasses import fields, replace
from typing import Any

from sqlalchemy import Select, insert, select

from corpus import values
from corpus.access import of_visible_issues
from corpus.clock import now
from corpus.records.decisions import Grade, Judgement, ListEntry, Review
from corpus.session import Session
from corpus.store import rows, samples
from corpus.tables.decisions import reviews

NOT_SHOWN = ListEntry()


def add(s: Session, judgement: Judgement, shown: ListEntry = NOT_SHOWN) -> Review:
    """The review as recorded; the newest one itself when the same person says the very same (a button pressed twice).

    Raises IntegrityError when the issue, the organisation or the ranking is not stored.
    """
    is_sample = samples.take_part(s, judgement.issue, [judgement.organisation])
    said = {**_values(judgement), **_values(shown)}
    review = values.check(Review(id=0, **said, recorded_at=now(), actor=s.actor))
    newest = latest(s, review.issue).get(review.organisation)
    if newest and replace(review, id=newest.id, recorded_at=newest.recorded_at) == newest:
        return newest
    return replace(review, id=_insert(s, review, is_sample))


def _values(record: Judgement | ListEntry) -> dict[str, Any]:
    return {one.name: getattr(record, one.name) for one in fields(record)}


def _insert(s: Session, review: Review, is_sample: bool) -> int:
    columns = {name: getattr(review, name) for name in _COLUMNS if name not in ("id", "grade")}
    grade = review.grade.value if review.grade else None
    row = insert(reviews).values(**columns, grade=grade, is_sample=is_sample).returning(reviews.c.id)
    number: int = s.conn.execute(row).scalar_one()
    return number


def latest(s: Session, issue: str) -> dict[str, Review]:
    """Organisation -> its newest review, with ``grade`` None where a judgement was taken back."""
    return {review.organisation: review for review in history(s, issue)}


def history(s: Session, issue: str) -> list[Review]:
    """Every review of the issue, oldest first."""
    if not values.is_storable(issue):
        return []
    return rows.readable(Review, s.conn.execute(_all(s).where(reviews.c.issue == issue)).mappings(), reviews)


def graded(s: Session) -> dict[str, dict[str, Grade]]:
    """Issue -> organisation -> the grade that counts, of every pair that has one and that no sample takes part in."""
    counted = reviews.c.is_sample.is_(False) & of_visible_issues(s.viewer, reviews.c.issue)
    pairs = select(reviews.c.issue, reviews.c.organisation, reviews.c.grade).where(counted)
    newest = {(row.issue, row.organisation): row.grade for row in s.conn.execute(pairs.order_by(reviews.c.id))}
    found: dict[str, dict[str, Grade]] = {}
    for (issue, organisation), grade in sorted(newest.items()):
        if grade in list(Grade):
            found.setdefault(issue, {})[organisation] = Grade(grade)
    return found


_COLUMNS = [column.name for column in reviews.c if column.name != "is_sample"]


def _all(s: Session) -> Select[Any]:
    visible = of_visible_issues(s.viewer, reviews.c.issue)
    return select(*(reviews.c[name] for name in _COLUMNS)).where(visible).order_by(reviews.c.id)
