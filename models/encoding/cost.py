"""What an encoder costs on this machine, measured on real texts."""

import resource
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from models.encoding.encoder import BATCH, SentenceEncoder
from models.ranking_files import read_entries

_MOST_TEXTS = 1000
_SINGLE = 20


@dataclass(frozen=True, slots=True)
class EncodingCost:
    """``per_thousand`` and ``single`` are medians in seconds: of whole batches, and of texts encoded one by one.

    ``memory`` is the most the process has held so far, in bytes, with the libraries and the model.
    """

    dimensions: int
    loading: float
    texts: int
    characters: int
    batches: int
    per_thousand: float
    single: float
    memory: int


def measure(folder: Path, texts: Sequence[str]) -> EncodingCost:
    """Open the encoder and read the first thousand of ``texts`` (at least one). Raises BrokenEncoder."""
    started = time.perf_counter()
    encoder = SentenceEncoder.open(folder)
    loading = time.perf_counter() - started
    texts = texts[:_MOST_TEXTS]
    batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    whole = [batch for batch in batches if len(batch) == BATCH] or batches
    encoder.encode_passages(whole[0])  # the first call prepares things that later ones find ready
    return EncodingCost(
        dimensions=encoder.dimensions,
        loading=loading,
        texts=len(texts),
        characters=sum(map(len, texts)),
        batches=len(whole),
        per_thousand=statistics.median(_seconds(encoder, batch) / len(batch) for batch in whole) * 1000,
        single=statistics.median(_seconds(encoder, [text]) for text in texts[:_SINGLE]),
        memory=_most_memory(),
    )


def texts_of(path: Path | None) -> list[str]:
    """The text of each line of a JSONL file; without one, of each sample organisation. Raises BrokenCollection."""
    if path is not None:
        return [entry.query().text for entry in read_entries(path)]
    with as_file(files("corpus").joinpath("data", "samples", "organisations.jsonl")) as samples:
        return [entry.query().text for entry in read_entries(samples)]


def _seconds(encoder: SentenceEncoder, batch: Sequence[str]) -> float:
    started = time.perf_counter()
    encoder.encode_passages(batch)
    return time.perf_counter() - started


def _most_memory() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
