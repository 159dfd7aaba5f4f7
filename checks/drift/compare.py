"""Compares three sides, field by field."""

from collections.abc import Sequence
from datetime import datetime

from checks.drift.model import Acceptance, Drift
from checks.environment import Environment
from checks.observations import Change, CloudState, Seen
from checks.path.model import Target
from checks.terraform.model import Infrastructure


def compare(
    environment: Environment,
    terraform: Seen[Infrastructure] | None,
    live: CloudState,
    targets: Sequence[Target],
    *,
    changes: Seen[Sequence[Change]] = (),
    accepted: Sequence[Acceptance] = (),
    now: datetime,
) -> Drift:
    """What differs between the environment file, Terraform (None: none is named) and live. Never raises."""
    raise NotImplementedError
