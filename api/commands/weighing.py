"""``kyodo models weights``, ``use-weights``, ``roll-back`` and ``train-weights``: what the parts of a score count."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.terminal import answer_json, opened, say
from api.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.search.weight_sets import WeightSet

_AS_JSON = typer.Option("--json", help="結果をJSONで出力します。")
_WHEN = "新しく並べる順位から使われます。すでに記録した順位は変わりません。"


def weights(as_json: Annotated[bool, _AS_JSON] = False) -> None:
    """いま使っている重みと、付属の重み、学習した重みの一覧を示します。"""
    from api.usecases import weights as choosing
    from corpus.access import TERMINAL
    from models.search.weight_sets import label

    with opened() as ctx, ctx.read(TERMINAL) as s:
        found = choosing.overview(s, ctx.ruling)
    if found.fault:
        say(found.fault)
    if as_json:
        answer_json(choosing.as_json(found))
        return
    force = found.in_force
    if force.fault:
        say(f"選ばれている重み {force.chosen} は使えないため、付属の重みで並べています。{force.fault}")
    typer.echo(f"いま使っている重み: {label(force.id)}({_told(force.weights)})")
    typer.echo(f"付属の重み: {_told(found.default)}")
    for one in found.learned:
        _show(one)
    if not (found.learned or found.fault):
        typer.echo("学習した重みは、まだありません。")


def use_weights(
    id: Annotated[str, typer.Argument(metavar="番号", help="使う重みの番号。付属の重みなら default")],
    reason: Annotated[str, typer.Option(metavar="理由", help="切り替える理由。履歴に残ります")],
    as_json: Annotated[bool, _AS_JSON] = False,
) -> None:
    """順位に使う重みを切り替えます。"""
    from api.usecases import weights as choosing
    from corpus.access import TERMINAL
    from models.search.weight_sets import DEFAULT

    chosen = DEFAULT if id == "default" else id
    with opened() as ctx:
        wanted = choosing.choosable(ctx.settings.data, chosen, reason)
        with ctx.read(TERMINAL) as s:
            before = choosing.overview(s, ctx.ruling).history
        with ctx.write(TERMINAL) as s:
            choice = choosing.choose(s, ctx.ruling, wanted)
    changed = choice is not None and choice not in before
    if as_json:
        answer_json({"weights": chosen, "reason": choice.reason if choice else "", "changed": changed})
    elif changed:
        typer.echo(f"{_named(chosen)}を使います。{_WHEN}")
    else:
        typer.echo(f"すでに{_named(chosen)}を使っています。")


def roll_back(as_json: Annotated[bool, _AS_JSON] = False) -> None:
    """順位に使う重みを、ひとつ前に使っていたものに戻します。"""
    from api.usecases import weights as choosing
    from corpus.access import TERMINAL

    with opened() as ctx:
        try:
            with ctx.write(TERMINAL) as s:
                choice = choosing.roll_back(s, ctx.ruling)
        except Invalid as error:
            if error.details:  # what was before is broken
                say("付属の重みを使うには kyodo models use-weights default --reason 理由 と打ってください。")
            raise
    if as_json:
        answer_json({"weights": choice.weights, "reason": choice.reason})
    else:
        typer.echo(f"{_named(choice.weights)}に戻しました。{_WHEN}")


def train_weights(as_json: Annotated[bool, _AS_JSON] = False) -> None:
    """記録された評価(適・可・不適)から重みを学び、付属の重みより良ければ残します。切り替えは人がします。"""
    from api.usecases.weight_training import train
    from corpus.access import TERMINAL

    with opened() as ctx:
        trained = train(ctx, TERMINAL)
    if as_json:
        answer_json({"id": trained.id, "weights": trained.weights, "measures": trained.measures})
        return
    typer.echo(f"学んだ重み: {_told(trained.weights)}")
    typer.echo(_measured(trained.measures))
    if trained.id:
        typer.echo(f"残しました。使うには kyodo models use-weights {trained.id} --reason 理由 と打ってください。")
    else:
        typer.echo("付属の重みより良くならなかったため、残しませんでした。いまの重みはそのままです。")


def _named(id: str) -> str:
    """To go on in Japanese: a blank only after a number."""
    from models.search.weight_sets import label

    return f"{label(id)} " if id else label(id)


def _show(one: "WeightSet") -> None:
    typer.echo(f"学習した重み {one.id}: {one.fault or _told(one.weights)}")
    if "difference" in one.measures:
        typer.echo(f"  {_measured(one.measures)}")


def _told(weights: "Mapping[str, float]") -> str:
    from api.words.labels import PART_LABELS

    return "、".join(f"{PART_LABELS.get(part, (part, ''))[0]} {weight:.2f}" for part, weight in weights.items())


def _measured(measures: "Mapping[str, float]") -> str:
    return (
        f"評価した課題{measures['queries']:.0f}件で測ったnDCG@10は{measures['ndcg']:.3f}、付属の重みでは"
        f"{measures['ndcg_default']:.3f}、差は{measures['difference']:+.3f}"
        f"(95%信頼区間 {measures['low']:+.3f}〜{measures['high']:+.3f})です。"
    )
