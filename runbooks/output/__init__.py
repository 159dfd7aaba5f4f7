"""Diagnoses as documents and as text for people."""
