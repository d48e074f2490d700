"""What a reason may not say: lists of words, which understand nothing.

They stand behind quotes that must be literal and before a page on which a person chooses. Where they err they drop a
harmless sentence, never a place in the order; and a slander or an order in words that no list knows comes through.
"""

import re

from matcher.folding import nfkc
from models.reader.contacts import DIGIT, masked

_MARKUP = ("<", ">", "://", "www.")
_DOMAIN = re.compile(r"\w\.[a-z]{2,}|[a-z0-9]。[a-z]{2,}|\d\.\d++\.\d++\.\d")  # 。 is read as a dot by browsers
# Seven digits: a telephone number even without its area code.
_NUMBER = re.compile(rf"{DIGIT}(?:[-‐–—―−─ー・の()]{{0,2}}{DIGIT}){{6,}}")

# A person chooses; a reason asks nobody to do anything, and tells of no crime.
_DECISIONS = re.compile(
    r"選[んばびぶべぼ定出抜考任]|選択|当選|決[まめ定]|確定|内定|採択|採用(?:しま|され|済|決|です)|指名"
    r"|推薦|推奨|お(?:すす|勧|薦)め|べき(?![れりるろっ])|べし(?:[。!と]|$)|(?:くだ|下)さい|お?願い(?:し|いた|致|ま)"
    r"|ましょう|[とがで](?:よ|良)いで"
    r"|摘発|逮捕|起訴|送検|有罪|容疑|横領|着服|脱税|行政処分"
)
# The same letters where they tell of what people or organisations do, not of who is chosen.
_HARMLESS = re.compile(
    r"選べ[るまなてたず]|(?:本|服|食材|遊び)を選(?:んで[届過]|べ)|選択(?:肢|でき|制)|選び(?:の|方|を|や|に)|選ぶ(?:力|相談|手伝|際|とき|ため|場)"
    r"|決まった(?:曜日|日|時|場所|人数|手順|ルール)|決まり(?:ごと|事)|取り決め|決める力|自分(?:たち)?で決め"
    r"|(?:目的|目標|役割|曜日|日程|日時|時間|場所|手順|ルール|テーマ|進路|進学先|就職先)[がはもを]決[まめ]"
    r"|(?:意思|自己)決定(?:支援|を(?:支|助|尊|促)|の支)|確定申告|しかるべき"
)
# What only the issue can bring up: of contracts, money and fraud nothing is said where it asks about other things. The
# organisation's own text does not count, for whoever wrote it may want to be paid.
_TOPICS = (
    "契約",
    "発注",
    "委託",
    "落札",
    "振込",
    "振り込",
    "送金",
    "入金",
    "口座",
    "詐欺",
    "違法",
    "不正",
    "犯罪",
    "暴力団",
)


def fault(reason: str, issue: str) -> str:
    """What is wrong with a reason, in whatever width it is written: "markup", "contact", "decision" or ""."""
    plain = nfkc(reason).lower()
    if any(mark in plain for mark in _MARKUP):
        return "markup"
    if masked(plain) != plain or _DOMAIN.search(plain) or _NUMBER.search("".join(plain.split())):
        return "contact"
    return "decision" if _decides(_folded(reason), _folded(issue)) else ""


def _decides(reason: str, issue: str) -> bool:
    strange = any(word in reason and word not in issue for word in _TOPICS)
    return strange or _DECISIONS.search(_HARMLESS.sub(" ", reason)) is not None


def _folded(text: str) -> str:
    return "".join(nfkc(text).lower().split())
