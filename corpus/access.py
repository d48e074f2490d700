"""Who asks, and what of the issues they may see: the one place where a release level becomes a condition of SQL.

Only this file and the store of issues ask the table of issues; the package of the tables names it to make them whole.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, select, true

from corpus.records.issues import ReleaseLevel
from corpus.tables.issues import issues

UNKNOWN = ""  # the actor of rows from before anybody was written down


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who asks. ``actor`` is an opaque id, written beside what is recorded, never a name; None: records nothing.

    ``sees_all``: issues of every release level; else those released to everybody.
    """

    actor: str | None
    sees_all: bool


TERMINAL = Viewer(actor="terminal", sees_all=True)  # who uses the command on the server
LOCAL = Viewer(actor="local", sees_all=True)  # who uses the pages, as long as nobody signs in
ANONYMOUS = Viewer(actor=None, sees_all=False)
PROGRAM = Viewer(actor=None, sees_all=True)  # the program itself, which keeps its indexes up to date


def visible_issues(viewer: Viewer) -> ColumnElement[bool]:
    """Of the table of issues. A level that cannot be read is nobody's."""
    return true() if viewer.sees_all else issues.c.release_level == ReleaseLevel.PUBLIC.value


def of_visible_issues(viewer: Viewer, issue: ColumnElement[str]) -> ColumnElement[bool]:
    """Of rows that tell of an issue in the column ``issue``: what colleagues judged and noted is for colleagues.

    A viewer who neither records nor sees all is none of them.
    """
    if viewer.actor is None and not viewer.sees_all:
        return false()
    return true() if viewer.sees_all else issue.in_(select(issues.c.id).where(visible_issues(viewer)))
