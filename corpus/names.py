"""How names of organisations are compared: one body is written with its legal form, without it, or with a short one."""

import re

from corpus.readers.keys import fold

_FORMS = """
    認定特定非営利活動法人 特例認定特定非営利活動法人 特定非営利活動法人
    認定npo法人 特例認定npo法人 npo法人 (特非) (npo)
    一般社団法人 公益社団法人 社団法人 (一社) (公社) (社) 一般財団法人 公益財団法人 財団法人 (一財) (公財) (財)
    社会福祉法人 (福) 学校法人 (学) 医療法人社団 医療法人財団 医療法人 (医) 国立大学法人 公立大学法人 宗教法人
    株式会社 (株) 有限会社 (有) 合同会社 (同) 合資会社
""".split()  # noqa: SIM905  # a list of words reads best as words
_FORM = "|".join(re.escape(form) for form in sorted(_FORMS, key=len, reverse=True))
_LEADING, _TRAILING = re.compile(rf"^(?:{_FORM})+"), re.compile(rf"(?:{_FORM})+$")


def comparable_name(name: str) -> str:
    """NFKC, lower case, without blanks and without a legal form before or after it: NPO法人 A and 特定非営利活動法人A
    are one. A name that is nothing but a legal form stays.
    """
    folded = fold(name)
    return _TRAILING.sub("", _LEADING.sub("", folded)) or folded
