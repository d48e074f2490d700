"""Who could help, and why: rankings turned into lists that pages, JSON and workbooks show."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from typing import Any

from api.errors import Invalid
from api.usecases.collection import existing_issue, existing_organisation
from api.usecases.context import Context
from api.usecases.given import check_text, place_given
from api.usecases.index import Index
from corpus.activity_fields import label
from corpus.database_faults import NOT_WRITTEN
from corpus.documents import issue_query, organisation_query, text_query
from corpus.records import Case, Issue, IssueStatus, Organisation
from corpus.store import cases as case_rows
from corpus.store import issues as issue_rows
from corpus.store import organisations as organisation_rows
from corpus.store import rankings as ranking_rows
from corpus.values import MAX_TEXT
from matcher.bridges import Partner, bridges_for
from matcher.records import Area, AreaRelation, Bridge, Part, Query, Suggestion

_LOG = logging.getLogger(__name__)
MAX_K = 100
# Python lets one thread compute at a time: a second ranking would only make both wait, and every page with them.
_ONE_AT_A_TIME = Lock()
_AREA_SENTENCES: Mapping[AreaRelation, str] = {
    AreaRelation.INSIDE: "地域が重なっています（{ours}と{theirs}）。",
    AreaRelation.SAME_CITY: "同じ市町村の中の別の地区です（{ours}と{theirs}）。",
    AreaRelation.SAME_PREFECTURE: "同じ都道府県の別の市町村です（{ours}と{theirs}）。",
    AreaRelation.ELSEWHERE: "都道府県が違います（{ours}と{theirs}）。",
}
_THEIRS_UNKNOWN = "相手の地域が分からないため、地域は順位に入れていません。"
_TAKING_IN = "新しく取り込んだ情報を読み込んでいる途中です。しばらくすると、ここにも加わります。"
_OURS_UNKNOWN = "地域の指定がないため、地域は順位に入れていません。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A suggestion with the name of what is suggested. ``reason_area`` is a Japanese sentence.

    ``has_fields``: 活動分野 are stored for it, so that they could be compared.
    """

    id: str
    name: str
    kind: str
    is_sample: bool
    suggestion: Suggestion
    reason_area: str
    has_fields: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateList:
    """An answer. ``sides`` name the quotes of the query and of the documents in ``as_json``; ``total`` were searched.

    ``message`` is a sentence where there is something to say about the list as a whole, else empty. ``ranking_id`` is
    the number under which the list was recorded as shown, None also where nothing can be written at present.
    """

    query: Query
    model: str
    good_match: bool
    candidates: tuple[Candidate, ...]
    sides: tuple[str, str]
    total: int
    message: str = ""
    ranking_id: int | None = None
    shown_as: str = ""


def suggest_for_text(ctx: Context, text: str, k: int = 10, prefecture: str = "", city: str = "") -> CandidateList:
    """Organisations for a text, which is stored nowhere. Raises Invalid, AmbiguousPlaceGiven."""
    query = text_query(_checked(text), _places(prefecture, city))
    return _organisations(ctx, query, k)


def suggest_for_issue(ctx: Context, issue_id: str, k: int = 10, *, record: bool = False) -> CandidateList:
    """Organisations for a stored issue; with ``record`` the list is kept as shown. Raises NotFound."""
    with ctx.db.read() as conn:
        issue = existing_issue(conn, issue_id)
    if not issue.seeks_partner or issue.status is IssueStatus.CLOSED:
        return _not_ranked(ctx, issue)
    found = _organisations(ctx, issue_query(issue), k)
    return _recorded(ctx, issue, found) if record and found.candidates else found


def recorded_now(ctx: Context, issue_id: str, shown_as: str) -> int | None:
    """The number of a list that could not be recorded when it was shown; None where it would be another one by now.

    Raises NotFound.
    """
    with ctx.db.read() as conn:
        issue = existing_issue(conn, issue_id)
    found = suggest_for_issue(ctx, issue_id)
    same = ranking_rows.digest(_shown(found)) == shown_as
    return _record(ctx, issue, found, patience=None) if same else None


def issues_for_organisation(ctx: Context, organisation_id: str, k: int = 10) -> CandidateList:
    """Open issues that an organisation could help with. Raises NotFound."""
    with ctx.db.read() as conn:
        organisation = existing_organisation(conn, organisation_id)
    empty = "協働の相手を求めている課題が、まだ登録されていません。"
    return _issues(ctx, organisation_query(organisation), k, ("organisation", "issue"), empty)


def similar_issues(ctx: Context, issue_id: str, k: int = 5) -> CandidateList:
    """Other open issues like this one. Raises NotFound."""
    with ctx.db.read() as conn:
        issue = existing_issue(conn, issue_id)
    return _issues(ctx, issue_query(issue), k, ("issue", "similar"), "", without=(issue.id,))


def similar_cases(ctx: Context, issue_id: str, k: int = 3) -> CandidateList:
    """Past cases like this issue. Raises NotFound."""
    with ctx.db.read() as conn:
        issue = existing_issue(conn, issue_id)
    return _cases(ctx, issue_query(issue), k)


def similar_cases_for_text(ctx: Context, text: str, k: int = 3) -> CandidateList:
    """Past cases like a text. Raises Invalid."""
    return _cases(ctx, text_query(_checked(text)), k)


def as_json(found: CandidateList) -> dict[str, Any]:
    """The answer as plain JSON values; contributions sum to the score."""
    places = "、".join(map(str, found.query.areas))
    return {
        "query": {"id": found.query.id, "text": found.query.text, "area": places},
        "model": found.model,
        "good_match": found.good_match,
        "message": found.message,
        "suggestions": [candidate_json(candidate, found.sides) for candidate in found.candidates],
    }


def candidate_json(candidate: Candidate, sides: tuple[str, str]) -> dict[str, Any]:
    """One suggestion as plain JSON values."""
    suggestion, evidence = candidate.suggestion, candidate.suggestion.evidence
    return {
        "rank": suggestion.rank,
        "id": candidate.id,
        "name": candidate.name,
        "kind": candidate.kind,
        "is_sample": candidate.is_sample,
        "score": suggestion.score,
        "band": suggestion.band.value,
        "evidence": {
            "contributions": [
                {
                    "part": c.part.value,
                    "term": _word(c.part, c.term),
                    "matched": _word(c.part, c.matched),
                    "value": c.value,
                }
                for c in evidence.contributions
            ],
            "quotes": dict(zip(sides, (evidence.query_quote, evidence.document_quote), strict=True)),
            "fields": [label(code) for code in evidence.fields],
            "area": candidate.reason_area,
            "missing": list(evidence.missing),
            "case": _case_json(evidence.bridge),
        },
    }


def _case_json(bridge: Bridge | None) -> dict[str, str] | None:
    """``issue`` and ``case`` are the sentences in which the two are most alike."""
    if bridge is None:
        return None
    named = {"id": bridge.case, "title": bridge.title, "partner": bridge.partner_name}
    return named | {"issue": bridge.query_quote, "case": bridge.case_quote}


def _organisations(ctx: Context, query: Query, k: int) -> CandidateList:
    empty = "団体がまだ登録されていません。団体の名簿を取り込むと、候補を探せます。"
    sides, bridges = ("issue", "organisation"), past_partners(ctx, query)
    return _ranked(ctx, ctx.indexes.organisations, query, k, sides, empty, organisation_rows.by_ids, bridges=bridges)


def past_partners(ctx: Context, query: Query, without: Collection[str] = ()) -> Sequence[Bridge]:
    """Past cases like what is asked, with those of their partners that are registered under the name given there.

    Cases in ``without`` are passed over.
    """

    def partners_of(cases: Sequence[str]) -> dict[str, list[Partner]]:
        with ctx.db.read() as conn:
            named = {id: case.partners for id, case in case_rows.by_ids(conn, cases).items()}
            known = organisation_rows.ids_by_name(conn, {name for names in named.values() for name in names})
        return {id: [Partner(known[name], name) for name in names if name in known] for id, names in named.items()}

    return bridges_for(query, ctx.indexes.cases.matcher(), partners_of, without)


def _issues(
    ctx: Context, query: Query, k: int, sides: tuple[str, str], empty: str, without: Sequence[str] = ()
) -> CandidateList:
    return _ranked(ctx, ctx.indexes.issues, query, k, sides, empty, issue_rows.by_ids, without)


def _cases(ctx: Context, query: Query, k: int) -> CandidateList:
    return _ranked(ctx, ctx.indexes.cases, query, k, ("issue", "case"), "", case_rows.by_ids)


def _ranked(
    ctx: Context,
    index: Index,
    query: Query,
    k: int,
    sides: tuple[str, str],
    empty: str,
    by_ids: Callable[..., Mapping[str, Organisation] | Mapping[str, Issue] | Mapping[str, Case]],
    without: Sequence[str] = (),
    bridges: Sequence[Bridge] = (),
) -> CandidateList:
    if not 1 <= k <= MAX_K:
        raise Invalid(f"候補の数は1から{MAX_K}までにしてください。")
    matcher = index.matcher()
    with _ONE_AT_A_TIME:
        ranking = matcher.rank(query, k, without, bridges)
    with ctx.db.read() as conn:
        records = by_ids(conn, [suggestion.owner for suggestion in ranking.suggestions])
    # A row removed between the two readings drops out of the list; the next one is ranked without it.
    candidates = tuple(_candidate(s, records[s.owner]) for s in ranking.suggestions if s.owner in records)
    return CandidateList(
        query=query,
        model=ranking.model,
        good_match=ranking.good_match,
        candidates=candidates,
        sides=sides,
        total=len(matcher.owners),
        message=(_TAKING_IN if index.taking_in else "") if matcher.owners else empty,
    )


def _candidate(suggestion: Suggestion, record: Organisation | Issue | Case) -> Candidate:
    name = record.name if isinstance(record, Organisation) else record.title
    kind = record.kind if isinstance(record, Organisation) else ""
    return Candidate(
        id=record.id,
        name=name,
        kind=kind,
        is_sample=record.is_sample,
        suggestion=suggestion,
        reason_area=_area_sentence(suggestion),
        has_fields=bool(record.fields),
    )


def _area_sentence(suggestion: Suggestion) -> str:
    evidence = suggestion.evidence
    if evidence.query_area is None:
        return _OURS_UNKNOWN
    if evidence.document_area is None:
        return _THEIRS_UNKNOWN
    if evidence.query_area == evidence.document_area:
        return f"どちらも{evidence.query_area}です。"
    return _AREA_SENTENCES[evidence.area].format(ours=evidence.query_area, theirs=evidence.document_area)


def _not_ranked(ctx: Context, issue: Issue) -> CandidateList:
    index = ctx.indexes.organisations
    reason = (
        "この課題は終了しているため、候補を探していません。"
        if issue.status is IssueStatus.CLOSED
        else "この業務は協働の相手を求めていないため、候補を探していません。"
    )
    return CandidateList(
        query=issue_query(issue),
        model=index.config.name,
        good_match=False,
        candidates=(),
        sides=("issue", "organisation"),
        total=0,
        message=reason,
    )


def _recorded(ctx: Context, issue: Issue, found: CandidateList) -> CandidateList:
    """Looking at a page waits for no import, and needs no room on a disk: the list is recorded another time."""
    try:
        return replace(found, ranking_id=_record(ctx, issue, found, patience=0))
    except NOT_WRITTEN as error:
        _LOG.warning("候補の一覧を記録できませんでした(課題 %s、%s)。", issue.id, type(error).__name__)
        return replace(found, shown_as=ranking_rows.digest(_shown(found)))


def _record(ctx: Context, issue: Issue, found: CandidateList, patience: float | None) -> int | None:
    find, record = (
        partial(verb, issue=issue.id, issue_version=issue.version, model=found.model, shown=_shown(found))
        for verb in (ranking_rows.find, ranking_rows.record)
    )
    with ctx.db.read() as conn:
        number = find(conn)
    if number is None:  # only now: a list seen before is written no more
        with ctx.db.write(patience) as conn:
            number = record(conn)
    return number


def _shown(found: CandidateList) -> list[dict[str, Any]]:
    return [candidate_json(candidate, found.sides) for candidate in found.candidates]


def _word(part: Part, term: str) -> str:
    return label(int(term)) if part is Part.FIELDS else term


def _checked(text: str) -> str:
    if not text.strip():
        raise Invalid("課題の文章が空です。困っていることや、力を借りたいことを書いてください。")
    return check_text(text, MAX_TEXT, "text")


def _places(prefecture: str, city: str) -> tuple[Area, ...]:
    place = place_given(prefecture, city)
    return (place,) if place else ()
