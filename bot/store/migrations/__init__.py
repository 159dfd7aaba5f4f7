"""The history of the tables, oldest first. A migration is never edited after it was released."""
