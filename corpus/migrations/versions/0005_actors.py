"""Who recorded a row, and how far the last import of an issue said that it may be read."""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

_RECORDED = (
    *("rankings", "reviews", "introductions", "stage_events", "voidings", "introduction_voidings"),
    *("imports", "reader_calls", "reader_outcomes", "weight_choices"),
)
_SAID = "imported_release_level"


def upgrade() -> None:
    for table in _RECORDED:  # of the rows that are there nobody can say it any more
        op.add_column(table, sa.Column("actor", sa.String(64), nullable=False, server_default=""))
    op.add_column("issues", sa.Column(_SAID, sa.String(16), nullable=False, server_default=""))
    # What was never changed since is as its file said. Of what was, a sheet said 課内, for sheets say nothing else; of
    # the others (with an id of their own, or posted) nobody knows, so that the next file is believed.
    op.execute("UPDATE issues SET imported_release_level = release_level WHERE imported <> '' AND version = 1")
    op.execute(
        "UPDATE issues SET imported_release_level = 'section'"
        " WHERE imported <> '' AND version > 1 AND origin = 'inventory' AND key NOT LIKE 'id:%'"
    )


def downgrade() -> None:
    op.drop_column("issues", _SAID)
    for table in reversed(_RECORDED):
        op.drop_column(table, "actor")
