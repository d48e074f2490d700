"""The canonical 項目 that several kinds of file have, with the headings under which real forms hold them.

A heading is compared by meaning (``layout/meanings.py``), so spellings that differ only in width, spaces or marks are
listed once. Sources: the forms of 小牧市, 総務省, 相生市, 八千代市, 岡山市 and おかやまシェアウェブ, the directories of
おんぽ and 下妻市, and the bulk file of 内閣府NPO法人ポータルサイト.
"""

from collections.abc import Mapping

from corpus.readers.layout.meanings import Item, Role
from corpus.records.issues import TEXTS

# Items that name or reach a person: read into the contact columns only, never quoted in a problem.
PERSONAL = frozenset({"代表者", "代表者氏名", "連絡担当者", "連絡先", "電話", "FAX", "メール"})


def item(name: str, spellings: str = "", role: Role = Role.TEXT, *, exact: bool = False) -> Item:
    """An item with its spellings, which stand between blanks."""
    return Item(name=name, spellings=tuple(spellings.split()), role=role, exact=exact)


NUMBER = item("番号", "№ No. 整理番号 業務番号 通し番号 項番 連番", Role.NUMBER, exact=True)
PREFECTURES = "都道府県名 県名"
CITIES = "市町村 市区町村名 市町村名 自治体 自治体名 市名"
PLACE = (item("都道府県", PREFECTURES), item("市区町村", CITIES))
SOURCE = (
    item("出典名", "出典 出所 情報源 情報元 資料名 統計名 引用元 参考資料"),
    item("出典URL", "URL リンク リンク先 参照URL 参考URL 掲載URL"),
)
DEPARTMENTS = (
    "担当課名 担当部署 担当部署名 所属 所属名 所属課 課名 課 課室名 課所名 部署 部署名 所管 所管課 所管部署 所管課名 "
    "主管課 担当 担当所属 担当係 係名 関係課"
)
FIELDS = item("分野", "活動分野 主な分野 主な活動分野 活動の分野 定款分野 関連分野 分野コード 活動分野コード")


def issue_items(**apart: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Column of an issue -> the items its text is read from: that of its label alone, but for what stands ``apart``."""
    return {name: apart.get(name, (text.label,)) for name, text in TEXTS.items()}
