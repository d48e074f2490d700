"""The records that travel through a ranking: what is asked, what is ranked, what is answered and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Area:
    """A place named level by level, widest first: 県 ⊃ 市 ⊃ 区 ⊃ 中学校区 ⊃ 小学校区.

    ``None`` means "not narrowed at this level", so ``Area()`` is the whole country. An unknown place is not
    an ``Area`` at all: leave it out. Names are full and in NFKC (``岡山県``, ``岡山市``, ``北区``, ``岡北中学校区``).
    """

    prefecture: str | None = None
    city: str | None = None
    ward: str | None = None
    junior_high: str | None = None
    elementary: str | None = None

    @property
    def levels(self) -> tuple[str | None, ...]:
        """The five names, widest first."""
        return (self.prefecture, self.city, self.ward, self.junior_high, self.elementary)

    def __str__(self) -> str:
        return "".join(name for name in self.levels if name) or "全国"


class AreaRelation(StrEnum):
    """How the place of a query and the place of a document lie to each other, nearest first."""

    INSIDE = "inside"  # one place holds the other: an issue of a city and a body of its prefecture, say
    SAME_CITY = "same_city"  # two parts of one city
    SAME_PREFECTURE = "same_prefecture"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"  # either side names no place: neither helps nor harms


@dataclass(frozen=True, slots=True)
class Document:
    """One text of an owner (an organisation, an issue or a case). An owner may have several; the best one speaks.

    The four texts serve every direction: an organisation's name, purpose, activities and offers; an issue's
    業務名, 目的, 現状・課題 and the partner hoped for. They are kept as written; empty means absent.
    ``fields`` are codes 1-20 of the NPO law's list; ``areas`` empty means that the place is unknown. ``public`` False:
    nobody may conclude from the scores of others what it says, so how rare a word is, how long a text mostly is and
    what others have leave it out. All documents of an owner are public, or none.
    """

    id: str
    owner: str
    title: str = ""
    aim: str = ""
    body: str = ""
    offer: str = ""
    fields: frozenset[int] = frozenset()
    areas: tuple[Area, ...] = ()
    public: bool = True

    @property
    def texts(self) -> tuple[str, str, str, str]:
        """In their fixed order: title, aim, body, offer."""
        return (self.title, self.aim, self.body, self.offer)


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: frozen text, and what is known beside it. ``fields`` and ``areas`` as in ``Document``.

    ``offers`` is True when the asker is the one who could help, so that the documents are what names a need.
    """

    id: str
    text: str
    fields: frozenset[int] = frozenset()
    areas: tuple[Area, ...] = ()
    offers: bool = False


class Part(StrEnum):
    """The parts of a score; every contribution belongs to one."""

    WORDS = "words"
    CHARACTERS = "characters"
    SYNONYMS = "synonyms"
    MEANING = "meaning"
    ENCODER = "encoder"
    CASES = "cases"
    FIELDS = "fields"
    AREA = "area"


class Band(StrEnum):
    """How much a suggestion leans on; never a percentage and never a verdict."""

    STRONG = "strong"  # 強い手がかり
    SOME = "some"  # 手がかりあり
    WEAK = "weak"  # 弱い手がかり


@dataclass(frozen=True, slots=True)
class Contribution:
    """One summand of a score. ``term`` stands in the query's text as written, ``matched`` in the document's.

    For fields both are the field's code as text, for the area the two places' names, for a case its title and its
    partner's name; an encoder names nothing. ``form`` is what was compared: it tells contributions of one part apart
    and is never shown. A word of the query that speaks against the document has a value below 0.
    """

    part: Part
    term: str
    matched: str
    value: float
    form: str = ""


@dataclass(frozen=True, slots=True)
class Bridge:
    """A past case like the query, and one partner of it that is among the owners ranked. ``strength`` is in 0..1.

    The quotes are the sentences in which query and case are most alike. ``likeness`` to the partner is known of one who
    is suggested, 1 for the partner itself.
    """

    case: str
    title: str
    partner: str
    partner_name: str
    strength: float
    query_quote: str
    case_quote: str
    likeness: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why: the contributions sum to the score; a quoted sentence of each side; what is shared; what is missing.

    ``contributions`` are sorted by (-value, part, form). ``missing`` are words, as written, of the side in need that
    the side that could help does not have in any text, rarest first. ``bridge`` is the past case that adds to the
    score, if one does.
    """

    contributions: tuple[Contribution, ...]
    query_quote: str
    document_quote: str
    fields: tuple[int, ...]
    area: AreaRelation
    query_area: Area | None
    document_area: Area | None
    missing: tuple[str, ...]
    bridge: Bridge | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One entry of a ranking. ``rank`` starts at 1; ``owner`` is ranked, ``document`` is the one that spoke."""

    rank: int
    owner: str
    document: str
    score: float
    band: Band
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Ranking:
    """An answer, immutable, with the name of the model that made it. Order: (-score, owner).

    ``good_match`` is False when no suggestion leans on enough to be called a good candidate.
    """

    query: str
    model: str
    good_match: bool
    suggestions: tuple[Suggestion, ...] = field(default=())


# query id -> document id -> score; and query id -> document id -> relevance (an integer >= 0)
Run = Mapping[str, Mapping[str, float]]
Qrels = Mapping[str, Mapping[str, int]]
