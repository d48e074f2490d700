"""``make quality``: the ranking against BM25 and part by part, the floors under it, and what else is judged.

The exit code is 1 when a floor is missed or nothing can be measured.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from matcher.analysis import LanguageResources
from matcher.measures import Measures, compare
from models.fields import quality as field_quality
from models.learned import find_learned
from models.quality import no_match
from models.quality.collection import BENCH, Collection, collections
from models.quality.floors import STEERING, Floor, floors, interval
from models.quality.past_cases import met_again
from models.quality.reverse import measure_reverse, reverse_lines
from models.quality.systems import BM25, CITIES, LEARNED, OURS, FittedCollection, by_system, learned_weights, measure
from models.quality.weighing import DEFAULT, CrossFittedWeights, FeatureTable, look_at

Measured = dict[str, dict[str, Measures]]  # collection -> system -> figures

_ABOUT = """
BM25の語から除いたもの: 助詞 助動詞 補助記号 空白 記号 接続詞 感動詞 連体詞 非自立可能 数詞。
かっこの中は、対になった差の95%信頼区間です。地域は「地域あり」の行でだけ見ます。
課題には分野が付いていないため、「分野なし」は変わりません。
"""
_NO_MATCH = """
### 「よい相手がいない」と言えるか

1つ目の表は、本当の相手が載った一覧を、そうでない一覧から見分けられる割合(AUC。0.5は当てずっぽう)です。
「相手を除いた一覧」は、同じ課題の一覧から本当の相手をすべて除いたものです。
「…の文章」は、その団体に向けたものではない文章(百科事典についての質問や国の事業)への一覧です。
2つ目の表は誤りの割合です(かっこの中はウィルソンの95%信頼区間)。境目はすべての課題から、割合はその課題を見ずに決めた境目で求めました。
正解として分かっている相手は1つの課題にほぼ1つで、一覧のほかの団体にも力になれるところはありえます。
「相手を除いても『あり』」は、まちがいの割合の上限です。
"""


def head() -> Iterator[str]:
    """The first two lines of the table."""
    names = ["正解集", "仕組み", "nDCG@10", "MRR@10", "Recall@10", "P@1", "Judged@10"]
    names += ["BM25との差(nDCG@10)", "このプログラムとの差(nDCG@10)"]
    yield f"| {' | '.join(names)} |"
    yield "|---|---|" + "---:|" * (len(names) - 2)


def rows(collection: str, measured: Mapping[str, Measures]) -> Iterator[str]:
    """The rows of one collection, in Markdown."""
    for name, one in measured.items():
        figures = (f"{value:.3f}" for value in (one.ndcg, one.mrr, one.recall, one.p1, one.judged))
        to_bm25 = interval(compare(one, measured[BM25])) if name != BM25 else ""
        to_ours = interval(compare(one, measured[OURS])) if name not in (BM25, OURS) else ""
        yield f"| {' | '.join([collection, name, *figures, to_bm25, to_ours])} |"


def floor_lines(found: Sequence[Floor]) -> Iterator[str]:
    """A Markdown table."""
    yield "\n### 下回ってはいけない線\n"
    yield "| 線 | 測った値 | 判定 |"
    yield "|---|---|---|"
    for one in found:
        yield f"| {one.says} | {one.figures} | {one.verdict} |"


def learned_lines(weights: CrossFittedWeights, measured: Measured) -> Iterator[str]:
    """What was learned, and whether it is any better."""
    yield "\n### 学習した重み\n"
    shown = "、".join(f"{part} {value:g}(既定 {DEFAULT[part]:g})" for part, value in weights.all.items())
    yield f"すべての課題から学習した重み: {shown}\n"
    differences = {name: compare(found[LEARNED], found[OURS]) for name, found in measured.items() if name in STEERING}
    better = [name for name, one in differences.items() if one.low > 0]
    if better:
        yield f"学習した重みのほうが良い(区間の全体が0を上回る)正解集は、{'、'.join(better)}です。"
    else:
        yield "学習した重みのほうが良い(区間の全体が0を上回る)正解集はありません。既定の重みを使います。"


def case_lines(collection: Collection) -> Iterator[str]:
    """How much there is for cases to tell."""
    again, all = met_again(collection), len(collection.partners())
    yield "\n### 過去の事例\n"
    yield f"{collection.name}の{all}件の課題のうち、同じ相手がほかの課題にもいるのは{again}件です。"
    yield "ほかの課題では、事例はその相手に似た団体を押し上げるだけです。"


def no_match_lines(counted: Sequence[FittedCollection]) -> Iterator[str]:
    """For the collections that are like each other; texts of all others are foreign to the cities'."""
    found, shipped, foreign_shipped = {}, {}, {}
    for one in counted:
        if len(one.kept) > 1:  # a threshold is judged on issues that did not choose it
            name, foreign = one.collection.name, _foreign(one, counted)
            found[name] = no_match.told(one.collection, one.matcher.owners, one.kept, foreign)
            shipped[name] = no_match.shipped_errors(one.collection, one.matcher)
            if foreign:
                looked = [look for looks in foreign.values() for look in looks]
                foreign_shipped[name] = no_match.called_good(one.matcher, looked)
    if found:
        yield _NO_MATCH
        yield from no_match.telling(found)
        yield ""
        yield from no_match.erring(found, shipped, foreign_shipped)


def _foreign(one: FittedCollection, counted: Sequence[FittedCollection]) -> dict[str, Sequence[FeatureTable]]:
    """By collection, issues asked where they do not belong; only the cities' organisations get any."""
    others = [other.collection for other in counted if other is not one and one.collection.name == CITIES]
    return {
        other.name: [look_at(one.matcher, issue) for issue in other.judged_issues(no_match.SAMPLE)] for other in others
    }


def field_lines(collection: Collection) -> Iterator[str]:
    """As ``models.fields.quality`` prints them, or why not."""
    yield "\n### 活動分野の判定(10分割の交差検証)\n"
    try:
        yield from field_quality.tables(field_quality.judge(field_quality.read_examples(collection.organisations)))
    except field_quality.TooFewTexts as error:
        yield str(error)


def report(found: Sequence[Collection], learned: LanguageResources, missed: list[Floor]) -> Iterator[str]:
    """Every line; floors that are missed are added to ``missed``."""
    counted = [FittedCollection.of(collection, learned) for collection in found]
    weights = learned_weights(counted)
    measured: Measured = {}
    yield from head()
    for one in counted:
        measured[one.collection.name] = measure(one, learned, weights)
        yield from rows(one.collection.name, measured[one.collection.name])
    yield _ABOUT
    held = list(floors(by_system(measured, OURS), by_system(measured, BM25)))
    missed += [one for one in held if one.reached is False]
    yield from floor_lines(held)
    if weights:
        yield from learned_lines(weights, measured)
    for collection in (one for one in found if one.name == CITIES):
        yield from case_lines(collection)
    yield from no_match_lines(counted)
    yield from reverse_lines({one.name: measure_reverse(one, learned) for one in found if one.name in STEERING})
    for collection in (one for one in found if one.name == CITIES):
        yield from field_lines(collection)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make quality", description="順位の質を測ります。")
    parser.add_argument("--bench", type=Path, default=BENCH, help="正解集のフォルダー")
    parser.add_argument("--only", help="この名前の正解集だけを測る")
    given = parser.parse_args(arguments)
    found = [one for one in collections(given.bench) if given.only in (None, one.name)]
    if not found:
        wanted = f"「{given.only}」という" if given.only else ""
        sys.stderr.write(f"{given.bench.name} に{wanted}正解集がありません。--bench でフォルダーを指定してください。\n")
        return 1
    missed: list[Floor] = []
    for line in report(found, find_learned(), missed):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
