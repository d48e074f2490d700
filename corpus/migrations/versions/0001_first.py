"""The first tables: the collection, what was shown and judged, what came of it."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

APPEND_ONLY = ("rankings", "reviews", "introductions", "stage_events", "voidings", "introduction_voidings")
NAMED_BY_KEY = ("organisations", "issues", "cases")


def upgrade() -> None:
    _collection()
    _judgements()
    _what_came_of_it()
    _bookkeeping()
    for table in APPEND_ONLY:
        _refuse_changes(table)


def downgrade() -> None:
    for table in ("imports", "meta", "revision", *reversed(APPEND_ONLY), *NAMED_BY_KEY):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")


def _texts(*names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, sa.Text, nullable=False) for name in names)


def _json(*names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, sa.JSON, nullable=False) for name in names)


def _time(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _word(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(16), nullable=nullable)


def _create_keyed(table: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.String(64), nullable=False),
        *_texts("key"),
        *columns,
        _flag("is_sample"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("imported", sa.String(64), nullable=False),
        *_texts("search"),
        _time("created_at"),
        _time("updated_at"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("key", name=f"uq_{table}_key"),
    )


def _create_numbered(table: str, *columns: sa.schema.SchemaItem) -> None:
    number = sa.Column("id", sa.Integer, nullable=False)
    op.create_table(table, number, *columns, sa.PrimaryKeyConstraint("id", name=f"pk_{table}"))


def _recorded() -> tuple[sa.Column[Any], sa.Column[Any]]:
    return _flag("is_sample"), _time("recorded_at")


def _reference(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _collection() -> None:
    _create_keyed(
        "organisations",
        *_texts("name", "kind", "purpose", "activities", "offers", "prefecture", "city", "address", "area"),
        *_json("fields"),
        *_texts("corporate_number", "founded", "website", "inactive_reason", "source"),
        _flag("active"),
        sa.Column("confirmed_on", sa.Date),
        *_texts("representative", "contact_person", "contact"),
    )
    _index("organisations", "name", "id")
    _index("organisations", "prefecture", "city")
    _index("organisations", "is_sample", "active", "id", "digest")
    _create_keyed(
        "issues",
        *_texts("title", "department", "purpose", "situation", "problem", "partner_sought", "idea", "collaboration"),
        sa.Column("fiscal_year", sa.Integer),
        _flag("seeks_partner"),
        *_texts("legal_basis", "note", "prefecture", "city", "area", "source_name", "source_url"),
        *_json("fields", "partners"),
        _word("origin"),
        _word("release_level"),
        _word("status"),
        sa.Column("posted_on", sa.Date),
        sa.CheckConstraint(
            "release_level IN ('section', 'centre', 'registered', 'public')", name=op.f("ck_issues_release_level")
        ),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f("ck_issues_status")),
    )
    _index("issues", "department", "fiscal_year")
    _create_keyed(
        "cases",
        *_texts("title", "issue", "prefecture", "city", "role_sought", "effect", "outlook"),
        *_texts("source_name", "source_url"),
        *_json("departments", "partners", "programme", "fields"),
    )


def _judgements() -> None:
    _create_numbered(
        "rankings",
        sa.Column("issue", sa.String(64), nullable=False),
        sa.Column("issue_version", sa.Integer, nullable=False),
        *_texts("model"),
        sa.Column("digest", sa.String(64), nullable=False),
        *_json("shown"),
        *_recorded(),
        _reference("rankings", "issue", "issues"),
        sa.UniqueConstraint(
            "issue", "issue_version", "model", "digest", name="uq_rankings_issue_issue_version_model_digest"
        ),
    )
    _create_numbered(
        "reviews",
        sa.Column("issue", sa.String(64), nullable=False),
        sa.Column("organisation", sa.String(64), nullable=False),
        _word("grade", nullable=True),
        *_texts("reason", "comment"),
        _flag("missed"),
        *_texts("model"),
        sa.Column("rank", sa.Integer),
        sa.Column("score", sa.Float),
        *_texts("band"),
        sa.Column("ranking", sa.Integer),
        *_recorded(),
        _reference("reviews", "issue", "issues"),
        _reference("reviews", "organisation", "organisations"),
        _reference("reviews", "ranking", "rankings"),
        sa.CheckConstraint("grade IN ('suitable', 'possible', 'unsuitable')", name=op.f("ck_reviews_grade")),
    )
    _index("reviews", "issue", "organisation")
    _index("reviews", "organisation")


def _what_came_of_it() -> None:
    _create_numbered(
        "introductions",
        sa.Column("issue", sa.String(64), nullable=False),
        sa.Column("organisation", sa.String(64), nullable=False),
        sa.Column("introduced_on", sa.Date, nullable=False),
        *_texts("note"),
        *_recorded(),
        _reference("introductions", "issue", "issues"),
        _reference("introductions", "organisation", "organisations"),
    )
    _index("introductions", "issue")
    _index("introductions", "organisation")
    _create_numbered(
        "stage_events",
        sa.Column("introduction", sa.Integer, nullable=False),
        _word("stage"),
        sa.Column("happened_on", sa.Date, nullable=False),
        *_texts("note"),
        *_recorded(),
        _reference("stage_events", "introduction", "introductions"),
        sa.CheckConstraint(
            "stage IN ('agreed', 'consultation', 'discussion', 'started', 'ended')", name=op.f("ck_stage_events_stage")
        ),
    )
    _index("stage_events", "introduction")
    _create_numbered(
        "voidings",
        sa.Column("event", sa.Integer, nullable=False),
        *_texts("note"),
        *_recorded(),
        _reference("voidings", "event", "stage_events"),
        sa.UniqueConstraint("event", name="uq_voidings_event"),
    )
    _create_numbered(
        "introduction_voidings",
        sa.Column("introduction", sa.Integer, nullable=False),
        *_texts("note"),
        *_recorded(),
        _reference("introduction_voidings", "introduction", "introductions"),
        sa.UniqueConstraint("introduction", name="uq_introduction_voidings_introduction"),
    )


def _bookkeeping() -> None:
    counts = ("added", "changed", "unchanged", "skipped")
    _create_numbered(
        "imports",
        *_texts("name"),
        _word("kind"),
        *(sa.Column(name, sa.Integer, nullable=False) for name in counts),
        _time("recorded_at"),
    )
    key = sa.Column("key", sa.String(64), nullable=False)
    op.create_table("meta", key, *_texts("value"), sa.PrimaryKeyConstraint("key", name="pk_meta"))
    _create_numbered("revision", sa.Column("number", sa.Integer, nullable=False))
    op.execute("INSERT INTO revision (id, number) VALUES (1, 0)")


def _refuse_changes(table: str) -> None:
    """No update ever; no deletion but of what an invented issue or organisation took part in."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$"
        )
        refuse = "EXECUTE FUNCTION refuse_change()"
    else:
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    each = f"ON {table} FOR EACH ROW"
    op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE {each} {refuse}")
    op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE {each} WHEN (NOT OLD.is_sample) {refuse}")
