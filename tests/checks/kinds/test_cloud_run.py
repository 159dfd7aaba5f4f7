"""The check of Cloud Run: what serves, and whether it is ready."""

from dataclasses import replace
from typing import Any

import pytest

from checks.kinds.cloud_run import CloudRunCheck
from checks.observations import Condition, TrafficShare
from checks.observe.permissions import SERVICES, Place, missing
from checks.reasons import Reason
from checks.result import Status
from tests.checks.path import place
from tests.checks.path.place import BACKEND, BAD, GOOD, Change, but, having
from tests.checks.place import Outcome
from tests.checks.seeing import StillCloud, look

CHECK = CloudRunCheck(name="cloud_run", service="backend")
BROKEN = Condition(
    "ContainerHealthy", "failed", "HealthCheckContainerError", "The container failed to start."
)
READY_FAILED = Condition("Ready", "failed", "", "Revision is not ready.")


async def ask(*changes: Change) -> Outcome:
    """Asks about staging after changes."""
    state = place.staging()
    for change in changes:
        state = change(state)
    return await look(CHECK, StillCloud(state))


def service(**fields: Any) -> Change:
    """The backend, with other fields."""
    return but("services", BACKEND, **fields)


def revision(name: str, **fields: Any) -> Change:
    """One of its revisions, with other fields."""

    def change(state: Any) -> Any:
        found = tuple(
            replace(each, **fields) if each.name == name else each for each in state.revisions[BACKEND]
        )
        return replace(state, revisions={**state.revisions, BACKEND: found})

    return change


async def test_ready_revision_that_serves_passes() -> None:
    """Who serves what share is told, with who made it; runbooks get it as facts."""
    found = await ask(revision(GOOD, creator="ci@netra-staging", ready=True))
    assert (found.status, found.reason) == (Status.PASS, Reason.OK)
    assert f"{GOOD} serves 100 %" in found.message
    assert found.facts["revision"] == GOOD
    assert found.facts["vpc_connector"] == "staging-connector"
    assert found.facts["vpc_egress"] == "all-traffic"


async def test_revision_that_serves_and_is_not_ready_fails() -> None:
    """The condition that says why comes before the summary."""
    found = await ask(revision(GOOD, ready=False, conditions=(READY_FAILED, BROKEN)))
    assert (found.status, found.reason) == (Status.FAIL, Reason.REVISION_NOT_READY)
    assert found.message == f"{GOOD} gets 100 % of requests, but is not ready: The container failed to start."


async def test_newest_revision_that_fails_without_serving_is_a_fact() -> None:
    """A failed deployment that took no traffic hurts nobody."""
    failed = service(latest_created=BAD, latest_ready=GOOD, conditions=(READY_FAILED,))
    found = await ask(revision(BAD, ready=False), revision(GOOD, ready=True), failed)
    assert found.status is Status.PASS
    assert found.facts["latest_failing"] is True
    assert found.message.endswith(f"the newest revision {BAD} does not serve")


async def test_one_of_two_serving_revisions_that_is_not_ready_fails() -> None:
    """A split is as good as its worst part; a tagged revision at 0 % is none."""
    shares = (TrafficShare(GOOD, 90), TrafficShare(BAD, 10))
    found = await ask(service(serving=shares), revision(GOOD, ready=True), revision(BAD, ready=False))
    assert found.reason is Reason.REVISION_NOT_READY
    tagged = (TrafficShare(GOOD, 100), TrafficShare(BAD, 0, tag="try"))
    found = await ask(service(serving=tagged), revision(GOOD, ready=True), revision(BAD, ready=False))
    assert found.status is Status.PASS


ROUTES = Condition("RoutesReady", "failed", "", "no route")
SETTLING = Reason.REVISION_RECONCILING
STATES: tuple[tuple[tuple[Change, ...], Status, Reason, str], ...] = (
    ((service(serving=()),), Status.FAIL, Reason.NO_SERVING_REVISION, "no revision of netra-backend-staging"),
    ((service(serving=(), reconciling=True),), Status.UNKNOWN, SETTLING, "no revision serves yet"),
    ((revision(GOOD, deleted=True),), Status.FAIL, Reason.REVISION_NOT_READY, "but was deleted"),
    ((revision(GOOD, ready=None),), Status.UNKNOWN, Reason.CLOUD_ANSWER, "condition Ready is not known"),
    ((revision(GOOD, ready=None, reconciling=True),), Status.UNKNOWN, SETTLING, "not settled yet"),
    ((having(revisions={BACKEND: ()}),), Status.UNKNOWN, Reason.CLOUD_NOT_FOUND, "does not list it"),
    (
        (having(services=()),),
        Status.FAIL,
        Reason.CLOUD_NOT_FOUND,
        "has no service netra-backend-staging in us",
    ),
    ((service(conditions=(ROUTES,)),), Status.DEGRADED, Reason.REVISION_NOT_READY, "are not: no route"),
    (
        (service(generation=3, observed_generation=2),),
        Status.PASS,
        Reason.OK,
        "a change is being carried out",
    ),
)


@pytest.mark.parametrize(("changes", "status", "reason", "said"), STATES, ids=[each[3] for each in STATES])
async def test_states_of_a_service(
    changes: tuple[Change, ...], status: Status, reason: Reason, said: str
) -> None:
    """Half-finished, empty and deleted ones, each told as what it is."""
    found = await ask(*changes)
    assert (found.status, found.reason) == (status, reason)
    assert said in found.message


async def test_missing_permission_is_unknown_and_says_how_to_grant_it() -> None:
    """The role and the permission are facts."""
    found = await ask(having(services=place.blind("run.services.list", "roles/run.viewer")))
    assert (found.status, found.reason) == (Status.UNKNOWN, Reason.CLOUD_PERMISSION)
    assert (found.facts["permission"], found.facts["role"]) == ("run.services.list", "roles/run.viewer")


async def test_placeholder_in_a_command_is_explained() -> None:
    """Whoever copies the command must know that a part of it stands for whybot's account."""
    denied = missing(SERVICES, Place("netra-staging", "us-central1"))
    found = await ask(having(services=denied))
    assert found.message.endswith("(put whybot's service account in place of WHYBOT_SERVICE_ACCOUNT)")


async def test_no_eyes_is_unknown() -> None:
    """An environment without a project has nothing to look at."""
    found = await look(CHECK, blind=True)
    assert (found.status, found.reason) == (Status.UNKNOWN, Reason.CLOUD_LOGIN)
    assert "names no project and region" in found.message


async def test_service_that_the_file_does_not_have_is_told() -> None:
    """With those that there are."""
    found = await look(CloudRunCheck(name="x", service="bakend"))
    assert found.status is Status.UNKNOWN
    assert found.message.endswith('"bakend" with a `cloud_run` name; there are: backend, auth, frontend')


async def test_silence_of_google_is_not_blamed_on_the_service() -> None:
    """A reader that does not answer in time makes unknown."""
    found = await look(CHECK, StillCloud(slow=True), seconds=0.3)
    assert (found.status, found.reason) == (Status.UNKNOWN, Reason.CLOUD_UNREACHABLE)
