"""Drift made by hand, for tests of what is said of it."""

from dataclasses import replace
from datetime import UTC, date, datetime

from checks.drift.model import Acceptance, Difference, Drift, Severity, Side, SideState
from checks.observations import Blind, Change, Source
from checks.reasons import Reason

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CONNECTOR = "services.backend.vpc_access.connector"
EGRESS = "services.backend.vpc_access.egress"
RULE = "network.firewalls.deny-redis"
SOURCE = Source("cloud_run", "netra-backend-staging-00042-xyz", NOON)
CHANGE = Change(NOON, "deploy-bot@x", "UpdateService", "services/netra-backend-staging", SOURCE)
ACCEPTANCE = Acceptance("services.*", "bob", "a trial", date(2026, 12, 24))
HIDDEN = Blind(
    Reason.CLOUD_PERMISSION, "I can't read firewall rules.", "compute.firewalls.list",
    "roles/compute.networkViewer", "gcloud projects add-iam-policy-binding …",
)  # fmt: skip


def known(value: str) -> Side:
    return Side(SideState.KNOWN, value, SOURCE)


def difference(
    field: str = CONNECTOR,
    live: str = "legacy-connector",
    severity: Severity = Severity.CRITICAL,
    effect: str = "cuts Redis off",
) -> Difference:
    """A field on which live disagrees with the others."""
    side = known("staging-connector")
    return Difference(field, field, side, side, known(live), severity, effect)


def changed(found: Difference) -> Difference:
    return replace(found, changed=CHANGE)


def accepted(found: Difference) -> Difference:
    return replace(found, accepted=ACCEPTANCE)


def untold(field: str) -> Difference:
    """A field of which live could not be told."""
    side = Side(SideState.UNKNOWN, why="permission is missing")
    return replace(difference(field), live=side, severity=Severity.WARNING, effect="could not be told")


def drift(*differences: Difference, unknown: tuple[str, ...] = ()) -> Drift:
    """Drift of staging."""
    return Drift("staging", NOON, differences, tuple(map(untold, unknown)), compared=40)
