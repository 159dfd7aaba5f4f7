"""The check of a network path."""

from dataclasses import replace

from checks.kinds.vpc_path import VpcPathCheck
from checks.observations import Blind, CloudState, TrafficShare
from checks.reasons import Reason
from checks.result import Status
from tests.checks.path import place
from tests.checks.path.place import BAD, GOOD, having
from tests.checks.seeing import StillCloud, look

REDIS = VpcPathCheck(name="redis_path", service="backend", dependency="redis")
ALL = VpcPathCheck(name="paths", service="backend")
POSTGRES = VpcPathCheck(name="postgres_path", service="backend", dependency="postgres")


async def test_open_path_passes() -> None:
    """Which revision reaches what."""
    found = await look(REDIS)
    assert (found.status, found.reason) == (Status.PASS, Reason.OK)
    assert found.message == f"{GOOD} reaches Redis at 10.166.204.83:6379"
    assert "network" in (found.facts["ruled_out"] or [])


async def test_closed_path_fails_with_the_step_that_decides() -> None:
    """The step's key, field and what would have to change are facts for runbooks."""
    found = await look(REDIS, StillCloud(place.seed()))
    assert (found.status, found.reason) == (Status.FAIL, Reason.PATH_BROKEN)
    assert found.message.startswith(BAD)
    assert found.facts["step"] == "network"
    assert found.facts["field"]
    assert "staging-connector" in str(found.facts["change"])


async def test_detour_passes_and_says_so() -> None:
    """PostgreSQL over the VPN is slow, but not cut off."""
    found = await look(POSTGRES, StillCloud(place.seed()))
    assert found.status is Status.PASS
    assert found.facts["detour"] is True
    assert "by a detour" in found.message


async def test_step_that_cannot_be_told_is_unknown() -> None:
    """A list that may not be read keeps the verdict open."""
    blind = place.blind("vpcaccess.connectors.list", "roles/vpcaccess.viewer")
    found = await look(REDIS, StillCloud(having(connectors=blind)(place.staging())))
    assert (found.status, found.reason) == (Status.UNKNOWN, Reason.PATH_UNKNOWN)
    assert found.facts["step"] == "connector"


async def test_unknown_dependency_and_service_are_told() -> None:
    """A slip in the file is no verdict on the path."""
    found = await look(VpcPathCheck(name="x", service="backend", dependency="reddis"))
    assert (found.status, found.reason) == (Status.UNKNOWN, Reason.PATH_UNKNOWN)
    assert 'no check "reddis"' in found.message
    found = await look(VpcPathCheck(name="x", service="nobody", dependency="redis"))
    assert found.status is Status.UNKNOWN


def split(good: int) -> CloudState:
    """Both revisions serve, the one of the incident gets the rest."""
    seed = place.seed()
    services = seed.services
    assert not isinstance(services, Blind)
    traffic = (TrafficShare(GOOD, good), TrafficShare(BAD, 100 - good))
    mine = [replace(each, serving=traffic) if each.name == place.BACKEND else each for each in services]
    return replace(seed, services=tuple(mine))


async def test_without_a_dependency_all_that_the_service_uses_are_asked() -> None:
    """The worst path decides, and the message names what it is the path to."""
    assert (await look(ALL)).message == f"{GOOD} reaches Redis, PostgreSQL and ClickHouse"
    found = await look(ALL, StillCloud(place.seed()))
    assert (found.status, found.reason) == (Status.FAIL, Reason.PATH_BROKEN)
    assert "Redis" in found.message
    assert found.message.endswith("; PostgreSQL and ClickHouse only by a detour")
    assert found.facts["dependency"] == "redis"
    assert found.facts["closed"] == ["Redis"]


async def test_a_closed_path_of_some_traffic_says_how_much() -> None:
    """A few percent of the requests are another matter than all of them."""
    found = await look(REDIS, StillCloud(split(70)))
    assert found.status is Status.FAIL
    assert found.message.startswith("closed for 30 % of the traffic (…-00042-xyz): it leaves over ")
    assert found.facts["percent"] == 30


async def test_a_service_that_uses_nothing_is_told() -> None:
    """There is no path to ask of, which is no pass."""
    found = await look(VpcPathCheck(name="x", service="auth"))
    assert (found.status, found.reason) == (Status.UNKNOWN, Reason.PATH_UNKNOWN)
    assert found.message == 'service "auth" uses no check of layer dependency with a host and a port'


def test_target_names_both_ends() -> None:
    """For people and for the document."""
    assert REDIS.target == "backend to redis"
    assert ALL.target == "backend to all that it uses"
