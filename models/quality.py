"""``make quality``: how well the ranking does on the collections there are, against BM25 and part by part."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from matcher.matching import MatcherConfig
from matcher.measures import Measures, compare, evaluate, read_pairs, read_qrels, read_run
from models.baselines import rank_bm25
from models.ranking_files import rank_files

BENCH = Path(__file__).parents[2] / "shared" / "bench"
_BARS = {"kyodo-dev": ("nDCG@10", 0.43), "jsquad-valid": ("MRR@10", 0.93)}

Ranker = Callable[[Path, Path, Path], object]


@dataclass(frozen=True, slots=True)
class Collection:
    """A folder with issues, organisations, judgements and perhaps pairs to leave out."""

    name: str
    issues: Path
    organisations: Path
    qrels: Path
    exclude: Path

    def measure(self, ranker: Ranker) -> Measures:
        """Rank and judge."""
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            ranker(self.issues, self.organisations, run)
            pairs = read_pairs(self.exclude) if self.exclude.exists() else frozenset()
            return evaluate(read_run(run), read_qrels(self.qrels), pairs)


def systems() -> dict[str, Ranker]:
    """Name -> ranker; the area is ignored in all but the one that says so. The first is what differences refer to."""
    default = MatcherConfig().weighing(area=0.0)
    variants = {
        "kyodo": default,
        "kyodo without characters": default.weighing(characters=0.0),
        "kyodo without meaning": default.weighing(meaning=0.0),
        "kyodo, title counted twice": replace(default, part_weights=(2.0, 1.0, 1.0, 1.0)),
        "kyodo with area": MatcherConfig(),
    }
    return {"BM25 (bm25s, words)": rank_bm25} | {name: _ranker(config) for name, config in variants.items()}


def _ranker(config: MatcherConfig) -> Ranker:
    return lambda issues, organisations, out: rank_files(issues, organisations, out, config=config)


def collections(bench: Path) -> Iterator[Collection]:
    """Those that are there, by name."""
    for folder in sorted(path for path in bench.glob("*") if (path / "qrels.txt").is_file()):
        queries = _one(folder, "issues") or _one(folder, "queries")
        documents = _one(folder, "organisations") or _one(folder, "corpus")
        if queries and documents:
            yield Collection(folder.name, queries, documents, folder / "qrels.txt", folder / "exclude.txt")


def _one(folder: Path, name: str) -> Path | None:
    return next(iter(sorted(folder.glob(f"{name}.jsonl*"))), None)


def table(collection: Collection) -> Iterator[str]:
    """The rows of one collection, in Markdown; differences in nDCG@10 to the first system with a 95 % interval."""
    baseline: Measures | None = None
    for name, ranker in systems().items():
        measured = collection.measure(ranker)
        baseline = baseline or measured
        figures = (measured.ndcg, measured.mrr, measured.recall, measured.p1, measured.judged)
        paired = compare(measured, baseline)
        interval = f"{paired.difference:+.3f} ({paired.low:+.3f} to {paired.high:+.3f})"
        cells = [
            collection.name,
            name,
            *(f"{figure:.3f}" for figure in figures),
            interval if measured != baseline else "",
        ]
        yield f"| {' | '.join(cells)} |"
        bar = _BARS.get(collection.name)
        if name == "kyodo" and bar:
            reached = measured.ndcg if bar[0] == "nDCG@10" else measured.mrr
            sys.stderr.write(f"{collection.name}: {bar[0]} {reached:.4f}, bar {bar[1]}\n")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="make quality", description=__doc__)
    parser.add_argument("--bench", type=Path, default=BENCH)
    bench = parser.parse_args().bench
    found = list(collections(bench))
    if not found:
        sys.exit(f"There is no collection in {bench.name}; name a folder with --bench.")
    head = ["collection", "system", "nDCG@10", "MRR@10", "Recall@10", "P@1", "Judged@10", "nDCG@10 to BM25 (95 %)"]
    for line in (f"| {' | '.join(head)} |", "|" + "---|" * len(head)):
        sys.stdout.write(line + "\n")
    for collection in found:
        for line in table(collection):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
