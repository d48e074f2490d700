"""Word vectors as an artefact: saved in a quarter of their size with a card that says what they are, found again."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.dense import MOST_DIMENSIONS, WordVectors, quantised, unit_rows
from matcher.document_index import State
from matcher.text import DICTIONARY_EDITION
from models.artefacts import BrokenArtefact, fingerprint, load_model, save_model

SHIPPED = Path(__file__).parents[1] / "pretrained" / "vectors"

_KIND, _FORM = "vectors", 2
_BLOCK = 8_192  # rows worked on at once where a whole matrix would need twice its memory
_SAMPLE = 1_000  # rows between which the error of the saved form is measured
_LARGEST = 127  # of a signed byte, taken on both sides of zero


@dataclass(frozen=True, slots=True)
class VectorsOrigin:
    """What vectors were made of. ``command`` as typed; ``sources`` are sentences on origin and licence for the card.

    ``data`` is a ``data_fingerprint``.
    """

    command: str
    sources: tuple[str, ...]
    data: str


def data_fingerprint(paths: Iterable[Path]) -> str:
    """Of the contents of files, whatever their names and order."""
    digests = []
    for path in paths:
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").digest())
    return fingerprint(sorted(digests))


def save_vectors(
    folder: Path, vectors: WordVectors, config: Mapping[str, Any], origin: VectorsOrigin, measures: Mapping[str, float]
) -> None:
    """Rows as signed bytes with one scale each, forms in the order of their rows; ``load_vectors`` says how exact.

    The largest error of a cosine that this costs is measured and joins ``measures`` as ``cosine_error``.
    """
    order = sorted(vectors.rows, key=lambda form: vectors.rows[form])  # of forms that share a row, the first stays so
    small, scales = _quantised(vectors.matrix)
    arrays: dict[str, NDArray[Any]] = {
        "matrix": small,
        "scales": scales,
        "rows": np.array([vectors.rows[f] for f in order], dtype=np.int32),
    }
    measured = {**measures, "cosine_error": _cosine_error(vectors.matrix, small, scales)}
    config = {"method": vectors.name, **config}
    card = _card(order, small, config, origin, measured)
    state = State(arrays, {"forms": order})
    save_model(folder, state, kind=_KIND, form=_FORM, config=config, data=origin.data, measures=measured, card=card)


def load_vectors(folder: Path) -> WordVectors:
    """Cosines differ from those of the vectors that were saved by less than 0.01, lengths as little in proportion.

    Raises BrokenArtefact.
    """
    if not os.access(folder, os.F_OK):
        raise BrokenArtefact(f"単語ベクトルのフォルダー「{folder}」が見つかりません。場所を確かめてください。")
    state, about = load_model(folder, _KIND, _FORM)
    try:
        _check(folder, state)
        forms, rows = state.tables["forms"], state.arrays["rows"]
        matrix = _restored(state.arrays["matrix"], state.arrays["scales"])
        made = fingerprint([json.dumps(about["config"], sort_keys=True).encode(), about["data"].encode()])
        name = f"{about['config']['method']}-{made[:8]}"
        vectors = WordVectors(name, dict(zip(forms, rows.tolist(), strict=True)), matrix)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise BrokenArtefact(f"{folder.name} は、単語ベクトルとしてそろっていません。作り直してください。") from error
    if not (matrix.ndim == 2 and rows.size and 0 <= rows.min() <= rows.max() < len(matrix)):
        raise BrokenArtefact(f"{folder.name} の語と行が合っていません。作り直してください。")
    return vectors


def _check(folder: Path, state: State) -> None:
    """Raises BrokenArtefact, or KeyError, for arrays that only look right until a text is compared with them."""
    matrix, scales, rows = (state.arrays[name] for name in ("matrix", "scales", "rows"))
    right = (
        matrix.dtype == np.int8
        and scales.dtype == np.float32
        and rows.dtype == np.int32
        and (matrix.ndim, rows.ndim, scales.shape) == (2, 1, (len(matrix),))
        and np.isfinite(scales).all()
        and matrix.shape[1] <= MOST_DIMENSIONS
    )
    if not right:
        raise BrokenArtefact(f"{folder.name} の数の並びの形が、単語ベクトルのものではありません。作り直してください。")


def vectors_folder(data: Path) -> Path:
    """Where a city's own vectors lie in its data folder."""
    return data / "models" / "vectors"


def nearest(vectors: WordVectors, forms: Sequence[str], k: int = 10) -> list[tuple[str, float]]:
    """The ``k`` other rows nearest to the text of ``forms``, by the first form of each, with their cosine.

    Ties by form. Nothing where none of ``forms`` is known.
    """
    known = {vectors.rows[form] for form in forms if form in vectors.rows}
    if not known:
        return []
    cosines = unit_rows(vectors.matrix) @ vectors.text_rows([forms])[0]
    first: dict[int, str] = {}
    for form, row in vectors.rows.items():
        first.setdefault(row, form)
    others = ((form, float(cosines[row])) for row, form in first.items() if row not in known)
    return sorted(others, key=lambda pair: (-pair[1], pair[0]))[:k]


def _quantised(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    blocks = [quantised(matrix[start : start + _BLOCK]) for start in range(0, max(len(matrix), 1), _BLOCK)]
    return np.concatenate([small for small, _ in blocks]), np.concatenate([scales for _, scales in blocks])


def _restored(small: NDArray[np.int8], scales: NDArray[np.float32]) -> NDArray[np.float32]:
    restored: NDArray[np.float32] = small * scales[:, None]
    return restored


def _cosine_error(matrix: NDArray[np.float32], small: NDArray[np.int8], scales: NDArray[np.float32]) -> float:
    """The largest difference between the cosines of up to a thousand rows, evenly spread, before and after."""
    rows = np.unique(np.linspace(0, len(matrix) - 1, _SAMPLE, dtype=np.intp))
    before, after = unit_rows(matrix[rows]), unit_rows(_restored(small[rows], scales[rows]))
    return round(float(np.abs(before @ before.T - after @ after.T).max(initial=0)), 6)


def _card(
    forms: list[str],
    small: NDArray[np.int8],
    config: Mapping[str, Any],
    origin: VectorsOrigin,
    measures: Mapping[str, float],
) -> str:
    bytes_needed = small.nbytes + 4 * len(small) + 4 * len(forms) + len(json.dumps(forms, ensure_ascii=False).encode())
    sources = "\n".join(f"- {source}" for source in origin.sources)
    figures = "\n".join(f"| {name} | {value:g} |" for name, value in measures.items())
    settings = "\n".join(f"| {name} | {value} |" for name, value in config.items())
    return _CARD.format(
        sources=sources,
        command=origin.command,
        made=datetime.now(UTC).date().isoformat(),
        data=origin.data,
        forms=len(forms),
        rows=len(small),
        dimensions=small.shape[1],
        megabytes=bytes_needed / 1e6,
        dictionary=DICTIONARY_EDITION,
        settings=settings,
        figures=figures,
    )


_CARD = """# 単語ベクトルのモデルカード

同じような言葉と並んで使われる語どうしが近くなるように、語を数の並びで表したものです。
育児と子育てのように、字は違っても意味の近い語を結び付けるために使います。人や団体を評価するためのものではありません。
数の並びの向きは語の意味、長さはその語が中身をどれだけ語るかを表します。
文章の向きは、その語の並びを長さごと足した向きです。
もとの文章に多い言い回しに引きずられ、関係のない語が近くなることもあります。もとの文章は、この中にはありません。

## もとの文章と使用許諾

{sources}

## 作り方

- コマンド: `{command}`
- 作った日: {made}
- もとのファイルの指紋(SHA-256): `{data}`
- 語の辞書: {dictionary}

1段目では、同じ語と並ぶ語を近くに置きます(正の相互情報量と特異値分解)。
前後 window 語までを数え、least 回以上出てくる語を、多いものから most_words 語まで使います。
2段目では、1つの文が、同じ文章の残りに近く、ほかの文章から遠くなるように、語の向きと長さを直します(対照学習)。
長さは、その語の出てくる文章が少ないほど長いところ(idf)から始めます。
batch 件ずつ steps 回、はじめは rate の歩幅で直します。割合 cloze で1文と残りを、ほかは2つの欄を組にします。
語は割合 drop で隠し、コサインは temperature で割って比べます。
2つ以上の文がある文章が200件に足りなければ、2段目は省きます。
method が contrast なら2段目まで、ppmi なら1段目だけの学習です。
ほかの名前のものは、よそで作られたものを取り込みました。長さはどの語も同じです。

| 設定 | 値 |
|---|---|
{settings}

## 大きさ

{forms:,}語、{rows:,}行、{dimensions}次元。約{megabytes:.1f} MB。

## 測った値

- `words`: 語の数
- `synonyms_known`: このプログラムの同義語の表(学習には使っていません)の語のうち、ベクトルのあるものの割合
- `synonym_order`: 表で同じ組にある2語が、別の組の2語より近い確率(0.5なら偶然と同じ、1なら必ず近い)
- `cosine_error`: 1つの数を1バイトに丸めて保存したことによるコサインの誤差の、最も大きいもの(最大1,000行どうし)

| 名前 | 値 |
|---|---:|
{figures}
"""
