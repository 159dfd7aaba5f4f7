"""What expressions see of drift."""

from datetime import date, timedelta
from typing import Any

import pytest

from checks.drift.model import Acceptance, Difference, Drift, Severity, Side, SideState
from checks.observations import Change
from checks.output.drift import document
from runbooks.evidence.source import Section
from runbooks.evidence.written import plain
from runbooks.values import CITE, Partial
from tests.checks.path import place
from tests.checks.path.place import NOW
from tests.checks.seeing import StillCloud
from tests.runbooks.evidence.looking import DENIED, gap_in, scope, see, seen

READ = place.source("cloud_run", "revision")
AGENT = "deploy-bot@netra-staging.iam.gserviceaccount.com"
MADE = Change(NOW - timedelta(minutes=14), AGENT, "google.cloud.run.v2.Services.UpdateService", "x", READ)


def known(value: str) -> Side:
    """A side that has a value."""
    return Side(SideState.KNOWN, value, READ)


UNSET = Side(SideState.UNSET)


def difference(**more: Any) -> Difference:
    """The connector of the backend."""
    plain = {
        "field": "services.backend.vpc_access.connector",
        "title": "connector of backend",
        "declared": known("staging-connector"),
        "terraform": known("staging-connector"),
        "live": known("legacy-connector"),
        "severity": Severity.CRITICAL,
        "effect": "cuts Redis off",
        "changed": MADE,
    }
    return Difference(**(plain | more))


def drift(*differences: Difference, **more: Any) -> Any:
    """A drift as expressions see it."""
    found = Drift("staging", NOW, differences, compared=43, **more)
    return seen("drift", {"drift": Section("drift", plain(document(found)))})


def test_a_difference_is_seen_with_its_three_sides() -> None:
    """Which of them differ from what is live, what that does, and who did it."""
    found = drift(difference())["differences"][0]
    assert (found["declared"], found["terraform"], found["live"]) == (
        "staging-connector",
        "staging-connector",
        "legacy-connector",
    )
    assert (found["service"], found["severity"], found["accepted"]) == ("backend", "critical", False)
    assert (found["terraform_differs"], found["declared_differs"]) == (True, True)
    assert found["changed"] == {"at": MADE.at, "who": AGENT, "method": MADE.method}
    assert found[CITE]["text"] == (
        "connector of backend: live legacy-connector, in Terraform staging-connector, "
        "declared staging-connector; cuts Redis off; changed by deploy-bot at 11:46 UTC"
    )
    assert found[CITE]["source"] == "cloud_run"


@pytest.mark.parametrize(
    ("sides", "terraform", "declared"),
    [
        ({"terraform": UNSET}, False, True),
        ({"declared": UNSET}, True, False),
        ({"terraform": known("legacy-connector")}, False, True),
        ({"live": Side(SideState.ABSENT, "none", READ)}, True, True),
    ],
)
def test_a_silent_side_does_not_differ(sides: dict[str, Side], terraform: bool, declared: bool) -> None:
    """One that says that there is none does."""
    found = drift(difference(**sides))["differences"][0]
    assert (found["terraform_differs"], found["declared_differs"]) == (terraform, declared)


def test_a_side_that_could_not_be_told_is_a_gap() -> None:
    """So is whether it differs; the other side is known."""
    found = drift(difference(terraform=Side(SideState.UNKNOWN, why="the bucket may not be read.")))
    found = found["differences"][0]
    assert gap_in(found["terraform"]).why.endswith("in Terraform: the bucket may not be read")
    gap_in(found["terraform_differs"])
    assert found["declared_differs"] is True


def test_an_accepted_difference_says_so() -> None:
    """It is there, so that a runbook may pass over it."""
    accepted = Acceptance("x", "bob", "a test", date(2026, 12, 1))
    assert drift(difference(accepted=accepted))["differences"][0]["accepted"] is True


def test_where_not_all_could_be_compared_there_may_be_more_differences() -> None:
    """The list is partial, so that nobody concludes that there is no drift."""
    untold = difference(field="network.vpc", live=Side(SideState.UNKNOWN, why="networks may not be read"))
    found = drift(difference(), unknown=(untold,))
    assert isinstance(found["differences"], Partial)
    assert [gap.why for gap in found["differences"].gaps] == [
        "network.vpc could not be compared: networks may not be read"
    ]
    assert found["unknown"] == ({"field": "network.vpc"},)
    assert found["known_fields"] == 43


def test_what_could_not_be_read_says_what_to_grant() -> None:
    """As a gap of the list."""
    away = place.blind("storage.objects.get", "roles/storage.objectViewer")
    gaps = drift(blind=(away,))["differences"].gaps
    assert gaps[0].settle.startswith("Grant roles/storage.objectViewer: ")


def test_without_the_audit_log_no_difference_can_hide() -> None:
    """Only who changed it is missing then."""
    found = drift(difference(changed=None), unheard=DENIED)["differences"]
    assert not isinstance(found, Partial)
    assert found[0]["changed"] is None


def test_drift_beside_services_is_of_none() -> None:
    """A stray connector belongs to the network."""
    found = drift(difference(field="network.connectors.legacy-connector", severity=Severity.COSMETIC))
    assert found["differences"][0]["service"] == ""
    assert "cuts" not in found["differences"][0][CITE]["text"]


async def test_drift_is_asked_of_the_eyes() -> None:
    """With staging as it is configured, the backend's revision that serves is compared."""
    found = await see("drift", scope(StillCloud(place.seed())))
    fields = {each["field"] for each in found["differences"]}
    assert "services.backend.vpc_access.connector" in fields


async def test_where_nothing_could_be_compared_drift_is_a_gap() -> None:
    """With the first thing that could not be read."""
    state = place.staging()
    away = place.blind("run.services.list", "roles/run.viewer")
    for field in place.LISTS:
        state = place.having(**{field: away})(state)
    found = await see("drift", scope(StillCloud(state)))
    gap = found if not isinstance(found, dict) else found["differences"].gaps[0]
    assert gap.settle.startswith("Grant roles/run.viewer")
