"""What a zip holds, member by member, never more of it than its directory says."""

import zipfile
from collections.abc import Iterator
from copy import copy
from typing import IO

_CHUNK = 1 << 16


class BrokenArchiveError(Exception):
    """A member is not what the directory says, or two members are called the same."""


def members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """By their names in small letters with plain slashes, as office programs compare them."""
    found: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = info.orig_filename.replace("\\", "/").lower()
        if name in found or "\0" in name:
            raise BrokenArchiveError("two members of one name, or a name that is cut")
        found[name] = info
    return found


def chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a member, some at a time, so that one that lies about its size costs no more than it says.

    Raises BrokenArchiveError for one that is longer than its directory says, and what zipfile raises.
    """
    longer = copy(info)
    longer.file_size += 1  # so that a longer member is noticed instead of being cut
    left = info.file_size
    with archive.open(longer) as part:
        while chunk := _next(part):
            left -= len(chunk)
            if left < 0:
                raise BrokenArchiveError("a member is longer than the directory says")
            yield chunk


def _next(part: IO[bytes]) -> bytes:
    return part.read(_CHUNK)


def content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """All ``chunks`` of a member in one. Raises as these do."""
    return b"".join(chunks(archive, info))
