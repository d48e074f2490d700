"""One collection counted once and weighed in many ways; what is learned from it is judged on other queries."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from matcher.analysis import LanguageResources
from matcher.matching import Matcher, MatcherConfig, first
from matcher.measures import CUTOFF, Measures
from matcher.records import Query
from models.quality.collection import Collection
from models.ranking_files import Entry, read_entries
from models.weights import Float64Array, LabelledQuery, WeightsConfig, WeightTable, cross_fitted, fit_weights

Weighing = Callable[[str], WeightTable]  # the weights for a query, by its id

PLACELESS = MatcherConfig().weighing(area=0.0)
DEFAULT: WeightTable = PLACELESS.weights.learnable
FEATURES = tuple(DEFAULT)


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """What the parts give for a query: ``features`` as of ``Matcher.features``, before any weight."""

    query: Query
    features: Float64Array


@dataclass(frozen=True, slots=True)
class CrossFittedWeights:
    """``out_of_fold``: collection/query -> weights learned without it; ``all``: learned from every query."""

    out_of_fold: Mapping[str, WeightTable]
    all: WeightTable

    def weighing(self, collection: str) -> Weighing:
        """For a collection's queries; one that nothing was learned from gets ``all``."""
        return lambda query: self.out_of_fold.get(f"{collection}/{query}", self.all)


def fitted(collection: Collection, learned: LanguageResources, config: MatcherConfig = PLACELESS) -> Matcher:
    """A matcher of the organisations, one document each. Raises BrokenCollection."""
    return Matcher.fit([entry.document() for entry in read_entries(collection.organisations)], config, learned)


def look(collection: Collection, matcher: Matcher) -> Iterator[FeatureTable]:
    """Every issue with a right organisation, by id."""
    return (look_at(matcher, entry) for entry in collection.judged_issues())


def look_at(matcher: Matcher, issue: Entry) -> FeatureTable:
    """One issue, whatever collection it is from."""
    query = issue.query()
    return FeatureTable(query, matcher.features(query))


def scores(features: Float64Array, weights: WeightTable) -> Float64Array:
    """What a matcher of these weights gives, to the last bit: summed part after part, as it does."""
    total = np.zeros(len(features))
    for number, part in enumerate(FEATURES):
        total += weights[part] * features[:, number]
    return total


def weighed(
    collection: Collection, owners: Sequence[str], looked: Iterable[FeatureTable], systems: Mapping[str, Weighing]
) -> dict[str, Measures]:
    """Every system over the same looks, which are gone through once."""
    runs: dict[str, dict[str, dict[str, float]]] = {name: {} for name in systems}
    # Pairs to leave out are taken from a ranking before it is cut.
    depth = CUTOFF + max(Counter(issue for issue, _ in collection.left_out()).values(), default=0)
    for one in looked:
        for name, weighing in systems.items():
            found = scores(one.features, weighing(one.query.id))
            runs[name][one.query.id] = {owners[i]: float(found[i]) for i in first(found, depth)}
    return {name: collection.judge(run) for name, run in runs.items()}


def examples(collection: Collection, owners: Sequence[str], looked: Iterable[FeatureTable]) -> Iterator[LabelledQuery]:
    """To learn from, the pairs left out not among them; ids begin with the collection's name."""
    left_out, partners = collection.left_out(), collection.partners()
    for one in looked:
        kept = [n for n, owner in enumerate(owners) if (one.query.id, owner) not in left_out]
        relevant = np.array([owners[n] in partners[one.query.id] for n in kept], dtype=bool)
        yield LabelledQuery(f"{collection.name}/{one.query.id}", one.features[kept], relevant)


def learn(given: Sequence[LabelledQuery]) -> CrossFittedWeights:
    """Ten folds over all collections. A part that gives nothing anywhere is not learned: it keeps its default."""
    heard = [n for n in range(len(FEATURES)) if any(one.features[:, n].any() for one in given)]
    parts = [FEATURES[n] for n in heard]
    seen = [LabelledQuery(one.query, one.features[:, heard], one.relevant) for one in given]
    config = WeightsConfig(DEFAULT)
    by_query = {query: {**DEFAULT, **found} for query, found in cross_fitted(parts, seen, config).items()}
    return CrossFittedWeights(by_query, {**DEFAULT, **fit_weights(parts, seen, config)})
