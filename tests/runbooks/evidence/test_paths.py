"""What expressions see of network paths."""

from dataclasses import replace
from typing import Any

from checks.observations import CloudState
from runbooks.values import CITE
from tests.checks.path import place
from tests.checks.path.place import BACKEND, BAD, GOOD, NOW
from tests.checks.seeing import StillCloud
from tests.runbooks.evidence.looking import gap_in, scope, see
from tests.runbooks.evidence.test_services import incident


async def paths(state: CloudState) -> dict[tuple[str, str], Any]:
    """Every path by its dependency and by whose VPC access it is."""
    found = await see("paths", scope(StillCloud(state)))
    return {(each["dependency"], each["planned"]): each for each in found}


async def test_a_closed_path_says_where_and_what_would_have_to_change() -> None:
    """The deciding step with its field and values, in the record itself."""
    redis = (await paths(incident()))["redis", ""]
    assert (redis["verdict"], redis["deciding"], redis["revision"]) == ("fail", "network", BAD)
    assert (redis["observed"], redis["service"], redis["address"]) == ("default", "backend", "10.166.204.83")
    assert "staging-vpc" in redis["expected"]
    assert redis["change"]
    assert redis["steps"]["connector"]["status"] == "pass"
    cite = redis[CITE]
    assert cite["id"] == f"paths.backend.redis.{BAD}.10.166.204.83"
    assert cite["text"].startswith(
        f"backend → Redis is closed at step Network: {BAD} leaves over connector legacy"
    )
    assert (cite["at"], cite["source"]) == (NOW, "path")


async def test_a_detour_is_open_and_says_which_way() -> None:
    """It is why PostgreSQL is slow: a VPN tunnel."""
    postgres = (await paths(incident()))["postgres", ""]
    assert (postgres["verdict"], postgres["detour"]) == ("pass", True)
    assert "legacy-vpn" in postgres["detour_text"]
    assert postgres[CITE]["text"].startswith("backend → PostgreSQL is open by a detour: ")


async def test_what_was_declared_and_a_rollback_would_open_it() -> None:
    """Planned paths are beside the live ones, each with whose VPC access it is."""
    found = await paths(incident())
    declared, rollback = found["redis", "declared"], found["redis", "rollback"]
    assert (declared["verdict"], declared["revision"], declared["detour"]) == ("pass", "", False)
    assert (
        declared[CITE]["text"]
        == "backend → Redis with the declared VPC access would be open, every step passes"
    )
    assert (rollback["verdict"], rollback["revision"]) == ("pass", GOOD)
    assert rollback[CITE]["text"] == f"backend → Redis from {GOOD} would be open, every step passes"
    ids = [each[CITE]["id"] for each in found.values()]
    assert len(set(ids)) == len(ids) == 9


async def test_without_an_earlier_revision_there_is_no_rollback_to_judge() -> None:
    """Only what is live and what is declared."""
    found = await paths(place.staging())
    assert {planned for _, planned in found} == {"", "declared"}
    assert {each["verdict"] for each in found.values()} == {"pass"}
    assert {each["deciding"] for each in found.values()} == {""}


async def test_a_path_that_cannot_be_told_is_a_gap_with_what_would_settle_it() -> None:
    """Its verdict, its cite and the steps that could not be told; what is known stays."""
    away = place.blind("vpcaccess.connectors.list", "roles/vpcaccess.viewer")
    redis = (await paths(replace(incident(), connectors=away)))["redis", ""]
    for gap in (gap_in(redis["verdict"]), gap_in(redis[CITE])):
        assert gap.why.startswith("backend → Redis: I can't read it in netra-staging")
        assert gap.settle.startswith("Grant it: gcloud")
    gap_in(redis["steps"]["connector"]["status"])
    assert redis["steps"]["vpc_access"]["status"] == "pass"
    assert redis["deciding"] == "connector"


async def test_services_that_cannot_be_listed_leave_gaps_not_paths() -> None:
    """Every live verdict is unknown; what is declared can still be judged."""
    found = await paths(replace(incident(), services=place.blind("run.services.list", "roles/run.viewer")))
    gap_in(found["redis", ""]["verdict"])
    assert found["redis", "declared"]["verdict"] == "pass"


async def test_shares_of_traffic_come_along() -> None:
    """With two revisions each has its paths, the busiest first."""
    state = place.serving(BAD, GOOD)(incident())
    found = [each for each in await see("paths", scope(StillCloud(state))) if each["dependency"] == "redis"]
    live = [(each["revision"], each["percent"], each["verdict"]) for each in found if not each["planned"]]
    assert live == [(GOOD, 50, "pass"), (BAD, 50, "fail")]
    assert BACKEND in live[0][0]
