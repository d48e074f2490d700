"""What a request works with: one connection, one view of the database, one viewer."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from corpus.access import PROGRAM, Viewer


@dataclass(frozen=True, slots=True)
class Session:
    """For the length of a request. ``conn`` is inside a transaction: one of reading, or one of writing."""

    conn: Connection
    viewer: Viewer

    @property
    def actor(self) -> str:
        """Who is written down beside what is recorded. Raises PermissionError for a viewer who records nothing."""
        if self.viewer.actor is None:
            raise PermissionError("this viewer records nothing")
        return self.viewer.actor

    def as_program(self) -> "Session":
        """The same view for the program itself: for what has to be the same whoever asks."""
        return replace(self, viewer=PROGRAM)
