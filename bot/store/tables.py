"""The tables of the conversation: sweeps, whys, their cards, messages, and what keeps them in order.

One metadata for all of whybot; migrations under `migrations/` make it true, and a test compares the two.
Times are the database's own clock, so that replicas agree.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

ACTIVE = text("phase IN ('queued', 'running')")


def _moment(name: str, *, now: bool = False) -> Column[object]:
    """A column for a time; `now` makes it the time of insertion."""
    return Column(name, DateTime(timezone=True), nullable=not now, server_default=func.now() if now else None)


sweeps = Table(
    "sweeps",
    metadata,
    Column("id", Text, primary_key=True),
    Column("environment", Text, nullable=False),
    # The asked-for names joined with commas in the order of the file; empty for all of them.
    Column("selection", Text, nullable=False),
    Column("expected", ARRAY(Text), nullable=False),
    Column("titles", JSONB, nullable=False),
    Column("phase", Text, nullable=False, server_default="queued"),
    Column("vantage", JSONB),
    Column("duration_ms", Float, nullable=False, server_default="0"),
    Column("note", Text),
    _moment("asked_at", now=True),
    _moment("started_at"),
    _moment("finished_at"),
    Column("deadline_at", DateTime(timezone=True), nullable=False),
    Column("lease_owner", Text),
    _moment("lease_until"),
    # Grows by one at every claim; a write that names an older one changes nothing.
    Column("token", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("phase IN ('queued', 'running', 'finished', 'interrupted')", name="phase"),
    Index("sweeps_shared", "environment", "selection", unique=True, postgresql_where=ACTIVE),
    Index("sweeps_environment_finished_at", "environment", "finished_at"),
)

results = Table(
    "results",
    metadata,
    Column("sweep_id", Text, ForeignKey("sweeps.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Column("document", JSONB, nullable=False),
)

cards = Table(
    "cards",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sweep_id", Text, ForeignKey("sweeps.id", ondelete="CASCADE"), nullable=False),
    Column("workspace", Text, nullable=False),
    Column("channel", Text, nullable=False),
    # Where the requester can be told that the card cannot be posted; Slack lets it live for 30 minutes.
    Column("response_url", Text),
    _moment("asked_at", now=True),
    UniqueConstraint("sweep_id", "workspace", "channel"),
)

# Who asked for a card, in their order. Rows of their own, so that a hundred people who join one card at once
# do not queue for its lock.
requesters = Table(
    "requesters",
    metadata,
    Column("card_id", Text, ForeignKey("cards.id", ondelete="CASCADE"), primary_key=True),
    Column("person", Text, primary_key=True),
    Column("position", BigInteger, Identity(always=True), nullable=False),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Column("composer", Text, nullable=False),
    Column("payload", JSONB),
    Column("workspace", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("thread", Text, ForeignKey("messages.id", ondelete="CASCADE")),
    Column("ts", Text),
    # The newest state wins: what is wanted and what Slack has are numbers; content is read when it is sent.
    Column("desired", Integer, nullable=False, server_default="1"),
    Column("sent", Integer, nullable=False, server_default="0"),
    Column("final", Boolean, nullable=False, server_default="false"),
    Column("failed", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _moment("changed_at", now=True),
    _moment("due_at", now=True),
    # Set before a post and cleared with its outcome: a value found later means that the outcome is unknown.
    _moment("posting_at"),
    _moment("lease_until"),
    Column("token", BigInteger, nullable=False, server_default="0"),
    Index("messages_unsent", "changed_at", postgresql_where=text("sent < desired AND failed IS NULL")),
    Index("messages_thread", "thread"),
)

budgets = Table(
    "budgets",
    metadata,
    Column("key", Text, primary_key=True),
    Column("tokens", Float, nullable=False),
    _moment("refilled_at", now=True),
    _moment("blocked_until"),
)

refused_blocks = Table(
    "refused_blocks",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("block_type", Text, primary_key=True),
    _moment("at", now=True),
)

# Deliveries that Slack may repeat: trigger ids of commands and buttons, event ids. Kept for a day.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    _moment("at", now=True),
    Index("deliveries_at", "at"),
)

# What the schedule of drift has seen of each environment and told. Whoever moves `due_at` on looks; `token`
# is as that of sweeps.
drift_watches = Table(
    "drift_watches",
    metadata,
    Column("environment", Text, primary_key=True),
    Column("state", JSONB, nullable=False, server_default="{}"),
    Column("token", BigInteger, nullable=False, server_default="0"),
    Column("due_at", DateTime(timezone=True), nullable=False),
    _moment("seen_at"),
)

# One run of runbooks over evidence. `number` is what people say ("W-12"). `runbook` is empty for all of them,
# `sweep_id` where the checks ran anew; `sweep_id` refers to no row, since a sweep may be forgotten first.
whys = Table(
    "whys",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("environment", Text, nullable=False),
    Column("runbook", Text, nullable=False, server_default=""),
    Column("sweep_id", Text, nullable=False, server_default=""),
    Column("phase", Text, nullable=False, server_default="queued"),
    Column("progress", JSONB, nullable=False, server_default="{}"),
    # `whybot/why/1`, while it runs of the evidence so far.
    Column("diagnosis", JSONB),
    # `whybot/bundle/1`, deflated; kept once it is complete.
    Column("bundle", LargeBinary),
    Column("note", Text),
    _moment("asked_at", now=True),
    _moment("started_at"),
    _moment("finished_at"),
    Column("deadline_at", DateTime(timezone=True), nullable=False),
    Column("lease_owner", Text),
    _moment("lease_until"),
    # As that of sweeps.
    Column("token", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("phase IN ('queued', 'running', 'finished', 'interrupted')", name="phase"),
    Index("whys_shared", "environment", "runbook", "sweep_id", unique=True, postgresql_where=ACTIVE),
    Index("whys_environment_finished_at", "environment", "finished_at"),
)

# Where a run is shown: a message has the same id. `people` asked, in their order.
why_cards = Table(
    "why_cards",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", BigInteger, ForeignKey("whys.number", ondelete="CASCADE"), nullable=False),
    Column("people", ARRAY(Text), nullable=False),
    Column("response_url", Text),
    _moment("asked_at", now=True),
    Index("why_cards_number", "number"),
)
