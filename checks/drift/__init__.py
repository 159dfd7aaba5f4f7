"""Where declared, Terraform and live disagree, field by field; no I/O here."""

from checks.drift.compare import compare
from checks.drift.model import Acceptance, Difference, Drift, Severity, Side, SideState

__all__ = ["Acceptance", "Difference", "Drift", "Severity", "Side", "SideState", "compare"]
