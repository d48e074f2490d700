"""Who could help, and why: rankings turned into lists that pages, JSON and workbooks show."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from sqlalchemy.exc import IntegrityError

from api.context import Context
from api.errors import Invalid
from api.usecases.given import check_text, place_given
from corpus.access import Viewer
from corpus.activity_fields import label
from corpus.database_faults import NOT_WRITTEN
from corpus.documents import issue_query, organisation_query, text_query
from corpus.records.cases import Case
from corpus.records.issues import Issue, IssueStatus
from corpus.records.organisations import Organisation
from corpus.session import Session
from corpus.store import cases as case_rows
from corpus.store import issues as issue_rows
from corpus.store import organisations as organisation_rows
from corpus.store import rankings as ranking_rows
from corpus.store.rankings import ListToShow
from corpus.values import MAX_TEXT
from matcher.analysis import AnalysedQuery
from matcher.bridges import Partner, bridges_for
from matcher.matching import Matcher
from matcher.records import Area, AreaRelation, Bridge, Part, Query, Suggestion
from models.search.index import Index
from models.search.indexes import Indexes

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


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One question of one session, analysed once however many lists it is put to. ``issue``: the one that asks, if any.

    Every list raises Invalid for a ``k`` out of 1..MAX_K, and NotReady.
    """

    s: Session
    indexes: Indexes
    asked: AnalysedQuery
    issue: Issue | None = None

    def organisations(self, k: int = 10) -> CandidateList:
        """Who could help; nobody for an issue that is closed or seeks no partner."""
        _check_number(k)
        if self.issue and (not self.issue.seeks_partner or self.issue.status is IssueStatus.CLOSED):
            return _not_ranked(self, self.issue)
        cases = self.indexes.cases.at(self.s)
        bridges = past_partners(self.s, cases.matcher, self.asked)
        found = _ranked(self, _ORGANISATIONS, self.indexes.organisations, k, bridges=bridges)
        return replace(found, message=_TAKING_IN) if cases.lacking and found.total and not found.message else found

    def issues(self, k: int = 10) -> CandidateList:
        """Open issues that the asker could help with, or, where an issue asks, that are like it."""
        if self.issue:
            return _ranked(self, _SIMILAR, self.indexes.issues, k, without=(self.issue.id,))
        return _ranked(self, _ISSUES, self.indexes.issues, k)

    def cases(self, k: int = 3) -> CandidateList:
        """Past cases like what is asked."""
        return _ranked(self, _CASES, self.indexes.cases, k)


def ask_with_text(s: Session, indexes: Indexes, text: str, prefecture: str = "", city: str = "") -> Inquiry:
    """A text, which is stored nowhere. Raises Invalid, AmbiguousPlaceGiven."""
    return _inquiry(s, indexes, text_query(_checked(text), _places(prefecture, city)))


def ask_with_issue(s: Session, indexes: Indexes, issue: Issue) -> Inquiry:
    """A stored issue."""
    return _inquiry(s, indexes, issue_query(issue), issue)


def ask_with_organisation(s: Session, indexes: Indexes, organisation: Organisation) -> Inquiry:
    """An organisation that looks for issues."""
    return _inquiry(s, indexes, organisation_query(organisation))


def _inquiry(s: Session, indexes: Indexes, query: Query, issue: Issue | None = None) -> Inquiry:
    return Inquiry(s, indexes, AnalysedQuery.of(query, indexes.organisations.learned), issue)


def already_recorded(s: Session, issue: Issue, found: CandidateList) -> CandidateList:
    """The list with the number that it has where it was shown, and recorded, before."""
    return replace(found, ranking_id=ranking_rows.find(s, _list_to_show(issue, found))) if found.candidates else found


def recorded(ctx: Context, viewer: Viewer, issue: Issue, found: CandidateList) -> CandidateList:
    """The list with the number under which it is recorded as shown; after the session in which it was made.

    Looking at a page waits for no import, and needs no room on a disk: then the list is recorded another time.
    """
    if not found.candidates or found.ranking_id is not None or viewer.actor is None:
        return found
    try:
        with ctx.write(viewer, patience=0) as s:
            return replace(found, ranking_id=ranking_rows.record(s, _list_to_show(issue, found)))
    except IntegrityError:  # the issue, a sample, was removed meanwhile
        return found
    except NOT_WRITTEN as error:
        _LOG.warning("候補の一覧を記録できませんでした(課題 %s、%s)。", issue.id, type(error).__name__)
        return replace(found, shown_as=_list_to_show(issue, found).digest)


def not_recorded_yet(asking: Inquiry, shown_as: str) -> ListToShow | None:
    """The list that could not be recorded when an issue's page showed it; None where it would be another one by now."""
    if asking.issue is None:
        return None
    again = _list_to_show(asking.issue, asking.organisations())
    return again if again.digest == shown_as else None


def _list_to_show(issue: Issue, found: CandidateList) -> ListToShow:
    entries = tuple(candidate_json(candidate, found.sides) for candidate in found.candidates)
    return ListToShow(issue=issue.id, issue_version=issue.version, model=found.model, shown=entries)


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


def past_partners(s: Session, cases: Matcher, asked: AnalysedQuery, without: Collection[str] = ()) -> Sequence[Bridge]:
    """Past cases like what is asked, with those of their partners that are registered under the name given there.

    Cases in ``without`` are passed over.
    """

    def partners_of(cases: Sequence[str]) -> dict[str, list[Partner]]:
        named = {id: case.partners for id, case in case_rows.by_ids(s, cases).items()}
        known = organisation_rows.ids_by_name(s, {name for names in named.values() for name in names})
        return {id: [Partner(known[name], name) for name in names if name in known] for id, names in named.items()}

    return bridges_for(asked, cases, partners_of, without)


@dataclass(frozen=True, slots=True)
class _ListKind:
    """What a list is of: the names of its sides in ``as_json``, where its records are, what an empty one says."""

    sides: tuple[str, str]
    by_ids: Callable[..., Mapping[str, Organisation] | Mapping[str, Issue] | Mapping[str, Case]]
    empty: str = ""


_ORGANISATIONS = _ListKind(
    ("issue", "organisation"),
    organisation_rows.by_ids,
    "団体がまだ登録されていません。団体の名簿を取り込むと、候補を探せます。",
)
_ISSUES = _ListKind(
    ("organisation", "issue"), issue_rows.by_ids, "協働の相手を求めている課題が、まだ登録されていません。"
)
_SIMILAR = _ListKind(("issue", "similar"), issue_rows.by_ids)
_CASES = _ListKind(("issue", "case"), case_rows.by_ids)


def _ranked(
    inquiry: Inquiry,
    sought: _ListKind,
    index: Index,
    k: int,
    without: Sequence[str] = (),
    bridges: Sequence[Bridge] = (),
) -> CandidateList:
    _check_number(k)
    view = index.at(inquiry.s)
    with _ONE_AT_A_TIME:
        ranking = view.matcher.rank(inquiry.asked, k, without, bridges, view.among)
    records = sought.by_ids(inquiry.s, [suggestion.owner for suggestion in ranking.suggestions])
    # A row that is damaged is not among the records.
    candidates = tuple(_candidate(one, records[one.owner]) for one in ranking.suggestions if one.owner in records)
    return CandidateList(
        query=inquiry.asked.query,
        model=ranking.model,
        good_match=ranking.good_match,
        candidates=candidates,
        sides=sought.sides,
        total=view.total,
        message=(_TAKING_IN if view.lacking else "") if view.total else sought.empty,
    )


def _check_number(k: int) -> None:
    if not 1 <= k <= MAX_K:
        raise Invalid(f"候補の数は1から{MAX_K}までにしてください。")


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


def _not_ranked(inquiry: Inquiry, issue: Issue) -> CandidateList:
    reason = (
        "この課題は終了しているため、候補を探していません。"
        if issue.status is IssueStatus.CLOSED
        else "この業務は協働の相手を求めていないため、候補を探していません。"
    )
    return CandidateList(
        query=inquiry.asked.query,
        model=inquiry.indexes.organisations.config.name,
        good_match=False,
        candidates=(),
        sides=_ORGANISATIONS.sides,
        total=0,
        message=reason,
    )


def _word(part: Part, term: str) -> str:
    return label(int(term)) if part is Part.FIELDS else term


def _checked(text: str) -> str:
    if not text.strip():
        raise Invalid("課題の文章が空です。困っていることや、力を借りたいことを書いてください。")
    return check_text(text, MAX_TEXT, "text")


def _places(prefecture: str, city: str) -> tuple[Area, ...]:
    place = place_given(prefecture, city)
    return (place,) if place else ()
