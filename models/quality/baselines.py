"""What the ranking is measured against: another program's BM25 on Sudachi words, over the same texts."""

import logging
from collections.abc import Sequence
from pathlib import Path

import bm25s

from corpus.trec import write_run
from matcher.matching import first
from matcher.text import all_word_forms
from models.ranking_files import Entry, read_entries


def rank_bm25(issues: Path, organisations: Path, out: Path, k: int = 1000) -> None:
    """Write a run by bm25s (method lucene, k1 1.2, b 0.75): every text of an entry in one, no fields, no places.

    Terms: Sudachi mode A, normalised. Left out: 助詞 助動詞 補助記号 空白 記号 接続詞 感動詞 連体詞
    非自立可能 数詞.
    """
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    documents = sorted(read_entries(organisations), key=lambda entry: entry.id)
    reference = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    reference.index([_terms(entry) for entry in documents], show_progress=False)
    run = {}
    for entry in read_entries(issues):
        scores = reference.get_scores(_terms(entry))
        run[entry.id] = [(documents[i].id, float(scores[i])) for i in first(scores, k)]
    write_run(out, run, "bm25s-lucene")


def _terms(entry: Entry) -> Sequence[str]:
    return all_word_forms(entry.query().text)
