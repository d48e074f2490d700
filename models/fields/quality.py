"""How well activity fields are told, by ten-fold cross-validation: ``python -m models.fields.quality``."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.activity_fields import label
from models.fields.baselines import LawWords, MostFrequent
from models.fields.classifier import CODES, LIKELY, MOST, Table
from models.fields.learning import LabelledText, Learner, Truth, examples, f1_by_field, folds, learn, truth_of, words_of
from models.ranking_files import read_entries

FOLDS = 10
BENCH = Path(__file__).parents[3] / "shared" / "bench"
FEWEST = 50  # labelled texts; fewer cannot be measured
MOST_FREQUENT, LAW, LEARNED = "多い分野を答える", "法律の言葉で比べる", "学習したモデル"
SYSTEMS: Mapping[str, Learner] = {MOST_FREQUENT: MostFrequent.learn, LAW: LawWords.learn, LEARNED: learn}
_T = 2.262  # Student's t for nine degrees of freedom, 97.5 %
_BINS = 10


class TooFewTexts(ValueError):
    """There are fewer labelled texts than ``FEWEST``; the text is a Japanese sentence."""


@dataclass(frozen=True, slots=True)
class FieldQuality:
    """Figures over texts that were not learned from, between 0 and 1; ``by_field`` is nan for a field no text has.

    ``calibration``: the expected calibration error, |mean probability - share| in ten bins of equal width, by size.
    ``by_fold``: macro-F1 over the fields that the fold has. ``likely`` and ``possible``: the share of fields proposed
    (at most three a text) that an annotator had given too, from ``LIKELY`` on and below.
    """

    macro: float
    micro: float
    brier: float
    calibration: float
    likely: float
    possible: float
    by_field: Table
    by_fold: Table


@dataclass(frozen=True, slots=True)
class FieldResults:
    """Figures by the names of ``SYSTEMS``; ``by_field``: how many texts have each field, in the order of ``CODES``."""

    by_field: NDArray[np.intp]
    measured: Mapping[str, FieldQuality]

    @property
    def difference(self) -> tuple[float, float, float]:
        """In macro-F1, of the learned one to the words of the law, with its 95 % interval."""
        return compare(self.measured[LEARNED], self.measured[LAW])

    @property
    def better(self) -> bool:
        """The whole interval is above 0."""
        return self.difference[1] > 0


def read_examples(path: Path) -> list[LabelledText]:
    """From a JSONL file of organisations: purpose, activities and offers, never the name. Raises BrokenCollection."""
    entries = read_entries(path)
    return examples((e.id, "\n".join(t for t in (e.aim, e.body, e.offer) if t), e.fields) for e in entries)


def measure(given: Sequence[LabelledText], learner: Learner) -> FieldQuality:
    """Everything that is learned, thresholds included, is learned from the other nine folds."""
    truth = truth_of(given)
    probabilities, decided, proposed = np.zeros(truth.shape), np.zeros_like(truth), np.zeros_like(truth)
    by_fold = []
    for train, test in folds(len(given), FOLDS, seed=0):
        model = learner([given[i] for i in train])
        probabilities[test] = model.probabilities(words_of([given[i] for i in test]))
        decided[test] = probabilities[test] >= model.threshold
        proposed[test] = decided[test] & _first(probabilities[test])
        by_fold.append(float(np.nanmean(f1_by_field(decided[test], truth[test]))))
    by_field = f1_by_field(decided, truth)
    likely = proposed & (probabilities >= LIKELY)
    return FieldQuality(
        macro=float(np.nanmean(by_field)),
        micro=float(2 * (decided & truth).sum() / max(1, decided.sum() + truth.sum())),
        brier=float(((probabilities - truth) ** 2).mean()),
        calibration=_calibration_error(probabilities, truth),
        likely=_share(truth[likely]),
        possible=_share(truth[proposed & ~likely]),
        by_field=by_field,
        by_fold=np.array(by_fold),
    )


def _first(probabilities: Table) -> Truth:
    """The ``MOST`` highest cells of each row, ties by code."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :MOST]
    chosen = np.zeros(probabilities.shape, dtype=bool)
    np.put_along_axis(chosen, order, True, axis=1)
    return chosen


def _share(cells: NDArray[np.bool_]) -> float:
    return float(cells.mean()) if cells.size else float("nan")


def _calibration_error(probabilities: Table, truth: Truth) -> float:
    bins = np.minimum((probabilities * _BINS).astype(int), _BINS - 1)
    parts = (bins == each for each in range(_BINS))
    gaps = ((abs(probabilities[part].mean() - truth[part].mean()), part.mean()) for part in parts if part.any())
    return float(sum(gap * share for gap, share in gaps))


def compare(ours: FieldQuality, theirs: FieldQuality) -> tuple[float, float, float]:
    """Mean paired difference in macro-F1 over the folds, and its 95 % interval (Student's t)."""
    differences = ours.by_fold - theirs.by_fold
    mean = float(differences.mean())
    half = _T * float(differences.std(ddof=1)) / len(differences) ** 0.5
    return mean, mean - half, mean + half


def judge(given: Sequence[LabelledText]) -> FieldResults:
    """Cross-validate all systems. Raises TooFewTexts."""
    if len(given) < FEWEST:
        raise TooFewTexts(
            f"分野の付いた団体の文章が{len(given)}件しかありません。学ぶには{FEWEST}件以上が必要です。"
            "分野を書き入れた名簿を用意してください。"
        )
    return FieldResults(
        truth_of(given).sum(axis=0), {name: measure(given, learner) for name, learner in SYSTEMS.items()}
    )


def tables(judged: FieldResults) -> Iterator[str]:
    """Two tables in Markdown, in Japanese: the systems, and the F1 of each field that some text has."""
    yield "| 仕組み | マクロF1 | ミクロF1 | ブライアスコア | 較正の誤差(ECE) |"
    yield "|---|---:|---:|---:|---:|"
    for name, one in judged.measured.items():
        yield _row(name, (one.macro, one.micro, one.brier, one.calibration))
    mean, low, high = judged.difference
    ours = judged.measured[LEARNED]
    yield f"\n「{LEARNED}」と「{LAW}」とのマクロF1の差は、{FOLDS}組の平均で{mean:+.3f}です"
    yield f"(対になった差の95%信頼区間は{low:+.3f}から{high:+.3f})。"
    yield f"「{LEARNED}」の案のうち正しかった割合は、確率{LIKELY}以上で{ours.likely:.2f}、"
    yield f"それ未満で{ours.possible:.2f}です。\n"
    yield f"| 分野(F1) | 文章の数 | {' | '.join(judged.measured)} |"
    yield "|---|---:|" + "---:|" * len(judged.measured)
    for column in np.flatnonzero(judged.by_field).tolist():
        scores = [float(one.by_field[column]) for one in judged.measured.values()]
        yield _row(f"{label(CODES[column])} | {judged.by_field[column]}", scores)


def _row(name: str, figures: Iterable[float]) -> str:
    return f"| {name} | {' | '.join(f'{figure:.3f}' for figure in figures)} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m models.fields.quality", description=__doc__)
    parser.add_argument("--organisations", type=Path, default=BENCH / "kyodo-dev" / "organisations.jsonl")
    path = parser.parse_args().organisations
    if not path.is_file():
        sys.exit(f"There is no {path.name}; name a file with --organisations.")
    for line in tables(judge(read_examples(path))):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
