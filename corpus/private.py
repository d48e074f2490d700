"""Folders and files that nobody but the account of the service may look into: they hold names of contact persons."""

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from fcntl import LOCK_EX, flock
from pathlib import Path
from stat import S_IRWXG, S_IRWXO, S_ISLNK

_LOG = logging.getLogger(__name__)


def make_folder(path: Path) -> None:
    """With all that is missing above it. What was there keeps its mode. Raises FileExistsError where a file is."""
    for missing in reversed([one for one in path.parents if not one.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)


def write_new(path: Path, data: bytes) -> None:
    """Raises OSError, also where something is."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        file.write(data)


def tighten(path: Path) -> None:
    """Takes all rights of others from it and from what is below it; follows no link, and leaves what is not ours."""
    tighten_one(path)
    for folder, folders, names in os.walk(path):
        for name in (*folders, *names):
            tighten_one(Path(folder, name))


def tighten_one(path: Path) -> None:
    """As ``tighten``, without what is below it."""
    with suppress(OSError):  # gone meanwhile, or of another account; ``kyodo doctor`` tells
        mode = path.lstat().st_mode
        if not S_ISLNK(mode) and mode & (S_IRWXG | S_IRWXO):
            path.chmod(mode & ~(S_IRWXG | S_IRWXO) & 0o7777)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """One process at a time, by a lock on the file ``path``; where none can be kept, none waits."""
    with ExitStack() as held:
        try:
            make_folder(path.parent)
            # Also for reading and without following links: it neither waits for a pipe nor empties what is not ours.
            number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            flock(held.enter_context(os.fdopen(number, "rb")), LOCK_EX)
        except OSError as error:  # two processes at worst do the same work
            _LOG.warning("KYODO_DATA のフォルダーの %s に書き込めません(%s)。", path.name, error.strerror)
        yield
