"""Names of organisations as they are compared, so that a past case finds its partner however its name is written."""

import sqlalchemy as sa
from alembic import op

from corpus.names import comparable_name

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None

_TABLE, _COLUMN = "organisations", "comparable_name"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column(_COLUMN, sa.Text, nullable=False, server_default=""))
    table = sa.table(_TABLE, sa.column("id", sa.String), sa.column("name", sa.Text), sa.column(_COLUMN, sa.Text))
    conn = op.get_bind()
    known = [{"row": row.id, "compared": comparable_name(row.name)} for row in conn.execute(sa.select(table))]
    if known:
        chosen = table.c.id == sa.bindparam("row")
        conn.execute(sa.update(table).where(chosen).values({_COLUMN: sa.bindparam("compared")}), known)
    op.create_index(f"ix_{_TABLE}_{_COLUMN}", _TABLE, [_COLUMN])


def downgrade() -> None:
    op.drop_index(f"ix_{_TABLE}_{_COLUMN}", _TABLE)
    op.drop_column(_TABLE, _COLUMN)
