"""The reader, a language model that the administrator may add: asked only when a person presses the button.

It gets the public texts of the first organisations, and of an issue only what its release level lets out, telephone
numbers and e-mail addresses masked; names of persons that someone wrote into a text go out as they are. What it says
stands beside the list and changes nothing in it; only that it was asked is kept.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from api.context import Context
from api.errors import Conflict, Invalid, NotFound
from api.settings import Settings
from api.usecases import collection
from api.usecases.given import check_sees_all
from api.usecases.suggestions import Candidate, CandidateList, ask_with_issue
from corpus.access import Viewer
from corpus.clock import JAPAN, today
from corpus.database_faults import NOT_WRITTEN
from corpus.documents import issue_query
from corpus.records.issues import RELEASE_LABELS, Issue, ReleaseLevel
from corpus.records.organisations import Organisation
from corpus.session import Session
from corpus.store import organisations as organisation_rows
from corpus.store import reader_calls
from corpus.store.reader_calls import MonthlyCount
from models.reader.chat import Cost, Endpoint, Outcome, ReaderFailed
from models.reader.reader import MOST_CANDIDATES, Profile, ReaderAnswer, Reason, read
from models.search.indexes import Indexes

_LOG = logging.getLogger(__name__)
_WITHOUT = "下の一覧は、読み取り役を使わないもとの順位です。"
_BUSY = "いま、ほかの人が読み取り役に頼んでいます。しばらくしてから、もう一度お試しください。"
_CHANGED = (
    "この課題は、画面を開いたあとで書き換えられたため、読み取り役に送りませんでした。"
    "課題のページを開き直し、文章を確かめてから、もう一度頼んでください。"
)
_LEVELS = list(ReleaseLevel)  # narrowest first
_MOST_AT_ONCE = 3  # a waiting call holds a thread of the service, and there are some forty
_MARGIN = 60  # seconds, beyond the time that the reader has


@dataclass(frozen=True, slots=True)
class Offer:
    """Whether an issue's page has the button; ``why_not`` is a sentence where a configured reader may not have it."""

    available: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A candidate, which keeps its rank, with what the reader says of it; None where nothing it said could be kept."""

    candidate: Candidate
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class ReaderList:
    """The candidates in the reader's order, or in their own when ``failure``, then a sentence, says why.

    The reader placed the first ``named``; the others follow in their own order. ``again``: after a failure that may be
    over the next time.
    """

    issue: Issue
    found: CandidateList
    cases: CandidateList
    opinions: tuple[Opinion, ...]
    failure: str = ""
    again: bool = True
    named: int = 0


def offer(settings: Settings, issue: Issue) -> Offer:
    """What the page of an issue says about the reader; nothing at all when none is configured."""
    if not settings.reader_url:
        return Offer(False)
    allowed = permitted(settings)
    if issue.release_level in allowed:
        return Offer(True)
    return Offer(
        False,
        f"この課題の公開の範囲は「{RELEASE_LABELS[issue.release_level]}」のため、読み取り役には送れません。"
        f"送れるのは、公開の範囲が{''.join(f'「{RELEASE_LABELS[level]}」' for level in allowed)}の課題だけです。",
    )


def permitted(settings: Settings) -> list[ReleaseLevel]:
    """The release levels of which texts may be sent, narrowest first."""
    return _LEVELS[_LEVELS.index(settings.reader_release) :]


def read_for_issue(ctx: Context, viewer: Viewer, issue_id: str, version: int) -> ReaderList:
    """Asks the reader, and falls back to the list as it is. ``version``: of the text that the asker has seen.

    No transaction is open while the reader is waited for. Raises NotFound, Conflict for another version, and Invalid
    where the reader may not be asked.
    """
    with ctx.read(viewer) as s:
        issue = collection.issue(s, issue_id)
        _check_allowed(ctx.settings, issue)
        if issue.version != version:
            raise Conflict(_CHANGED)
        put = _put(s, ctx.indexes, issue)
    with ctx.write(viewer) as s:
        call, why_not = _begun(s, ctx.settings, issue)
    if call is None:
        return _as_it_is(put, why_not, again=why_not == _BUSY)
    return _answered(ctx, viewer, put, call)


def _answered(ctx: Context, viewer: Viewer, put: "_ReaderTask", call: int) -> ReaderList:
    """The call has its end recorded, whatever becomes of it."""
    issue = put.issue
    try:
        answer = read(endpoint_of(ctx.settings), issue_query(issue).text, put.profiles)
    except ReaderFailed as failure:
        _LOG.warning("課題(%s)を読み取り役に並べてもらえませんでした。%s", issue.id, failure)
        _end(ctx, viewer, call, failure.outcome, failure.cost)
        return _as_it_is(put, str(failure), again=failure.outcome is not Outcome.TOO_LONG)
    except BaseException:  # a fault of ours keeps no place either
        _end(ctx, viewer, call, Outcome.UNUSABLE, Cost())
        raise
    _end(ctx, viewer, call, Outcome.READ, answer.cost)
    return ReaderList(issue, put.found, put.cases, _opinions(put.found, answer), named=answer.named)


@dataclass(frozen=True, slots=True)
class _ReaderTask:
    """What is put to the reader: ``issue`` is the very record whose release level was looked at."""

    issue: Issue
    found: CandidateList
    cases: CandidateList
    profiles: list[Profile]


def _put(s: Session, indexes: Indexes, issue: Issue) -> _ReaderTask:
    asking = ask_with_issue(s, indexes, issue)
    found = asking.organisations(MOST_CANDIDATES)
    if not found.candidates:
        raise Invalid("この課題には候補がないため、読み取り役に頼めません。")
    stored = organisation_rows.by_ids(s, [candidate.id for candidate in found.candidates])
    return _ReaderTask(issue, found, asking.cases(), [_profile(one) for one in stored.values()])


def calls(s: Session) -> list[MonthlyCount]:
    """The calls of every month in Japan's calendar, newest first, by what became of them.

    Raises Refused for a viewer who may not see all issues.
    """
    check_sees_all(s.viewer)
    return reader_calls.by_month(s, lambda moment: moment.astimezone(JAPAN).date())


def endpoint_of(settings: Settings) -> Endpoint:
    """Where the settings say the reader is."""
    return Endpoint(
        settings.reader_url,
        settings.reader_model,
        settings.reader_key.get_secret_value().strip(),
        settings.reader_timeout,
        settings.reader_max_characters,
    )


def _check_allowed(settings: Settings, issue: Issue) -> None:
    offered = offer(settings, issue)
    if offered.why_not:
        raise Invalid(offered.why_not)
    if not offered.available:
        raise NotFound("読み取り役は設定されていません。使うには、管理者が KYODO_READER_URL を指定してください。")


def _begun(s: Session, settings: Settings, issue: Issue) -> tuple[int | None, str]:
    """The number of the call, or why there is none: a slow reader must not keep the service from other work.

    Counted in the database, for all processes. One that died in the middle keeps its place until nobody can be
    waiting any more.
    """
    longest = timedelta(seconds=settings.reader_timeout + _MARGIN)
    waiting = reader_calls.under_way(s, datetime.now(JAPAN) - longest)
    if issue.id in waiting or len(waiting) >= _MOST_AT_ONCE:
        return None, _BUSY
    midnight = datetime.combine(today(), time.min, JAPAN)
    call = reader_calls.begin(s, issue=issue.id, since=midnight, most=settings.reader_daily_calls)
    limit = f"読み取り役に頼める回数(1日{settings.reader_daily_calls:,}回まで)を、今日は使い切りました。"
    return call, "" if call else limit


def _profile(organisation: Organisation) -> Profile:
    """What public registers say of it; the persons are not even read from the database."""
    texts = (organisation.purpose, organisation.activities, organisation.offers)
    return Profile(organisation.id, organisation.name, "\n".join(text for text in texts if text))


def _end(ctx: Context, viewer: Viewer, call: int, outcome: Outcome, cost: Cost) -> None:
    """Where the database cannot be written the call stays without an end: what was paid for is shown all the same."""
    tokens = {"tokens_in": cost.tokens_in, "tokens_out": cost.tokens_out}
    try:
        with ctx.write(viewer) as s:
            reader_calls.end(s, call, outcome=outcome, milliseconds=round(cost.seconds * 1000), **tokens)
    except NOT_WRITTEN:
        _LOG.warning("読み取り役に頼んだ記録(%d番)に、終わりを書き込めませんでした。", call)


def _opinions(found: CandidateList, answer: ReaderAnswer) -> tuple[Opinion, ...]:
    candidates: Mapping[str, Candidate] = {candidate.id: candidate for candidate in found.candidates}
    gone = [id for id in candidates if id not in answer.order]  # removed from the register in between
    return tuple(Opinion(candidates[id], answer.reasons.get(id)) for id in (*answer.order, *gone))


def _as_it_is(put: _ReaderTask, why: str, *, again: bool) -> ReaderList:
    opinions = tuple(Opinion(candidate, None) for candidate in put.found.candidates)
    return ReaderList(put.issue, put.found, put.cases, opinions, why + _WITHOUT, again)
