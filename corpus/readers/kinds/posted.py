"""投稿された課題 (シェアウェブ): a posted issue with its day, its city in 【】, and where its figures come from."""

import re
from datetime import date

from corpus import dates, keys
from corpus.places.addresses import split_address
from corpus.readers.kinds.cells import CheckedRow, paragraphs, split_list
from corpus.readers.kinds.items import DEPARTMENTS, FIELDS, NUMBER, PLACE, SOURCE, issue_items, item
from corpus.readers.kinds.kind import FileKind
from corpus.readers.kinds.surroundings import Surroundings, place_of
from corpus.readers.layout.meanings import Role
from corpus.records.issues import Issue, Origin, ReleaseLevel

ITEMS = (
    NUMBER,
    item("題名", "タイトル 件名 課題名 見出し 表題 テーマ 課題テーマ 地域課題名", Role.NAME),
    item("本文", "内容 課題の内容 課題内容 課題概要 課題の概要 説明 概要 詳細 課題 地域課題 現状と課題"),
    item("日付", "投稿日 掲載日 登録日 公開日 年月日 投稿日時 掲載年月日 受付日"),
    item("目的", "目指す姿 実現したいこと"),
    item("求める役割", "期待する役割 協働したい相手 協働したい相手・期待する役割 求める団体 求める相手 募集内容"),
    *SOURCE,
    item(
        "取り組むNPO",
        "取り組む団体 取り組んでいるNPO 取り組んでいる団体 取組NPO 取組団体 この課題に取り組むNPO "
        "この課題に取り組む団体 関連団体",
    ),
    item("担当課", DEPARTMENTS),
    item("年度", "対象年度"),
    item("対象地域", "対象区域 地域 学区"),
    FIELDS,
    *PLACE,
    item("備考", "メモ"),
)

_TEXT_ITEMS = issue_items(problem=("本文",), partner_sought=("求める役割",))
_TEXTS = ("題名", "出典名", "出典URL", "取り組むNPO", *(item for items in _TEXT_ITEMS.values() for item in items))
_CITY_IN_TITLE = re.compile(r"【\s*(?P<place>[^【】]{1,20}[都道府県市区町村])\s*】\s*(?P<title>.+)", re.DOTALL)
_URL = re.compile(r"https?://[^\s　、。」）)>]+")


def posted_issue(row: CheckedRow, around: Surroundings) -> Issue | None:
    """None for a row without content, and for one with an error. Posted issues were public and stay so."""
    if not row.has(_TEXTS):
        return None
    if not row.has(("題名",)):
        row.error("題名", "空欄", "課題の題名", f"{row.label('題名')}が空です。課題の題名を入れてください。")
    title, prefecture, city = _title_and_place(row, around)
    posted_on = row.date("日付", required=True)
    source_name, source_url = source_of(row)
    key = posted_key(posted_on, city or prefecture, title)
    issue = Issue(
        id=keys.record_id("i-", key),
        key=key,
        title=title,
        department=row.text("担当課") or around.department,
        fiscal_year=row.fiscal_year("年度") or (dates.fiscal_year_of(posted_on) if posted_on else around.fiscal_year),
        **row.texts(_TEXT_ITEMS),
        prefecture=prefecture,
        city=city,
        area=row.text("対象地域"),
        fields=row.fields("分野"),
        origin=Origin.POSTED,
        release_level=ReleaseLevel.PUBLIC if posted_on else ReleaseLevel.SECTION,
        posted_on=posted_on,
        source_name=source_name,
        source_url=source_url,
        partners=split_list(row.text("取り組むNPO")),
    )
    return None if row.failed else issue


def posted_key(posted_on: date | None, place: str, title: str) -> str:
    """A posted issue is known by its day, its city (or prefecture) and its title."""
    return keys.joined(posted_on.isoformat() if posted_on else "", place, title)


def _title_and_place(row: CheckedRow, around: Surroundings) -> tuple[str, str, str]:
    """【岡山市】題名 is a title and a place; 【募集】題名 is a title."""
    title = row.text("題名")
    prefecture, city = place_of(row, around)
    found = _CITY_IN_TITLE.fullmatch(title)
    if found is None:
        return title, prefecture, city
    if row.has(("市区町村",)):
        return found["title"], prefecture, city
    place = found["place"]
    area = split_address(prefecture + place) or split_address(place)
    if area:
        return found["title"], area.prefecture or "", area.city or ""
    message = f"{row.label('題名')}の【{place}】から場所が決まりません。都道府県と市区町村の列に書いてください。"
    row.warn("題名", f"【{place}】", "【市区町村の名前】", message)
    return found["title"], prefecture, place


def source_of(row: CheckedRow) -> tuple[str, str]:
    """出典's name and address, also where both stand in one cell."""
    name, url = row.text("出典名"), row.text("出典URL")
    found = _URL.search(url) or _URL.search(name)
    if found is None:
        return paragraphs((name, url)), ""
    return _URL.sub("", name).strip(" 　\n、,（）()"), found[0]


POSTED = FileKind(
    label="投稿された課題",
    record=Issue,
    items=ITEMS,
    convert=posted_issue,
    needed=(("題名",),),
    telling=(("本文",), ("日付", "出典名", "出典URL", "取り組むNPO")),
)
