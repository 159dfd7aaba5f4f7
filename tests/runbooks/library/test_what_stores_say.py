"""What the library claims of stores, the edge and requests: only what the evidence says, whatever it is."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from runbooks.bundle import digest, from_document
from runbooks.diagnosis import Diagnosis, Verdict
from runbooks.engine import diagnose
from runbooks.reader import load_library
from runbooks.runbook import Library

SEED = Path(__file__).parents[1] / "bundles/seed-503.json"
SILENT = ("connect_timeout", "connect_unreachable", "dns_timeout")
Bundle = dict[str, Any]


@cache
def library() -> Library:
    """Ours, read once."""
    return load_library()


def seed() -> Bundle:
    """The bundle of the incident, to be changed."""
    document: Bundle = json.loads(SEED.read_bytes())
    document["diagnosis"] = None
    return document


def explained(document: Bundle) -> Diagnosis:
    """What the library makes of a changed bundle."""
    document["digest"] = digest(document)
    return diagnose(library(), from_document(document))


def check(document: Bundle, name: str) -> dict[str, Any]:
    """One check of a bundle."""
    found: dict[str, Any] = next(each for each in checks(document) if each["name"] == name)
    return found


def checks(document: Bundle) -> list[dict[str, Any]]:
    """All checks of a bundle."""
    found: list[dict[str, Any]] = document["sections"]["checks"]["data"]["checks"]
    return found


def log(document: Bundle) -> dict[str, Any]:
    """The backend's log."""
    found: dict[str, Any] = document["sections"]["logs"]["data"]["services"]["backend"]
    return found


def becomes(found: dict[str, Any], status: str, reason: str, message: str = "as it is") -> None:
    """Gives a check another answer."""
    found.update(status=status, reason=reason, message=message, duration_ms=None, phases=[])


def causes(diagnosis: Diagnosis) -> set[str]:
    """Every cause that is confirmed."""
    chains = (*([diagnosis.chain] if diagnosis.chain else []), *diagnosis.others)
    return {why.cause for chain in chains for why in chain.whys}


def ruled_out(diagnosis: Diagnosis) -> Mapping[str, str]:
    """What is ruled out, with what is said of it."""
    return {each.cause: each.text for each in diagnosis.ruled_out}


# requests


def test_a_count_of_requests_is_that_of_the_hour_that_was_read() -> None:
    """When the first one failed is said beside it."""
    diagnosis = explained(seed())
    assert diagnosis.chain is not None
    said = diagnosis.chain.whys[0].because
    assert "215 of 306 requests of the last hour ended in 5xx" in said
    assert said.endswith("the first at 20:55 UTC")


def test_of_a_log_that_was_cut_the_first_failure_is_not_claimed() -> None:
    """It is read newest first; what was not read may have failed before."""
    document = seed()
    log(document)["requests"]["truncated"] = True
    diagnosis = explained(document)
    assert diagnosis.chain is not None
    assert "at least 215 of 306" in diagnosis.chain.whys[0].because
    assert "the first" not in diagnosis.chain.whys[0].because


def test_a_time_of_another_day_is_said_with_its_day() -> None:
    """One that sees the report tomorrow has to know."""
    document = seed()
    document["at"] = document["at"].replace("2026-11-23", "2026-11-24")
    diagnosis = explained(document)
    assert diagnosis.chain is not None
    assert diagnosis.chain.whys[0].because.endswith("20:55 UTC on 23 Nov")


# stores


@pytest.mark.parametrize("reason", SILENT)
@pytest.mark.parametrize("store", ["redis", "postgres", "clickhouse"])
def test_nothing_is_claimed_of_the_inside_of_a_store_that_does_not_answer(store: str, reason: str) -> None:
    """Neither its memory nor its connections, locks and queries."""
    document = seed()
    for each in checks(document):
        if each["layer"] == "dependency":
            becomes(each, "pass", "ok")
    becomes(check(document, store), "fail", reason)
    assert not {each for each in ruled_out(explained(document)) if each.startswith(f"{store}/")}


def test_what_a_slow_store_is_not_is_said_in_its_own_numbers() -> None:
    """PostgreSQL that needs 5 s does not answer at once."""
    assert "at once" not in json.dumps(ruled_out(explained(seed())))


def test_a_silent_store_with_no_known_path_is_not_said_to_have_an_open_one() -> None:
    """Whether the path is open could not be told, and no step of it is ruled out."""
    document = seed()
    document["sections"]["paths"]["data"]["paths"] = []
    document["sections"]["drift"]["data"]["differences"] = []
    becomes(check(document, "postgres"), "pass", "ok")
    diagnosis = explained(document)
    assert diagnosis.status is Verdict.PARTIAL
    assert "dependency/unreachable-open-path" in {each.cause for each in diagnosis.unknown}
    assert not {each for each in ruled_out(diagnosis) if each.startswith("network-path/")}


def test_a_refusal_does_not_show_that_a_closed_path_is_open() -> None:
    """The path's own chain tells it."""
    document = seed()
    becomes(check(document, "redis"), "fail", "connect_refused")
    assert "dependency/down" not in causes(explained(document))


def test_a_slow_store_whose_path_nobody_knows_is_not_called_slow_itself() -> None:
    """It may lead around."""
    document = seed()
    for path in document["sections"]["paths"]["data"]["paths"]:
        path["verdict"] = "unknown"
    assert "postgres/slow-server" not in causes(explained(document))


def signal(document: Bundle, at: str) -> None:
    """Has the frontend log, at that time, that a database has no connection left."""
    line = "FATAL: remaining connection slots are reserved"
    group = {"message": line, "example": line, "count": 1, "first": at, "last": at, "severity": "ERROR"}
    document["sections"]["logs"]["data"]["services"]["frontend"]["errors"] = [{**group, "revision": ""}]


@pytest.mark.parametrize("reason", ["auth_failed", "connect_timeout", "connection_closed"])
def test_another_services_log_line_is_not_about_this_database(reason: str) -> None:
    """Only who uses it, and says so now, tells of it."""
    document = seed()
    becomes(check(document, "postgres"), "fail", reason)
    signal(document, document["sections"]["logs"]["data"]["until"])
    assert "postgres/connections-used-up" not in causes(explained(document))


@pytest.mark.parametrize(("minutes", "confirmed"), [(0, True), (50, False)])
def test_a_database_that_hangs_up_has_no_connection_left_where_its_users_say_so_now(
    minutes: int, confirmed: bool
) -> None:
    """A line of an hour ago does not."""
    document = seed()
    logs = document["sections"]["logs"]["data"]
    at = logs["until"] if minutes == 0 else logs["since"]
    becomes(check(document, "postgres"), "fail", "connection_closed")
    signal(document, at)
    logs["services"]["backend"]["errors"] = logs["services"]["frontend"].pop("errors")
    logs["services"]["frontend"]["errors"] = []
    assert ("postgres/connections-used-up" in causes(explained(document))) is confirmed


def test_out_of_memory_goes_before_a_store_that_is_merely_slow() -> None:
    """A slow Redis does not end instances."""
    document = seed()
    line = "Memory limit of 512 MiB exceeded with 530 MiB used."
    at = document["sections"]["logs"]["data"]["until"]
    group = {"message": line, "example": line, "count": 26, "first": at, "last": at, "severity": "ERROR"}
    log(document)["platform"] = [{**group, "revision": ""}]
    for path in document["sections"]["paths"]["data"]["paths"]:
        path.update(verdict="pass", detour=False)
    document["sections"]["drift"]["data"]["differences"] = []
    becomes(check(document, "redis"), "pass", "ok")
    diagnosis = explained(document)
    assert diagnosis.chain is not None
    assert diagnosis.chain.whys[1].cause == "platform/out-of-memory"


def test_code_is_not_blamed_where_nobody_says_what_a_service_uses() -> None:
    """One of the stores that fail may be it."""
    document = seed()
    for service in document["environment"]["services"].values():
        service["uses"] = []
    found = causes(explained(document))
    assert not {"http-503/the-revision", "service/own-answer", "bad-revision/own-bug"} & found


# the edge


def silence(document: Bundle, *, dns: str | None) -> None:
    """No public address answers from here; the resolver passes, is silent (its reason), or is not asked."""
    for each in checks(document):
        if each["kind"] in ("http", "websocket", "tls"):
            becomes(each, "fail", "connect_timeout")
    document["sections"]["checks"]["data"]["checks"] = [
        each for each in checks(document) if each["kind"] != "dns" or dns is not None
    ]
    if dns is not None and dns != "ok":
        becomes(check(document, "dns"), "fail", dns)


ROWS: list[tuple[str | None, str, Callable[[set[str]], bool]]] = [
    (None, "nobody knows which", lambda found: not {each for each in found if each.startswith("edge/")}),
    ("dns_timeout", "whybot's own network", lambda found: "edge/prober" in found),
    ("ok", "what is asked", lambda found: {"edge/not-listening"} <= found and "edge/prober" not in found),
]


@pytest.mark.parametrize(("dns", "says", "holds"), ROWS, ids=[row[1] for row in ROWS])
def test_a_silent_world_is_whybots_own_network_only_where_the_resolver_is_silent_too(
    dns: str | None, says: str, holds: Callable[[set[str]], bool]
) -> None:
    """Otherwise it is told apart from elsewhere."""
    document = seed()
    silence(document, dns=dns)
    assert holds(causes(explained(document))), says


@pytest.mark.parametrize("reason", ["dns_nxdomain", "dns_servfail", "dns_timeout"])
def test_where_names_fail_neither_certificates_nor_connections_are_vouched_for(reason: str) -> None:
    """Nothing came so far."""
    document = seed()
    for each in checks(document):
        if each["kind"] in ("http", "websocket", "tls", "dns"):
            becomes(each, "fail", reason)
    said = ruled_out(explained(document))
    assert "edge/not-listening" not in said
    assert "valid" not in said.get("edge/certificate", "")


# whybot itself


@pytest.mark.parametrize(
    ("reason", "message", "helps"),
    [
        ("cloud_permission", "May not read it", True),
        ("path_unknown", "whybot's account lacks compute.networks.list", True),
        ("cloud_unreachable", "no answer in 5 s", False),
    ],
)
def test_the_doctor_is_called_where_a_permission_is_missing(reason: str, message: str, helps: bool) -> None:
    """Of anything else it knows nothing."""
    document = seed()
    becomes(check(document, "cloud_run"), "unknown", reason, message)
    assert ("whybot-doctor" in {each.id for each in explained(document).remedies}) is helps
