"""Looking at what is stored, and writing an issue by hand."""

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from itertools import count
from typing import Any, Generic, TypeVar

from api.errors import Conflict, Detail, Invalid, NotFound
from api.usecases.given import check_text
from corpus.activity_fields import FIELDS
from corpus.clock import today
from corpus.folding import fold
from corpus.records.cases import Case
from corpus.records.issues import Issue, IssueDraft, IssueStatus, Origin
from corpus.records.organisations import Organisation
from corpus.session import Session
from corpus.store import cases as case_rows
from corpus.store import issues as issue_rows
from corpus.store import organisations as organisation_rows
from corpus.store.rows import ChangedMeanwhile, Count
from corpus.values import MAX_DEPARTMENT, faults

PAGE_SIZE = 50

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list. ``page`` counts from 1; ``total`` is the number of all items, ``pages`` at least 1."""

    items: tuple[T, ...]
    total: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionCounts:
    """How much is stored, samples apart. ``samples_rank``: no real organisation is there yet, so samples are shown."""

    organisations: Count
    issues: Count
    cases: Count
    samples_rank: bool


def overview(s: Session) -> CollectionCounts:
    """Counts of everything stored, inactive organisations and closed issues included."""
    organisations = organisation_rows.count(s)
    return CollectionCounts(
        organisations=organisations,
        issues=issue_rows.count(s),
        cases=case_rows.count(s),
        samples_rank=organisations.real == 0 and organisations.samples > 0,
    )


def issues(
    s: Session, text: str = "", department: str = "", fiscal_year: int | None = None, page: int = 1
) -> Page[Issue]:
    """Issues whose texts hold ``text``, of one department and year where given."""
    found = partial(issue_rows.page, s, text=text, department=department, fiscal_year=fiscal_year)
    return _page(page, found)


def departments(s: Session) -> list[tuple[str, int]]:
    """Departments with their numbers of issues."""
    return issue_rows.departments(s)


def department_issues(s: Session, department: str) -> tuple[Issue, ...]:
    """All open issues of a department that seek a partner; 健康づくり課 also finds 保健福祉局 健康づくり課.

    Once a real issue is stored, samples are left out. A name written in full is that department, even where it ends
    the name of another one. Raises NotFound where no department of that name has an issue, Invalid where the name's
    end fits several.
    """
    check_text(department, MAX_DEPARTMENT, "department")
    invented = issue_rows.count(s).real == 0
    found: list[Issue] = []
    for name, number in _departments_meant(issue_rows.departments(s, is_sample=invented), department):
        found += issue_rows.page(s, department=name, is_sample=invented, limit=number)[0]
    return tuple(issue for issue in found if issue.seeks_partner and issue.status is IssueStatus.OPEN)


def _departments_meant(stored: Sequence[tuple[str, int]], department: str) -> list[tuple[str, int]]:
    wanted = fold(department)
    same = [(name, number) for name, number in stored if wanted and fold(name) == wanted]
    ending = [(name, number) for name, number in stored if wanted and fold(name).endswith(wanted)]
    if not (same or ending):
        raise NotFound(f"「{department}」の課題は登録されていません。課題の一覧にある部署名で指定してください。")
    if not same and len({fold(name) for name, _ in ending}) > 1:
        names = "、".join(f"「{name}」" for name, _ in ending)
        raise Invalid(f"「{department}」に当てはまる部署が{len(ending)}つあります。{names}のどれかを指定してください。")
    return same or ending


def issue(s: Session, issue_id: str) -> Issue:
    """One issue. Raises NotFound, also where the viewer may not see it."""
    found = issue_rows.get(s, issue_id)
    if found is None:
        raise NotFound("お探しの課題は見つかりません。番号を確かめてください。")
    return found


def organisations(
    s: Session, text: str = "", kind: str = "", prefecture: str = "", city: str = "", page: int = 1
) -> Page[Organisation]:
    """Organisations whose texts hold ``text``, of one kind and place where given."""
    return _page(page, partial(organisation_rows.page, s, text=text, kind=kind, prefecture=prefecture, city=city))


def kinds(s: Session) -> list[tuple[str, int]]:
    """Kinds of organisations with their numbers, the most frequent first."""
    return organisation_rows.kinds(s)


def organisation(s: Session, organisation_id: str) -> Organisation:
    """One organisation. Raises NotFound."""
    found = organisation_rows.get(s, organisation_id)
    if found is None:
        raise NotFound("お探しの団体は見つかりません。番号を確かめてください。")
    return found


def cases(s: Session, text: str = "", page: int = 1) -> Page[Case]:
    """Cases whose texts hold ``text``."""
    return _page(page, partial(case_rows.page, s, text=text))


def case(s: Session, case_id: str) -> Case:
    """One case. Raises NotFound."""
    found = case_rows.get(s, case_id)
    if found is None:
        raise NotFound("お探しの事例は見つかりません。番号を確かめてください。")
    return found


def write_issue(s: Session, draft: IssueDraft) -> Issue:
    """Store a new issue written by hand. The same draft sent twice is stored once, as long as what is stored still
    says so: once it was changed or closed, the draft is another issue, and so it is where the viewer may not see that.
    """
    checked(draft)
    for number in count(1):
        new = _written(draft, number)
        if issue_rows.get(s.as_program(), new.id) is None:
            return issue_rows.add(s, new)
        stored = issue_rows.get(s, new.id)
        if stored is None:
            continue
        if stored.status is IssueStatus.OPEN and _fields_of(stored) == _fields_of(draft):
            return stored
    raise AssertionError("numbers have no end")


def _written(draft: IssueDraft, number: int) -> Issue:
    """``number`` tells issues apart that were written with the very same words."""
    key = "written:" + hashlib.sha256(json.dumps(_plain(draft), ensure_ascii=False).encode()).hexdigest()
    key += f"#{number}" if number > 1 else ""
    return Issue(
        id="i-" + hashlib.sha256(key.encode()).hexdigest()[:12],
        key=key,
        origin=Origin.PROPOSED,
        posted_on=today(),
        **_fields_of(draft),
    )


def edit_issue(s: Session, issue_id: str, version: int, draft: IssueDraft) -> Issue:
    """Replace what a person may change. Raises NotFound, or Conflict when ``version`` is no longer the stored one."""
    checked(draft)
    return _change(s, issue_id, version, lambda stored: replace(stored, **_fields_of(draft)))


def set_status(s: Session, issue_id: str, version: int, status: IssueStatus) -> Issue:
    """Close or reopen an issue; a closed one is not ranked. Raises as ``edit_issue``."""
    return _change(s, issue_id, version, lambda stored: replace(stored, status=status))


def set_fields(s: Session, issue_id: str, version: int, fields: frozenset[int]) -> Issue:
    """Store the fields that an officer has chosen, nothing else. Raises as ``edit_issue``, Invalid for none at all."""
    checked_fields(fields)
    return _change(s, issue_id, version, lambda stored: replace(stored, fields=fields))


def checked_fields(chosen: Collection[int]) -> frozenset[int]:
    """The fields themselves. Raises Invalid for none, or for one that there is not."""
    if not chosen or not FIELDS.keys() >= set(chosen):
        sentence = "活動分野を、選択肢から1つ以上選んでください。"
        raise Invalid(sentence, (Detail("fields", sentence),))
    return frozenset(chosen)


def _change(s: Session, issue_id: str, version: int, change: Callable[[Issue], Issue]) -> Issue:
    try:
        return issue_rows.update(s, change(issue(s, issue_id)), version)
    except ChangedMeanwhile as error:
        raise Conflict(
            "この課題は、ほかの人が先に書き換えています。最新の内容を開いて、もう一度直してください。"
        ) from error


def _page(page: int, fetch: Callable[..., tuple[list[T], int]]) -> Page[T]:
    number = max(1, page)
    items, total = fetch(limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
    return Page(tuple(items), total, number)


def _fields_of(draft: IssueDraft) -> dict[str, Any]:
    return {one.name: getattr(draft, one.name) for one in fields(IssueDraft)}


def _plain(draft: IssueDraft) -> dict[str, Any]:
    return {**asdict(draft), "fields": sorted(draft.fields)}


def checked(draft: IssueDraft) -> IssueDraft:
    """The draft itself, best before a session of writing begins: nobody waits there to hear what is wrong.

    The rules of a 棚卸 row: a 業務名 and one of 課題, 現状, 目的. Raises Invalid with a detail per field.
    """
    wrong = []
    if not draft.title.strip():
        wrong.append(Detail("title", "業務名を入れてください。"))
    if not (draft.problem.strip() or draft.situation.strip() or draft.purpose.strip()):
        wrong.append(Detail("problem", "課題、現状、目的のどれか1つは入れてください。"))
    wrong += [Detail(fault.field, fault.message) for fault in faults(draft)]
    if wrong:
        raise Invalid("入力に足りないところや直すところがあります。", tuple(wrong))
    return draft
