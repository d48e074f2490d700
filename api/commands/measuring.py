"""``kyodo rank`` and ``kyodo evaluate``: files against files; no database is opened."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands.terminal import FAILED, answer_json, say
from api.errors import Invalid, NotReadable

if TYPE_CHECKING:
    from matcher.analysis import LanguageResources
    from matcher.measures import Comparison, Measures
    from models.ranking_files import RankingCounts
    from models.reader.reader import RankingReader

_JSONL = "JSONLファイル。名前が .gz で終わればgzip"
_VECTORS = "付属の単語ベクトルの代わりに使う、単語ベクトルのフォルダー"
_ENCODER = "使う文エンコーダーのフォルダー。前に付ける言葉は KYODO_ENCODER_ の設定を使います"
_READER = (
    "上から20件を読み取り役(OpenAIのチャットの形式を話す言語モデル)に並べ替えさせます。"
    "ファイルには公開の範囲がないので、ファイルの文章がそのまま送られます。鍵などは KYODO_READER_ の設定を使います。"
    "続けて3回失敗すると、残りの課題は頼まずにもとの順位のままにします。答えを1件も使えなければ終了コードは1です"
)
_READER_CALLS = (
    "読み取り役に頼んでよい回数(1以上の整数)。課題1件につき1回頼みます。課題がこれより多いと、何も送らずに終わります。"
    "既定は KYODO_READER_DAILY_CALLS の数。ここで頼んだ回数は、1日の回数には数えません"
)


def rank(
    issues: Annotated[Path, typer.Option(metavar="ファイル", help=f"課題の{_JSONL}", readable=False)],
    organisations: Annotated[Path, typer.Option(metavar="ファイル", help=f"団体の{_JSONL}", readable=False)],
    out: Annotated[Path, typer.Option(metavar="ファイル", help="順位を書き出すファイル(TRECの6列)", readable=False)],
    k: Annotated[int, typer.Option("-k", metavar="件数", help="1件あたりの数(1以上の整数)。既定は1000", min=1)] = 1000,
    reverse: Annotated[bool, typer.Option("--reverse", help="団体ごとに課題を並べます。")] = False,
    ignore_area: Annotated[bool, typer.Option("--ignore-area", help="地域による点を入れずに並べます。")] = False,
    cases: Annotated[
        Path | None, typer.Option(metavar="ファイル", help=f"過去の事例の{_JSONL}", readable=False)
    ] = None,
    vectors: Annotated[Path | None, typer.Option(metavar="フォルダー", help=_VECTORS, readable=False)] = None,
    encoder: Annotated[Path | None, typer.Option(metavar="フォルダー", help=_ENCODER, readable=False)] = None,
    reader: Annotated[str, typer.Option(metavar="アドレス", help=_READER)] = "",
    reader_model: Annotated[str, typer.Option(metavar="名前", help="読み取り役のモデルの名前")] = "",
    reader_calls: Annotated[int | None, typer.Option(metavar="回数", help=_READER_CALLS, min=1)] = None,
) -> None:
    """ファイルの課題に対してファイルの団体を並べ、順位をファイルに書き出します。データベースは使いません。"""
    from models.ranking_files import rank_files
    from models.reader.chat import Outcome

    learned = _learned(vectors, encoder)
    asking = _ranking_reader(reader, reader_model, reader_calls, reverse) if reader else None
    with _in_words():
        ranked = rank_files(
            issues,
            organisations,
            out,
            k,
            reverse=reverse,
            ignore_area=ignore_area,
            cases=cases,
            reader=asking,
            learned=learned,
        )
    say(f"{ranked.queries:,}件について並べ、{out} に書き出しました。")
    if cases and not reverse:
        say(_how_cases_spoke(ranked))
    if asking:
        say(_how_it_read(asking))
        if asking.outcomes and not asking.outcomes[Outcome.READ]:
            raise typer.Exit(FAILED)


def evaluate(
    run: Annotated[
        Path, typer.Option(metavar="ファイル", help="kyodo rank が書き出した順位のファイル", readable=False)
    ],
    qrels: Annotated[Path, typer.Option(metavar="ファイル", help="正解のファイル(TRECの4列)", readable=False)],
    exclude: Annotated[
        Path | None, typer.Option(metavar="ファイル", help="除く組のファイル(課題、団体の2列)", readable=False)
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(metavar="ファイル", help="比べる相手の順位のファイル", readable=False)
    ] = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="順位が団体ごとの課題のときに付けます。")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="結果をJSONで出力します。")] = False,
) -> None:
    """順位を正解と照らし合わせ、よさを測ります。比べる相手があれば、差とその95%信頼区間も示します。"""
    from corpus import trec
    from matcher import measures

    with _in_words():
        judged = trec.read_qrels(qrels)
        left_out = trec.read_pairs(exclude) if exclude else frozenset[tuple[str, str]]()
        if reverse:
            judged, left_out = measures.swapped(judged), frozenset((b, a) for a, b in left_out)
        measured = measures.evaluate(trec.read_run(run), judged, left_out)
        other = measures.evaluate(trec.read_run(baseline), judged, left_out) if baseline else None
    difference = measures.compare(measured, other) if other else None
    if as_json:
        answer_json(_as_json(measured, other, difference))
    else:
        _show(measured, other, difference)


def _ranking_reader(url: str, model: str, most: int | None, reverse: bool) -> "RankingReader":
    """Key, time and size come from the settings, as for the service; so does ``most`` unless given. Raises Invalid."""
    from api.settings import read_settings
    from api.usecases.reader import endpoint_of
    from models.reader.chat import is_address
    from models.reader.reader import RankingReader

    if reverse:
        raise Invalid("--reader は --reverse と一緒には使えません。読み取り役は、課題について団体を並べます。")
    if not is_address(url):
        raise Invalid("--reader のアドレスは使えません。http://127.0.0.1:8080/v1 のようなアドレスを指定してください。")
    settings = read_settings()
    known = endpoint_of(settings)
    allowed = settings.reader_daily_calls if most is None else most
    return RankingReader(replace(known, url=url, model=model or known.model), lambda calls: _announce(calls, allowed))


def _announce(calls: int, allowed: int) -> None:
    """Part of the issues is not read instead: the figures of a mixed run would mislead. Raises Invalid."""
    if calls > allowed:
        raise Invalid(
            f"課題が{calls:,}件あり、読み取り役に頼んでよい{allowed:,}回を超えるため、何も送りませんでした。"
            f"{calls:,}回頼んでよければ、--reader-calls {calls} を付けてください。"
        )
    say(f"読み取り役に、課題1件につき1回、{calls:,}回まで頼みます。")


def _how_it_read(reader: "RankingReader") -> str:
    from api.words.labels import READER_OUTCOMES
    from models.reader.chat import Outcome
    from models.reader.reader import MOST_FAILURES

    failed = {outcome: number for outcome, number in reader.outcomes.items() if outcome is not Outcome.READ}
    named = "、".join(f"{READER_OUTCOMES[outcome]} {number:,}件" for outcome, number in sorted(failed.items()))
    said = f"読み取り役が並べ替えたのは{reader.outcomes[Outcome.READ]:,}件です。"
    if failed:
        said += f"{sum(failed.values()):,}件は並べ替えられず、もとの順位のままです({named})。"
    if reader.not_asked:
        said += f"続けて{MOST_FAILURES}回失敗したため、残りの{reader.not_asked:,}件は頼まず、もとの順位のままです。"
    return said


def _how_cases_spoke(ranked: "RankingCounts") -> str:
    said = (
        f"事例に書かれた協働の相手{ranked.partners:,}件のうち、団体のファイルに見つかったのは{ranked.known:,}件です。"
    )
    return said if ranked.known else f"{said}事例は、順位に使われていません。"


def _learned(vectors: Path | None, encoder: Path | None) -> "LanguageResources":
    """What is shipped but for what is named, which must be usable: a measure of something else would mislead."""
    from api.settings import read_settings
    from models.artefacts import BrokenArtefact
    from models.encoding.encoder import BrokenEncoder, SentenceEncoder
    from models.learned import find_learned
    from models.vectors.artefact import load_vectors

    settings, shipped = read_settings(), find_learned()
    prefixes = (settings.encoder_query_prefix, settings.encoder_passage_prefix)
    try:
        chosen = load_vectors(vectors) if vectors else shipped.vectors
        return replace(
            shipped, vectors=chosen, encoder=SentenceEncoder.open(encoder, *prefixes) if encoder else shipped.encoder
        )
    except (BrokenArtefact, BrokenEncoder) as error:
        raise NotReadable(str(error)) from error


@contextmanager
def _in_words() -> Iterator[None]:
    """A broken file, or an encoder that fails at a text, as a failure of the command."""
    from corpus.trec import BrokenRun
    from models.encoding.encoder import BrokenEncoder
    from models.ranking_files import BrokenCollection

    try:
        yield
    except (BrokenRun, BrokenCollection, BrokenEncoder) as error:
        raise NotReadable(str(error)) from error


def _named(measured: "Measures") -> dict[str, float]:
    return {
        "nDCG@10": measured.ndcg,
        "MRR@10": measured.mrr,
        "Recall@10": measured.recall,
        "P@1": measured.p1,
        "Judged@10": measured.judged,
    }


def _as_json(measured: "Measures", other: "Measures | None", difference: "Comparison | None") -> dict[str, Any]:
    """JSON knows no NaN: what is undefined is null."""
    result: dict[str, Any] = {"queries": measured.queries, **_plain(_named(measured))}
    if other and difference:
        result["baseline"] = {"queries": other.queries, **_plain(_named(other))}
        figures = {"value": difference.difference, "low": difference.low, "high": difference.high}
        result["difference"] = {"measure": "nDCG@10", "queries": difference.queries, **_plain(figures)}
    return result


def _plain(figures: dict[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in figures.items()}


def _show(measured: "Measures", other: "Measures | None", difference: "Comparison | None") -> None:
    typer.echo(f"正解のある問い合わせ: {measured.queries:,}件")
    for name, value in _named(measured).items():
        beside = f"  (比べる相手 {_figure(_named(other)[name])})" if other else ""
        typer.echo(f"{name:<10} {_figure(value)}{beside}")
    if difference:
        low, high = _figure(difference.low, "+"), _figure(difference.high, "+")
        typer.echo(f"nDCG@10の差 {_figure(difference.difference, '+')}(95%信頼区間は{low}から{high})")


def _figure(value: float, sign: str = "") -> str:
    return "測れません" if math.isnan(value) else f"{value:{sign}.4f}"
