"""What can be wrong with a database, by name, whichever database says it in whatever words."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class UnusableDatabase(Exception):
    """The database cannot be worked with; the text is a Japanese sentence for the person who runs the service."""


class Busy(Exception):
    """Others have been writing for longer than was to be waited; nothing was changed."""

    def __str__(self) -> str:
        return (
            "ほかの書き込みが終わらないため、書き込めませんでした。何も変えていません。"
            "しばらく待ってから、もう一度お試しください。"
        )


class DiskFull(Exception):
    """There is no room where the database is; nothing was changed."""

    def __str__(self) -> str:
        return (
            "ディスクの空きがないため、書き込めませんでした。何も変えていません。"
            "空きを作ってから、もう一度お試しください。"
        )


NOT_WRITTEN = (Busy, DiskFull, OperationalError, PoolTimeout)  # for who can go on without having written

DAMAGED = (
    "データベースのファイルが壊れています。サービスを止め、ファイルを別の場所に控えてから、"
    "バックアップを元の場所に戻してください。バックアップがないときは、そのままにして、管理者に相談してください。"
)
_NO_DATABASE = (
    "KYODO_DATABASE_URL の場所(指定がなければ KYODO_DATA の中の kyodo.sqlite3)にあるものは、"
    "データベースではないか、壊れています。別の場所に控えてから、バックアップを元の場所に戻してください。"
)
_LOST = (
    "動かしている間に、データベースのファイルがなくなりました。バックアップを元の場所に戻してから、"
    "サービスを始め直してください。"
)
# The primary result codes of SQLite, and the SQLSTATEs of PostgreSQL.
_BUSY, _LOCKED, _IO, _DAMAGED, _FULL, _CANNOT_OPEN, _NO_SUCH = 5, 6, 10, 11, 13, 14, 26
_LOCK_NOT_AVAILABLE, _DISK_FULL = "55P03", "53100"
_LITTLE = 100_000  # bytes: SQLite cannot even make the files that it works with


@contextmanager
def named(file: Path | None) -> Iterator[None]:
    """Turns what the driver says into one of the names here, where it has one; ``file`` is SQLite's."""
    if file is not None and not file.is_file():  # SQLite would go on in a file that no longer has a name
        raise UnusableDatabase(_NO_DATABASE if file.exists() else _LOST)
    try:
        yield
    except DBAPIError as error:
        name = next(filter(None, (_name(one, file) for one in _chain(error))), None)
        if name is None:
            raise
        raise name from error


def _chain(error: BaseException) -> Iterator[Any]:
    """What the driver said last, and what that came of: undoing what the full disk has undone already fails too."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, DBAPIError):
            yield found.orig
        found = found.__context__


def _name(said: Any, file: Path | None) -> Exception | None:
    code, state = getattr(said, "sqlite_errorcode", 0) & 0xFF, getattr(said, "sqlstate", None)
    if code in (_BUSY, _LOCKED) or state == _LOCK_NOT_AVAILABLE:
        return Busy()
    if code == _FULL or state == _DISK_FULL or (code in (_IO, _CANNOT_OPEN) and file and _is_full(file)):
        return DiskFull()
    return {_DAMAGED: UnusableDatabase(DAMAGED), _NO_SUCH: UnusableDatabase(_NO_DATABASE)}.get(code)


def _is_full(file: Path) -> bool:
    return shutil.disk_usage(file.parent).free < _LITTLE
