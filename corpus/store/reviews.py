"""Judgements of suggestions. Append-only: the newest of an (issue, organisation) pair counts, all stay on record."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, insert, select

from corpus import values
from corpus.records import Grade, Review
from corpus.store import rows, samples
from corpus.tables import reviews


def add(
    conn: Connection,
    *,
    issue: str,
    organisation: str,
    grade: Grade | None,
    reason: str = "",
    comment: str = "",
    missed: bool = False,
    model: str = "",
    rank: int | None = None,
    score: float | None = None,
    band: str = "",
    ranking: int | None = None,
) -> Review:
    """The review as recorded; the newest one itself when it says the very same (a button pressed twice).

    Raises IntegrityError when the issue, the organisation or the ranking is not stored.
    """
    is_sample = samples.take_part(conn, issue, [organisation])
    review = Review(
        id=0,
        issue=issue,
        organisation=organisation,
        grade=grade,
        reason=reason,
        comment=comment,
        missed=missed,
        model=model,
        rank=rank,
        score=score,
        band=band,
        ranking=ranking,
        recorded_at=rows.now(),
    )
    values.check(review)
    newest = latest(conn, issue).get(organisation)
    if newest and replace(review, id=newest.id, recorded_at=newest.recorded_at) == newest:
        return newest
    return replace(review, id=_insert(conn, review, is_sample))


def _insert(conn: Connection, review: Review, is_sample: bool) -> int:
    columns = {name: getattr(review, name) for name in _COLUMNS if name not in ("id", "grade")}
    grade = review.grade.value if review.grade else None
    row = insert(reviews).values(**columns, grade=grade, is_sample=is_sample).returning(reviews.c.id)
    number: int = conn.execute(row).scalar_one()
    return number


def latest(conn: Connection, issue: str) -> dict[str, Review]:
    """Organisation -> its newest review, with ``grade`` None where a judgement was taken back."""
    return {review.organisation: review for review in history(conn, issue)}


def history(conn: Connection, issue: str) -> list[Review]:
    """Every review of the issue, oldest first."""
    if not values.is_storable(issue):
        return []
    return rows.readable(Review, conn.execute(_all().where(reviews.c.issue == issue)).mappings(), reviews)


def graded(conn: Connection) -> dict[str, dict[str, Grade]]:
    """Issue -> organisation -> the grade that counts, of every pair that has one and that no sample takes part in."""
    pairs = select(reviews.c.issue, reviews.c.organisation, reviews.c.grade).where(reviews.c.is_sample.is_(False))
    newest = {(row.issue, row.organisation): row.grade for row in conn.execute(pairs.order_by(reviews.c.id))}
    found: dict[str, dict[str, Grade]] = {}
    for (issue, organisation), grade in sorted(newest.items()):
        if grade in list(Grade):
            found.setdefault(issue, {})[organisation] = Grade(grade)
    return found


_COLUMNS = [column.name for column in reviews.c if column.name != "is_sample"]


def _all() -> Select[Any]:
    return select(*(reviews.c[name] for name in _COLUMNS)).order_by(reviews.c.id)
