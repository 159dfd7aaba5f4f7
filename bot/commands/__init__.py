"""Slash commands: which there are (`registry`), and what each does, one file per command."""
