"""Whys that people asked for, with their evidence, and where they are shown."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "whys",
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("runbook", sa.Text, nullable=False, server_default=""),
        sa.Column("sweep_id", sa.Text, nullable=False, server_default=""),
        sa.Column("phase", sa.Text, nullable=False, server_default="queued"),
        sa.Column("progress", postgresql.JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("diagnosis", postgresql.JSONB),
        sa.Column("bundle", sa.LargeBinary),
        sa.Column("note", sa.Text),
        sa.Column("asked_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("started_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("deadline_at", MOMENT, nullable=False),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", MOMENT),
        sa.Column("token", sa.BigInteger, nullable=False, server_default="0"),
        sa.CheckConstraint(
            "phase IN ('queued', 'running', 'finished', 'interrupted')", name=op.f("whys_phase_check")
        ),
    )
    op.create_index(
        "whys_shared",
        "whys",
        ["environment", "runbook", "sweep_id"],
        unique=True,
        postgresql_where=sa.text("phase IN ('queued', 'running')"),
    )
    op.create_index("whys_environment_finished_at", "whys", ["environment", "finished_at"])
    op.create_table(
        "why_cards",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, sa.ForeignKey("whys.number", ondelete="CASCADE"), nullable=False),
        sa.Column("people", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("response_url", sa.Text),
        sa.Column("asked_at", MOMENT, nullable=False, server_default=NOW),
    )
    op.create_index("why_cards_number", "why_cards", ["number"])
