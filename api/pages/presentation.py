"""How records become words on a page: labels, dates, marks in quoted text. Nothing in here changes what was typed."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter

from markupsafe import Markup, escape

from api.usecases.reviews import FITTING, REASONS, UNFITTING
from corpus.access import LOCAL, TERMINAL, UNKNOWN
from corpus.clock import JAPAN
from corpus.dates import era_label, fiscal_year_label, parse_date
from corpus.readers.base import Kind, Severity
from corpus.records import ReleaseLevel
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
KIND_LISTS: Mapping[Kind, tuple[str, str]] = {  # what a file of the kind holds, and where it is listed
    Kind.INVENTORY: ("課題", "/issues"),
    Kind.ISSUES: ("課題", "/issues"),
    Kind.ORGANISATIONS: ("団体", "/organisations"),
    Kind.NPO_PORTAL: ("団体", "/organisations"),
    Kind.CASES: ("事例", "/cases"),
}
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
_DISSOLVED = "解散情報: "  # how the readers begin the reason of a dissolved body
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


def highlight(text: str, terms: Iterable[str]) -> Markup:
    """``text`` as written, every place where one of ``terms`` stands in ``<mark>``; what touches or overlaps is one."""
    marked = [False] * len(text)
    wanted = {term for term in terms if term.strip()}
    for length in sorted({len(term) for term in wanted}):  # a text once a length, however many terms there are
        until = 0
        for at in range(len(text)):
            if text[at : at + length] in wanted:
                until = at + length
            marked[at] = marked[at] or at < until
    runs = groupby(zip(marked, text, strict=True), itemgetter(0))
    pieces = ((mark, "".join(sign for _, sign in run)) for mark, run in runs)
    return Markup("").join(Markup("<mark>{}</mark>").format(piece) if mark else escape(piece) for mark, piece in pieces)


def japanese_date(day: date | None) -> str:
    """令和6年5月27日; empty for no day."""
    return era_label(day) if day else ""


def japanese_month(first: date) -> str:
    """令和6年5月, from the month's first day."""
    return era_label(first).removesuffix("1日")


def founding_day(text: str) -> str:
    """A day of any spelling as 平成17年1月12日; what is not written as a day (a year alone, words) as it was typed."""
    try:
        day = parse_date(text)
    except ValueError:
        return text  # a day that does not exist: shown as written, so that someone may notice
    return era_label(day) if day else text


def inactive_sentence(reason: str) -> str:
    """Why an organisation is no candidate; ``reason`` as a reader of files stored it, "" for unknown."""
    if reason.startswith(_DISSOLVED):
        return f"解散情報に「{reason.removeprefix(_DISSOLVED)}」とあるためです。"
    return f"理由は「{reason}」です。" if reason else ""


def japanese_moment(moment: datetime) -> str:
    """令和6年5月27日 14:05, in Japan's time."""
    local = moment.astimezone(JAPAN)
    return f"{era_label(local.date())} {local:%H:%M}"


def fiscal_year(year: int | None) -> str:
    """令和6年度; empty for no year."""
    return fiscal_year_label(year) if year is not None else ""


def points(value: float) -> str:
    """A summand of a score, with three decimals: enough to compare within one list, and no percentage."""
    return f"{round(value, 3) + 0.0:.3f}".replace("-", "−")  # + 0.0: nothing is not below zero


def actor_label(actor: str) -> str:
    """Who recorded something, in words; of an id that nobody knows any more 不明."""
    return _ACTORS.get(actor, _ACTORS[UNKNOWN])


_ACTORS = {UNKNOWN: "不明", TERMINAL.actor: "端末", LOCAL.actor: "この画面の利用者"}


def column_label(column: str) -> str:
    """``E 課題``, as a problem names a column, becomes E 列「課題」."""
    letter, _, heading = column.partition(" ")
    return f"{letter} 列「{heading}」" if heading else f"{letter} 列"


def excerpt(text: str, length: int = 90) -> str:
    """The beginning of a text on one line, with … where it goes on."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
