"""Every failure as an answer: one table of statuses, one JSON shape, one page with a sentence and the way back."""

import logging
from collections.abc import Mapping, Sequence
from errno import EACCES, EDQUOT, ENOSPC, EPERM, EROFS
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from api.errors import (
    AmbiguousPlaceGiven,
    Conflict,
    Crowded,
    Detail,
    Invalid,
    KyodoError,
    NotFound,
    NotReadable,
    Preparing,
    Refused,
)
from api.pages.rendering import error_page
from api.security import HEADERS
from corpus.database_faults import NOT_WRITTEN, Busy, DiskFull, UnusableDatabase
from corpus.values import Unstorable, text_of
from models.search.index import NotReady

_LOG = logging.getLogger(__name__)

STATUS: Mapping[type[KyodoError], int] = {
    NotFound: 404,
    Invalid: 422,
    AmbiguousPlaceGiven: 422,
    Conflict: 409,
    NotReadable: 422,
    Refused: 403,
    Preparing: 503,
    Crowded: 503,
    KyodoError: 400,
}
_BUSY = (
    "busy",
    "いま、データベースを使えません。大きなファイルの取り込みが終わるのを待って、もう一度お試しください。",
)
_FULL = (
    "disk_full",
    "ディスクの空きがありません。データは元のままです。"
    "このサービスを動かしている人に空きを作ってもらってから、もう一度お試しください。",
)
_NOT_WRITABLE = (
    "not_writable",
    "データの置き場所に書き込めません。このサービスを動かしている人に、権限を確かめてもらってください。",
)
_UNUSABLE = (
    "database",
    "データベースを読み書きできませんでした。"
    "少し待ってもう一度試し、続くときは、このサービスを動かしている人に知らせてください。",
)
_BY_STATUS: Mapping[int, tuple[str, str]] = {
    400: ("bad_request", "送られた内容を読み取れませんでした。入力しなおして、もう一度お試しください。"),
    404: ("not_found", "お探しのページは見つかりませんでした。アドレスが正しいかお確かめください。"),
    405: ("method_not_allowed", "このアドレスは、その方法では使えません。画面のボタンやリンクから操作してください。"),
    408: ("too_slow", "送られてくるのに時間がかかりすぎました。通信を確かめて、もう一度お試しください。"),
    413: ("too_large", "送られた内容が大きすぎます。"),
    415: ("unsupported_media_type", "送られた内容の形式に対応していません。"),
    422: ("invalid", "入力された内容に、直していただきたいところがあります。"),
    500: ("internal", "申し訳ありません。処理の途中で問題が起きました。データは元のままです。もう一度お試しください。"),
}
_BY_INPUT: Mapping[str, str] = {
    "missing": "「{field}」がありません。",
    "unstorable": "「{field}」に、文字として読み取れない部分があります。文字化けを確かめて、入れなおしてください。",
    "string_too_long": "「{field}」が長すぎます。{max_length} 字までにしてください。",
    "string_too_short": "「{field}」を入力してください。",
    "int_parsing": "「{field}」は整数で入力してください。",
    "int_type": "「{field}」は整数で入力してください。",
    "greater_than_equal": "「{field}」は {ge} 以上にしてください。",
    "less_than_equal": "「{field}」は {le} 以下にしてください。",
    "enum": "「{field}」に選べない値が入っています。",
    "literal_error": "「{field}」に選べない値が入っています。",
    "date_from_datetime_parsing": "「{field}」は 2024-05-27 のような日付で入力してください。",
    "date_parsing": "「{field}」は 2024-05-27 のような日付で入力してください。",
    "json_invalid": "JSON として読み取れませんでした。",
}
# Inputs of the pages by the names that people know; callers of the JSON interface know those they sent.
_ON_PAGES: Mapping[str, str] = {
    "page": "ページの番号",
    "text": "探す言葉",
    "find": "探す言葉",
    "department": "部署",
    "kind": "種別",
    "prefecture": "都道府県",
    "city": "市区町村",
    "year": "年度",
    "organisation": "団体",
    "grade": "評価",
    "stage": "できごと",
    "on": "日付",
    "chosen": "活動分野",
    "fields": "活動分野",
    "release_level": "公開の範囲",
    "status": "受付の状態",
}
_RETRY_SECONDS = "5"
_MOST_DETAILS = 20
_LONGEST_NAME = 100
_NOT_TYPED = "画面から送られた内容を受け取れませんでした。ページを開き直して、もう一度お試しください。"


def install(app: FastAPI) -> None:
    """Registers the handlers, so that no answer of the service has another shape."""
    for kind in (
        KyodoError,
        HTTPException,
        RequestValidationError,
        Unstorable,
        *NOT_WRITTEN,
        UnusableDatabase,
        NotReady,
        OSError,
    ):
        app.add_exception_handler(kind, _handle)
    app.add_exception_handler(Exception, _unexpected)


def answer(path: str, error: Exception) -> Response:
    """JSON for programs (below ``/api/``), a page for people."""
    status, code, message, details = describe(error)
    headers = {"Retry-After": _RETRY_SECONDS} if status == 503 else {}
    if path.startswith("/api/"):
        body = {
            "code": code,
            "message": message,
            "details": [{"field": d.field, "message": d.message} for d in details],
        }
        return JSONResponse({"error": body}, status, headers)
    if isinstance(error, RequestValidationError):
        details = _page_details(error.errors())
    page = error_page(status, message, details, _back_of(path))
    page.headers.update(headers)
    return page


def describe(error: Exception) -> tuple[int, str, str, tuple[Detail, ...]]:
    """Status, code, sentence and details of any error. Only expected ones speak in their own words."""
    if isinstance(error, KyodoError):
        return _status_of(error), error.code, error.message, error.details
    if isinstance(error, NotReady):
        return 503, Preparing.code, str(error), ()
    if _is_full(error):
        return 507, *_FULL, ()
    if isinstance(error, OSError) and error.errno in (EROFS, EACCES, EPERM):
        return 503, *_NOT_WRITABLE, ()
    if isinstance(error, (Busy, PoolTimeout)):
        return 503, *_BUSY, ()
    if isinstance(error, (UnusableDatabase, OperationalError)):
        return 503, *_UNUSABLE, ()
    if isinstance(error, Unstorable):
        return 422, *_BY_STATUS[422], tuple(Detail(fault.field, fault.message) for fault in error.faults)
    if isinstance(error, RequestValidationError):
        return 422, *_BY_STATUS[422], _input_details(error.errors())
    status = error.status_code if isinstance(error, HTTPException) else 500
    code, message = _BY_STATUS.get(status, ("error", _BY_STATUS[400][1] if status < 500 else _BY_STATUS[500][1]))
    if isinstance(error, HTTPException) and status == 413 and error.detail != HTTPStatus(413).phrase:
        message = error.detail
    return status, code, message, ()


def _is_full(error: BaseException | None) -> bool:
    """Also where that is why something else failed, such as the reading of a file that was sent."""
    if error is None:
        return False
    full = isinstance(error, OSError) and error.errno in (ENOSPC, EDQUOT)
    return full or isinstance(error, DiskFull) or _is_full(error.__cause__ or error.__context__)


def _code_of(error: Exception) -> str:
    """The database's own name for what went wrong: SQLITE_IOERR, five signs of PostgreSQL, or the driver's word."""
    orig = getattr(error, "orig", None)
    return str(getattr(orig, "sqlite_errorname", "") or getattr(orig, "sqlstate", "") or type(orig).__name__)


def _back_of(path: str) -> str:
    """The page a form stands on: ``/issues/i-1/reviews`` was sent from ``/issues/i-1``."""
    steps = path.strip("/").split("/")
    return "/" + "/".join(steps[: min(2, len(steps) - 1)])


def _status_of(error: KyodoError) -> int:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def _input_details(errors: Sequence[Any]) -> tuple[Detail, ...]:
    """pydantic's findings as sentences; what was typed is not repeated."""
    details = []
    for found in errors[:_MOST_DETAILS]:
        field = _named(".".join(str(step) for step in found["loc"][1:]))
        details.append(Detail(field, _input_sentence(found, field)))
    return tuple(details)


def _named(field: str) -> str:
    """As an answer may name it: whoever sends a body also chooses the names in it."""
    return text_of(field[:_LONGEST_NAME])


def _page_details(errors: Sequence[Any]) -> tuple[Detail, ...]:
    """The same for people, each sentence once. What no one types, such as a hidden input, has no name for them."""
    told = errors[:_MOST_DETAILS]
    names = [(found, _ON_PAGES.get(str(found["loc"][1])) if found["loc"][1:] else None) for found in told]
    sentences = [_input_sentence(found, name) if name else _NOT_TYPED for found, name in names]
    return tuple(Detail("", sentence) for sentence in dict.fromkeys(sentences))


def _input_sentence(found: Mapping[str, Any], field: str) -> str:
    sentence = _BY_INPUT.get(found["type"], "「{field}」の値が正しくありません。")
    return sentence.format_map({"field": field, **found.get("ctx", {})})


def _handle(request: Request, error: Exception) -> Response:
    response = answer(request.url.path, error)
    if response.status_code == 500:
        raise error  # one that nobody expected, of a kind that is expected only of a full disk
    if isinstance(error, UnusableDatabase):
        _LOG.error("%s", error)
    if response.status_code == 507:
        _LOG.warning("ディスクの空きがないため、断りました(%s)。", type(error).__name__)
    if isinstance(error, Busy):
        _LOG.warning("書き込みの順番が来なかったため、断りました。")
    if isinstance(error, OperationalError):
        # By its code: what the driver says, too, may hold text of an issue.
        _LOG.warning("データベースを使えませんでした(%s)。", _code_of(error))
    if isinstance(error, PoolTimeout):
        _LOG.warning("データベースへの接続が、どれも使われています。")
    if isinstance(error, HTTPException):
        response.headers.update(error.headers or {})
    return response


def _unexpected(request: Request, error: Exception) -> Response:
    """The framework answers these outside every middleware and logs the traceback, hence the headers here."""
    response = answer(request.url.path, error)
    response.headers.update({**HEADERS, "Cache-Control": "no-store"})
    return response
