"""How names of organisations are compared: one body is written with its legal form, without it, or with a short one."""

import re

from corpus.folding import fold

# Each legal form with its spellings, folded. The names below are kept in the database by ``comparable_name``: with
# another list the rows that are stored need a migration like 0004.
_SPELLINGS = {
    "npo": "特定非営利活動法人 認定特定非営利活動法人 特例認定特定非営利活動法人 npo法人 認定npo法人 特例認定npo法人"
    " (特非) (npo) (認定npo)",
    "社団": "一般社団法人 公益社団法人 社団法人 (一社) (公社) (社)",
    "財団": "一般財団法人 公益財団法人 財団法人 (一財) (公財) (財)",
    "社会福祉": "社会福祉法人 (社福) (福)",
    "学校": "学校法人 (学)",
    "医療": "医療法人社団 医療法人財団 医療法人(社団) 医療法人(財団) 社会医療法人 医療法人 (医)",
    "大学": "国立大学法人 公立大学法人",
    "宗教": "宗教法人",
    "株式": "株式会社 (株)",
    "有限": "有限会社 (有)",
    "合同": "合同会社 (同)",
    "合資": "合資会社",
}
_FORM_OF = {spelling: form for form, spellings in _SPELLINGS.items() for spelling in spellings.split()}
_ANY = "|".join(re.escape(spelling) for spelling in sorted(_FORM_OF, key=len, reverse=True))
_AFFIX = re.compile(rf"^(?:{_ANY})|(?:{_ANY})$")


def comparable_name(name: str) -> str:
    """NFKC, lower case, without blanks and without a legal form before or after it: NPO法人 A and 特定非営利活動法人A
    are one. A name that is nothing but a legal form stays.
    """
    folded = fold(name)
    return _AFFIX.sub("", folded) or folded


def legal_form(name: str) -> str:
    """Which legal form a name bears, alike for all its spellings; "" where it bears none."""
    found = _AFFIX.search(fold(name))
    return _FORM_OF[found.group()] if found else ""


def may_be_one(one: str, other: str) -> bool:
    """Whether two names, alike without it, agree in their legal form, or one of them is written without."""
    return "" in (legal_form(one), legal_form(other)) or legal_form(one) == legal_form(other)
