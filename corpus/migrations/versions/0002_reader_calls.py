"""The calls of the reader: when, for which issue, what became of it, what it took. No text."""

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

APPEND_ONLY = ("reader_calls", "reader_outcomes")


def upgrade() -> None:
    op.create_table(
        "reader_calls",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("issue", sa.String(64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reader_calls"),
    )
    op.create_index("ix_reader_calls_recorded_at", "reader_calls", ["recorded_at"])
    op.create_table(
        "reader_outcomes",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("call", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("tokens_in", "tokens_out", "milliseconds")),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reader_outcomes"),
        sa.ForeignKeyConstraint(["call"], ["reader_calls.id"], name="fk_reader_outcomes_call"),
        sa.UniqueConstraint("call", name="uq_reader_outcomes_call"),
    )
    for table in APPEND_ONLY:
        _refuse_changes(table)


def downgrade() -> None:
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)


def _refuse_changes(table: str) -> None:
    """No update and no deletion ever: what was spent on a sample was spent too."""
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    if op.get_bind().dialect.name == "postgresql":
        refuse = "EXECUTE FUNCTION refuse_change()"  # of the first migration
    for verb in ("update", "delete"):
        op.execute(f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} FOR EACH ROW {refuse}")
