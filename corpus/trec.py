"""Runs and judgements in the field's own exchange formats, those of trec_eval."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from matcher.measures import Pair
from matcher.records import Qrels, Run


class BrokenRun(ValueError):
    """A run, a list of judgements or of pairs that is not in its format; the text is a Japanese sentence."""


def write_run(path: Path, run: Mapping[str, list[tuple[str, float]]], tag: str) -> None:
    """Six columns a line, ranks from 1, queries in the order given.

    Tools sort a run by score and break ties each in their own way; so a score that equals the one before is written as
    the next smaller number, and every tool reads our order.
    """
    with path.open("w", encoding="utf-8") as file:
        for query, ranked in run.items():
            before = math.inf
            for rank, (document, score) in enumerate(ranked, start=1):
                before = score if score < before else math.nextafter(before, -math.inf)
                file.write(f"{query} Q0 {document} {rank} {before!r} {tag}\n")


def read_run(path: Path) -> Run:
    """A six-column run. Raises BrokenRun, also when a document stands twice under one query."""
    run: dict[str, dict[str, float]] = {}
    for number, (query, _, document, _, score, _) in _lines(path, 6):
        if document in run.setdefault(query, {}):
            raise BrokenRun(f"{path.name} の{number}行目: {query} に {document} が2回あります。1回にしてください。")
        run[query][document] = _number(path, number, score)
    return run


def read_qrels(path: Path) -> Qrels:
    """Four columns a line: query, iteration, document, relevance. Raises BrokenRun."""
    qrels: dict[str, dict[str, int]] = {}
    for number, (query, _, document, relevance) in _lines(path, 4):
        value = _number(path, number, relevance)
        if not value.is_integer():
            raise BrokenRun(f"{path.name} の{number}行目: 正解の度合いの「{relevance}」を整数にしてください。")
        qrels.setdefault(query, {})[document] = int(value)
    return qrels


def read_pairs(path: Path) -> frozenset[Pair]:
    """Two columns a line: query, document. Raises BrokenRun."""
    return frozenset((query, document) for _, (query, document) in _lines(path, 2))


def _lines(path: Path, columns: int) -> Iterable[tuple[int, list[str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BrokenRun(f"{path.name} はUTF-8の文字列として読めません。UTF-8で保存してください。") from error
    for number, line in enumerate(text.splitlines(), start=1):
        cells = line.split()
        if cells and len(cells) != columns:
            raise BrokenRun(
                f"{path.name} の{number}行目: 空白で区切られた値が{len(cells)}個あります。{columns}個にしてください。"
            )
        if cells:
            yield number, cells


def _number(path: Path, line: int, written: str) -> float:
    try:
        value = float(written)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise BrokenRun(f"{path.name} の{line}行目:「{written}」は数として読めません。")
    return value
