"""What expressions see of Cloud Run's services and revisions."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from checks.observations import CloudState, Condition, SecretUse, SecretVersion, TrafficShare
from runbooks.evidence.serving import MOST_KEPT
from runbooks.values import CITE
from tests.checks.path import place
from tests.checks.path.place import BACKEND, BAD, GOOD, LEGACY, NOW, STAGING
from tests.checks.seeing import StillCloud
from tests.runbooks.evidence.looking import gap_in, scope, see

HEALTHY = (Condition("Ready", "succeeded"), Condition("ContainerHealthy", "succeeded"))
BROKEN = (
    Condition("Ready", "failed", "", "See the logs."),
    Condition("ContainerHealthy", "failed", "", "The container failed to start."),
)


def old(**more: Any) -> Any:
    """The revision of the day before yesterday."""
    made = NOW - timedelta(days=2)
    return place.revision(GOOD, STAGING, image="app@sha256:1", created_at=made, **more)


def new(**more: Any) -> Any:
    """The revision that the deploy script made a quarter of an hour ago."""
    plain = {"image": "app@sha256:1", "created_at": NOW - timedelta(minutes=14), "conditions": HEALTHY}
    more.setdefault("creator", "deploy-bot@netra-staging.iam.gserviceaccount.com")
    return place.revision(BAD, LEGACY, **(plain | more))


def incident(*revisions: Any, serving: str = BAD, **more: Any) -> CloudState:
    """The new revision serves."""
    plain = {"latest_created": BAD, "latest_ready": BAD, "traffic": (TrafficShare("", 100, latest=True),)}
    service = place.service(TrafficShare(serving, 100), **(plain | more))
    return replace(place.staging(), services=(service,), revisions={BACKEND: revisions or (new(), old())})


async def backend(state: CloudState, **cloud: Any) -> Any:
    """The backend as expressions see it."""
    return (await see("services", scope(StillCloud(state, **cloud))))["backend"]


async def test_a_service_is_seen_with_what_serves() -> None:
    """Its own fields, the revision that serves, and that the newest takes traffic."""
    seen = await backend(incident(ingress="INGRESS_TRAFFIC_ALL"))
    assert (seen["name"], seen["cloud_run"], seen["url"]) == (
        "backend",
        BACKEND,
        "https://staging.netrasystems.ai",
    )
    assert seen["uses"] == ("redis", "postgres", "clickhouse")
    assert (seen["ready"], seen["takes_newest"], seen["pinned"], seen["reconciling"]) == (
        True,
        True,
        False,
        False,
    )
    assert (seen["ingress"], seen["latest_ready"]) == ("INGRESS_TRAFFIC_ALL", BAD)
    assert [each["name"] for each in seen["serving"]] == [BAD]
    assert seen["newest"]["name"] == BAD


async def test_a_revision_is_seen_with_its_network_and_its_making() -> None:
    """Where it goes out, who made it when, and whether its image changed."""
    seen = (await backend(incident()))["serving"][0]
    assert (seen["short"], seen["percent"], seen["ready"]) == ("00042", 100, True)
    assert (seen["connector"], seen["egress"], seen["network"]) == (
        "legacy-connector",
        "private-ranges-only",
        "default",
    )
    assert (seen["age_s"], seen["previous"], seen["same_image_as_previous"]) == (840.0, GOOD, True)
    assert seen["conditions"]["ContainerHealthy"]["state"] == "succeeded"
    assert (seen["creator"], seen["validated"]) == ("deploy-bot", False)


async def test_cites_say_what_serves_in_words() -> None:
    """Of the service, and of the revision with its maker and time."""
    seen = await backend(incident())
    assert seen[CITE]["text"] == f"backend: {BAD} serves 100 %, ready"
    assert seen["serving"][0][CITE] == {
        "id": f"services.backend.revisions.{BAD}",
        "text": f"{BAD}: ready, container healthy, 100 % of the traffic, connector legacy-connector, "
        "made by deploy-bot at 11:46 UTC",
        "source": "cloud_run",
        "at": NOW,
        "url": "",
    }
    assert seen["rollback"][CITE]["text"].endswith(
        "no traffic, connector staging-connector, made at 12:00 UTC on 21 Nov"
    )


async def test_a_validation_on_record_is_a_label() -> None:
    """`whybot-gate: passed`, which a pipeline sets."""
    seen = await backend(
        incident(new(labels={"whybot-gate": "passed"}), old(labels={"whybot-gate": "failed"}))
    )
    assert seen["serving"][0]["validated"] is True
    assert seen["rollback"]["validated"] is False


async def test_the_rollback_is_the_newest_ready_revision_whose_paths_are_open() -> None:
    """Not one whose own paths are closed, and none that is newer than what serves."""
    assert (await backend(incident()))["rollback"]["name"] == GOOD
    middle = place.revision(f"{BACKEND}-00041-mid", LEGACY, created_at=NOW - timedelta(hours=1))
    assert (await backend(incident(new(), middle, old())))["rollback"]["name"] == GOOD
    assert (await backend(incident(new(), middle)))["rollback"] is None
    assert (await backend(incident(new(), old(ready=False))))["rollback"] is None
    assert (await backend(incident(serving=GOOD)))["rollback"] is None


async def test_a_rollback_of_whose_paths_nothing_is_known_is_a_gap() -> None:
    """It is offered to nobody, and nobody says that there is none."""
    away = place.blind("vpcaccess.connectors.list")
    seen = await backend(replace(incident(), connectors=away))
    assert gap_in(seen["rollback"]).why == f"whether the paths of {GOOD} are open could not be told"
    assert gap_in(seen["serving"][0]["network"]).why == away.message


@pytest.mark.parametrize(
    ("revisions", "ready", "text"),
    [
        ((new(),), True, f"backend: {BAD} serves 100 %, ready"),
        ((new(ready=False),), False, f"backend: {BAD} serves 100 %, not ready"),
        ((new(ready=None),), None, f"backend: {BAD} serves 100 %"),
        ((old(),), None, f"backend: {BAD} serves 100 %"),
    ],
    ids=["ready", "not ready", "not settled", "not listed"],
)
async def test_whether_what_serves_is_ready(revisions: Any, ready: bool | None, text: str) -> None:
    """Unknown where Cloud Run has not settled it, or does not list the revision."""
    seen = await backend(incident(*revisions))
    assert seen[CITE]["text"] == text
    if ready is None:
        gap_in(seen["ready"])
    else:
        assert seen["ready"] is ready


async def test_a_revision_that_failed_says_why() -> None:
    """In the words of the condition that says most."""
    seen = await backend(incident(new(ready=False, conditions=BROKEN)))
    assert "not ready (The container failed to start)" in seen["serving"][0][CITE]["text"]


async def test_a_newest_revision_without_traffic_is_told() -> None:
    """Traffic that names a revision is pinned."""
    traffic = (TrafficShare(GOOD, 100),)
    seen = await backend(incident(serving=GOOD, traffic=traffic))
    assert (seen["takes_newest"], seen["pinned"]) == (False, True)
    assert seen[CITE]["text"].endswith(f"the newest, {BAD}, gets no traffic")


async def test_a_service_that_serves_nothing_is_not_ready() -> None:
    """Unless it is being changed: then nobody knows yet."""
    state = incident()
    nothing = place.service(latest_created=BAD)
    seen = await backend(replace(state, services=(nothing,)))
    assert (seen["ready"], seen["serving"]) == (False, ())
    assert seen[CITE]["text"] == f"backend: no revision of {BACKEND} gets traffic"
    changing = replace(nothing, reconciling=True)
    gap_in((await backend(replace(state, services=(changing,))))["ready"])


async def test_limits_and_secrets_are_those_of_what_serves() -> None:
    """A secret that is not there or disabled does not exist; one that may not be read is a gap."""
    uses = (SecretUse("db", "latest"), SecretUse("key", "3"), SecretUse("jwt", "1"))
    serving = new(min_instances=1, max_instances=4, concurrency=80, secrets=uses)
    read = place.source("secret_manager", "versions")
    kept = {("key", "3"): SecretVersion("key", "3", "DISABLED", read), ("jwt", "1"): place.blind("x", "y")}
    seen = await backend(incident(serving, old()), kept=kept)
    assert (seen["min_instances"], seen["max_instances"], seen["concurrency"]) == (1, 4, 80)
    assert [(each["name"], each["version"]) for each in seen["secrets"]] == [
        ("db", "latest"),
        ("key", "3"),
        ("jwt", "1"),
    ]
    assert [each["exists"] for each in seen["secrets"][:2]] == [True, False]
    gap_in(seen["secrets"][2]["exists"])


async def test_between_many_revisions_none_is_taken_for_the_one_before() -> None:
    """Only the newest are kept, and what serves, which may be much older."""
    between = [
        place.revision(f"{BACKEND}-{number:05}-mid", STAGING, created_at=NOW - timedelta(hours=number))
        for number in range(1, MOST_KEPT + 5)
    ]
    seen = await backend(incident(*between, old(), serving=GOOD, latest_created=between[0].name))
    assert seen["newest"]["previous"] == between[1].name
    assert (seen["serving"][0]["name"], seen["serving"][0]["previous"]) == (GOOD, "")
    gap_in(seen["serving"][0]["same_image_as_previous"])


async def test_without_a_permission_all_is_a_gap_that_says_what_to_grant() -> None:
    """Role and command come along."""
    away = place.blind("run.services.list", "roles/run.viewer")
    gap = gap_in(await see("services", scope(StillCloud(replace(incident(), services=away)))))
    assert gap.why == away.message
    assert gap.settle.startswith("Grant roles/run.viewer: gcloud")


async def test_without_revisions_the_service_is_still_seen() -> None:
    """What is of revisions alone is a gap."""
    away = place.blind("run.revisions.list", "roles/run.viewer")
    seen = await backend(replace(incident(), revisions={BACKEND: away}))
    for value in (seen["serving"][0], seen["newest"], seen["rollback"], seen["ready"], seen["max_instances"]):
        assert gap_in(value).why == away.message
    assert seen["takes_newest"] is True


async def test_a_service_that_is_not_there_is_a_gap() -> None:
    """It may be a slip in the environment file."""
    seen = await see("services", scope(StillCloud(incident())))
    assert gap_in(seen["auth"]).why.startswith(
        "there is no Cloud Run service netra-auth-staging in netra-staging"
    )


async def test_without_a_project_nothing_is_asked() -> None:
    """The gap says what the file lacks."""
    for name in ("services", "paths", "drift", "logs", "changes"):
        assert "names no project" in gap_in(await see(name, scope(blind=True))).why
