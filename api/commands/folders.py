"""Folders that commands write models to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.errors import Invalid


def replaceable(folder: Path) -> Path:
    """``folder``, asked before the work begins.

    Raises Invalid where it holds anything but a model or cannot be made, OSError.
    """
    from models import artefacts

    try:
        artefacts.replaceable(folder)
    except artefacts.NotReplaceable as error:
        raise Invalid(str(error)) from error
    above = next(one for one in folder.absolute().parents if one.exists())
    if not (above.is_dir() and os.access(above, os.W_OK)):
        raise Invalid(
            f"{above} に書き込めないため、{folder} を作れません。書き込める場所のフォルダーを指定してください。"
        )
    return folder


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """A failure names ``folder``, not the draft beside it. Raises Invalid, OSError."""
    from models.artefacts import NotReplaceable

    try:
        yield
    except NotReplaceable as error:
        raise Invalid(str(error)) from error
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error


def for_card(text: str) -> str:
    """Without the halves of characters that a file name may hold and a file in UTF-8 may not."""
    return text.encode("utf-8", "replace").decode()
