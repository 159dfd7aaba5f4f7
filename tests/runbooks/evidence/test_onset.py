"""When it began, and what was changed before."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from checks.observations import Blind, CloudState
from checks.reasons import Reason
from runbooks.evidence.source import Section
from runbooks.values import CITE, Json
from tests.checks.path.place import BACKEND, BAD, NOW
from tests.checks.seeing import StillCloud
from tests.runbooks.evidence.looking import DENIED, denied, gap_in, gathered, log, scope, see, seen
from tests.runbooks.evidence.test_changes import change
from tests.runbooks.evidence.test_services import incident, new, old

OTHERS = ("logs", "changes", "services", "history")
PROBE = "projects/netra-staging/locations/us-central1/jobs/whybot-probe"


def whole() -> CloudState:
    """The incident, with the services that it leaves alone."""
    state, names = incident(), (BACKEND, "netra-auth-staging", "netra-frontend-staging")
    assert not isinstance(state.services, Blind)
    services = tuple(replace(state.services[0], name=each) for each in names)
    return replace(state, services=services, revisions=dict.fromkeys(names, (new(), old())))


async def onset(*changed: Any, past: list[Json] | None = None, state: Any = None, **cloud: Any) -> Any:
    """The onset as expressions see it, of these logs and changes."""
    cloud.setdefault("log", log(failed=212, total=240))

    async def earlier() -> list[Json]:
        return past or []

    asked = scope(StillCloud(state or incident(), changed=changed, **cloud), past=earlier)
    return seen("onset", {name: await gathered(name, asked) for name in OTHERS})


async def test_it_began_with_the_first_failure_after_the_nearest_change() -> None:
    """The change, how long before, and the revision that it made."""
    found = await onset(change(14.5), change(25), change(31 + 12))
    assert found["at"] == NOW - timedelta(minutes=12)
    assert [each["at"] for each in found["before"]] == [NOW - timedelta(minutes=each) for each in (14.5, 25)]
    assert (found["change"]["revision"], found["seconds_after_change"]) == (BAD, 150.0)
    assert found["revision"]["name"] == BAD
    assert found[CITE]["text"] == (
        f"Requests have failed since 11:48 UTC (auth), 2 min after a change: deploy-bot deployed {BAD} "
        "at 11:45 UTC, with deploy_to_gcp_actual.py"
    )


async def test_without_a_change_before_there_is_none() -> None:
    """Null, which is known: nobody changed anything in that half hour."""
    found = await onset(change(5), change(60 * 24))
    assert (found["before"], found["change"], found["seconds_after_change"]) == ((), None, None)
    assert found[CITE]["text"] == "Requests have failed since 11:48 UTC (auth)"
    assert found["revision"]["name"] == BAD


async def test_a_revision_made_after_the_first_failure_is_not_why() -> None:
    """Null where no other was made in the half hour before; a gap where a service could not be read."""
    early = log(failed=3, total=9, minutes=20)
    assert "no Cloud Run service netra-auth-staging" in gap_in((await onset(log=early))["revision"]).why
    assert (await onset(state=whole(), log=early))["revision"] is None


async def test_changes_of_whybots_own_job_do_not_count() -> None:
    """It follows the service, and does nothing to it."""
    found = await onset(change(13, "google.cloud.run.v2.Jobs.UpdateJob", PROBE), change(14.5))
    assert [each["kind"] for each in found["before"]] == ["service"]


async def test_without_failed_requests_it_is_not_known_when_it_began() -> None:
    """All of it is a gap."""
    found = await onset(change(), log=log(total=100))
    for key in ("at", "before", "change", "seconds_after_change", "revision", CITE):
        assert gap_in(found[key]).why == "no request failed in the last hour"


async def test_what_failed_already_when_the_log_begins_began_before() -> None:
    """Nobody knows when, unless the diagnoses right before this one say so."""
    early = log(failed=9, total=9, minutes=59.5)
    assert gap_in((await onset(log=early))["at"]).why.startswith(
        "requests of auth failed already when the log"
    )
    well, began = "2026-11-23T01:00:00.000000Z", "2026-11-23T09:30:00.000000Z"
    past = [
        {"id": "2", "at": "2026-11-23T11:00:00.000000Z", "status": "confirmed", "onset": None},
        {"id": "1", "at": "2026-11-23T10:00:00.000000Z", "status": "partial", "onset": {"at": began}},
        {"id": "0", "at": "2026-11-23T08:00:00.000000Z", "status": "nothing_wrong", "onset": {"at": well}},
    ]  # fmt: skip
    found = await onset(log=early, past=past)
    assert found["at"].hour == 9
    assert found[CITE]["text"] == "Requests have failed since 09:30 UTC, as an earlier diagnosis says"


async def test_without_the_request_log_nothing_is_known_of_it() -> None:
    """The gap is that of the log, with what to grant."""
    found = await onset(log=denied, logged=DENIED, told=DENIED)
    assert gap_in(found["at"]).settle.startswith("Grant roles/logging.viewer")
    found = await onset(log=denied)
    assert gap_in(found["at"]).why == DENIED.message


async def test_without_the_audit_log_the_time_is_known_and_the_change_is_not() -> None:
    """The revision comes from Cloud Run."""
    asked = scope(StillCloud(incident(), log=log(failed=1, total=2), changed=DENIED))
    found = seen("onset", {name: await gathered(name, asked) for name in OTHERS})
    assert found["at"] == NOW - timedelta(minutes=12)
    for key in ("before", "change", "seconds_after_change"):
        assert gap_in(found[key]).settle.startswith("Grant roles/logging.viewer")
    assert found["revision"]["name"] == BAD


async def test_without_cloud_run_the_revision_is_not_known() -> None:
    """The gap is that of the services, and pending while they are read."""
    asked = scope(StillCloud(incident(), log=log(failed=1, total=2)))
    sections = {name: await gathered(name, asked) for name in ("logs", "changes")}
    assert gap_in(seen("onset", sections)["revision"]).pending
    blind = Section("services", blind=Blind(Reason.CLOUD_PERMISSION, "may not be read"))
    assert gap_in(seen("onset", {**sections, "services": blind})["revision"]).why == "may not be read"


async def test_before_anything_is_read_the_onset_is_pending() -> None:
    """So that whoever needs it has the logs read."""
    assert gap_in(seen("onset", {})["at"]).pending
    assert (await see("logs", scope()))["backend"]["failed"] == 0
