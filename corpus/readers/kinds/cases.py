"""事例: a collaboration that happened, in one row or one row per year, to a case."""

import re
from dataclasses import fields as record_fields
from dataclasses import replace

from corpus import keys
from corpus.dates import parse_fiscal_year
from corpus.readers.formats.sheets import shortened
from corpus.readers.kinds.cells import RowReader, split_list
from corpus.readers.kinds.posted import source_of
from corpus.readers.kinds.surroundings import Surroundings, place_of
from corpus.records.cases import Case, ProgrammeYear
from matcher.folding import nfkc

# 岡山市's programme: a survey of needs, one or two model years, then a measure of its own.
STAGES = ("ニーズ調査", "モデル事業1", "モデル事業2", "一般施策化")
_TEXTS = ("事例名", "課題", "協働の相手", "経過", "求めた役割", "効果", "展望・助言", *STAGES)
_STEP = re.compile(r"→|⇒|➡|➔|->|=>|\n|;|；")
_ONE_YEAR = r"(?:(?:令和|平成|昭和|[RHS])\s*(?:元|\d{1,2})|(?:19|20)\d\d)"
_YEAR = re.compile(rf"(?P<first>{_ONE_YEAR})(?:年度?)?(?:\s*[~〜-]\s*(?:(?:{_ONE_YEAR}|\d{{1,2}})(?:年度?)?)?)?")
_MARKS = frozenset({"○", "〇", "◯", "●", "◎", "有", "済"})


def case_from_row(row: RowReader, around: Surroundings) -> Case | None:
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


def _programme_of(row: RowReader) -> tuple[ProgrammeYear, ...]:
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
