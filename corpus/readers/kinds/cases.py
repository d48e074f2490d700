"""事例: a collaboration that happened, in one row or one row per year, to a case."""

import re
from dataclasses import fields as record_fields
from dataclasses import replace

from corpus import keys
from corpus.dates import parse_fiscal_year
from corpus.readers.formats.sheets import shortened
from corpus.readers.kinds.cells import CheckedRow, split_list
from corpus.readers.kinds.items import DEPARTMENTS, FIELDS, NUMBER, PLACE, SOURCE, item
from corpus.readers.kinds.kind import FileKind
from corpus.readers.kinds.posted import source_of
from corpus.readers.kinds.surroundings import Surroundings, place_of
from corpus.readers.layout.meanings import Role
from corpus.records.cases import Case, ProgrammeYear
from matcher.folding import nfkc

_ITEMS = (
    NUMBER,
    item("事例名", "事例 事業名 事業名称 協働事業名 取組名 題名 タイトル 案件名 件名 テーマ", Role.NAME),
    item("課題", "地域課題 取り組んだ課題 背景 背景・課題 課題・背景 解決したい課題 現状と課題 問題点"),
    item("担当課", f"{DEPARTMENTS} 行政の担当課 市の担当課 担当部署(市)"),
    item(
        "協働の相手",
        "協働相手 協働の相手方 協働団体 団体名 実施団体 実施団体名 提案団体 提案団体名 パートナー 協働パートナー "
        "協働先 連携先 連携団体 相手方 団体 NPO NPO名",
    ),
    item(
        "経過",
        "年度別の取組 年度ごとの取組 事業の経過 これまでの経過 経緯 協働の経過 取組の経過 事業の段階と年度",
    ),
    item("年度", "実施年度 事業年度"),
    item("段階", "事業の段階 ステージ 取組段階"),
    item("ニーズ調査", "ニーズ調査の年度 ニーズ調査事業"),
    item("モデル事業1", "モデル事業1年目 モデル事業(1年目) モデル事業 モデル事業ステップ1"),
    item("モデル事業2", "モデル事業2年目 モデル事業(2年目) モデル事業ステップ2"),
    item("一般施策化", "一般施策 施策化 本格実施"),
    item("求めた役割", "期待した役割 団体に求めた役割 相手に求めた役割 団体の役割 役割 役割分担 求める役割"),
    item("効果", "成果 成果・効果 効果・成果 協働の効果 協働による効果 相乗効果 結果"),
    item(
        "展望・助言",
        "展望 今後の展望 助言 アドバイス 展望とアドバイス 今後の課題 今後の展望・助言 これから取り組む人へ",
    ),
    FIELDS,
    *PLACE,
    *SOURCE,
)

# 岡山市's programme: a survey of needs, one or two model years, then a measure of its own.
STAGES = ("ニーズ調査", "モデル事業1", "モデル事業2", "一般施策化")
_TEXTS = ("事例名", "課題", "協働の相手", "経過", "求めた役割", "効果", "展望・助言", *STAGES)
_STEP = re.compile(r"→|⇒|➡|➔|->|=>|\n|;|；")
_ONE_YEAR = r"(?:(?:令和|平成|昭和|[RHS])\s*(?:元|\d{1,2})|(?:19|20)\d\d)"
_YEAR = re.compile(rf"(?P<first>{_ONE_YEAR})(?:年度?)?(?:\s*[~〜-]\s*(?:(?:{_ONE_YEAR}|\d{{1,2}})(?:年度?)?)?)?")
_MARKS = frozenset({"○", "〇", "◯", "●", "◎", "有", "済"})


def case_from_row(row: CheckedRow, around: Surroundings) -> Case | None:
    """None for a row without content, and for one with an error. Without a name its issue names a case."""
    if not row.has(_TEXTS):
        return None
    title = row.text("事例名") or shortened(row.text("課題"))
    if not row.has(("事例名", "課題")):
        row.error("事例名", "空欄", "事例の名前", f"{row.label('事例名')}が空です。事例の名前を入れてください。")
    prefecture, city = place_of(row, around)
    source_name, source_url = source_of(row)
    key = keys.joined(prefecture, city, title)
    case = Case(
        id=keys.record_id("c-", key),
        key=key,
        title=title,
        issue=row.text("課題"),
        departments=split_list(row.text("担当課")),
        partners=split_list(row.text("協働の相手")),
        prefecture=prefecture,
        city=city,
        programme=_programme_of(row),
        role_sought=row.text("求めた役割"),
        effect=row.text("効果"),
        outlook=row.text("展望・助言"),
        fields=row.fields("分野"),
        source_name=source_name,
        source_url=source_url,
    )
    return None if row.failed else case


def _programme_of(row: CheckedRow) -> tuple[ProgrammeYear, ...]:
    """From 経過 in one cell, from a column per stage that holds its year, and from 年度 with 段階."""
    steps = [programme_year(step.strip()) for step in _STEP.split(row.text("経過")) if step.strip()]
    for stage in STAGES:
        if text := row.text(stage):
            year = programme_year(text)
            steps.append(
                ProgrammeYear(
                    fiscal_year=year.fiscal_year, stage=stage, note="" if year.stage in _MARKS else year.stage
                )
            )
    stage, fiscal_year = row.text("段階"), row.fiscal_year("年度")
    if len(steps) == 1 and steps[0].fiscal_year is None and not stage:  # the year is that of the one step told
        return (replace(steps[0], fiscal_year=fiscal_year),)
    if stage or fiscal_year is not None:
        steps.append(ProgrammeYear(fiscal_year=fiscal_year, stage=stage))
    return tuple(dict.fromkeys(steps))


def programme_year(text: str) -> ProgrammeYear:
    """H26 モデル事業1 or モデル事業1（平成26年度～）: the year (of a span the first), and the rest without it."""
    folded = nfkc(text)
    found = _YEAR.search(folded)
    if found is None:
        return ProgrammeYear(fiscal_year=None, stage=text.strip())
    rest = re.sub(r"\(\s*\)", "", folded[: found.start()] + folded[found.end() :])
    return ProgrammeYear(fiscal_year=parse_fiscal_year(found["first"] + "年度"), stage=rest.strip(" :、,・"))


def merged(earlier: Case, later: Case) -> Case:
    """One case told in several rows: the programmes in file order, other texts from the later row where it has them."""
    texts = {
        field.name: getattr(later, field.name) or getattr(earlier, field.name)
        for field in record_fields(Case)
        if field.name not in ("programme", "is_sample", "version")
    }
    return replace(earlier, **texts, programme=tuple(dict.fromkeys(earlier.programme + later.programme)))


CASES = FileKind(
    label="協働の事例",
    record=Case,
    items=_ITEMS,
    convert=case_from_row,
    needed=(("事例名", "課題"),),
    telling=(("協働の相手",), ("求めた役割", "効果", "展望・助言", "経過", "段階", *STAGES)),
)
