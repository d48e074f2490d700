"""Registers of organisations: a row of a directory, or of the NPO portal's bulk file, to an organisation."""

from corpus import corporate_numbers, keys
from corpus.readers.formats.sheets import shortened
from corpus.readers.kinds.cells import CheckedRow, paragraphs
from corpus.readers.kinds.items import FIELDS, NUMBER, PLACE, item
from corpus.readers.kinds.kind import FileKind
from corpus.readers.kinds.surroundings import Surroundings, place_of
from corpus.readers.layout.meanings import Role
from corpus.records.organisations import Organisation
from matcher.folding import nfkc

_TEXTS = ("団体名", "種別", "目的", "活動内容", "活動実績", "紹介文", "できること", "所在地", "活動区域", "法人番号")
_NOTHING = frozenset({"", "無", "無し", "なし", "特になし", "該当なし", "-", "ー", "―", "0", "×"})
_FLAGS = frozenset("○〇◯●◎1１✓✔レ有")
_ITEMS = (
    NUMBER,
    item(
        "団体名",
        "団体名称 団体の名称 名称 法人名 法人名称 組織名 グループ名 サークル名 会の名称 登録団体名 団体・グループ名",
        Role.NAME,
    ),
    item("種別", "団体種別 団体の種別 団体の種類 法人格 法人種別 組織形態 団体区分 区分 団体形態"),
    item(
        "目的",
        "活動目的 団体の目的 活動の目的 設立目的 設立の目的 設立趣旨 趣旨 定款に記載された目的 定款目的 ミッション",
    ),
    item(
        "活動内容",
        "活動の内容 主な活動 主な活動内容 活動概要 事業内容 主な事業 団体活動・業務 活動・事業内容 "
        "特定非営利活動に係る事業 NPO活動 内容 活動 活動紹介 活動の概要",
    ),
    item("活動実績", "設立以来の主な活動実績 主な活動実績 実績 これまでの活動 主な実績 活動目的・実績"),
    item("その他の事業"),
    item("紹介文", "団体紹介 概要 団体概要 団体の概要 団体の紹介 自己紹介 PR PR文 メッセージ"),
    item(
        "できること",
        "提供できること 協力できること 協働でできること 行政と協働できること 得意なこと 得意分野 強み 支援できること "
        "貢献できること 地域や行政に提供できること 提供できる資源 持っている資源 出前講座 協働したいこと",
    ),
    FIELDS,
    item(
        "所在地",
        "住所 団体所在地 事務所所在地 事務所の所在地 主たる事務所 主たる事務所の所在地 主たる事務所所在地 事務局所在地",
    ),
    *PLACE,
    item(
        "活動区域",
        "活動地域 活動範囲 活動エリア 活動の範囲 主な活動地域 主な活動区域 活動対象地域 活動場所 主な活動場所 対象地域",
    ),
    item("法人番号", "法人番号13桁"),
    item("設立", "設立年月日 設立年月 設立年 設立日 結成年月日 結成年 発足年 発足 活動開始年 創立"),
    item(
        "ウェブサイト",
        "ホームページ HP URL ホームページURL HPアドレス ホームページアドレス Webサイト サイト 法人情報URL",
    ),
    item("解散情報", "解散 解散日 解散年月日 活動終了 休止・解散"),
    item("確認日", "最終確認日 情報確認日 内容確認日 確認年月日"),
    item("代表者", "代表者氏名 代表者名 代表 代表者役職・氏名 会長 会長名 理事長 代表者の氏名 団体代表者名"),
    item("連絡担当者", "担当者 担当者名 担当者氏名 連絡責任者 事務担当者 窓口担当者 連絡先氏名"),
    item("連絡先", "連絡先等 問い合わせ先 お問い合わせ先 お問合せ先 問合せ先 問合先 連絡方法 連絡先住所"),
    item("電話", "電話番号 TEL 連絡先電話番号 携帯電話 電話・FAX TEL/FAX"),
    item("FAX", "FAX番号 ファクス ファックス"),
    item("メール", "メールアドレス E-mail Eメール 電子メール mail"),
    item("出典名", "出典 情報源 情報元"),
)

# The portal's 60 columns have fixed names; what is not read here stays unused.
_PORTAL_FIELD_ITEMS = tuple(f"活動分野{code}" for code in range(1, 21))
_PORTAL_ITEMS = (
    item("法人名称", "", Role.NAME, exact=True),
    item("所轄庁", exact=True),
    item("主たる事務所の所在地", exact=True),
    item("代表者氏名", exact=True),
    item("法人設立認証年月日", exact=True),
    item("設立年月日", exact=True),
    item("定款に記載された目的", exact=True),
    *(item(name, exact=True) for name in _PORTAL_FIELD_ITEMS),
    item("解散情報", exact=True),
    item("法人情報URL", exact=True),
    item("法人番号", exact=True),
    item("特定非営利活動に係る事業", exact=True),
    item("その他の事業", exact=True),
)

_FIELD_OF_ITEM = {item: code for code, item in enumerate(_PORTAL_FIELD_ITEMS, start=1)}
PORTAL_SOURCE = "内閣府NPO法人ポータルサイト"


def organisation_from_register(row: CheckedRow, around: Surroundings) -> Organisation | None:
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


def organisation_from_portal(row: CheckedRow, around: Surroundings) -> Organisation | None:
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


def _flagged_fields(row: CheckedRow) -> frozenset[int]:
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


def _corporate_number(row: CheckedRow) -> str:
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


def _require(row: CheckedRow, item: str, expected: str) -> None:
    if not row.has((item,)):
        row.error(item, "空欄", expected, f"{row.label(item)}が空です。{expected}を入れてください。")


REGISTER = FileKind(
    label="団体の名簿",
    record=Organisation,
    items=_ITEMS,
    convert=organisation_from_register,
    needed=(("団体名",),),
    telling=(("目的", "活動内容", "紹介文", "できること", "分野", "所在地", "活動区域", "種別", "法人番号", "連絡先"),),
)
NPO_PORTAL = FileKind(
    label="NPO法人ポータルの一括ファイル",
    record=Organisation,
    items=_PORTAL_ITEMS,
    convert=organisation_from_portal,
    needed=(("法人名称",),),
    telling=(("所轄庁",), ("定款に記載された目的",)),
)
