"""What expressions see of validations that pipelines write on revisions."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from checks.observations import CloudState, TrafficShare
from runbooks.values import CITE
from tests.checks.path import place
from tests.checks.path.place import BACKEND, BAD, GOOD, LEGACY, NOW, STAGING
from tests.checks.seeing import StillCloud
from tests.runbooks.evidence.looking import gap_in, scope, see


def labelled(**labels: str | None) -> CloudState:
    """Staging with revisions that carry these labels `whybot-gate`."""
    names = {"good": (GOOD, STAGING), "bad": (BAD, LEGACY)}
    revisions = tuple(
        place.revision(
            *names[each],
            created_at=NOW - timedelta(minutes=14),
            labels={} if label is None else {"whybot-gate": label},
        )
        for each, label in labels.items()
    )
    service = place.service(TrafficShare(revisions[0].name, 100))
    return replace(place.staging(), services=(service,), revisions={BACKEND: revisions})


async def revisions(state: CloudState) -> Any:
    """Validations by revision."""
    return (await see("gate", scope(StillCloud(state))))["revisions"]


async def test_a_label_that_passed_is_a_validation_on_record() -> None:
    """It is cited with the revision's name."""
    seen = (await revisions(labelled(good="passed")))[GOOD]
    assert (seen["validated"], seen["says"]) == (True, "passed")
    assert seen[CITE]["text"] == f"{GOOD} has a validation on record: whybot-gate is passed"


async def test_without_the_label_none_is_on_record() -> None:
    """It is said since when the revision has been without."""
    seen = (await revisions(labelled(bad=None)))[BAD]
    assert (seen["validated"], seen["says"]) == (False, "")
    assert "has no validation on record since it was made at 11:46 UTC" in seen[CITE]["text"]


async def test_a_validation_that_failed_is_none_that_passed() -> None:
    """It says so, apart from one that there never was."""
    seen = (await revisions(labelled(bad="failed", good="passed")))[BAD]
    assert (seen["validated"], seen["says"]) == (False, "failed")
    assert "did not pass" in seen[CITE]["text"]


async def test_a_label_that_was_copied_from_another_revision_is_none() -> None:
    """Cloud Run copies labels into the next revision; `whybot-gate-revision` says whose they are."""
    labels = {"whybot-gate": "passed", "whybot-gate-revision": GOOD}
    revisions_of = {
        name: place.revision(name, STAGING, labels=labels, created_at=NOW - timedelta(minutes=14))
        for name in (GOOD, BAD)
    }
    service = place.service(TrafficShare(BAD, 100))
    state = replace(place.staging(), services=(service,), revisions={BACKEND: tuple(revisions_of.values())})
    seen = await revisions(state)
    assert (seen[GOOD]["validated"], seen[BAD]["validated"]) == (True, False)
    assert seen[BAD][CITE]["text"].endswith(f"its label whybot-gate is of {GOOD}")
    services = await see("services", scope(StillCloud(state)))
    assert services["backend"]["serving"][0]["validated"] is False


async def test_revisions_that_cannot_be_read_are_unknown() -> None:
    """Not to see a label is no missing validation: of what serves it is a gap."""
    denied = place.blind("run.revisions.list", "roles/run.viewer")
    state = replace(labelled(bad=None), revisions={BACKEND: denied})
    seen = await see("gate", scope(StillCloud(state)), "services")
    assert "roles/run.viewer" in gap_in(seen["revisions"][BAD]).settle


async def test_services_that_cannot_be_read_leave_all_unknown() -> None:
    """And so does a file without a project."""
    denied = place.blind("run.services.list", "roles/run.viewer")
    state = replace(labelled(bad=None), services=denied)
    assert "roles/run.viewer" in gap_in(await see("gate", scope(StillCloud(state)))).settle
    assert "no project" in gap_in(await see("gate", scope(blind=True))).why
