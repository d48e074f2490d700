"""What every command shares: where words go, progress, and failures as one sentence (or one JSON object)."""

import errno
import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from api.commands.usage import usage_sentence
from api.errors import Invalid, KyodoError

if TYPE_CHECKING:
    from api.context import Context
    from api.settings import Settings

OK, FAILED, WRONG_USE = 0, 1, 2
_INTERNAL = "internal"  # a fault of the program: its traceback goes to stderr for whoever repairs it
_SECONDS_BETWEEN_LINES = 3.0
_SECONDS_BETWEEN_UPDATES = 0.2


def say(message: str) -> None:
    """A message beside the result; the result alone goes to stdout."""
    typer.echo(message, err=True)


def answer_json(result: Any) -> None:
    """The one JSON object of a ``--json`` run."""
    typer.echo(json.dumps(result, ensure_ascii=False, indent=2, allow_nan=False))


@contextmanager
def opened() -> "Iterator[Context]":
    """The collection that the environment names, for the length of a command."""
    from api.settings import read_settings

    ctx = open_collection(read_settings())
    try:
        yield ctx
    finally:
        ctx.db.close()


def open_collection(settings: "Settings", patient: bool = True) -> "Context":
    """As ``open_context``; says where a new data folder is, since that depends on the folder a command is run in."""
    from api.context import open_context

    is_new = not settings.data.exists()
    ctx = open_context(settings, patient)
    if is_new:
        say(f"データの置き場所 {settings.data.absolute()} を新しく作りました。")
    return ctx


class ProgressLine:
    """Rows read so far, on stderr: one line that updates on a terminal, a line every few seconds elsewhere."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._live = sys.stderr.isatty()
        self._last = time.monotonic()
        self._shown = False

    def __call__(self, rows: int) -> None:
        """Show ``rows``, unless something was shown a moment ago."""
        now = time.monotonic()
        if now - self._last < (_SECONDS_BETWEEN_UPDATES if self._live else _SECONDS_BETWEEN_LINES):
            return
        self._last = now
        self._shown = True
        words = f"{self._name}: {rows:,}行まで読みました。"
        typer.echo(f"\r{words}" if self._live else words, err=True, nl=not self._live)

    def close(self) -> None:
        """End the updating line, if there is one."""
        if self._live and self._shown:
            typer.echo("", err=True)


def guarded(run: Callable[[], Any], *, as_json: bool) -> int:
    """Run a command; any failure becomes a sentence on stderr, or the JSON error on stdout, and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that cannot show a character shows "?" instead of failing
            stream.reconfigure(errors="replace")
    try:
        code = run()
    except Exception as error:
        return _report(error, as_json)
    return code if isinstance(code, int) else OK


def _report(error: Exception, as_json: bool) -> int:
    failure, exit_code = _failure(error)
    if as_json:
        details = [{"field": one.field, "message": one.message} for one in failure.details]
        answer_json({"error": {"code": failure.code, "message": failure.message, "details": details}})
    else:
        say(failure.message)
        for one in failure.details:
            if one.message != failure.message:
                say(f"  {one.message}")
    if failure.code == _INTERNAL:
        say("".join(traceback.format_exception(error)))
    return exit_code


def _failure(error: Exception) -> tuple[KyodoError, int]:
    """The failure in words, and the exit code: 2 for wrong use, 1 otherwise."""
    if isinstance(error, KyodoError):
        return error, WRONG_USE if isinstance(error, Invalid) else FAILED
    if isinstance(error, typer.TyperException):
        return Invalid(usage_sentence(error)), WRONG_USE
    if isinstance(error, OSError):
        return _coded("file", _file_sentence(error)), FAILED
    return _storage_failure(error), FAILED


def _storage_failure(error: Exception) -> KyodoError:
    from sqlalchemy.exc import DBAPIError

    from corpus.database_faults import Busy, DiskFull, UnusableDatabase

    for kind, code in ((Busy, "busy"), (DiskFull, "disk_full"), (UnusableDatabase, "database")):
        if isinstance(error, kind):
            return _coded(code, str(error))
    if isinstance(error, DBAPIError):
        words = str(error.orig).partition("\n")[0]  # what databases add below may hold text of an issue
        return _coded(
            "database",
            f"データベースを使えませんでした({words})。ほかで使用中でないか、ディスクに空きがあるか、"
            "KYODO_DATA のフォルダーに書き込めるかを確かめてください。",
        )
    if isinstance(error, ModuleNotFoundError):
        return _coded("missing_part", f"プログラムの部品「{error.name}」が入っていません。入れてから実行してください。")
    return _coded(_INTERNAL, "プログラムの中で思いがけないことが起きました。次の記録を管理者に渡してください。")


def _coded(code: str, message: str) -> KyodoError:
    failure = KyodoError(message, ())
    failure.code = code
    return failure


def _file_sentence(error: OSError) -> str:
    name = error.filename or ""
    sentences = {
        errno.ENOENT: f"「{name}」が見つかりません。ファイルの名前と場所を確かめてください。",
        errno.EACCES: f"「{name}」を開けません。ほかのプログラムで開いていないか、権限があるかを確かめてください。",
        errno.EISDIR: f"「{name}」はフォルダーです。ファイルを指定してください。",
        errno.EEXIST: f"「{name}」はフォルダーではありません。フォルダーの場所を確かめてください。",
        errno.ENOTDIR: f"「{name}」の途中にフォルダーでないものがあります。場所を確かめてください。",
        errno.EROFS: f"「{name}」は書き込めない場所にあります。別の場所を指定してください。",
        errno.ENOSPC: "ディスクに空きがありません。空きを作ってから、もう一度実行してください。",
    }
    return sentences.get(error.errno or 0, f"「{name}」を読み書きできませんでした({error.strerror})。")
