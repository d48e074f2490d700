"""事例: collaborations that happened."""

from dataclasses import dataclass


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
