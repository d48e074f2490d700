"""Organisations as partners: which may still be added to an issue, and what has come of one so far."""

from collections.abc import Mapping
from dataclasses import dataclass

from corpus.records.decisions import Introduction, Review, StageEvent
from corpus.records.issues import Issue
from corpus.records.organisations import Organisation
from corpus.session import Session
from corpus.store import introductions as introduction_rows
from corpus.store import issues as issue_rows
from corpus.store import organisations as organisation_rows
from corpus.store import reviews as review_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerEntry:
    """An introduction of an organisation to an issue. ``newest`` is the latest step that counts, ``review`` the
    judgement that does; None where there is none.
    """

    introduction: Introduction
    issue: Issue
    newest: StageEvent | None
    review: Review | None


def findable(s: Session, text: str, most: int) -> tuple[tuple[Organisation, ...], int]:
    """At most ``most`` organisations that hold ``text`` and can be candidates, by (name, id), and how many there are.

    Inactive ones cannot, nor samples beside real ones.
    """
    only_real = False if organisation_rows.any_real(s) else None
    found, total = organisation_rows.page(s, text=text, active=True, is_sample=only_real, limit=most)
    return tuple(found), total


def met(s: Session, organisation: Organisation) -> tuple[PartnerEntry, ...]:
    """Every introduction of an organisation to an issue that the viewer may see, the newest first."""
    introductions = introduction_rows.of_organisation(s, organisation.id)
    issues = issue_rows.by_ids(s, sorted({one.issue for one in introductions}))
    return tuple(_met(s, one, issues) for one in reversed(introductions) if one.issue in issues)


def _met(s: Session, introduction: Introduction, issues: Mapping[str, Issue]) -> PartnerEntry:
    counting = [event for event in introduction_rows.events(s, introduction.id) if not event.voided]
    review = review_rows.latest(s, introduction.issue).get(introduction.organisation)
    return PartnerEntry(
        introduction=introduction,
        issue=issues[introduction.issue],
        newest=counting[-1] if counting else None,
        review=review if review and review.grade else None,
    )
