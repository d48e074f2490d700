"""What can go wrong in a use case, said in words for the person who asked. HTTP is the business of ``api.failures``.

Every message is a whole Japanese sentence, may be shown as it is, and holds no text of an issue and no person's name.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing to put right: ``field`` names the input it belongs to (empty = none), ``message`` is a sentence."""

    field: str
    message: str


class KyodoError(Exception):
    """An expected failure; ``code`` is stable and in English, for programs."""

    code = "error"

    def __init__(self, message: str, details: tuple[Detail, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class NotFound(KyodoError):
    """Nothing is stored under what was asked for."""

    code = "not_found"


class Invalid(KyodoError):
    """Something typed or chosen cannot be used as it is."""

    code = "invalid"


class Conflict(KyodoError):
    """Someone else changed the same thing in the meantime; nothing was overwritten."""

    code = "conflict"


class AmbiguousPlaceGiven(Invalid):
    """The name of a place fits more than one place; the message asks which."""

    code = "ambiguous_place"


class NotReadable(KyodoError):
    """A file as a whole cannot be read."""

    code = "not_readable"


class Refused(KyodoError):
    """The request may not be made from where it comes from."""

    code = "refused"


class Preparing(KyodoError):
    """The answer is not ready yet, but will be: the same request succeeds a little later."""

    code = "preparing"


class Crowded(KyodoError):
    """Too many ask for the same kind of work at once; the same request succeeds a little later."""

    code = "busy"

    def __init__(self) -> None:
        super().__init__("いま混み合っているため、受け付けられませんでした。少し待ってから、もう一度お試しください。")
