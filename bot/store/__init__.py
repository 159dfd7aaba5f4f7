"""The store: what must survive a crash of the bot. PostgreSQL, embedded or given by `WHYBOT_DATABASE_URL`."""
