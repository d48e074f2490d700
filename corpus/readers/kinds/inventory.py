"""業務の棚卸: a row of a department's own sheet to an issue."""

import re
from dataclasses import dataclass

from corpus import keys
from corpus.readers.kinds.cells import CheckedRow
from corpus.readers.kinds.items import CITIES, DEPARTMENTS, FIELDS, NUMBER, PREFECTURES, issue_items, item
from corpus.readers.kinds.kind import FileKind
from corpus.readers.kinds.surroundings import Surroundings, full_department, place_of
from corpus.readers.layout.meanings import Role
from corpus.records.issues import Issue, Origin, ReleaseLevel
from matcher.folding import nfkc

_ITEMS = (
    NUMBER,
    item(
        "業務名",
        "業務の名称 業務名称 事務事業名 事務事業名称 事務事業 事業名 事業名称 事業の名称 事務名 業務 担当業務 "
        "自分の業務 自分の仕事 事業名/中事業 中事業 細事業名 取組名 施策・事業名 業務・事業名",
        Role.NAME,
    ),
    item("部局", "部局名 局名 部名 局 部", Role.CONTEXT),
    item("担当課", DEPARTMENTS, Role.CONTEXT),
    item("年度", "対象年度 実施年度 作成年度 会計年度 記入年度", Role.CONTEXT),
    item(
        "目的",
        "本来の目的 業務の目的 業務目的 事業目的 事業の目的 目的・概要 業務の目的・概要 事業の目的・概要 目的・内容 "
        "目的及び内容 目的・ねらい ねらい 目指す姿 めざす姿 あるべき姿 何のために",
    ),
    item(
        "現状",
        "実態 現在の状況 現況 現状・実態 現状と実態 業務の現状 事業の現状 現在の状態 協働の実態 現在の取組 "
        "現在の取組状況 取組状況 実施状況 業務の実態",
    ),
    item("阻害要因", "目的の阻害要因 妨げになっていること 妨げているもの"),
    item(
        "課題",
        "問題点 課題・阻害要因 阻害要因・課題 現状と課題 現状・課題 現状及び課題 業務執行上の課題 業務上の課題 "
        "事業の課題 問題点・課題 課題・問題点 問題・課題 問題 困りごと 困っていること 課題等 課題の内容 地域課題 "
        "行政課題",
    ),
    item(
        "協働の可能性",
        "協働可能性 協働の可能性有無 協働の有無 協働の可否 協働の余地 協働の可能性の有無 協働可否 協働できるか",
    ),
    item(
        "協働したい相手",
        "協働したい相手・期待する役割 協働したい団体 協働の相手 協働相手 協働の相手方 協働先 "
        "協働したい相手と期待する役割 想定する担い手 担い手 パートナー パートナー候補 想定パートナー "
        "求めるパートナー 想定される相手 想定する相手 連携先 連携したい団体 連携したい相手 将来的な実施主体(担い手) "
        "将来的な実施主体 期待する相手 求める相手 協働したい相手・役割",
    ),
    item("期待する役割", "求める役割 相手に期待する役割 団体に期待する役割 協働相手の役割 期待すること"),
    item(
        "事業アイデア",
        "アイデア アイディア 事業アイディア 事業案 協働のアイデア 協働事業のアイデア 協働事業案 取組案 改善案 解決案",
    ),
    item(
        "事務区分",
        "事務の区分 事務の種類 自治/法定受託 自治事務・法定受託事務 自治事務/法定受託事務 業務区分 事業区分",
    ),
    item("根拠法令", "根拠法令等 法的根拠 根拠法 根拠 根拠規定 根拠法令・条例 関係法令"),
    item("対象地域", "対象区域 実施地域 実施区域 地域 学区 小学校区 中学校区"),
    FIELDS,
    item("都道府県", PREFECTURES, Role.CONTEXT),
    item("市区町村", CITIES, Role.CONTEXT),
    item("備考", "備考欄 特記事項 摘要 メモ その他"),
)

_SUBSTANCE = ("課題", "阻害要因", "現状", "目的")
_TEXT_ITEMS = issue_items(problem=("阻害要因", "課題"), partner_sought=("協働したい相手", "期待する役割"))
_FLAGS = ("協働の可能性",)  # 無 alone says nothing of the matter
_TEXTS = ("業務名", "事務区分", *(item for items in _TEXT_ITEMS.values() if items != _FLAGS for item in items))

_YES = (
    r"有り?|あり|ある|○|〇|◯|◎|△|▲|可能?|できる|可能性(が|は)?(有り?|あり|高い|低い)|"
    r"一部(有り?|あり|可能?)|(要)?検討(中|要)?|今後検討(する)?|(既に|すでに)?実施(中|済み?)?|高い|低い|未定|不明|はい|yes|\?"
)
_NO = (
    r"無し?|なし|ない|無理|できない|しない|該当しない|なじまない|no(?![.\d])|n/a|"
    r"×|✕|✖|✗|☓|╳|x|不可|不可能|不要|対象外|該当(無し?|なし)|特に(無し?|なし)|いいえ|困難|"
    r"(協働の)?(可能性|余地|予定)は?(無し?|なし|ない)|(協働|連携)(に|は|が)?(困難|不可|できない|しない|なじまない)|法定"
)
_FLAG = re.compile(rf"(?:(?P<no>{_NO})|(?P<yes>{_YES}))(?P<rest>[^\w].*)?", re.DOTALL | re.IGNORECASE)
_STATUTORY = re.compile(r"法定(受託|事務|業務)")
_UNANSWERED = re.compile(r"有[・/、|]無|あり[・/、|]なし|○[・/、|]×|[-－―ー–—]+")
_REMARK = 4  # a longer addition to 有 names a partner; a shorter one is a remark such as 継続 or 一部


@dataclass(frozen=True, slots=True)
class Possibility:
    """What 協働の可能性 says: whether a partner is sought, and the words that name one."""

    seeks_partner: bool
    partner: str = ""


def possibility_of(text: str) -> Possibility:
    """有/無/検討中/○/×/△, an addition or not; any longer text names the partner hoped for; empty leaves it open."""
    folded = nfkc(_ticked(text)).strip(" 　。.")
    if not folded or _UNANSWERED.fullmatch(folded):
        return Possibility(True)
    flag = _FLAG.fullmatch(folded)
    if (flag and flag["no"]) or _STATUTORY.match(folded):
        return Possibility(False)
    if flag is None:
        return Possibility(True, text if len(folded) > 1 else "")  # one sign, such as A or 済, names nobody
    addition = (flag["rest"] or "").strip(" 　()[]「」:、。・-")
    return Possibility(True, addition if len(addition) > _REMARK else "")


def _ticked(text: str) -> str:
    """Of □有 ☑無, only what is ticked."""
    return re.sub(r"[■☑☒✓✔]", "", re.sub(r"□\s*[^\s□■☑☒✓✔]+", "", text)) if "□" in text else text


def issue_from_inventory(row: CheckedRow, around: Surroundings) -> Issue | None:
    """None for a row that says nothing beyond its department and year, and for one with an error."""
    written = possibility_of(row.text("協働の可能性"))
    if not row.has(_TEXTS) and not written.partner:
        return None
    _check(row)
    title = row.text("業務名")
    department = full_department(row.text("部局"), row.text("担当課")) or around.department
    fiscal_year = row.fiscal_year("年度") or around.fiscal_year
    prefecture, city = place_of(row, around)
    key = issue_key(city, department, fiscal_year, title)
    issue = Issue(
        id=keys.record_id("i-", key),
        key=key,
        title=title,
        department=department,
        fiscal_year=fiscal_year,
        **row.texts(_TEXT_ITEMS, partner_sought=written.partner),
        seeks_partner=written.seeks_partner and "法定受託" not in row.text("事務区分"),
        prefecture=prefecture,
        city=city,
        area=row.text("対象地域"),
        fields=row.fields("分野"),
        origin=Origin.INVENTORY,
        release_level=ReleaseLevel.SECTION,
    )
    return None if row.failed else issue


def issue_key(city: str, department: str, fiscal_year: int | None, title: str) -> str:
    """A row of a sheet is known by where it stands and what it is called."""
    return keys.joined(city, department, "" if fiscal_year is None else str(fiscal_year), title)


def _check(row: CheckedRow) -> None:
    if not row.has(("業務名",)):
        message = f"{row.label('業務名')}が空です。業務の名前を入れてください。"
        row.error("業務名", "空欄", "業務の名前", message)
    elif not row.has(_SUBSTANCE):
        item = next((item for item in _SUBSTANCE if item in row.row.cells), "課題")
        message = f"{row.row.number}行目は業務名だけで、課題、現状、目的がどれも空です。どれか一つを入れてください。"
        row.error(item, "空欄", "課題、現状、目的のどれか", message)


INVENTORY = FileKind(
    label="業務の棚卸シート",
    record=Issue,
    items=_ITEMS,
    convert=issue_from_inventory,
    needed=(("業務名",), ("課題", "現状", "目的", "阻害要因")),
    telling=(),
)
