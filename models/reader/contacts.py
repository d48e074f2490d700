"""Ways to reach a person that stand in free text: found and masked before the text goes to a reader."""

import re

MASK = "〓"  # one character, so that a quote without it stands literally in the text before masking too

_ASCII = "0-9A-Za-z０-９Ａ-Ｚａ-ｚ"
_LOCAL = rf"[{_ASCII}.!#$%&'*+/=?^_`{{|}}~．＿＋－-]"
_AT = r"(?:[@＠]|[\[(（［<＜](?:at|アット|アットマーク)[\])）］>＞])"
_GAP = r"[ \t\u3000]?"
# Everything between :// and @ of an address is a name and a password. It comes first: an e-mail would end at the @.
_USER = r"(?<=[:：][/／]{2})[^\s/／?？#＃、。「」（）]*[@＠]"
_MAIL = rf"(?<!{_LOCAL}){_LOCAL}+{_GAP}{_AT}{_GAP}[{_ASCII}.．－-]*"
DIGIT = r"[\d〇零○◯一二三四五六七八九]"  # numbers are written in kanji too, with a circle for zero
_JOINT = r"[-‐‑‒–—―−─━ー－ｰ~～.．・()（）［］\[\] \t\u3000の]{0,3}"  # between the digits of a number
_PHONE = rf"(?<!{DIGIT})(?:[+＋]{DIGIT}|[0０〇零○◯])(?:{_JOINT}{DIGIT}){{8,}}"
_WORD = r"(?:電話|でんわ|携帯|ファッ?クス|tel|fax|ｔｅｌ|ｆａｘ|[℡☎☏])"
_LOCAL_PHONE = rf"({_WORD}[^\d\n]{{0,10}}?){DIGIT}(?:{_JOINT}{DIGIT}){{5,}}"
_ANYWHERE = re.compile(f"{_USER}|{_MAIL}|{_PHONE}", re.IGNORECASE)
_AFTER_A_WORD = re.compile(_LOCAL_PHONE, re.IGNORECASE)


def masked(text: str) -> str:
    """``text`` with ``MASK`` for e-mail addresses, telephone numbers and what stands before the @ of a URL.

    A number without its area code is known only after a word like 電話. Names of persons and postal addresses stay.
    """
    return _AFTER_A_WORD.sub(rf"\1{MASK}", _ANYWHERE.sub(MASK, text))
