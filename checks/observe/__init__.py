"""Readers of Google Cloud on its official clients. Read-only: no method here changes anything."""
