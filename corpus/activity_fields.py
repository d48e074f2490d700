"""The twenty activity fields (分野) of the NPO law, and how people write them in forms and directories."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from matcher.folding import nfkc


@dataclass(frozen=True, slots=True)
class ActivityField:
    """``code`` is the 号 of the list, ``name`` the law's words, ``short`` a label of ten characters or less."""

    code: int
    name: str
    short: str


_LIST = (
    ("保健、医療又は福祉の増進を図る活動", "保健・医療・福祉"),
    ("社会教育の推進を図る活動", "社会教育"),
    ("まちづくりの推進を図る活動", "まちづくり"),
    ("観光の振興を図る活動", "観光"),
    ("農山漁村又は中山間地域の振興を図る活動", "農山漁村・中山間"),
    ("学術、文化、芸術又はスポーツの振興を図る活動", "文化・芸術・スポーツ"),
    ("環境の保全を図る活動", "環境"),
    ("災害救援活動", "災害救援"),
    ("地域安全活動", "地域安全"),
    ("人権の擁護又は平和の推進を図る活動", "人権・平和"),
    ("国際協力の活動", "国際協力"),
    ("男女共同参画社会の形成の促進を図る活動", "男女共同参画"),
    ("子どもの健全育成を図る活動", "子どもの健全育成"),
    ("情報化社会の発展を図る活動", "情報化社会"),
    ("科学技術の振興を図る活動", "科学技術"),
    ("経済活動の活性化を図る活動", "経済活動の活性化"),
    ("職業能力の開発又は雇用機会の拡充を支援する活動", "職業能力・雇用"),
    ("消費者の保護を図る活動", "消費者保護"),
    ("前各号に掲げる活動を行う団体の運営又は活動に関する連絡、助言又は援助の活動", "NPO・団体の支援"),
    ("前各号に掲げる活動に準ずる活動として都道府県又は指定都市の条例で定める活動", "条例で定める活動"),
)

# 特定非営利活動促進法 (平成10年法律第7号) 別表 (第二条関係), 第一号 to 第二十号
FIELDS: Mapping[int, ActivityField] = MappingProxyType(
    {code: ActivityField(code, name, short) for code, (name, short) in enumerate(_LIST, start=1)}
)

# What directories of organisations write for a field. The longest wording found wins, so 多文化共生 is not 文化.
_WORDINGS: Mapping[tuple[int, ...], str] = {
    (1,): "保健 医療 福祉 健康 介護 看護 高齢 障害 障がい 障碍 認知症 難病 生活困窮 ホームレス 自殺予防",
    (2,): "社会教育 生涯学習 学び直し 図書館 読書",
    (3,): "まちづくり まちおこし 町づくり 街づくり 地域づくり 地域活性 地域振興 コミュニティ 空き家 移住",
    (4,): "観光 ツーリズム",
    (5,): "農山漁村 中山間 農村 漁村 山村 農業 林業 漁業 鳥獣",
    (6,): "学術 文化 芸術 スポーツ 音楽 演劇 美術 伝統芸能",
    (7,): "環境 自然 リサイクル 緑化 里山 生物多様性 エコ 動物愛護",
    (8,): "災害救援 災害支援 被災者 被災地 復興",
    (8, 9): "防災 災害",
    (9,): "地域安全 防犯 交通安全 安全安心 安心安全 安全・安心 安心・安全 見守り",
    (10,): "人権 平和",
    (11,): "国際 多文化 外国人 日本語教室",
    (12,): "男女共同参画 男女 女性 ジェンダー",
    (13,): "子ども 子供 こども 子育て 児童 青少年 若者 青年育成 健全育成 学習支援 不登校 育児 保育",
    (14,): "情報化 情報 IT ICT デジタル パソコン",
    (15,): "科学技術 科学",
    (16,): "経済 産業振興 商店街 起業",
    (17,): "職業 雇用 就労 就業 キャリア",
    (18,): "消費者 消費生活",
    (19,): "団体の支援 団体支援 団体の援助 市民活動支援 中間支援 連絡・助言 連絡、助言 助言又は援助 NPO支援 NPOの支援",
    (20,): "条例で定める 条例指定 条例で指定",
    (): "情報提供 情報発信",  # how, not what
}


def _folded(text: str) -> str:
    """NFKC without spaces inside words; circled and bracketed numbers set apart first, for ①③ would become 13."""
    parted = "".join(f" {c} " if unicodedata.category(c) == "No" else c for c in text)
    return nfkc(parted).upper()


def _phrases() -> Iterator[tuple[str, frozenset[int]]]:
    for code, field in FIELDS.items():
        yield _folded(field.name), frozenset({code})
        yield _folded(field.short), frozenset({code})
    for codes, wordings in _WORDINGS.items():
        for wording in wordings.split():
            yield _folded(wording), frozenset(codes)


_CODES_OF = dict(_phrases())
# A number right before a wording is the directory's own numbering; the wording says more.
_PHRASE = re.compile(
    r"(?:第?\d{1,2}号?[\s.．、,:：)]*)?(?P<phrase>"
    + "|".join(re.escape(phrase) for phrase in sorted(_CODES_OF, key=lambda phrase: (-len(phrase), phrase)))
    + ")"
)


_KANJI_NUMBERS = {"一二三四五六七八九"[n - 1]: n for n in range(1, 10)} | {"十": 10, "二十": 20}
_KANJI_NUMBERS |= {f"十{kanji}": 10 + n for kanji, n in _KANJI_NUMBERS.items() if n < 10}


def _code(token: str) -> int | None:
    """The code of 13, 第13号 or 第十三号; None when the token is no number of the list."""
    number = re.sub(r"^第|号$", "", token)
    code = int(number) if re.fullmatch(r"[0-9]{1,2}", number) else _KANJI_NUMBERS.get(number)
    return code if code in FIELDS else None


def parse_fields(text: str) -> frozenset[int]:
    """The codes of the fields that ``text`` names: 1,3 / ①③ / 第十三号 / words of the law / 子育て・環境.

    Words are looked for anywhere, numbers only where they stand alone between separators. Empty when nothing is known.
    """
    folded = _folded(text)
    named = [_CODES_OF[found["phrase"]] for found in _PHRASE.finditer(folded)]
    rest = _PHRASE.sub(" ", folded)
    numbered = (_code(token) for token in re.split(r"[\s、,・/;:.。|()]+", rest))
    return frozenset(code for code in numbered if code).union(*named)


def label(code: int) -> str:
    """The everyday label of a code 1-20; KeyError for any other."""
    return FIELDS[code].short
