"""One value at a time as words: dates, points, marks in quoted text. Nothing in here changes what was typed."""

from collections.abc import Iterable
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter

from markupsafe import Markup, escape

from corpus.access import LOCAL, TERMINAL, UNKNOWN
from corpus.clock import JAPAN
from corpus.dates import era_label, fiscal_year_label, parse_date

_DISSOLVED = "解散情報: "  # how the readers begin the reason of a dissolved body
_ACTORS = {UNKNOWN: "不明", TERMINAL.actor: "端末", LOCAL.actor: "この画面の利用者"}


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


def column_label(column: str) -> str:
    """``E 課題``, as a problem names a column, becomes E 列「課題」."""
    letter, _, heading = column.partition(" ")
    return f"{letter} 列「{heading}」" if heading else f"{letter} 列"


def excerpt(text: str, length: int = 90) -> str:
    """The beginning of a text on one line, with … where it goes on."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
