"""課題: what a city cannot solve alone, who may read it, and where it comes from."""

from dataclasses import dataclass
from datetime import date
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


ORIGIN_LABELS = {Origin.INVENTORY: "業務の棚卸", Origin.POSTED: "投稿された課題", Origin.PROPOSED: "画面で入力"}
RELEASE_LABELS = {
    ReleaseLevel.SECTION: "課内",
    ReleaseLevel.CENTRE: "センターまで",
    ReleaseLevel.REGISTERED: "登録団体まで",
    ReleaseLevel.PUBLIC: "公開",
}
STATUS_LABELS = {IssueStatus.OPEN: "受付中", IssueStatus.CLOSED: "終了"}


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
