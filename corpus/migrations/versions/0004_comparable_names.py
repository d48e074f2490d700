"""Names of organisations as they are compared, so that a past case finds its partner however its name is written."""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None

_TABLE, _COLUMN = "organisations", "comparable_name"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column(_COLUMN, sa.Text, nullable=False, server_default=""))
    table = sa.table(_TABLE, sa.column("id", sa.String), sa.column("name", sa.Text), sa.column(_COLUMN, sa.Text))
    conn = op.get_bind()
    known = [{"row": row.id, "compared": _comparable_name(row.name)} for row in conn.execute(sa.select(table))]
    if known:
        chosen = table.c.id == sa.bindparam("row")
        conn.execute(sa.update(table).where(chosen).values({_COLUMN: sa.bindparam("compared")}), known)
    op.create_index(f"ix_{_TABLE}_{_COLUMN}", _TABLE, [_COLUMN])


def downgrade() -> None:
    op.drop_index(f"ix_{_TABLE}_{_COLUMN}", _TABLE)
    op.drop_column(_TABLE, _COLUMN)


# How names were compared when this was written. It stays so whatever the program does later, lest databases differ by
# the day on which they were brought up to date.
_PIECE = 512
_HANGUL_ENDINGS = ("\u1160", "\u11ff")
_FORMS = (
    "特定非営利活動法人 認定特定非営利活動法人 特例認定特定非営利活動法人 npo法人 認定npo法人 特例認定npo法人"
    " (特非) (npo) (認定npo)"
    " 一般社団法人 公益社団法人 社団法人 (一社) (公社) (社)"
    " 一般財団法人 公益財団法人 財団法人 (一財) (公財) (財)"
    " 社会福祉法人 (社福) (福)"
    " 学校法人 (学)"
    " 医療法人社団 医療法人財団 医療法人(社団) 医療法人(財団) 社会医療法人 医療法人 (医)"
    " 国立大学法人 公立大学法人"
    " 宗教法人"
    " 株式会社 (株)"
    " 有限会社 (有)"
    " 合同会社 (同)"
    " 合資会社"
)
_ANY = "|".join(re.escape(form) for form in sorted(set(_FORMS.split()), key=len, reverse=True))
_AFFIX = re.compile(rf"^(?:{_ANY})|(?:{_ANY})$")


def _comparable_name(name: str) -> str:
    folded = "".join(_nfkc(name).casefold().split())
    return _AFFIX.sub("", folded) or folded


def _nfkc(text: str) -> str:
    if len(text) <= _PIECE:
        return unicodedata.normalize("NFKC", text)
    pieces, start = [], 0
    while start < len(text):
        end = start + _PIECE
        while end < min(start + 2 * _PIECE, len(text)) and not _begins(text[end]):
            end += 1
        pieces.append(unicodedata.normalize("NFKC", text[start:end]))
        start = end
    return "".join(pieces)


def _begins(sign: str) -> bool:
    first, last = _HANGUL_ENDINGS
    return not (unicodedata.combining(unicodedata.normalize("NFKD", sign)[0]) or first <= sign <= last)
