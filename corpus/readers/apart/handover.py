"""What was read, on its way from the process that read it to the one that asked: JSON, a thing a line, no code in it.

A line is one letter that says what follows, and the thing itself without what it has by default.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import date
from itertools import chain
from typing import Any

from corpus.readers.base import (
    ItemOverride,
    Kind,
    MappedColumn,
    Problem,
    ReadOptions,
    ReadResult,
    UnreadableFile,
)
from corpus.records.cases import Case
from corpus.records.issues import Issue
from corpus.records.organisations import Organisation

PROGRESS, END, REFUSED = "n", "e", "x"
THINGS: Mapping[str, type[Any]] = {"o": Organisation, "i": Issue, "c": Case, "m": MappedColumn, "p": Problem}
_LETTERS = {kind: letter for letter, kind in THINGS.items()}
_DEFAULTS = {kind: [(field.name, field.default) for field in fields(kind)] for kind in THINGS.values()}


def question(name: str, options: ReadOptions) -> str:
    """The one line that goes before a file's bytes."""
    return json.dumps({"name": name, "options": asdict(options)})


def asked(line: str) -> tuple[str, ReadOptions]:
    """The reverse of ``question``."""
    told = json.loads(line)
    options = told["options"]
    options["kind"] = Kind(options["kind"]) if options["kind"] else None
    options["overrides"] = tuple(ItemOverride(**override) for override in options["overrides"])
    return told["name"], ReadOptions(**options)


def lines_of(result: ReadResult) -> Iterator[str]:
    """The result as lines; the last one says that it is whole."""
    for thing in chain(result.records, result.mapping, result.problems):
        yield _LETTERS[type(thing)] + _written(thing)
    yield END + json.dumps({"kind": result.kind, "skipped": result.skipped, "ignored": result.ignored})


def refusal(error: UnreadableFile) -> str:
    """The line of a file that cannot be read."""
    return REFUSED + json.dumps({"message": str(error), "kind_may_help": error.kind_may_help})


def _written(thing: Any) -> str:
    said = {name: value for name, default in _DEFAULTS[type(thing)] if (value := getattr(thing, name)) != default}
    return json.dumps(said, ensure_ascii=False, default=_plain, check_circular=False)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return sorted(value)
