"""Codes as words."""

from collections.abc import Mapping

from api.usecases.reviews import FITTING, REASONS, UNFITTING
from corpus.readers.base import Severity
from corpus.records.issues import ReleaseLevel
from matcher.records import Band, Part
from models.learned import Whose
from models.reader.chat import Outcome

BAND_LABELS: Mapping[Band, str] = {
    Band.STRONG: "強い手がかり",
    Band.SOME: "手がかりあり",
    Band.WEAK: "弱い手がかり",
}
BAND_DOTS: Mapping[Band, str] = {Band.STRONG: "●●●", Band.SOME: "●●○", Band.WEAK: "●○○"}  # readable without colour
PART_LABELS: Mapping[str, tuple[str, str]] = {  # a part of the score: its name, and what it looks at
    Part.WORDS: ("同じことば", "同じことばが、双方の文章にあるか"),
    Part.CHARACTERS: ("同じ文字", "同じ漢字や、続いた2文字が、双方の文章にあるか"),
    Part.SYNONYMS: ("言いかえ", "言いかえの表で同じ組にあることばが、双方の文章にあるか"),
    Part.MEANING: ("意味の近さ", "ことばが違っても、意味の近い文があるか"),
    Part.ENCODER: ("文章全体", "文章全体の内容が、どれだけ近いか（文エンコーダーを置いたときだけ）"),
    Part.CASES: ("過去の事例", "似た課題に取り組んだ団体か、それに似た団体か"),
    Part.FIELDS: ("活動分野", "課題の活動分野が、団体にもあるか"),
    Part.AREA: ("地域", "地域が重なっているか"),
}
IN_USE_LABELS: Mapping[str, tuple[str, str]] = {  # something learned or made: its name, and what it serves
    "synonyms": ("言いかえの表", "違うことばで書かれた同じ意味を見つけます。"),
    "vectors": ("単語ベクトル", "意味の近いことばを見つけます。"),
    "encoder": ("文エンコーダー", "文章全体の内容をくらべます。付属のものはありません。"),
    "fields": ("活動分野のモデル", "分野の書かれていない課題に「分野の案」を示します。"),
}
WHOSE_LABELS: Mapping[Whose, str] = {"own": "市のもの", "shipped": "付属のもの", "none": "使っていません"}
REASON_GROUPS: Mapping[str, tuple[str, ...]] = {
    "": ("",),
    "合う理由": FITTING,
    "合わない理由": UNFITTING,
    "どちらでもない理由": tuple(code for code in REASONS if code and code not in (*FITTING, *UNFITTING)),
}
SEVERITY_LABELS: Mapping[Severity, str] = {Severity.ERROR: "要修正", Severity.WARNING: "注意"}
RELEASE_HINTS: Mapping[ReleaseLevel, str] = {
    ReleaseLevel.SECTION: "書いた課の中だけで使うものです。",
    ReleaseLevel.CENTRE: "協働の窓口（センター）の担当者まで見せてよいものです。",
    ReleaseLevel.REGISTERED: "登録している団体まで見せてよいものです。",
    ReleaseLevel.PUBLIC: "だれに見せてもよいものです。",
}
READER_OUTCOMES: Mapping[str, str] = {
    Outcome.READ: "答えを使いました",
    Outcome.TIME_OUT: "時間切れ",
    Outcome.NOT_REACHED: "つながらない",
    Outcome.REFUSED: "断られた",
    Outcome.TOO_LARGE: "答えが大きすぎる",
    Outcome.UNUSABLE: "答えの形が違う",
    Outcome.TOO_LONG: "文章が長く送らなかった",
    "": "終わりの記録なし",
}
DONE_SENTENCES: Mapping[str, str] = {
    "graded": "評価を記録しました。",
    "taken-back": "評価を取り消しました。履歴には残っています。",
    "missed": "一覧になかった団体を加えました。",
    "introduced": "紹介を記録しました。",
    "event": "できごとを記録しました。",
    "introduction-voided": "紹介を取り消しました。記録には残り、指標には数えません。",
    "voided": "できごとを取り消しました。記録には残り、指標には数えません。",
    "written": "課題を登録しました。",
    "edited": "書き直した内容を登録しました。",
    "fields": "活動分野を登録しました。",
    "closed": "この課題を終了にしました。",
    "open": "この課題の受付を再開しました。",
    "imported": "ファイルを取り込みました。",
    "cancelled": "取り込みをやめました。何も登録していません。",
    "samples-removed": "サンプルを消しました。",
    "weights-chosen": "重みを切り替えました。新しく並べる順位から使われます。すでに記録した順位は変わりません。",
    "weights-rolled-back": "ひとつ前の重みに戻しました。新しく並べる順位から使われます。記録した順位は変わりません。",
}
