"""課題: what a city cannot solve alone, who may read it, and where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal


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


@dataclass(frozen=True, slots=True)
class Text:
    """How people meet a text of an issue. Pages, files, search and ranking follow it: nothing else lists the texts.

    ``label`` names it on pages, and is its 項目 in files unless a reader says otherwise. ``hint`` and ``tall`` are for
    the form. ``searched``: lists are searched by it. ``speaks_in``: where in a ``Document`` it speaks, "" for nowhere.
    ``last``: it comes after everything else.
    """

    label: str
    hint: str = ""
    tall: bool = False
    searched: bool = True
    speaks_in: Literal["aim", "body", "offer", ""] = "body"
    last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueDraft:
    """What a person may write or change of an issue.

    ``seeks_partner`` is False for rows marked 無 or 法定: kept, shown, never ranked.
    """

    title: str  # 業務名
    department: str = ""  # 担当課
    fiscal_year: int | None = None
    purpose: Annotated[str, Text("目的", "本来めざしている姿。", speaks_in="aim")] = ""
    situation: Annotated[str, Text("現状", "いまどう取り組んでいるか。")] = ""
    problem: Annotated[str, Text("課題", "だれが、どこで、何に困っているか。いま進めにくい理由。", tall=True)] = ""
    partner_sought: Annotated[str, Text("協働したい相手・期待する役割", speaks_in="offer")] = ""
    idea: Annotated[str, Text("事業アイデア")] = ""
    note: Annotated[str, Text("備考", speaks_in="", last=True)] = ""
    prefecture: str = ""
    city: str = ""
    area: str = ""  # 対象地域, as typed
    fields: frozenset[int] = frozenset()
    seeks_partner: bool = True
    release_level: ReleaseLevel = ReleaseLevel.SECTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue(IssueDraft):
    """課題. ``key`` finds the same row again on a second import; ``id`` is what people and addresses use.

    ``partners`` are names of NPOs already at work on a posted issue, as written.
    """

    id: str
    key: str
    collaboration: Annotated[str, Text("協働の可能性", searched=False, speaks_in="")] = ""  # as typed
    legal_basis: Annotated[str, Text("根拠法令", searched=False, speaks_in="")] = ""
    origin: Origin = Origin.INVENTORY
    status: IssueStatus = IssueStatus.OPEN
    posted_on: date | None = None
    source_name: str = ""
    source_url: str = ""
    partners: tuple[str, ...] = ()
    is_sample: bool = False
    version: int = 1


_FOUND = [(one.name, text) for one in fields(Issue) for text in getattr(one.type, "__metadata__", ())]
_WRITTEN = frozenset(one.name for one in fields(IssueDraft))
# Column -> how people meet it, in the order of files.
TEXTS: Mapping[str, Text] = dict(sorted(_FOUND, key=lambda found: found[1].last))
# The same in the order of pages: what is wrong comes before what is wanted.
TEXTS_ON_PAGES: Mapping[str, Text] = {name: TEXTS[name] for name in ("problem", "situation", "purpose")} | dict(TEXTS)
# Those of a form; the others only files bring.
TEXTS_ON_FORMS: Mapping[str, Text] = {name: text for name, text in TEXTS_ON_PAGES.items() if name in _WRITTEN}
