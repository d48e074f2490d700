"""What the coordinator decides and what came of it: grades, introductions, dated events. Nothing is ever overwritten.

Sending the same thing twice (a double click, a reload) stores it once and answers with what is stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from api.errors import Detail, Invalid, NotFound
from api.usecases import collection
from corpus.clock import today
from corpus.dates import era_label
from corpus.records.decisions import GRADE_LABELS, Grade, Introduction, Judgement, ListEntry, Review, Stage, StageEvent
from corpus.records.issues import Issue
from corpus.session import Session
from corpus.store import introductions as introduction_rows
from corpus.store import organisations as organisation_rows
from corpus.store import rankings as ranking_rows
from corpus.store import reviews as review_rows
from corpus.store.rankings import ListToShow
from corpus.values import restored, text_fault

REASONS: Mapping[str, str] = {
    "": "理由を選ばない",
    "activity_fits": "活動の内容が課題に合っている",
    "experience": "同じような取り組みの経験がある",
    "place_fits": "活動する地域が合っている",
    "already_together": "すでに一緒に取り組んでいる",
    "activity_differs": "活動の内容が課題と違う",
    "words_only": "言葉は同じだが意味が違う",
    "place_differs": "活動する地域が違う",
    "people_differ": "対象とする人が違う",
    "no_capacity": "いまは引き受ける余裕がない",
    "other": "そのほか",
}
FITTING = ("activity_fits", "experience", "place_fits")
UNFITTING = ("activity_differs", "words_only", "place_differs", "people_differ", "no_capacity")
_CONTRADICTING: Mapping[Grade, tuple[str, ...]] = {Grade.SUITABLE: UNFITTING, Grade.UNSUITABLE: FITTING}
GONE = "(登録からなくなった団体)"
MAX_COMMENT = 2_000
# 平成 began then; what was done together before lies in no record of a city that counts such meetings.
_FIRST_DAY = date(1989, 1, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntroductionTrack:
    """An introduction with its events in the order of their days, voided ones included."""

    introduction: Introduction
    events: tuple[StageEvent, ...]

    @property
    def voided(self) -> bool:
        """Whether the introduction was taken back: then none of its events counts."""
        return self.introduction.voided


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """All that people decided about an issue. ``latest``: organisation id -> the review that counts (none taken back);
    ``history`` newest first; ``names``: organisation id -> name, for every organisation mentioned; ``samples``: the
    invented ones among them.
    """

    latest: Mapping[str, Review]
    history: tuple[Review, ...]
    introductions: tuple[IntroductionTrack, ...]
    names: Mapping[str, str]
    samples: frozenset[str]


def judge(s: Session, judgement: Judgement, shown: ListToShow | None = None) -> Review:
    """Judge a suggestion. Rank, score, band and model come from the stored ranking, never from the sender.

    ``shown`` is the list that showed it, where that is to be recorded first. Raises Invalid for a reason that
    contradicts the grade.
    """
    checked(judgement)
    _check_stored(s, judgement.issue, judgement.organisation)
    said = replace(judgement, ranking=ranking_rows.record(s, shown)) if shown else judgement
    return review_rows.add(s, said, _shown(s, said))


def checked(judgement: Judgement) -> Judgement:
    """The judgement itself, best before a session of writing begins: nobody waits there to hear what is wrong.

    Raises Invalid for words that cannot be stored and a reason that contradicts the grade.
    """
    _check_words(judgement.reason, judgement.comment)
    _check_reason(judgement)
    return judgement


def check_fact(on: date, note: str) -> None:
    """That something may have happened on a day, likewise. Raises Invalid."""
    _check_words("", note)
    _check_day(on)


def missed(issue_id: str, organisation_id: str, comment: str = "") -> Judgement:
    """That the list did not hold a suitable partner."""
    return Judgement(issue=issue_id, organisation=organisation_id, grade=Grade.SUITABLE, comment=comment, missed=True)


def take_back(s: Session, issue_id: str, organisation_id: str) -> None:
    """Take the judgement of a pair back; it stays in the history. Without a judgement nothing happens."""
    _check_stored(s, issue_id, organisation_id)
    last = review_rows.latest(s, issue_id).get(organisation_id)
    if last is not None and last.grade is not None:
        judge(s, Judgement(issue=issue_id, organisation=organisation_id, grade=None, ranking=last.ranking))


def introduce(s: Session, issue_id: str, organisation_id: str, on: date, note: str = "") -> Introduction:
    """Record that both sides were brought together on a day."""
    check_fact(on, note)
    _check_stored(s, issue_id, organisation_id)
    return introduction_rows.add(s, issue=issue_id, organisation=organisation_id, introduced_on=on, note=note)


def add_event(s: Session, introduction_id: int, stage: Stage, on: date, note: str = "") -> StageEvent:
    """Record a dated step after an introduction. Raises Invalid for one that cannot have come then."""
    check_fact(on, note)
    introduction = _existing_introduction(s, introduction_id)
    counting = [event for event in introduction_rows.events(s, introduction_id) if not event.voided]
    if (stage, on, note) not in ((event.stage, event.happened_on, event.note) for event in counting):
        _check_order(introduction, counting, stage, on)
    return introduction_rows.add_event(s, introduction=introduction_id, stage=stage, happened_on=on, note=note)


def void_introduction(s: Session, introduction_id: int) -> Introduction:
    """Say that an introduction was recorded by mistake; it stays on record, and neither it nor its events count."""
    _existing_introduction(s, introduction_id)
    introduction_rows.void(s, introduction_id)
    return _existing_introduction(s, introduction_id)


def void_event(s: Session, event_id: int) -> None:
    """Say that an event was recorded by mistake; it stays on record and no longer counts."""
    if introduction_rows.get_event(s, event_id) is None:
        raise NotFound("お探しの出来事の記録は見つかりません。番号を確かめてください。")
    introduction_rows.void_event(s, event_id)


def track(s: Session, issue: Issue) -> Track:
    """Everything the issue's page shows of people's decisions."""
    history = review_rows.history(s, issue.id)
    introductions = tuple(
        IntroductionTrack(introduction=one, events=tuple(introduction_rows.events(s, one.id)))
        for one in introduction_rows.of_issue(s, issue.id)
    )
    mentioned = {one.organisation for one in history} | {one.introduction.organisation for one in introductions}
    known = organisation_rows.by_ids(s, sorted(mentioned))
    newest = {review.organisation: review for review in history}
    return Track(
        latest={key: review for key, review in newest.items() if review.grade is not None},
        history=tuple(reversed(history)),
        introductions=introductions,
        names={key: known[key].name if key in known else GONE for key in sorted(mentioned)},
        samples=frozenset(key for key, organisation in known.items() if organisation.is_sample),
    )


def _check_stored(s: Session, issue_id: str, organisation_id: str) -> None:
    """Raises NotFound."""
    collection.issue(s, issue_id)
    collection.organisation(s, organisation_id)


def _shown(s: Session, judgement: Judgement) -> ListEntry:
    """How the list that was named showed the organisation."""
    if judgement.ranking is None:
        return ListEntry()
    ranking = ranking_rows.get(s, judgement.ranking)
    if ranking is None or ranking.issue != judgement.issue:
        raise Invalid(
            "もとになった候補の一覧が見つかりません。課題のページを開き直してから、もう一度評価してください。"
        )
    for entry in ranking.shown:
        if entry.get("id") == judgement.organisation:
            return restored(ListEntry, {**entry, "model": ranking.model})
    raise Invalid("この団体は、もとになった候補の一覧に載っていません。「一覧にない団体」として加えてください。")


def _existing_introduction(s: Session, introduction_id: int) -> Introduction:
    """Held until the transaction ends. Raises NotFound."""
    found = introduction_rows.held(s, introduction_id)
    if found is None:
        raise NotFound("お探しの紹介の記録は見つかりません。番号を確かめてください。")
    return found


def _check_words(reason: str, comment: str) -> None:
    if reason not in REASONS:
        raise Invalid(
            "理由が選択肢にありません。選び直してください。", (Detail("reason", "理由を選び直してください。"),)
        )
    if fault := text_fault(comment, MAX_COMMENT):
        raise Invalid(fault, (Detail("comment", fault),))


def _check_reason(judgement: Judgement) -> None:
    """A reason that says the opposite of the grade is a slip; 可 may have any."""
    grade, reason = judgement.grade, judgement.reason
    if grade and reason in _CONTRADICTING.get(grade, ()):
        sentence = (
            f"「{REASONS[reason]}」は「{GRADE_LABELS[grade]}」の理由にできません。"
            "評価に合う理由か「そのほか」を選んでください。"
        )
        raise Invalid(sentence, (Detail("reason", sentence),))


def _check_day(on: date) -> None:
    """Only what has happened is counted, so a day to come is a slip of the pen, and so is one of long ago."""
    if on < _FIRST_DAY:
        raise _wrong_day(f"{era_label(_FIRST_DAY)}より前の日付です。年を確かめて、実際にあった日を入れてください。")
    if on > today():
        raise _wrong_day(f"{era_label(on)}はまだ来ていない日です。実際にあった日を入れてください。")


def _check_order(introduction: Introduction, counting: Sequence[StageEvent], stage: Stage, on: date) -> None:
    """What the indicators take for granted: after the introduction, one start, and no end before it."""
    if introduction.voided:
        raise Invalid("この紹介は取り消されています。続きがあれば、紹介を記録しなおしてから書き足してください。")
    since = introduction.introduced_on
    if on < since:
        raise _wrong_day(
            f"{era_label(on)}は、紹介した日（{era_label(since)}）より前です。紹介した日か、その後の日を入れてください。"
        )
    first = {event.stage: event.happened_on for event in reversed(counting)}
    started, ended = first.get(Stage.STARTED), first.get(Stage.ENDED)
    if stage is Stage.STARTED and started:
        raise _wrong_day(
            f"実践開始は{era_label(started)}にもう記録されています。"
            "日付を直すときは、先にその記録を取り消してください。"
        )
    if stage is Stage.ENDED and started and on < started:
        raise _wrong_day(f"終了の日は、実践開始の日（{era_label(started)}）より前にはできません。")
    if stage is Stage.STARTED and ended and on > ended:
        raise _wrong_day(f"実践開始の日は、終了の日（{era_label(ended)}）より後にはできません。")


def _wrong_day(sentence: str) -> Invalid:
    return Invalid(sentence, (Detail("on", sentence),))
