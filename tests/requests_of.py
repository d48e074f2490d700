"""Use cases as requests of their own: each call opens a session as the pages do, for the local user unless said."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from api.context import Context
from api.usecases import collection, partners, reviews, suggestions, weights
from api.usecases.partners import PartnerEntry
from api.usecases.reviews import Track
from api.usecases.suggestions import CandidateList
from corpus.access import LOCAL, Viewer
from corpus.database import Database
from corpus.records.decisions import Grade, Judgement, Review
from corpus.session import Session
from corpus.store.weight_choices import WeightChoice
from matcher.matching import Matcher
from models.search.index import Index

T = TypeVar("T")


def seen(ctx: Context, look: Callable[..., T], *given: Any, viewer: Viewer = LOCAL, **named: Any) -> T:
    """What ``look`` finds in a session of reading."""
    with ctx.read(viewer) as s:
        return look(s, *given, **named)


def done(ctx: Context, change: Callable[..., T], *given: Any, viewer: Viewer = LOCAL, **named: Any) -> T:
    """What ``change`` answers in a session of writing."""
    with ctx.write(viewer) as s:
        return change(s, *given, **named)


def suggest_for_text(
    ctx: Context, text: str, k: int = 10, prefecture: str = "", city: str = "", viewer: Viewer = LOCAL
) -> CandidateList:
    with ctx.read(viewer) as s:
        return suggestions.ask_with_text(s, ctx.indexes, text, prefecture, city).organisations(k)


def suggest_for_issue(
    ctx: Context, issue_id: str, k: int = 10, record: bool = False, viewer: Viewer = LOCAL
) -> CandidateList:
    """As the page of the issue does where ``record``."""
    with ctx.read(viewer) as s:
        issue = collection.issue(s, issue_id)
        found = suggestions.ask_with_issue(s, ctx.indexes, issue).organisations(k)
        if not record:
            return found
        found = suggestions.already_recorded(s, issue, found)
    return suggestions.recorded(ctx, viewer, issue, found)


def similar_issues(ctx: Context, issue_id: str, k: int = 5, viewer: Viewer = LOCAL) -> CandidateList:
    with ctx.read(viewer) as s:
        return suggestions.ask_with_issue(s, ctx.indexes, collection.issue(s, issue_id)).issues(k)


def similar_cases(ctx: Context, issue_id: str, k: int = 3, viewer: Viewer = LOCAL) -> CandidateList:
    with ctx.read(viewer) as s:
        return suggestions.ask_with_issue(s, ctx.indexes, collection.issue(s, issue_id)).cases(k)


def similar_cases_for_text(ctx: Context, text: str, k: int = 3, viewer: Viewer = LOCAL) -> CandidateList:
    with ctx.read(viewer) as s:
        return suggestions.ask_with_text(s, ctx.indexes, text).cases(k)


def issues_for_organisation(ctx: Context, id: str, k: int = 10, viewer: Viewer = LOCAL) -> CandidateList:
    with ctx.read(viewer) as s:
        return suggestions.ask_with_organisation(s, ctx.indexes, collection.organisation(s, id)).issues(k)


def track(ctx: Context, issue_id: str, viewer: Viewer = LOCAL) -> Track:
    with ctx.read(viewer) as s:
        return reviews.track(s, collection.issue(s, issue_id))


def met(ctx: Context, organisation_id: str, viewer: Viewer = LOCAL) -> tuple[PartnerEntry, ...]:
    with ctx.read(viewer) as s:
        return partners.met(s, collection.organisation(s, organisation_id))


def judge(
    ctx: Context,
    issue: str,
    organisation: str,
    grade: Grade | None,
    reason: str = "",
    comment: str = "",
    ranking: int | None = None,
) -> Review:
    said = Judgement(
        issue=issue, organisation=organisation, grade=grade, reason=reason, comment=comment, ranking=ranking
    )
    return done(ctx, reviews.judge, said)


def matcher_of(index: Index) -> Matcher:
    """The one of now."""
    with reading(index.db) as s:
        return index.at(s).matcher


@contextmanager
def reading(db: Database, viewer: Viewer = LOCAL) -> Iterator[Session]:
    with db.read() as conn:
        yield Session(conn, viewer)


@contextmanager
def writing(db: Database, viewer: Viewer = LOCAL, patience: float | None = None) -> Iterator[Session]:
    with db.write(patience) as conn:
        yield Session(conn, viewer)


def choose(ctx: Context, id: str, reason: str, viewer: Viewer = LOCAL) -> WeightChoice | None:
    """As the page of the weights does."""
    return done(ctx, weights.choose, ctx.ruling, weights.choosable(ctx.settings.data, id, reason), viewer=viewer)
