"""``kyodo suggest``: candidates for a text, an issue, an organisation, or for every issue of a department."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.terminal import answer_json, opened, say
from api.errors import Invalid

if TYPE_CHECKING:
    from api.context import Context
    from api.usecases.suggestions import Candidate, CandidateList, Inquiry
    from api.words.workbook import CandidateRow
    from corpus.records.issues import Issue
    from corpus.session import Session
    from models.search.indexes import Indexes

_FIRST_LINE = "これは候補です。選ぶのは人です。"


def suggest(
    text: Annotated[
        str, typer.Argument(metavar="課題の文章", help="課題の文章。- と書くと標準入力から読みます。")
    ] = "",
    issue: Annotated[str, typer.Option(metavar="番号", help="登録されている課題の番号")] = "",
    organisation: Annotated[str, typer.Option(metavar="番号", help="団体の番号。この団体に合う課題を探します。")] = "",
    k: Annotated[
        int, typer.Option("-k", metavar="件数", help="候補の数(1から100までの整数)。既定は10", min=1, max=100)
    ] = 10,
    prefecture: Annotated[str, typer.Option(metavar="都道府県", help="課題のある都道府県")] = "",
    city: Annotated[str, typer.Option(metavar="市区町村", help="課題のある市区町村")] = "",
    department: Annotated[str, typer.Option(metavar="課名", help="この課のすべての課題について探します。")] = "",
    out: Annotated[str, typer.Option(metavar="ファイル", help="--department の結果を書き出す.xlsxファイル")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="結果をJSONで出力します。")] = False,
) -> None:
    """課題に力を貸せそうな団体を、または団体に合いそうな課題を、双方の言葉を引いて挙げます。

    挙げるのは候補です。選ぶのは人です。
    """
    _check_request(text, issue, organisation, department, out)
    from api.usecases import suggestions

    with opened() as ctx:
        if not text and (prefecture or city):
            say("登録されている地域を使って探すため、--prefecture と --city は使いません。")
        if department:
            _whole_department(ctx, department, Path(out), k, as_json)
            return
        found, message = _found(ctx, _Subject(_text(text) if text else "", issue, organisation, prefecture, city), k)
    if as_json:
        answer_json({**suggestions.as_json(found), "message": message})
    else:
        _show(found, message)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a command asks with: a text, or the number of an issue, or of an organisation."""

    text: str
    issue: str
    organisation: str
    prefecture: str
    city: str

    def put(self, s: "Session", indexes: "Indexes") -> "Inquiry":
        """Raises NotFound, Invalid."""
        from api.usecases import collection, suggestions

        if self.issue:
            return suggestions.ask_with_issue(s, indexes, collection.issue(s, self.issue))
        if self.organisation:
            return suggestions.ask_with_organisation(s, indexes, collection.organisation(s, self.organisation))
        return suggestions.ask_with_text(s, indexes, self.text, self.prefecture, self.city)


def _found(ctx: "Context", asked: _Subject, k: int) -> "tuple[CandidateList, str]":
    """The list, and what there is to say about it as a whole."""
    from api.words.reasons import list_message
    from corpus.access import TERMINAL

    with ctx.read(TERMINAL) as s:
        asked.put(s, ctx.indexes)  # what cannot be asked is refused before anything is got ready
    for index in (ctx.indexes.organisations, ctx.indexes.issues if asked.organisation else ctx.indexes.cases):
        index.prepare()
    with ctx.read(TERMINAL) as s:
        asking = asked.put(s, ctx.indexes)
        found = asking.issues(k) if asked.organisation else asking.organisations(k)
        return found, list_message(asking, found)


def _check_request(text: str, issue: str, organisation: str, department: str, out: str) -> None:
    if sum(map(bool, (text, issue, organisation, department))) != 1:
        raise Invalid("課題の文章、--issue、--organisation、--department のうち、どれか1つだけを指定してください。")
    if bool(department) != bool(out):
        raise Invalid("--department と --out は一緒に指定してください。結果は --out のファイルに書き出します。")
    if out and not out.lower().endswith(".xlsx"):
        raise Invalid(f"--out の「{out}」には書き出せません。名前の終わりが .xlsx のファイルを指定してください。")
    if out and not Path(out).absolute().parent.is_dir():
        raise Invalid(f"--out の「{out}」を置くフォルダーがありません。あるフォルダーを指定してください。")


def _text(text: str) -> str:
    """The argument, or for ``-`` what comes through the pipe: UTF-8, else CP932 as older Windows tools write it."""
    if text != "-":
        return _legible(text)
    data = sys.stdin.buffer.read()
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return _legible(data.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise Invalid("標準入力の文字コードを読み取れません。UTF-8で渡してください。")


def _legible(text: str) -> str:
    """Refuses what a terminal in another encoding makes of Japanese: bytes that are no characters."""
    from corpus.values import MAX_TEXT, text_fault

    if fault := text_fault(text, MAX_TEXT):
        raise Invalid(fault)
    return text


def _show(found: "CandidateList", message: str) -> None:
    typer.echo(_FIRST_LINE)
    if message:
        typer.echo(message)
    for candidate in found.candidates:
        _show_candidate(candidate)
    typer.echo(f"\n並べた仕組み: {found.model}")


def _show_candidate(candidate: "Candidate") -> None:
    from api.words.labels import BAND_LABELS
    from api.words.reasons import case_sentence, near_words

    shown, evidence = candidate.suggestion, candidate.suggestion.evidence
    kind = f"({candidate.kind})" if candidate.kind else ""
    mark = "[サンプル] " if candidate.is_sample else ""
    typer.echo(f"\n{shown.rank}. {mark}{candidate.name}{kind} {BAND_LABELS[shown.band]} 番号: {candidate.id}")
    for label, words in (
        ("探した側の言葉", evidence.query_quote),
        ("候補の側の言葉", evidence.document_quote),
        ("近い言葉", near_words(evidence)),
        ("過去の事例", case_sentence(shown)),
        ("地域", candidate.reason_area),
        ("共通する分野", _fields(evidence.fields)),
        ("課題にあって団体に見当たらない言葉", "、".join(evidence.missing)),
    ):
        if words:
            typer.echo(f"   {label}: {words}")


def _fields(codes: tuple[int, ...]) -> str:
    from corpus.activity_fields import label

    return "、".join(label(code) for code in codes)


def _whole_department(ctx: "Context", department: str, out: Path, k: int, as_json: bool) -> None:
    """One view of the collection for all of its issues; the file is written when that is closed."""
    from api.usecases.collection import department_issues
    from api.words.workbook import candidate_workbook
    from corpus.access import TERMINAL

    with ctx.read(TERMINAL) as s:
        department_issues(s, department)  # a name that fits none, or several, is refused first
    for index in (ctx.indexes.organisations, ctx.indexes.cases):
        index.prepare()
    with ctx.read(TERMINAL) as s:
        issues = department_issues(s, department)
        rows = department_rows(s, ctx.indexes, issues, k)
        left_out = _left_out(s, issues)
    out.write_bytes(candidate_workbook(f"{department}の課題と候補の団体", rows))
    if as_json:
        answer_json({"out": str(out), "department": department, "issues": len(issues), "rows": len(rows)})
    else:
        written = f"{len(issues)}件の課題について、候補を{len(rows)}行、{out} に書き出しました。"
        typer.echo(f"{written}{left_out}{_FIRST_LINE}")


def department_rows(s: "Session", indexes: "Indexes", issues: "Sequence[Issue]", k: int) -> "list[CandidateRow]":
    """The lines of the workbook, issue by issue."""
    from api.usecases.suggestions import ask_with_issue
    from api.words.reasons import list_message

    rows: list[CandidateRow] = []
    for number, issue in enumerate(issues, start=1):
        say(f"{len(issues)}件中{number}件目の課題の候補を探しています。")
        asking = ask_with_issue(s, indexes, issue)
        found = asking.organisations(k)
        rows += _rows(issue, found, list_message(asking, found))
    return rows


def _left_out(s: "Session", issues: "Sequence[Issue]") -> str:
    """Why the department has more issues than those looked at; "" where it has not."""
    from corpus.records.issues import IssueStatus

    if not issues:  # a department without any issue was refused before
        return "この課の課題は、相手を求めていないものか、終了したものだけです。"
    stored = list(_of_department(s, issues[0]))
    unasked = sum(not one.seeks_partner for one in stored)
    closed = sum(one.seeks_partner and one.status is not IssueStatus.OPEN for one in stored)
    counts = ((unasked, "相手を求めていない"), (closed, "終了した"))
    said = "と、".join(f"{which}{number}件" for number, which in counts if number)
    return f"{said}は除きました。" if said else ""


def _of_department(s: "Session", issue: "Issue") -> "Iterator[Issue]":
    """All issues of the department of ``issue``, however its name is spelt; samples only beside a sample."""
    from api.usecases import collection
    from corpus.folding import fold

    for name, _ in collection.departments(s):
        if fold(name) == fold(issue.department):
            pages = collection.issues(s, department=name).pages
            for page in range(1, pages + 1):
                found = collection.issues(s, department=name, page=page).items
                yield from (one for one in found if one.is_sample == issue.is_sample)


def _rows(issue: "Issue", found: "CandidateList", message: str) -> "list[CandidateRow]":
    """A row per candidate, ``message`` on the first; an issue without any keeps one row for it."""
    from api.words.labels import BAND_LABELS
    from api.words.reasons import case_sentence, near_words
    from api.words.workbook import CandidateRow

    if not found.candidates:
        return [
            CandidateRow(
                issue_id=issue.id,
                department=issue.department,
                issue_title=issue.title,
                issue_sample=issue.is_sample,
                issue_quote=issue.problem or issue.situation or issue.purpose,
                rank=None,
                notice=message,
                model=found.model,
            )
        ]
    return [
        CandidateRow(
            issue_id=issue.id,
            department=issue.department,
            issue_title=issue.title,
            issue_sample=issue.is_sample,
            issue_quote=one.suggestion.evidence.query_quote,
            rank=one.suggestion.rank,
            name=one.name,
            kind=one.kind,
            organisation_sample=one.is_sample,
            band=BAND_LABELS[one.suggestion.band],
            notice="" if number else message,
            organisation_quote=one.suggestion.evidence.document_quote,
            near=near_words(one.suggestion.evidence),
            case=case_sentence(one.suggestion),
            area=one.reason_area,
            fields=_fields(one.suggestion.evidence.fields),
            missing="、".join(one.suggestion.evidence.missing),
            organisation_id=one.id,
            model=found.model,
        )
        for number, one in enumerate(found.candidates)
    ]
