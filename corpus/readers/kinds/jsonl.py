"""JSON Lines, plain or gzip: one object per line, with the field names of ``FIELD_ITEMS``."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Any

from corpus import keys
from corpus.dates import fiscal_year_of
from corpus.readers.base import Kind, MappedColumn, Progress, ReadOptions, ReadResult, Record, UnreadableFile
from corpus.readers.formats.sheets import MOST_LINES, TOO_MANY_LINES, shortened
from corpus.readers.kinds.cases import case_from_row, programme_year
from corpus.readers.kinds.catalogue import KINDS
from corpus.readers.kinds.cells import CheckedRow, paragraphs, split_list
from corpus.readers.kinds.collecting import RecordCollector
from corpus.readers.kinds.inventory import issue_key, possibility_of
from corpus.readers.kinds.items import issue_items
from corpus.readers.kinds.posted import ITEMS as POSTED_ITEMS
from corpus.readers.kinds.posted import posted_key, source_of
from corpus.readers.kinds.registers import organisation_from_register
from corpus.readers.kinds.surroundings import Surroundings, place_of
from corpus.readers.layout.tablerows import Cell, Row
from corpus.records.cases import Case, ProgrammeYear
from corpus.records.issues import RELEASE_LABELS, Issue, Origin, ReleaseLevel
from corpus.records.organisations import Organisation

_PLACE_AND_SOURCE = {
    "id": "番号",
    "prefecture": "都道府県",
    "city": "市区町村",
    "fields": "分野",
    "source": "出典名",
    "source_name": "出典名",
    "source_url": "出典URL",
}
_ISSUE_ITEMS = issue_items(problem=("本文", "課題"), partner_sought=("求める役割",))
_ISSUE = _PLACE_AND_SOURCE | {
    "title": "題名",
    "text": "本文",
    "department": "担当課",
    "year": "年度",
    "fiscal_year": "年度",
    **{name: items[-1] for name, items in _ISSUE_ITEMS.items()},  # of two, the second is the column's own
    "area": "対象地域",
    "posted_on": "日付",
    "date": "日付",
    "partners": "取り組むNPO",
    "origin": "由来",
    "release_level": "公開範囲",
}
_ORGANISATION = _PLACE_AND_SOURCE | {
    "name": "団体名",
    "kind": "種別",
    "purpose": "目的",
    "activities": "活動内容",
    "text": "紹介文",
    "offers": "できること",
    "address": "所在地",
    "area": "活動区域",
    "corporate_number": "法人番号",
    "founded": "設立",
    "website": "ウェブサイト",
    "confirmed_on": "確認日",
    "inactive_reason": "解散情報",
    "representative": "代表者",
    "contact_person": "連絡担当者",
    "contact": "連絡先",
}
_CASE = _PLACE_AND_SOURCE | {
    "title": "事例名",
    "issue": "課題",
    "departments": "担当課",
    "department": "担当課",
    "partners": "協働の相手",
    "programme": "経過",
    "role_sought": "求めた役割",
    "effect": "効果",
    "outlook": "展望・助言",
}
# JSON field -> canonical 項目, per kind of record
FIELD_ITEMS: Mapping[Kind, Mapping[str, str]] = {
    Kind.ISSUES: _ISSUE,
    Kind.ORGANISATIONS: _ORGANISATION,
    Kind.CASES: _CASE,
}
# A line holds a record of a noun, whatever form a table of it would have.
_KIND_OF: Mapping[type[Record], Kind] = {
    Issue: Kind.ISSUES,
    Organisation: Kind.ORGANISATIONS,
    Case: Kind.CASES,
}
# Of an issue without a day these tell that an inventory told it: a posted one has no such item.
_POSTED = frozenset(item.name for item in POSTED_ITEMS)
_INVENTORY_ONLY = [items[0] for items in _ISSUE_ITEMS.values() if len(items) == 1 and items[0] not in _POSTED]
_TITLE_LENGTH = 40  # characters of the text that stand for a missing title
_DEEPEST = 20  # levels of lists and objects
_LONGEST_NAME = 100  # characters of a field's name that are told
_MOST_FIELDS = 500  # that are told
_LOOK_AHEAD = 50  # objects looked at to tell the kind


def is_jsonl(content: bytes) -> bool:
    """Whether the first thing in it opens an object; no table of ours begins so."""
    return content[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def read_jsonl(name: str, content: bytes, options: ReadOptions, progress: Progress | None = None) -> ReadResult:
    """The records of the file. Raises ``UnreadableFile`` when its text, its length or its fields do not fit."""
    lines = _lines(name, content, options)
    kind = _kind_of(name, lines, options)
    names = _names(kind, options)
    collection = RecordCollector(progress)
    seen: dict[str, None] = {}
    around = Surroundings(
        department=options.department,
        fiscal_year=options.fiscal_year,
        prefecture=options.prefecture,
        city=options.city,
    )
    for number, line in lines:
        checked, values = _reader(number, line, names)
        seen |= dict.fromkeys(islice(values, _MOST_FIELDS - len(seen)))
        collection.add(checked, None if checked.failed else _record(kind, checked, values, around, options))
    return collection.result(kind, tuple(_mapped(field, names) for field in seen))


def _mapped(field: str, names: Mapping[str, str]) -> MappedColumn:
    return MappedColumn(sheet="", item=names.get(field, ""), column="", heading=shortened(field, _LONGEST_NAME))


def _names(kind: Kind, options: ReadOptions) -> dict[str, str]:
    """JSON field -> item, with the caller's own on top."""
    names = dict(FIELD_ITEMS[kind])
    for override in options.overrides:
        if override.item not in FIELD_ITEMS[kind].values():
            known = "、".join(dict.fromkeys(FIELD_ITEMS[kind].values()))
            raise UnreadableFile(f"指定にある「{override.item}」という項目はありません。使える項目は、{known}です。")
        names[override.column] = override.item
    return names


def _lines(name: str, content: bytes, options: ReadOptions) -> list[tuple[int, str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise UnreadableFile(f"「{name}」は文字コードがUTF-8ではありません。UTF-8で保存し直してください。") from wrong
    most = max(MOST_LINES, 5 * options.max_rows)
    if text.count("\n") > most:
        raise UnreadableFile(TOO_MANY_LINES.format(name=name, limit=most))
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if len(lines) > options.max_rows:
        raise UnreadableFile(
            f"「{name}」は{len(lines):,}件あり、上限の{options.max_rows:,}件を超えています。分けて取り込んでください。"
        )
    return lines


class _TooDeep(Exception):
    """Lists in lists, or objects in objects, further down than anything that is meant."""


def _parsed(line: str) -> dict[str, Any] | None:
    """None for what is no object. Raises _TooDeep."""
    try:
        value = json.loads(line)
    except RecursionError as error:
        raise _TooDeep from error
    except ValueError:  # reported by the caller, with the line's number
        return None
    if line.count("[") + line.count("{") > _DEEPEST and not _within(value, _DEEPEST):
        raise _TooDeep
    return value if isinstance(value, dict) else None


def _within(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(_within(one, levels - 1) for one in inner)


def _fields(line: str) -> Iterable[str]:
    with suppress(_TooDeep):
        return _parsed(line) or ()
    return ()


def _kind_of(name: str, lines: list[tuple[int, str]], options: ReadOptions) -> Kind:
    if options.kind is not None:
        return _KIND_OF[KINDS[options.kind].record]
    found = {field: None for _, line in lines[:_LOOK_AHEAD] for field in _fields(line)}
    if "name" in found:
        return Kind.ORGANISATIONS
    if "title" in found and found.keys() & {"programme", "role_sought", "effect", "outlook", "departments", "issue"}:
        return Kind.CASES
    if found.keys() & {"text", "problem", "title"}:
        return Kind.ISSUES
    known = "、".join(dict.fromkeys(field for fields in FIELD_ITEMS.values() for field in fields if field in found))
    seen = (
        f"分かった項目は{known}だけです。" if known else "知っている項目がありません。"
    )  # the others may name persons
    raise UnreadableFile(
        f"「{name}」が何のデータか分かりません。{seen if found else 'JSONとして読める行がありません。'}"
        "団体ならname、課題ならtitleやtext、事例ならtitleとeffectなどの項目で書いてください。",
        kind_may_help=bool(found),
    )


def _reader(number: int, line: str, names: Mapping[str, str]) -> tuple[CheckedRow, dict[str, Any]]:
    values, message = None, f"{number}行目をJSONとして読めません。一行に一件、{{ と }} で囲んで書いてください。"
    try:
        values = _parsed(line)
    except _TooDeep:
        message = f"{number}行目は、入れ子が深すぎて読めません。入れ子は{_DEEPEST}段までにしてください。"
    cells: dict[str, Cell] = {}
    for field, value in (values or {}).items():
        item = names.get(field)
        if item and not (item in cells and cells[item].text):
            cells[item] = Cell(_text_of(value), "", shortened(field, _LONGEST_NAME))
    checked = CheckedRow("", Row(number, cells))
    if values is None:
        checked.error(
            "", f"{len(line):,}文字の行", "JSONの一行", message
        )  # the line itself may hold a telephone number
    return checked, values or {}


def _text_of(value: Any) -> str:
    """A value as a cell would hold it; lists one entry per line; objects as their JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(_text_of(entry) for entry in value)
    return json.dumps(value, ensure_ascii=False)


def _record(
    kind: Kind, checked: CheckedRow, values: Mapping[str, Any], around: Surroundings, options: ReadOptions
) -> Record | None:
    record: Record | None
    if kind is Kind.ORGANISATIONS:
        record = organisation_from_register(checked, around)
    elif kind is Kind.CASES:
        record = _case(checked, values, around)
    else:
        record = _issue(checked, around, options)
    return record and _with_given_id(checked, record)


def _with_given_id(checked: CheckedRow, record: Record) -> Record | None:
    identifier = checked.text("番号")
    if not identifier:
        return record
    if not keys.ID.fullmatch(identifier):
        message = f"{checked.label('番号')}は使えない形です。半角の英数字と . _ - で64文字までにしてください。"
        checked.error("番号", shortened(identifier), "半角の英数字と . _ - で64文字まで", message)
        return None
    return replace(record, id=identifier, key=keys.given_key(identifier))


def _case(checked: CheckedRow, values: Mapping[str, Any], around: Surroundings) -> Case | None:
    case = case_from_row(checked, around)
    steps = values.get("programme")
    if case is None or not isinstance(steps, list):
        return case
    return replace(case, programme=tuple(_step(step) for step in steps))


def _step(step: Any) -> ProgrammeYear:
    """``{"fiscal_year" or "year", "stage", "note"}``, or the step in words."""
    if not isinstance(step, dict):
        return programme_year(_text_of(step))
    year = programme_year(_text_of(step.get("fiscal_year", step.get("year"))))
    return replace(year, stage=_text_of(step.get("stage")), note=_text_of(step.get("note")))


def _issue(checked: CheckedRow, around: Surroundings, options: ReadOptions) -> Issue | None:
    """Any issue; without a title the beginning of its text stands for one."""
    text = paragraphs(map(checked.text, _ISSUE_ITEMS["problem"]))
    title = checked.text("題名") or shortened(text, _TITLE_LENGTH)
    if not title:
        message = f"{checked.row.number}行目に課題の題名も本文もありません。titleかtextを入れてください。"
        checked.error("本文", "空欄", "titleかtext", message)
    origin = _origin(checked, options)
    written = possibility_of(checked.text("協働の可能性"))
    prefecture, city = place_of(checked, around)
    department = checked.text("担当課") or around.department
    posted_on = checked.date("日付")
    fiscal_year = checked.fiscal_year("年度") or (fiscal_year_of(posted_on) if posted_on else around.fiscal_year)
    source_name, source_url = source_of(checked)
    key = issue_key(city, department, fiscal_year, title)
    if origin is Origin.POSTED:
        key = posted_key(posted_on, city or prefecture, title)
    issue = Issue(
        id=keys.record_id("i-", key),
        key=key,
        title=title,
        department=department,
        fiscal_year=fiscal_year,
        **checked.texts(_ISSUE_ITEMS, partner_sought=written.partner),
        seeks_partner=written.seeks_partner,
        prefecture=prefecture,
        city=city,
        area=checked.text("対象地域"),
        fields=checked.fields("分野"),
        origin=origin,
        release_level=_release_level(checked, origin),
        posted_on=posted_on,
        source_name=source_name,
        source_url=source_url,
        partners=split_list(checked.text("取り組むNPO")),
    )
    return None if checked.failed else issue


def _origin(checked: CheckedRow, options: ReadOptions) -> Origin:
    """As given; else an inventory's where the caller or the fields say so, and a post."""
    inventory = options.kind is Kind.INVENTORY or (checked.has(_INVENTORY_ONLY) and not checked.has(("日付",)))
    default = Origin.INVENTORY if inventory else Origin.POSTED
    text = checked.text("由来")
    if not text:
        return default
    origins = {origin.value: origin for origin in Origin}
    if text in origins:
        return origins[text]
    expected = "、".join(origins)
    checked.error("由来", text, expected, f"{checked.label('由来')}は{expected}のどれかで書いてください。")
    return default


def _release_level(checked: CheckedRow, origin: Origin) -> ReleaseLevel:
    """As given, by name or label; else what bears the day of its post is public, all the rest stays in its section."""
    text = checked.text("公開範囲")
    levels = {level.value: level for level in ReleaseLevel} | {label: level for level, label in RELEASE_LABELS.items()}
    if text and text not in levels:
        expected = "、".join(levels)
        checked.error("公開範囲", text, expected, f"{checked.label('公開範囲')}は{expected}のどれかで書いてください。")
    published = origin is Origin.POSTED and checked.has(("日付",))
    return levels.get(text, ReleaseLevel.PUBLIC if published else ReleaseLevel.SECTION)
