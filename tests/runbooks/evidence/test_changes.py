"""What expressions see of the audit log."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from checks.observations import Change, CloudState, TrafficShare
from runbooks.evidence.source import Section
from runbooks.values import CITE
from tests.checks.path import place
from tests.checks.path.place import BACKEND, BAD, GOOD, NOW
from tests.checks.seeing import StillCloud
from tests.runbooks.evidence.looking import DENIED, gap_in, gathered, scope, see, seen
from tests.runbooks.evidence.test_services import incident

BOT = "deploy-bot@netra-staging.iam.gserviceaccount.com"
SERVICE = f"projects/{place.PROJECT}/locations/{place.REGION}/services/{BACKEND}"
UPDATE = "google.cloud.run.v2.Services.UpdateService"
AGENT = "deploy_to_gcp_actual.py google-cloud-sdk/561.0.0"


def change(
    minutes: float = 14.5, method: str = UPDATE, resource: str = SERVICE, agent: str = AGENT, by: str = BOT
) -> Change:
    """One change so many minutes ago; the revision of the incident was made fourteen minutes ago."""
    read = replace(place.source("logging", "activity"), url="https://log")
    return Change(NOW - timedelta(minutes=minutes), by, method, resource, read, agent, place.REGION)


async def changes(*made: Change, state: CloudState | None = None) -> Any:
    """Changes as expressions see them, with Cloud Run beside."""
    return await see("changes", scope(StillCloud(state or incident(), changed=made)), "services")


async def test_a_change_that_made_a_revision_is_a_deployment() -> None:
    """Which one tells what Cloud Run lists; the cite says who, what, when and with what."""
    seen = (await changes(change()))[0]
    assert (seen["what"], seen["revision"], seen["service"], seen["kind"]) == (
        "deployed",
        BAD,
        "backend",
        "service",
    )
    assert (seen["who"], seen["resource"], seen["terraform"]) == (BOT, BACKEND, False)
    assert seen[CITE] == {
        "id": "changes.2026-11-23T11:45:30.000000Z",
        "text": f"deploy-bot deployed {BAD} at 11:45 UTC, with deploy_to_gcp_actual.py",
        "source": "audit log",
        "at": seen["at"],
        "url": "https://log",
    }


async def test_each_revision_has_the_change_right_before_it() -> None:
    """An earlier one and a later one did something else."""
    seen = await changes(change(5), change(14.5), change(40), change(60 * 48))
    assert [each["revision"] for each in seen] == ["", BAD, "", GOOD]


@pytest.mark.parametrize(
    ("made", "what", "kind", "resource"),
    [
        (change(5), "changed the service", "service", BACKEND),
        (change(5, "google.cloud.run.v2.Services.DeleteService"), "deleted the service", "service", BACKEND),
        (
            change(5, "google.cloud.vpcaccess.v1.VpcAccessService.UpdateConnector",
                   "projects/p/locations/r/connectors/staging-connector"),
            "changed connector", "connector", "staging-connector",
        ),
        (change(5, "v1.compute.firewalls.insert", "projects/p/global/firewalls/deny"),
         "made firewall rule", "firewall", "deny"),
        (change(5, "v1.compute.routes.delete", "projects/p/global/routes/to-redis"),
         "deleted route", "route", "to-redis"),
        (
            change(5, "v1.compute.networks.removePeering", "projects/p/global/networks/staging-vpc"),
            "removed peering", "network", "staging-vpc",
        ),
        (change(5, "google.cloud.run.v2.Services.SetIamPolicy"), "changed access", "service", BACKEND),
        (change(5, "google.x.Odd", "projects/p/things/odd"), "changed something", "", "odd"),
        (change(5, "google.cloud.run.v1.Services.ReplaceService", f"namespaces/p/services/{BACKEND}"),
         "changed the service", "service", BACKEND),
    ],
)  # fmt: skip
async def test_what_was_done_is_said_in_words(made: Change, what: str, kind: str, resource: str) -> None:
    """No more than the log and Cloud Run tell."""
    seen = (await changes(made))[0]
    assert (seen["what"], seen["kind"], seen["resource"]) == (what, kind, resource)


async def test_a_service_with_split_or_pinned_traffic_had_its_traffic_changed() -> None:
    """A change that made no revision, where traffic is not simply that of the latest."""
    state = incident(serving=GOOD, traffic=(TrafficShare(GOOD, 100),))
    seen = (await changes(change(5), state=state))[0]
    assert seen["what"] == "changed traffic"
    assert seen[CITE]["text"].startswith(f"deploy-bot changed traffic of {BACKEND} at 11:55 UTC")


async def test_terraform_is_known_by_its_user_agent() -> None:
    """Whoever it acts for."""
    agent = "Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-google/6.1.0"
    assert (await changes(change(agent=agent)))[0]["terraform"] is True


async def test_which_revision_a_change_made_is_unknown_without_cloud_run() -> None:
    """Pending while it is being read, and a gap where it may not be read or goes back too far."""
    cloud = StillCloud(incident(), changed=(change(),))
    log = await gathered("changes", scope(cloud))
    pending = seen("changes", {"changes": log})[0]
    assert gap_in(pending["revision"]).pending
    assert pending["what"] == "changed the service"
    denied = Section("services", blind=DENIED)
    assert not gap_in(seen("changes", {"changes": log, "services": denied})[0]["revision"]).pending
    long_ago = (await changes(change(60 * 24 * 6)))[0]
    assert "from before 2026-11-21 were not read" in gap_in(long_ago["revision"]).why


async def test_running_a_job_is_no_change() -> None:
    """whybot itself does it with every sweep."""
    run = change(1, "google.cloud.run.v2.Jobs.RunJob", "projects/p/locations/r/jobs/whybot-probe")
    assert [each["what"] for each in await changes(run, change())] == ["deployed"]


async def test_changes_at_the_same_moment_have_places_of_their_own() -> None:
    """Otherwise one would hide the other among the evidence."""
    seen = await changes(change(), change(resource=f"{SERVICE}x"))
    assert [each[CITE]["id"] for each in seen] == [
        "changes.2026-11-23T11:45:30.000000Z",
        "changes.2026-11-23T11:45:30.000000Z.2",
    ]


async def test_changes_of_another_day_say_which() -> None:
    """And people are named as they are."""
    seen = (await changes(change(60 * 24 * 3, by="bob@example.com", agent="")))[0]
    assert seen[CITE]["text"] == f"bob@example.com changed the service {BACKEND} at 12:00 UTC on 20 Nov"
    assert isinstance(seen["at"], datetime)


async def test_without_the_permission_changes_are_a_gap() -> None:
    """With role and command."""
    gap = gap_in(await see("changes", scope(StillCloud(changed=DENIED))))
    assert gap.settle.startswith("Grant roles/logging.viewer: ")
