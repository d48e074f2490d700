"""The sample collection: it fills an empty service, steps aside for real data, and does not come back once removed."""

from dataclasses import replace
from importlib.resources import files

from api.context import Context
from api.usecases.given import check_sees_all
from api.usecases.imports import store_records
from corpus.access import TERMINAL
from corpus.readers.base import Kind, ReadOptions, Record
from corpus.readers.read_file import read_file
from corpus.session import Session
from corpus.store import cases, issues, meta, organisations, samples

_FILES = {
    "organisations.jsonl": Kind.ORGANISATIONS,
    "issues.jsonl": Kind.ISSUES,
    "cases.jsonl": Kind.CASES,
}
_REMOVED = "samples_removed"


def load_if_empty(ctx: Context) -> bool:
    """Store the samples when nothing is stored and nobody removed them; says whether it did. For ``kyodo serve``."""
    with ctx.read(TERMINAL) as s:
        if not _wanted(s):
            return False
    records = [record for name, kind in _FILES.items() for record in _read(name, kind)]
    with ctx.write(TERMINAL) as s:
        if not _wanted(s):  # another process was quicker
            return False
        store_records(s, records)
    return True


def remove(s: Session, include_cases: bool = False) -> samples.RemovalCounts:
    """Remove the invented organisations and issues with all that refers to them; they are never loaded again.

    The past cases that came with them are published facts, not inventions: they go only when asked for. Raises Refused
    for a viewer who may not see all issues.
    """
    check_sees_all(s.viewer)
    removed = samples.remove(s, include_cases=include_cases)
    meta.put(s, _REMOVED, "yes")
    return removed


def _wanted(s: Session) -> bool:
    counts = [rows.count(s) for rows in (organisations, issues, cases)]
    empty = all(count.real + count.samples == 0 for count in counts)
    return empty and meta.get(s, _REMOVED) is None


def _read(name: str, kind: Kind) -> list[Record]:
    """The records of a file of the collection, marked as what came with the program."""
    data = files("corpus").joinpath("data", "samples", name).read_bytes()
    return [replace(record, is_sample=True) for record in read_file(name, data, ReadOptions(kind=kind)).records]
