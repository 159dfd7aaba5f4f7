"""What the schedule of drift has seen of each environment."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "drift_watches",
        sa.Column("environment", sa.Text, primary_key=True),
        sa.Column("state", postgresql.JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("token", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT),
    )
