"""業務の棚卸: a row of a department's own sheet to an issue."""

import re
from dataclasses import dataclass

from corpus import keys
from corpus.readers.kinds.cells import RowReader
from corpus.readers.kinds.items import issue_items
from corpus.readers.kinds.surroundings import Surroundings, full_department, place_of
from corpus.records.issues import Issue, Origin, ReleaseLevel
from matcher.folding import nfkc

_SUBSTANCE = ("課題", "阻害要因", "現状", "目的")
_ITEMS = issue_items(problem=("阻害要因", "課題"), partner_sought=("協働したい相手", "期待する役割"))
_FLAGS = ("協働の可能性",)  # 無 alone says nothing of the matter
_TEXTS = ("業務名", "事務区分", *(item for items in _ITEMS.values() if items != _FLAGS for item in items))

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


def issue_from_inventory(row: RowReader, around: Surroundings) -> Issue | None:
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
        **row.texts(_ITEMS, partner_sought=written.partner),
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


def _check(row: RowReader) -> None:
    if not row.has(("業務名",)):
        message = f"{row.label('業務名')}が空です。業務の名前を入れてください。"
        row.error("業務名", "空欄", "業務の名前", message)
    elif not row.has(_SUBSTANCE):
        item = next((item for item in _SUBSTANCE if item in row.row.cells), "課題")
        message = f"{row.row.number}行目は業務名だけで、課題、現状、目的がどれも空です。どれか一つを入れてください。"
        row.error(item, "空欄", "課題、現状、目的のどれか", message)
