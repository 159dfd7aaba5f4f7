"""Can this revision reach this address? Answered step by step from observations; no I/O here."""

from checks.path.explain import explain
from checks.path.model import Path, Step, Target

__all__ = ["Path", "Step", "Target", "explain"]
