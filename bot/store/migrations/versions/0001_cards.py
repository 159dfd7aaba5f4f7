"""Sweeps, cards, messages and the job queue."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")
JOB_QUEUE = Path(__file__).parents[1] / "pgqueuer_1_6.sql"


def upgrade() -> None:
    """Makes the first tables."""
    _sweeps()
    _cards()
    _messages()
    _what_is_remembered()
    for statement in JOB_QUEUE.read_text(encoding="utf-8").split("\n--;\n"):
        op.execute(sa.text(statement.replace(":", r"\:")))


def _sweeps() -> None:
    op.create_table(
        "sweeps",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("selection", sa.Text, nullable=False),
        sa.Column("expected", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("titles", postgresql.JSONB, nullable=False),
        sa.Column("phase", sa.Text, nullable=False, server_default="queued"),
        sa.Column("vantage", postgresql.JSONB),
        sa.Column("duration_ms", sa.Float, nullable=False, server_default="0"),
        sa.Column("note", sa.Text),
        sa.Column("asked_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("started_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("deadline_at", MOMENT, nullable=False),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", MOMENT),
        sa.Column("token", sa.BigInteger, nullable=False, server_default="0"),
        sa.CheckConstraint(
            "phase IN ('queued', 'running', 'finished', 'interrupted')", name=op.f("sweeps_phase_check")
        ),
    )
    op.create_index(
        "sweeps_shared",
        "sweeps",
        ["environment", "selection"],
        unique=True,
        postgresql_where=sa.text("phase IN ('queued', 'running')"),
    )
    op.create_index("sweeps_environment_finished_at", "sweeps", ["environment", "finished_at"])
    op.create_table(
        "results",
        sa.Column("sweep_id", sa.Text, sa.ForeignKey("sweeps.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("document", postgresql.JSONB, nullable=False),
    )


def _cards() -> None:
    op.create_table(
        "cards",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("sweep_id", sa.Text, sa.ForeignKey("sweeps.id", ondelete="CASCADE"), nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("response_url", sa.Text),
        sa.Column("asked_at", MOMENT, nullable=False, server_default=NOW),
        sa.UniqueConstraint("sweep_id", "workspace", "channel"),
    )
    op.create_table(
        "requesters",
        sa.Column("card_id", sa.Text, sa.ForeignKey("cards.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
    )


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("composer", sa.Text, nullable=False),
        sa.Column("payload", postgresql.JSONB),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("thread", sa.Text, sa.ForeignKey("messages.id", ondelete="CASCADE")),
        sa.Column("ts", sa.Text),
        sa.Column("desired", sa.Integer, nullable=False, server_default="1"),
        sa.Column("sent", sa.Integer, nullable=False, server_default="0"),
        sa.Column("final", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("failed", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("changed_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("due_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("posting_at", MOMENT),
        sa.Column("lease_until", MOMENT),
        sa.Column("token", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.create_index(
        "messages_unsent",
        "messages",
        ["changed_at"],
        postgresql_where=sa.text("sent < desired AND failed IS NULL"),
    )
    op.create_index("messages_thread", "messages", ["thread"])


def _what_is_remembered() -> None:
    op.create_table(
        "budgets",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("tokens", sa.Float, nullable=False),
        sa.Column("refilled_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("blocked_until", MOMENT),
    )
    op.create_table(
        "refused_blocks",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("block_type", sa.Text, primary_key=True),
        sa.Column("at", MOMENT, nullable=False, server_default=NOW),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at", MOMENT, nullable=False, server_default=NOW),
    )
    op.create_index("deliveries_at", "deliveries", ["at"])
