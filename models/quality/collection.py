"""Folders of issues, organisations and judgements, and how a ranking of them is judged."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.trec import read_pairs, read_qrels, read_run
from matcher.measures import Measures, Pair, evaluate
from matcher.records import Qrels, Run
from models.ranking_files import Entry, read_entries

BENCH = Path(__file__).parents[3] / "shared" / "bench"

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
        """Figures of the run that ``ranker`` writes when given the paths of issues, organisations and run.

        Raises BrokenRun for a run or a judgement that is not in its format.
        """
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            ranker(self.issues, self.organisations, run)
            return self.judge(read_run(run))

    def judge(self, run: Run) -> Measures:
        """As ``measures.evaluate``, the pairs left out neither hits nor misses. Raises BrokenRun."""
        return evaluate(run, read_qrels(self.qrels), self.left_out())

    def left_out(self) -> frozenset[Pair]:
        """(issue, organisation) pairs of ``exclude``, none where there is no such file. Raises BrokenRun."""
        return read_pairs(self.exclude) if self.exclude.exists() else frozenset()

    def partners(self) -> Qrels:
        """Issue -> organisations that are right, those left out not among them; issues without any are not here."""
        left_out = self.left_out()
        right = {
            issue: {owner: grade for owner, grade in judged.items() if grade > 0 and (issue, owner) not in left_out}
            for issue, judged in read_qrels(self.qrels).items()
        }
        return {issue: owners for issue, owners in right.items() if owners}

    def judged_issues(self, most: int | None = None) -> Sequence[Entry]:
        """Those with a right organisation, by id; where they are more than ``most``, evenly spaced ones."""
        partners = self.partners()
        found = sorted((e for e in read_entries(self.issues) if e.id in partners), key=lambda entry: entry.id)
        return found if most is None else found[:: max(1, -(-len(found) // most))]


def collections(bench: Path) -> Iterator[Collection]:
    """A folder each that has judgements and both sides (issues or queries, organisations or corpus), by its name."""
    for folder in sorted(path for path in bench.glob("*") if (path / "qrels.txt").is_file()):
        queries = _one(folder, "issues") or _one(folder, "queries")
        documents = _one(folder, "organisations") or _one(folder, "corpus")
        if queries and documents:
            yield Collection(folder.name, queries, documents, folder / "qrels.txt", folder / "exclude.txt")


def _one(folder: Path, name: str) -> Path | None:
    return next(iter(sorted(folder.glob(f"{name}.jsonl*"))), None)
