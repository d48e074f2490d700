"""What the collection holds, as frozen records. Texts are kept as typed; fiscal years start in April."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Origin(StrEnum):
    """Where an issue comes from."""

    INVENTORY = "inventory"  # 業務の棚卸
    POSTED = "posted"  # 投稿された課題 (シェアウェブ)
    PROPOSED = "proposed"  # 画面から書かれた課題


class ReleaseLevel(StrEnum):
    """Who may read an issue, narrowest first."""

    SECTION = "section"  # 課内
    CENTRE = "centre"  # センターまで
    REGISTERED = "registered"  # 登録団体まで
    PUBLIC = "public"  # 公開


def narrowest(*levels: ReleaseLevel) -> ReleaseLevel:
    """The one that lets the fewest read."""
    return min(levels, key=list(ReleaseLevel).index)


class IssueStatus(StrEnum):
    """A closed issue stays on record and is not ranked."""

    OPEN = "open"
    CLOSED = "closed"


class Grade(StrEnum):
    """A coordinator's judgement of one suggestion."""

    SUITABLE = "suitable"  # 適
    POSSIBLE = "possible"  # 可
    UNSUITABLE = "unsuitable"  # 不適


class Stage(StrEnum):
    """Dated steps after an introduction, in their usual order."""

    AGREED = "agreed"  # 双方が会うことに合意
    CONSULTATION = "consultation"  # 相談
    DISCUSSION = "discussion"  # 協議の場
    STARTED = "started"  # 実践開始
    ENDED = "ended"  # 終了


ORIGIN_LABELS = {Origin.INVENTORY: "業務の棚卸", Origin.POSTED: "投稿された課題", Origin.PROPOSED: "画面で入力"}
RELEASE_LABELS = {
    ReleaseLevel.SECTION: "課内",
    ReleaseLevel.CENTRE: "センターまで",
    ReleaseLevel.REGISTERED: "登録団体まで",
    ReleaseLevel.PUBLIC: "公開",
}
STATUS_LABELS = {IssueStatus.OPEN: "受付中", IssueStatus.CLOSED: "終了"}
GRADE_LABELS = {Grade.SUITABLE: "適", Grade.POSSIBLE: "可", Grade.UNSUITABLE: "不適"}
STAGE_LABELS = {
    Stage.AGREED: "会うことに双方が合意",
    Stage.CONSULTATION: "相談",
    Stage.DISCUSSION: "協議の場",
    Stage.STARTED: "実践開始",
    Stage.ENDED: "終了",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """課題. ``key`` finds the same row again on a second import; ``id`` is what people and addresses use.

    ``seeks_partner`` is False for rows marked 無 or 法定: kept, shown, never ranked.
    ``partners`` are names of NPOs already at work on a posted issue, as written.
    """

    id: str
    key: str
    title: str  # 業務名
    department: str = ""  # 担当課
    fiscal_year: int | None = None
    purpose: str = ""  # 目的
    situation: str = ""  # 現状
    problem: str = ""  # 課題
    partner_sought: str = ""  # 協働したい相手・期待する役割
    idea: str = ""  # 事業アイデア
    collaboration: str = ""  # 協働の可能性, as typed
    seeks_partner: bool = True
    legal_basis: str = ""  # 根拠法令
    note: str = ""  # 備考
    prefecture: str = ""
    city: str = ""
    area: str = ""  # 対象地域, as typed
    fields: frozenset[int] = frozenset()
    origin: Origin = Origin.INVENTORY
    release_level: ReleaseLevel = ReleaseLevel.SECTION
    status: IssueStatus = IssueStatus.OPEN
    posted_on: date | None = None
    source_name: str = ""
    source_url: str = ""
    partners: tuple[str, ...] = ()
    is_sample: bool = False
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """団体 of any kind. ``contact_*`` and ``representative`` name persons: shown on no page and in no JSON."""

    id: str
    key: str
    name: str
    kind: str = ""  # NPO法人, 任意団体, 町内会 …, as written
    purpose: str = ""  # 目的
    activities: str = ""  # 活動内容 / 事業
    offers: str = ""  # できること
    fields: frozenset[int] = frozenset()
    prefecture: str = ""
    city: str = ""
    address: str = ""  # 所在地, as typed
    area: str = ""  # 活動区域, as typed
    corporate_number: str = ""  # 法人番号, as typed when its check digit is wrong
    founded: str = ""  # 設立, as typed
    website: str = ""
    active: bool = True
    inactive_reason: str = ""
    source: str = ""
    confirmed_on: date | None = None  # 確認日
    is_sample: bool = False
    version: int = 1
    representative: str = ""
    contact_person: str = ""
    contact: str = ""  # 電話, メール …


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeYear:
    """One step of a case: ニーズ調査 → モデル事業1 → モデル事業2 → 一般施策化."""

    fiscal_year: int | None
    stage: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """事例: a collaboration that happened. ``partners`` are names, not profiles."""

    id: str
    key: str
    title: str
    issue: str = ""
    departments: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    prefecture: str = ""
    city: str = ""
    programme: tuple[ProgrammeYear, ...] = ()
    role_sought: str = ""  # 求めた役割
    effect: str = ""  # 効果
    outlook: str = ""  # 展望・助言
    fields: frozenset[int] = frozenset()
    source_name: str = ""
    source_url: str = ""
    is_sample: bool = False
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a person says of an organisation as a partner for an issue. ``grade`` None takes back what was said.

    ``ranking`` is the number of the list that showed it; ``missed``: a partner that the list did not hold.
    """

    issue: str
    organisation: str
    grade: Grade | None
    reason: str = ""
    comment: str = ""
    missed: bool = False
    ranking: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How a list showed an organisation, so far as it can be read; as it is by default without a list."""

    model: str = ""
    rank: int | None = None
    score: float | None = None
    band: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A judgement, append-only: the newest of an (issue, organisation) pair counts. ``grade`` None takes it back.

    ``missed`` marks a partner the list did not hold; then ``rank`` is None. ``score``, ``band`` and ``model`` are what
    was shown. ``actor``, here and below, is the opaque id of who recorded it, "" where nobody knows.
    """

    id: int
    issue: str
    organisation: str
    grade: Grade | None
    reason: str
    comment: str
    missed: bool
    model: str
    rank: int | None
    score: float | None
    band: str
    ranking: int | None
    recorded_at: datetime
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """An issue's department and an organisation brought together on a day.

    A ``voided`` one stays on record; neither it nor its events count.
    """

    id: int
    issue: str
    organisation: str
    introduced_on: date
    note: str
    recorded_at: datetime
    actor: str = ""
    voided: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEvent:
    """Something that happened after an introduction. ``voided`` events stay on record and do not count."""

    id: int
    introduction: int
    stage: Stage
    happened_on: date
    note: str
    recorded_at: datetime
    actor: str = ""
    voided: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorEvent:
    """One counted thing of an indicator, with all that is needed to find it again."""

    event: int
    issue: str
    issue_title: str
    organisation: str
    organisation_name: str
    stage: Stage
    happened_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A counted figure of one fiscal year. ``value`` is ``len(events)``; the baseline is 岡山市's of FY2015 (H27)."""

    code: str  # "matches" or "practices"
    name: str  # マッチング件数 / 実際の取組につながった件数
    definition: str
    fiscal_year: int
    value: int
    baseline: int
    baseline_label: str
    events: tuple[IndicatorEvent, ...]
