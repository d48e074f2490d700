"""What the process that reads a file says, put together again and checked.

Whoever writes its lines, a process taken over by its file included, can give a wrong result and nothing worse.
"""

import json
from typing import Any

from pydantic import TypeAdapter

from corpus.readers.apart import handover
from corpus.readers.base import Kind, MappedColumn, Problem, Progress, ReadResult, Record, UnreadableFile

_CHECKS: dict[str, TypeAdapter[Any]] = {letter: TypeAdapter(kind) for letter, kind in handover.THINGS.items()}


class GarbledAnswer(Exception):
    """A line is not what a reader writes."""


class Answer:
    """The lines of one reading so far."""

    def __init__(self) -> None:
        self._things: list[Any] = []

    def take(self, line: bytes, progress: Progress | None) -> ReadResult | None:
        """One line; the result when it was the last. Raises ``UnreadableFile`` for a refusal, or GarbledAnswer."""
        rows = result = None
        try:
            letter, rest = line[:1].decode("ascii"), line[1:]
            if letter == handover.PROGRESS:
                rows = int(rest)
            else:
                result = self._take(letter, rest)
        except (ValueError, KeyError, TypeError, RecursionError) as error:  # what pydantic raises is a ValueError
            raise GarbledAnswer from error
        if rows is not None and progress:
            progress(rows)
        return result

    def _take(self, letter: str, rest: bytes) -> ReadResult | None:
        if letter == handover.REFUSED:
            told = json.loads(rest)
            raise UnreadableFile(str(told["message"]), kind_may_help=bool(told["kind_may_help"]))
        if letter == handover.END:
            return self._whole(json.loads(rest))
        self._things.append(_CHECKS[letter].validate_json(rest, strict=True))
        return None

    def _whole(self, told: Any) -> ReadResult:
        columns = tuple(one for one in self._things if isinstance(one, MappedColumn))
        problems = tuple(one for one in self._things if isinstance(one, Problem))
        return ReadResult(
            kind=Kind(told["kind"]),
            records=tuple(one for one in self._things if isinstance(one, Record)),
            mapping=columns,
            problems=problems,
            skipped=int(told["skipped"]),
            ignored=int(told["ignored"]),
        )
