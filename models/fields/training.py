"""A learned model of the activity fields as an artefact, with a card that says what it is and how good."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from matcher.text import DICTIONARY_EDITION
from models.artefacts import fingerprint, save_model
from models.fields.classifier import FORM, KIND, FieldModel
from models.fields.learning import LabelledText, learn, settings
from models.fields.quality import FOLDS, LAW, LEARNED, FieldResults, tables

MOST_TEXTS = 3_000  # more would take minutes, ten folds and three within each, and hardly tell more


def drawn(given: Sequence[LabelledText]) -> list[LabelledText]:
    """At most ``MOST_TEXTS``, the same ones each time, drawn by the hash of the id; by id."""
    order = sorted(given, key=lambda example: hashlib.sha256(example.id.encode()).digest())
    return sorted(order[:MOST_TEXTS], key=lambda example: example.id)


def keep(
    given: Sequence[LabelledText], judged: FieldResults, folder: Path, command: str, sources: Sequence[str]
) -> None:
    """Learn from all of ``given`` and put the model, with its card, in the place of what ``folder`` holds."""
    model, ours = learn(given), judged.measured[LEARNED]
    data = fingerprint(f"{one.id} {' '.join(one.terms)} {sorted(one.fields)}".encode() for one in given)
    measures = {"macro_f1": ours.macro, "micro_f1": ours.micro, "brier": ours.brier, "ece": ours.calibration}
    measures |= {"macro_f1_law": judged.measured[LAW].macro, "macro_f1_difference": judged.difference[0]}
    save_model(
        folder,
        model.state(),
        kind=KIND,
        form=FORM,
        config=settings(),
        data=data,
        measures={name: round(value, 4) for name, value in measures.items()},
        card="\n".join(_card(model, given, judged, command, sources, data)) + "\n",
    )


def _card(
    model: FieldModel,
    given: Sequence[LabelledText],
    judged: FieldResults,
    command: str,
    sources: Sequence[str],
    data: str,
) -> Iterator[str]:
    yield "# 活動分野のモデルカード\n"
    yield "課題の文章から、特定非営利活動の20分野のどれに当たりそうかを見積もるモデルです。"
    yield "分野の書かれていない課題に、担当者が直せる案を示すために使います。"
    yield "団体や人を評価するためのものではありません。"
    yield "団体の紹介文から学んでいるため、課題の文章では、下の値より外れやすいと考えてください。"
    yield "3つ以上の文章に出てくる語と文字だけを残しています。もとの文章は、この中にはありません。"
    yield "\n## もとの文章と使用許諾\n"
    yield from (f"- {source}" for source in sources)
    yield "- 特定非営利活動促進法(平成10年法律第7号)別表の、各分野の言葉"
    yield "\n## 作り方\n"
    yield f"- コマンド: `{command}`"
    yield f"- 作った日: {datetime.now(UTC).date().isoformat()}"
    yield f"- もとの文章: {len(given):,}件(指紋 SHA-256 `{data}`)"
    yield f"- 語の辞書: {DICTIONARY_EDITION}"
    yield from (f"- {name}: {value}" for name, value in settings().items())
    size = model.coefficients.nbytes / 1e6
    yield f"\n## 大きさ\n\n{len(model.weighing.vocabulary):,}の語と文字、20分野。係数は約{size:.1f} MB。"
    yield f"\n## 測った値\n\n{FOLDS}分割の交差検証です。分野があるとみなす確率の境目も、測る組の外で決めています。\n"
    yield from tables(judged)
