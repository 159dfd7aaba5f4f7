"""The check of drift."""

from checks.kinds.drift import DriftCheck
from checks.reasons import Reason
from checks.result import Status
from tests.checks.drift import three_sides
from tests.checks.path import place
from tests.checks.seeing import StillCloud, look

CHECK = DriftCheck(name="drift")
BAD = three_sides.revision("backend", 42, place.LEGACY)
INCIDENT = three_sides.serving("backend", BAD, template=place.LEGACY)


async def test_sides_that_agree_pass() -> None:
    """How many fields were compared is told."""
    world = three_sides.agreed()
    found = await look(CHECK, StillCloud(world.live), terraform=world.terraform)
    assert (found.status, found.reason) == (Status.PASS, Reason.OK)
    assert found.message.partition(" ")[2].startswith("fields agree")


async def test_difference_that_cuts_a_path_off_fails() -> None:
    """The worst one is said, with its effect; all fields are facts."""
    world = INCIDENT(three_sides.agreed())
    found = await look(CHECK, StillCloud(world.live), terraform=world.terraform)
    assert (found.status, found.reason) == (Status.FAIL, Reason.DRIFTED)
    assert (
        "services.backend.vpc_access.connector is legacy-connector, staging-connector declared"
        in found.message
    )
    assert "Redis" in found.message
    assert "services.backend.vpc_access.connector" in (found.facts["fields"] or [])


async def test_terraform_that_cannot_be_read_is_unknown_with_its_reason() -> None:
    """The role that would let whybot read the state is named."""
    world = three_sides.agreed()
    blind = place.blind("storage.objects.get", "roles/storage.objectViewer")
    found = await look(CHECK, StillCloud(world.live), terraform=blind)
    assert (found.status, found.reason) == (Status.UNKNOWN, Reason.CLOUD_PERMISSION)
    assert found.facts["role"] == "roles/storage.objectViewer"


async def test_routes_that_cannot_be_read_are_no_pass() -> None:
    """Nothing differs, but a route may hide a difference: unknown, with the permission."""
    world = three_sides.agreed()
    blind = place.blind("compute.routes.list", "roles/compute.networkViewer")
    found = await look(CHECK, StillCloud(place.having(routes=blind)(world.live)), terraform=world.terraform)
    assert (found.status, found.reason) == (Status.UNKNOWN, Reason.CLOUD_PERMISSION)
    assert found.facts["permission"] == "compute.routes.list"
