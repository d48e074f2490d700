"""団体: who could help."""

from dataclasses import dataclass
from datetime import date


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
