"""The canonical 項目 of every kind of file, with the headings under which real forms hold them.

A heading is compared by meaning (``headings.py``), so spellings that differ only in width, spaces or marks are
listed once. Sources: the forms of 小牧市, 総務省, 相生市, 八千代市, 岡山市 and おかやまシェアウェブ, the directories of
おんぽ and 下妻市, and the bulk file of 内閣府NPO法人ポータルサイト.
"""

from collections.abc import Mapping

from corpus.readers.base import Kind
from corpus.readers.layout.meanings import Item, Role
from corpus.records.issues import TEXTS

# Items that name or reach a person: read into the contact columns only, never quoted in a problem.
PERSONAL = frozenset({"代表者", "代表者氏名", "連絡担当者", "連絡先", "電話", "FAX", "メール"})


def _item(name: str, spellings: str = "", role: Role = Role.TEXT, *, exact: bool = False) -> Item:
    return Item(name=name, spellings=tuple(spellings.split()), role=role, exact=exact)


_NUMBER = _item("番号", "№ No. 整理番号 業務番号 通し番号 項番 連番", Role.NUMBER, exact=True)
_PREFECTURES = "都道府県名 県名"
_CITIES = "市町村 市区町村名 市町村名 自治体 自治体名 市名"
_PLACE = (_item("都道府県", _PREFECTURES), _item("市区町村", _CITIES))
_SOURCE = (
    _item("出典名", "出典 出所 情報源 情報元 資料名 統計名 引用元 参考資料"),
    _item("出典URL", "URL リンク リンク先 参照URL 参考URL 掲載URL"),
)
_DEPARTMENTS = (
    "担当課名 担当部署 担当部署名 所属 所属名 所属課 課名 課 課室名 課所名 部署 部署名 所管 所管課 所管部署 所管課名 "
    "主管課 担当 担当所属 担当係 係名 関係課"
)
_FIELDS = _item("分野", "活動分野 主な分野 主な活動分野 活動の分野 定款分野 関連分野 分野コード 活動分野コード")

INVENTORY = (
    _NUMBER,
    _item(
        "業務名",
        "業務の名称 業務名称 事務事業名 事務事業名称 事務事業 事業名 事業名称 事業の名称 事務名 業務 担当業務 "
        "自分の業務 自分の仕事 事業名/中事業 中事業 細事業名 取組名 施策・事業名 業務・事業名",
        Role.NAME,
    ),
    _item("部局", "部局名 局名 部名 局 部", Role.CONTEXT),
    _item("担当課", _DEPARTMENTS, Role.CONTEXT),
    _item("年度", "対象年度 実施年度 作成年度 会計年度 記入年度", Role.CONTEXT),
    _item(
        "目的",
        "本来の目的 業務の目的 業務目的 事業目的 事業の目的 目的・概要 業務の目的・概要 事業の目的・概要 目的・内容 "
        "目的及び内容 目的・ねらい ねらい 目指す姿 めざす姿 あるべき姿 何のために",
    ),
    _item(
        "現状",
        "実態 現在の状況 現況 現状・実態 現状と実態 業務の現状 事業の現状 現在の状態 協働の実態 現在の取組 "
        "現在の取組状況 取組状況 実施状況 業務の実態",
    ),
    _item("阻害要因", "目的の阻害要因 妨げになっていること 妨げているもの"),
    _item(
        "課題",
        "問題点 課題・阻害要因 阻害要因・課題 現状と課題 現状・課題 現状及び課題 業務執行上の課題 業務上の課題 "
        "事業の課題 問題点・課題 課題・問題点 問題・課題 問題 困りごと 困っていること 課題等 課題の内容 地域課題 "
        "行政課題",
    ),
    _item(
        "協働の可能性",
        "協働可能性 協働の可能性有無 協働の有無 協働の可否 協働の余地 協働の可能性の有無 協働可否 協働できるか",
    ),
    _item(
        "協働したい相手",
        "協働したい相手・期待する役割 協働したい団体 協働の相手 協働相手 協働の相手方 協働先 "
        "協働したい相手と期待する役割 想定する担い手 担い手 パートナー パートナー候補 想定パートナー "
        "求めるパートナー 想定される相手 想定する相手 連携先 連携したい団体 連携したい相手 将来的な実施主体(担い手) "
        "将来的な実施主体 期待する相手 求める相手 協働したい相手・役割",
    ),
    _item("期待する役割", "求める役割 相手に期待する役割 団体に期待する役割 協働相手の役割 期待すること"),
    _item(
        "事業アイデア",
        "アイデア アイディア 事業アイディア 事業案 協働のアイデア 協働事業のアイデア 協働事業案 取組案 改善案 解決案",
    ),
    _item(
        "事務区分",
        "事務の区分 事務の種類 自治/法定受託 自治事務・法定受託事務 自治事務/法定受託事務 業務区分 事業区分",
    ),
    _item("根拠法令", "根拠法令等 法的根拠 根拠法 根拠 根拠規定 根拠法令・条例 関係法令"),
    _item("対象地域", "対象区域 実施地域 実施区域 地域 学区 小学校区 中学校区"),
    _FIELDS,
    _item("都道府県", _PREFECTURES, Role.CONTEXT),
    _item("市区町村", _CITIES, Role.CONTEXT),
    _item("備考", "備考欄 特記事項 摘要 メモ その他"),
)

ISSUES = (
    _NUMBER,
    _item("題名", "タイトル 件名 課題名 見出し 表題 テーマ 課題テーマ 地域課題名", Role.NAME),
    _item("本文", "内容 課題の内容 課題内容 課題概要 課題の概要 説明 概要 詳細 課題 地域課題 現状と課題"),
    _item("日付", "投稿日 掲載日 登録日 公開日 年月日 投稿日時 掲載年月日 受付日"),
    _item("目的", "目指す姿 実現したいこと"),
    _item("求める役割", "期待する役割 協働したい相手 協働したい相手・期待する役割 求める団体 求める相手 募集内容"),
    *_SOURCE,
    _item(
        "取り組むNPO",
        "取り組む団体 取り組んでいるNPO 取り組んでいる団体 取組NPO 取組団体 この課題に取り組むNPO "
        "この課題に取り組む団体 関連団体",
    ),
    _item("担当課", _DEPARTMENTS),
    _item("年度", "対象年度"),
    _item("対象地域", "対象区域 地域 学区"),
    _FIELDS,
    *_PLACE,
    _item("備考", "メモ"),
)

ORGANISATIONS = (
    _NUMBER,
    _item(
        "団体名",
        "団体名称 団体の名称 名称 法人名 法人名称 組織名 グループ名 サークル名 会の名称 登録団体名 団体・グループ名",
        Role.NAME,
    ),
    _item("種別", "団体種別 団体の種別 団体の種類 法人格 法人種別 組織形態 団体区分 区分 団体形態"),
    _item(
        "目的",
        "活動目的 団体の目的 活動の目的 設立目的 設立の目的 設立趣旨 趣旨 定款に記載された目的 定款目的 ミッション",
    ),
    _item(
        "活動内容",
        "活動の内容 主な活動 主な活動内容 活動概要 事業内容 主な事業 団体活動・業務 活動・事業内容 "
        "特定非営利活動に係る事業 NPO活動 内容 活動 活動紹介 活動の概要",
    ),
    _item("活動実績", "設立以来の主な活動実績 主な活動実績 実績 これまでの活動 主な実績 活動目的・実績"),
    _item("その他の事業"),
    _item("紹介文", "団体紹介 概要 団体概要 団体の概要 団体の紹介 自己紹介 PR PR文 メッセージ"),
    _item(
        "できること",
        "提供できること 協力できること 協働でできること 行政と協働できること 得意なこと 得意分野 強み 支援できること "
        "貢献できること 地域や行政に提供できること 提供できる資源 持っている資源 出前講座 協働したいこと",
    ),
    _FIELDS,
    _item(
        "所在地",
        "住所 団体所在地 事務所所在地 事務所の所在地 主たる事務所 主たる事務所の所在地 主たる事務所所在地 事務局所在地",
    ),
    *_PLACE,
    _item(
        "活動区域",
        "活動地域 活動範囲 活動エリア 活動の範囲 主な活動地域 主な活動区域 活動対象地域 活動場所 主な活動場所 対象地域",
    ),
    _item("法人番号", "法人番号13桁"),
    _item("設立", "設立年月日 設立年月 設立年 設立日 結成年月日 結成年 発足年 発足 活動開始年 創立"),
    _item(
        "ウェブサイト",
        "ホームページ HP URL ホームページURL HPアドレス ホームページアドレス Webサイト サイト 法人情報URL",
    ),
    _item("解散情報", "解散 解散日 解散年月日 活動終了 休止・解散"),
    _item("確認日", "最終確認日 情報確認日 内容確認日 確認年月日"),
    _item("代表者", "代表者氏名 代表者名 代表 代表者役職・氏名 会長 会長名 理事長 代表者の氏名 団体代表者名"),
    _item("連絡担当者", "担当者 担当者名 担当者氏名 連絡責任者 事務担当者 窓口担当者 連絡先氏名"),
    _item("連絡先", "連絡先等 問い合わせ先 お問い合わせ先 お問合せ先 問合せ先 問合先 連絡方法 連絡先住所"),
    _item("電話", "電話番号 TEL 連絡先電話番号 携帯電話 電話・FAX TEL/FAX"),
    _item("FAX", "FAX番号 ファクス ファックス"),
    _item("メール", "メールアドレス E-mail Eメール 電子メール mail"),
    _item("出典名", "出典 情報源 情報元"),
)

CASES = (
    _NUMBER,
    _item("事例名", "事例 事業名 事業名称 協働事業名 取組名 題名 タイトル 案件名 件名 テーマ", Role.NAME),
    _item("課題", "地域課題 取り組んだ課題 背景 背景・課題 課題・背景 解決したい課題 現状と課題 問題点"),
    _item("担当課", f"{_DEPARTMENTS} 行政の担当課 市の担当課 担当部署(市)"),
    _item(
        "協働の相手",
        "協働相手 協働の相手方 協働団体 団体名 実施団体 実施団体名 提案団体 提案団体名 パートナー 協働パートナー "
        "協働先 連携先 連携団体 相手方 団体 NPO NPO名",
    ),
    _item(
        "経過",
        "年度別の取組 年度ごとの取組 事業の経過 これまでの経過 経緯 協働の経過 取組の経過 事業の段階と年度",
    ),
    _item("年度", "実施年度 事業年度"),
    _item("段階", "事業の段階 ステージ 取組段階"),
    _item("ニーズ調査", "ニーズ調査の年度 ニーズ調査事業"),
    _item("モデル事業1", "モデル事業1年目 モデル事業(1年目) モデル事業 モデル事業ステップ1"),
    _item("モデル事業2", "モデル事業2年目 モデル事業(2年目) モデル事業ステップ2"),
    _item("一般施策化", "一般施策 施策化 本格実施"),
    _item("求めた役割", "期待した役割 団体に求めた役割 相手に求めた役割 団体の役割 役割 役割分担 求める役割"),
    _item("効果", "成果 成果・効果 効果・成果 協働の効果 協働による効果 相乗効果 結果"),
    _item(
        "展望・助言",
        "展望 今後の展望 助言 アドバイス 展望とアドバイス 今後の課題 今後の展望・助言 これから取り組む人へ",
    ),
    _FIELDS,
    *_PLACE,
    *_SOURCE,
)

# The portal's 60 columns have fixed names; what is not read here stays unused.
PORTAL_FIELD_ITEMS = tuple(f"活動分野{code}" for code in range(1, 21))
NPO_PORTAL = (
    _item("法人名称", "", Role.NAME, exact=True),
    _item("所轄庁", exact=True),
    _item("主たる事務所の所在地", exact=True),
    _item("代表者氏名", exact=True),
    _item("法人設立認証年月日", exact=True),
    _item("設立年月日", exact=True),
    _item("定款に記載された目的", exact=True),
    *(_item(name, exact=True) for name in PORTAL_FIELD_ITEMS),
    _item("解散情報", exact=True),
    _item("法人情報URL", exact=True),
    _item("法人番号", exact=True),
    _item("特定非営利活動に係る事業", exact=True),
    _item("その他の事業", exact=True),
)

ITEMS: Mapping[Kind, tuple[Item, ...]] = {
    Kind.INVENTORY: INVENTORY,
    Kind.ISSUES: ISSUES,
    Kind.ORGANISATIONS: ORGANISATIONS,
    Kind.NPO_PORTAL: NPO_PORTAL,
    Kind.CASES: CASES,
}


def issue_items(**apart: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Column of an issue -> the items its text is read from: that of its label alone, but for what stands ``apart``."""
    return {name: apart.get(name, (text.label,)) for name, text in TEXTS.items()}
