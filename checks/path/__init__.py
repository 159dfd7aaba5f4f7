"""Can this revision reach this address? Answered step by step from observations; no I/O here."""

from checks.path.explain import Paths, explain
from checks.path.model import Path, Step, StepKey, Target

__all__ = ["Path", "Paths", "Step", "StepKey", "Target", "explain"]
