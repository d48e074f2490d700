"""Is there a good match at all? What tells a list with the right partner from the list without, and how often it errs.

One partner is known where several would do, so a list without that partner may still hold a good one: the rate of lists
called good without reason is an upper bound.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.matching import Matcher, first
from matcher.measures import CUTOFF
from matcher.text import word_forms
from models.quality.collection import Collection
from models.quality.rates import Share
from models.quality.weighing import DEFAULT, FEATURES, FeatureTable, scores
from models.weights import Float64Array

FOLDS = 10
MOST_WRONG = 0.1
SAMPLE = 100  # issues, where all would take too long
_RESAMPLES = 2_000
_SEED = 20_261_122


@dataclass(frozen=True, slots=True)
class ListFeatures:
    """What the organisations of one list give: ``features`` and ``scores`` by row, ``words`` of the issue."""

    features: Float64Array
    scores: Float64Array
    words: int

    def most(self, *parts: str) -> float:
        """The most that one of the first ten has of these parts together, weighed."""
        columns = [DEFAULT[part] * self.features[first(self.scores, CUTOFF), FEATURES.index(part)] for part in parts]
        return float(sum(columns, np.zeros(1)).max(initial=0.0))

    def deviation(self) -> float:
        """How many standard deviations the first lies above the mean of all."""
        spread = float(self.scores.std()) if len(self.scores) else 0.0
        return float(self.scores.max() - self.scores.mean()) / spread if spread else 0.0


_TEXT = ("words", "characters", "synonyms", "meaning")
CLUE, SCORE = "語×√語数", "語・文字・言いかえ・意味の和"
STATISTICS: Mapping[str, Callable[[ListFeatures], float]] = {
    CLUE: lambda one: one.most("words") * one.words**0.5,
    "(語+言いかえ)×√語数": lambda one: one.most("words", "synonyms") * one.words**0.5,
    "語": lambda one: one.most("words"),
    SCORE: lambda one: one.most(*_TEXT),
    f"{SCORE}×√語数": lambda one: one.most(*_TEXT) * one.words**0.5,
    "意味": lambda one: one.most("meaning"),
    "1番目の点の偏差": ListFeatures.deviation,
    "1番目と2番目の点の差": lambda one: float(np.diff(np.sort(one.scores)[-2:]).sum()),
}


@dataclass(frozen=True, slots=True)
class Errors:
    """``none_in_ten``: said to have no good match though the partner is among the first ten; ``none_anywhere``: though
    it is in the collection; ``good_without``: called good though every partner was taken out.
    """

    none_in_ten: Share
    none_anywhere: Share
    good_without: Share


@dataclass(frozen=True, slots=True)
class ListStatistics:
    """A statistic of each issue's list with its partners and without; ``in_ten``: a partner is among the first ten.

    ``foreign``: by another collection's name, of the lists that its issues get here.
    """

    present: Float64Array
    absent: Float64Array
    in_ten: NDArray[np.bool_]
    foreign: Mapping[str, Float64Array]

    def errors(self, thresholds: Float64Array | float) -> Errors:
        """Where a list is good from the threshold on; one threshold, or one an issue."""
        return _errors(self.present < thresholds, self.absent >= thresholds, self.in_ten)

    def part(self, chosen: NDArray[np.bool_]) -> "ListStatistics":
        """Of the issues where ``chosen``, shape (issues,), says so; ``foreign`` stays whole."""
        return ListStatistics(self.present[chosen], self.absent[chosen], self.in_ten[chosen], self.foreign)


def _errors(none: NDArray[np.bool_], good: NDArray[np.bool_], in_ten: NDArray[np.bool_]) -> Errors:
    return Errors(
        Share(int((none & in_ten).sum()), int(in_ten.sum())),
        Share(int(none.sum()), len(none)),
        Share(int(good.sum()), len(good)),
    )


def told(
    collection: Collection,
    owners: Sequence[str],
    looked: Sequence[FeatureTable],
    foreign: Mapping[str, Sequence[FeatureTable]],
) -> dict[str, ListStatistics]:
    """By statistic. "Without" means passed over, as a ranking does: the others' figures stay."""
    rows, in_ten = [], []
    partners, left_out = collection.partners(), collection.left_out()
    for one in looked:
        counted = np.array([(one.query.id, owner) not in left_out for owner in owners])
        right = np.array([owner in partners[one.query.id] for owner in owners])
        present, absent = _listed(one, counted), _listed(one, counted & ~right)
        in_ten.append(bool(right[counted][first(present.scores, CUTOFF)].any()))
        rows.append([_row_of(present), _row_of(absent)])
    others = {name: np.array([_row_of(_listed(one)) for one in looks]).T for name, looks in foreign.items()}
    table, found = np.array(rows).transpose(2, 1, 0), np.array(in_ten, dtype=bool)
    return {
        name: ListStatistics(table[n, 0], table[n, 1], found, {other: values[n] for other, values in others.items()})
        for n, name in enumerate(STATISTICS)
    }


def _listed(one: FeatureTable, rows: NDArray[np.bool_] | slice = slice(None)) -> ListFeatures:
    features = one.features[rows]
    return ListFeatures(features, scores(features, DEFAULT), len(word_forms(one.query.text)))


def _row_of(listed: ListFeatures) -> list[float]:
    return [tell(listed) for tell in STATISTICS.values()]


def shipped_errors(collection: Collection, matcher: Matcher) -> Errors:
    """Of ``Ranking.good_match`` itself, over at most ``SAMPLE`` issues: evidence takes its time."""
    partners, left_out = collection.partners(), collection.left_out()
    rows = []
    for entry in collection.judged_issues(SAMPLE):
        right = partners[entry.id]
        apart = {owner for issue, owner in left_out if issue == entry.id}
        found = matcher.rank(entry.query(), CUTOFF, apart)
        in_ten = any(one.owner in right for one in found.suggestions)
        without = matcher.rank(entry.query(), CUTOFF, apart | right.keys()) if in_ten else found
        rows.append((not found.good_match, without.good_match, in_ten))
    none, good, some_in_ten = np.array(rows, dtype=bool).T
    return _errors(none, good, some_in_ten)


def called_good(matcher: Matcher, looked: Sequence[FeatureTable]) -> Share:
    """How many of these issues are shown a good match, by ``Ranking.good_match`` itself."""
    return Share(sum(matcher.rank(one.query, CUTOFF).good_match for one in looked), len(looked))


def auc(one: ListStatistics) -> tuple[float, float, float]:
    """The chance that a list with its partners has more than another without, ties half; 95 %, by issues drawn."""
    wins = _wins(one.present, one.absent)
    size = len(wins)
    times = np.random.default_rng(_SEED).multinomial(size, np.full(size, 1 / size), _RESAMPLES)
    low, high = np.quantile(((times @ wins) * times).sum(axis=1) / size**2, [0.025, 0.975])
    return float(wins.mean()), float(low), float(high)


def _wins(ours: Float64Array, theirs: Float64Array) -> Float64Array:
    wins: Float64Array = (ours[:, None] > theirs) + 0.5 * (ours[:, None] == theirs)
    return wins


def careful(one: ListStatistics) -> float:
    """The highest that calls none good in at most ``MOST_WRONG`` of the lists with a partner among the ten."""
    found = np.sort(one.present[one.in_ten])
    return float(found[int(MOST_WRONG * len(found))]) if len(found) else 0.0


def even(one: ListStatistics) -> float:
    """Where the rates of none in ten and of good without have the smallest sum; the lowest of equals."""
    bounds = np.unique(np.concatenate([one.present, one.absent]))
    none = np.searchsorted(np.sort(one.present[one.in_ten]), bounds) / max(1, one.in_ten.sum())
    missed = np.searchsorted(np.sort(one.absent), bounds) / len(one.absent)
    return float(bounds[np.argmin(none - missed)])


def sure(one: ListStatistics) -> float:
    """The lowest that is reached by at most ``MOST_WRONG`` of the lists without their partners."""
    found = np.sort(one.absent)[::-1]
    return float(np.nextafter(found[int(MOST_WRONG * len(found))], np.inf))


RULES: Mapping[str, Callable[[ListStatistics], float]] = {
    f"「なし」の誤りを{MOST_WRONG:.0%}以下に": careful,
    "2つの誤りの和を最小に": even,
    f"「あり」の誤りを{MOST_WRONG:.0%}以下に": sure,
}


def out_of_fold(one: ListStatistics, rule: Callable[[ListStatistics], float]) -> Errors:
    """Each issue by the threshold that the other folds gave; issue i is in fold ``i % FOLDS``."""
    fold = np.arange(len(one.present)) % FOLDS
    thresholds = np.array([rule(one.part(fold != number)) for number in range(FOLDS)])
    return one.errors(thresholds[fold])


def telling(found: Mapping[str, Mapping[str, ListStatistics]]) -> Iterator[str]:
    """How well each statistic tells, a Markdown row each; ``found`` by collection and statistic."""
    foreign = [(name, other) for name, by_name in found.items() for other in by_name[CLUE].foreign]
    columns = [*(f"{name} 相手を除いた一覧" for name in found), *(f"{name} {other}の文章" for name, other in foreign)]
    yield f"| 見分ける数(10件のうち最大) | {' | '.join(columns)} |"
    yield "|---|" + "---:|" * len(columns)
    for statistic in STATISTICS:
        own = ["{:.2f}({:.2f}〜{:.2f})".format(*auc(by_name[statistic])) for by_name in found.values()]
        others = [f"{_foreign_auc(found[name][statistic], other):.2f}" for name, other in foreign]
        yield f"| {statistic} | {' | '.join([*own, *others])} |"


def _foreign_auc(one: ListStatistics, other: str) -> float:
    """Of lists with a partner among the ten against the lists of issues that are not from here."""
    return float(_wins(one.present[one.in_ten], one.foreign[other]).mean()) if one.in_ten.any() else float("nan")


def erring(
    found: Mapping[str, Mapping[str, ListStatistics]],
    shipped: Mapping[str, Errors],
    foreign_shipped: Mapping[str, Share],
) -> Iterator[str]:
    """How often each rule errs, a Markdown row each; ``foreign_shipped`` are those ``called_good`` without reason."""
    head = [
        "正解集",
        "規則",
        "境目",
        "10件に相手がいるのに「なし」",
        "相手がいるのに「なし」",
        "相手を除いても「あり」",
    ]
    yield f"| {' | '.join(head)} | よその文章でも「あり」 |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for collection, by_name in found.items():
        yield _row([collection, "**いまの規則**", ""], shipped[collection], str(foreign_shipped.get(collection, "")))
        for statistic in (CLUE, SCORE):
            one = by_name[statistic]
            for says, rule in RULES.items():
                bound = rule(one)
                foreign = np.array([value for values in one.foreign.values() for value in values.tolist()])
                wrong = str(Share(int((foreign >= bound).sum()), len(foreign))) if len(foreign) else ""
                yield _row([collection, f"{statistic}: {says}", f"{bound:.3f}"], out_of_fold(one, rule), wrong)


def _row(first_cells: Sequence[str], errors: Errors, last: str) -> str:
    rates = (errors.none_in_ten, errors.none_anywhere, errors.good_without)
    return f"| {' | '.join([*first_cells, *map(str, rates), last])} |"
