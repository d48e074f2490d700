"""The systems compared: another program's BM25, the program as shipped, and the program with one thing changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from matcher.analysis import LanguageResources
from matcher.matching import Matcher, MatcherConfig
from matcher.measures import Measures
from models.quality.baselines import rank_bm25
from models.quality.collection import Collection, Ranker
from models.quality.floors import STEERING
from models.quality.past_cases import measure_with_cases
from models.quality.weighing import (
    DEFAULT,
    PLACELESS,
    CrossFittedWeights,
    FeatureTable,
    Weighing,
    examples,
    fitted,
    learn,
    look,
    weighed,
)
from models.ranking_files import rank_files
from models.weights import WeightTable

CITIES = "kyodo-dev"  # the collection with places, and with pairs that can stand for past cases
BM25 = "BM25(bm25s、lucene、k1 1.2、b 0.75、Sudachi A単位の正規化形)"
OURS = "**このプログラム**"
LEARNED, AREA = "学習した重み(その課題を見ずに)", "地域あり"
CASES = {"過去の事例あり(重み0.05、その課題を除く)": 0.05, "過去の事例あり(重み0.3、その課題を除く)": 0.3}
_LEFT_OUT = {
    "語なし": "words",
    "文字なし": "characters",
    "言いかえなし": "synonyms",
    "意味なし": "meaning",
    "分野なし": "fields",
}
_ONCE = "団体名を1回だけ数える"


@dataclass(frozen=True, slots=True)
class FittedCollection:
    """A collection made ready. ``kept``: what was looked up already, where something is learned from it."""

    collection: Collection
    matcher: Matcher
    kept: tuple[FeatureTable, ...] = ()

    @classmethod
    def of(cls, collection: Collection, learned: LanguageResources) -> "FittedCollection":
        """Fits the organisations without their places; looks the issues up at once in a collection of ``STEERING``."""
        matcher = fitted(collection, learned)
        kept = tuple(look(collection, matcher)) if collection.name in STEERING else ()
        return cls(collection, matcher, kept)

    def looked(self) -> Iterable[FeatureTable]:
        """Every judged issue, by id."""
        return self.kept or look(self.collection, self.matcher)


def learned_weights(counted: Iterable[FittedCollection]) -> CrossFittedWeights | None:
    """From the collections that are like each other; None where there is none of them."""
    given = [example for one in counted for example in examples(one.collection, one.matcher.owners, one.kept)]
    return learn(given) if given else None


def measure(
    counted: FittedCollection, learned: LanguageResources, weights: CrossFittedWeights | None
) -> dict[str, Measures]:
    """System -> figures, the baseline first and the program as shipped second."""
    collection = counted.collection
    found = {BM25: collection.measure(rank_bm25)}
    found |= weighed(collection, counted.matcher.owners, counted.looked(), _systems(collection.name, weights))
    once = fitted(collection, learned, replace(PLACELESS, text_weights=(1.0, 1.0, 1.0, 1.0)))
    found |= weighed(collection, once.owners, look(collection, once), {_ONCE: _always(DEFAULT)})
    if collection.name == CITIES:
        found |= {name: measure_with_cases(collection, learned, weight) for name, weight in CASES.items()}
        found[AREA] = collection.measure(_with_area(learned))
    return found


def _systems(collection: str, weights: CrossFittedWeights | None) -> dict[str, Weighing]:
    systems = {OURS: _always(DEFAULT)}
    systems |= {name: _always({**DEFAULT, part: 0.0}) for name, part in _LEFT_OUT.items()}
    return systems | ({LEARNED: weights.weighing(collection)} if weights else {})


def _always(weights: WeightTable) -> Weighing:
    return lambda query: weights


def _with_area(learned: LanguageResources) -> Ranker:
    config = MatcherConfig()
    return lambda issues, organisations, out: rank_files(issues, organisations, out, config=config, learned=learned)


def by_system(measured: Mapping[str, Mapping[str, Measures]], system: str) -> dict[str, Measures]:
    """Collection -> figures of one system."""
    return {collection: found[system] for collection, found in measured.items() if system in found}
