"""Which weights of the ranking were put in force, when and why."""

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

_TABLE = "weight_choices"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("weights", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{_TABLE}"),
    )
    _refuse_changes()


def downgrade() -> None:
    op.drop_table(_TABLE)


def _refuse_changes() -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_TABLE} is append-only'); END"
    if op.get_bind().dialect.name == "postgresql":
        refuse = "EXECUTE FUNCTION refuse_change()"  # of the first migration
    for verb in ("update", "delete"):
        op.execute(f"CREATE TRIGGER {_TABLE}_no_{verb} BEFORE {verb.upper()} ON {_TABLE} FOR EACH ROW {refuse}")
