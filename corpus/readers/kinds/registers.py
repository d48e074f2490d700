"""Registers of organisations: a row of a directory, or of the NPO portal's bulk file, to an organisation."""

from corpus import corporate_numbers, keys
from corpus.readers.formats.sheets import shortened
from corpus.readers.kinds.cells import RowReader, paragraphs
from corpus.readers.kinds.items import PORTAL_FIELD_ITEMS
from corpus.readers.kinds.surroundings import Surroundings, place_of
from corpus.records.organisations import Organisation
from matcher.folding import nfkc

_TEXTS = ("団体名", "種別", "目的", "活動内容", "活動実績", "紹介文", "できること", "所在地", "活動区域", "法人番号")
_NOTHING = frozenset({"", "無", "無し", "なし", "特になし", "該当なし", "-", "ー", "―", "0", "×"})
_FLAGS = frozenset("○〇◯●◎1１✓✔レ有")
_FIELD_OF_ITEM = {item: code for code, item in enumerate(PORTAL_FIELD_ITEMS, start=1)}
PORTAL_SOURCE = "内閣府NPO法人ポータルサイト"


def organisation_from_register(row: RowReader, around: Surroundings) -> Organisation | None:
    """None for a row without content, and for one with an error. The place is the address's, else the caller's."""
    if not row.has(_TEXTS):
        return None
    name, address, number = row.text("団体名"), row.text("所在地"), _corporate_number(row)
    _require(row, "団体名", "団体の名前")
    prefecture, city = place_of(row, around, address)
    area = row.text("活動区域")
    key = keys.organisation_key(name, address or prefecture + city + area, number)
    ended = _said(row.text("解散情報"))
    organisation = Organisation(
        id=keys.record_id("o-", key),
        key=key,
        name=name,
        kind=row.text("種別"),
        purpose=row.text("目的"),
        activities=paragraphs(_said(row.text(item)) for item in ("活動内容", "その他の事業", "活動実績", "紹介文")),
        offers=row.text("できること"),
        fields=row.fields("分野"),
        prefecture=prefecture,
        city=city,
        address=address,
        area=area,
        corporate_number=number,
        founded=row.text("設立"),
        website=row.text("ウェブサイト"),
        active=not ended,
        inactive_reason=f"解散情報: {ended}" if ended else "",
        source=row.text("出典名"),
        confirmed_on=row.date("確認日"),
        representative=row.text("代表者"),
        contact_person=row.text("連絡担当者"),
        contact=paragraphs(row.text(item) for item in ("連絡先", "電話", "FAX", "メール")),
    )
    return None if row.failed else organisation


def organisation_from_portal(row: RowReader, around: Surroundings) -> Organisation | None:
    """A body whose 解散情報 is filled, or that has no address left, is inactive. None for a row with an error."""
    name, address, number = row.text("法人名称"), row.text("主たる事務所の所在地"), _corporate_number(row)
    _require(row, "法人名称", "法人の名前")
    prefecture, city = place_of(row, Surroundings(), address)
    key = keys.organisation_key(name, address, number)
    reason = _portal_inactive_reason(_said(row.text("解散情報")), address)
    organisation = Organisation(
        id=keys.record_id("o-", key),
        key=key,
        name=name,
        kind="NPO法人",
        purpose=row.text("定款に記載された目的"),
        activities=paragraphs((row.text("特定非営利活動に係る事業"), _said(row.text("その他の事業")))),
        fields=_flagged_fields(row),
        prefecture=prefecture,
        city=city,
        address=address,
        corporate_number=number,
        founded=row.text("設立年月日") or row.text("法人設立認証年月日"),
        website=row.text("法人情報URL"),
        active=not reason,
        inactive_reason=reason,
        source=PORTAL_SOURCE,
        representative=row.text("代表者氏名"),
    )
    return None if row.failed else organisation


def _flagged_fields(row: RowReader) -> frozenset[int]:
    """The fields whose column holds ○."""
    cells = row.row.cells
    texts = ((code, cells[item].text) for item, code in _FIELD_OF_ITEM.items() if item in cells)
    return frozenset(code for code, text in texts if text and text.strip() in _FLAGS)


def _portal_inactive_reason(dissolved: str, address: str) -> str:
    if dissolved:
        return f"解散情報: {dissolved}"
    return "" if address else "主たる事務所の所在地がありません"


def _said(text: str) -> str:
    """``text``, unless it is a word for nothing (なし, －)."""
    return "" if len(text) < 6 and nfkc(text).strip() in _NOTHING else text


def _corporate_number(row: RowReader) -> str:
    """The digits where the check digit is right; else as typed, with a warning."""
    text = _said(row.text("法人番号"))
    if not text:
        return ""
    if corporate_numbers.is_valid(text):
        return corporate_numbers.normalise(text)
    label = row.label("法人番号")
    message = f"{label}は13桁の番号でないため、書かれたまま残します。正しい番号を確かめてください。"
    if len(corporate_numbers.normalise(text)) == 13:
        message = f"{label}は検査用数字が合わないため、書かれたまま残します。13桁の番号を確かめてください。"
    row.warn("法人番号", shortened(text), "検査用数字の合う13桁の番号", message)
    return text


def _require(row: RowReader, item: str, expected: str) -> None:
    if not row.has((item,)):
        row.error(item, "空欄", expected, f"{row.label(item)}が空です。{expected}を入れてください。")
