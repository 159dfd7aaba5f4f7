"""Taking over at once what a killed whybot was doing, where it is certain that none is left."""

from sqlalchemy import text

from bot.store.database import Database

# What a killed process was posting may still be on its way: it gets `settle` seconds, then it is looked for.
TAKE_OVER = text("""
WITH sweeping AS (UPDATE sweeps SET lease_until = NULL WHERE lease_until IS NOT NULL)
  , asking AS (UPDATE whys SET lease_until = NULL WHERE lease_until IS NOT NULL)
  , sending AS (
    UPDATE messages SET lease_until = NULL,
        due_at = greatest(due_at, posting_at + :settle * interval '1 second')
    WHERE lease_until IS NOT NULL)
UPDATE pgqueuer SET heartbeat = now() - interval '1 day' WHERE status = 'picked'
""")


async def take_over(database: Database, settle: float) -> None:
    """Ends every lease. Only for the sole whybot of a store: the embedded one, whose lock it holds.

    Elsewhere another replica may be at work, and leases end by themselves within seconds.
    """
    await database.fetch(TAKE_OVER, settle=settle)
