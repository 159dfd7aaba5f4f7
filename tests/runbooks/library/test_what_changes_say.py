"""What the library claims of changes and revisions: only what bears on what fails, and when it began."""

import copy
import gzip
import json
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from runbooks.bundle import digest, from_document
from runbooks.diagnosis import Diagnosis, Verdict
from runbooks.engine import diagnose
from runbooks.reader import load_library
from runbooks.runbook import Library

RECORDED = Path(__file__).parents[2] / "benchmarks/matrix"
Bundle = dict[str, Any]


@cache
def library() -> Library:
    """Ours, read once."""
    return load_library()


def recorded(name: str) -> Bundle:
    """The evidence of a case of the fault matrix, to be changed."""
    document: Bundle = json.loads(gzip.decompress((RECORDED / f"{name}.json.gz").read_bytes()))
    document["diagnosis"] = None
    return document


def explained(document: Bundle) -> Diagnosis:
    """What the library makes of it."""
    document["digest"] = digest(document)
    return diagnose(library(), from_document(document))


def requests(document: Bundle, service: str = "backend") -> dict[str, Any]:
    """The request log of a service."""
    found: dict[str, Any] = document["sections"]["logs"]["data"]["services"][service]["requests"]
    return found


def roots(diagnosis: Diagnosis) -> list[str]:
    """The root causes of all chains."""
    return [root.cause for root in diagnosis.roots]


def test_drift_of_a_service_that_nothing_keeps_from_its_dependencies_explains_nothing() -> None:
    """A firewall rule keeps the backend from Redis; that auth is deployed otherwise is no cause of it."""
    document = recorded("firewall-denies-redis")
    strange = copy.deepcopy(recorded("seed-503")["sections"]["drift"]["data"]["differences"][0])
    strange |= {"field": "services.auth.vpc_access.connector", "title": "connector of auth"}
    document["sections"]["drift"]["data"]["differences"].insert(0, strange)
    diagnosis = explained(document)
    assert roots(diagnosis) == ["changed-since/config-drift"]
    assert diagnosis.root_cause is not None
    assert "no-redis" in diagnosis.root_cause.because


def test_no_bug_is_named_where_the_log_begins_with_failures() -> None:
    """What was changed before it began is then not known."""
    document = recorded("app-bug-500")
    requests(document)["first_failed"] = document["sections"]["logs"]["data"]["since"]
    diagnosis = explained(document)
    assert diagnosis.status is Verdict.PARTIAL
    assert "bad-revision/own-bug" in {each.cause for each in diagnosis.unknown}


def test_no_bug_is_named_of_a_log_that_was_cut() -> None:
    """It is read newest first, so that its first failure need not be the first."""
    document = recorded("app-bug-500")
    requests(document)["truncated"] = True
    assert "bad-revision/own-bug" not in roots(explained(document))


def test_no_bug_is_named_right_after_a_change_of_anything() -> None:
    """A change of the database a minute before may be the cause; nobody can tell that it is not."""
    document = recorded("app-bug-500")
    before = datetime.fromisoformat(requests(document)["first_failed"]) - timedelta(minutes=1)
    change = {
        "at": before.isoformat().replace("+00:00", "Z"),
        "who": "maria@example.com",
        "method": "cloudsql.instances.update",
        "resource": "staging-postgres",
        "user_agent": "Mozilla/5.0",
        "url": "",
    }
    document["sections"]["changes"]["data"]["changes"].insert(0, change)
    assert roots(explained(recorded("app-bug-500"))) == ["bad-revision/own-bug"]
    assert "bad-revision/own-bug" not in roots(explained(document))


def test_passing_checks_are_not_all_well_while_requests_fail() -> None:
    """A service without a check of its log may fail nearly all of its requests."""
    document = recorded("healthy")
    auth = requests(document, "auth")
    read = document["sections"]["logs"]["data"]["until"]
    until = datetime.fromisoformat(read) - timedelta(minutes=1)
    failed = until.isoformat().replace("+00:00", "Z")
    auth |= {
        "total": 249,
        "by_status": {"503": 220, "200": 29},
        "first_failed": failed,
        "last_failed": failed,
    }
    assert explained(recorded("healthy")).status is Verdict.NOTHING_WRONG
    assert explained(document).status is not Verdict.NOTHING_WRONG


def test_a_plan_of_terraform_is_not_offered_where_terraform_has_what_is_live() -> None:
    """Applying it would change nothing."""
    offered = {each.id for each in explained(recorded("peering-deleted")).remedies}
    assert "restore-peering" in offered
    assert "terraform-apply" not in offered


def test_traffic_goes_to_a_newer_ready_revision_before_it_is_rolled_back() -> None:
    """Both help; they contradict each other, and the newer one comes first."""
    offered = [each.id for each in explained(recorded("traffic-pinned-to-old")).remedies]
    assert offered.index("unpin-traffic") < offered.index("rollback-traffic")


def test_a_pin_is_taken_off_only_where_there_is_one() -> None:
    """A bad revision that is the newest one gets traffic from no pin."""
    offered = [each.id for each in explained(recorded("bad-revision")).remedies]
    assert "deploy-gate" in offered
    assert "unpin-traffic" not in offered


def test_a_cause_of_which_nothing_is_to_be_said_is_not_among_the_ruled_out() -> None:
    """A bug of the application, where it began with a revision: all of its evidence would be said instead."""
    listed = {each.cause for each in explained(recorded("bad-revision")).ruled_out}
    assert listed
    assert "bad-revision/own-bug" not in listed


def test_repair_names_no_connector_where_none_is_declared() -> None:
    """The environment file need not declare a network."""
    document = recorded("seed-503")
    document["environment"]["network"] = {"connector": None, "vpc": None}
    repair = next(each for each in explained(document).remedies if each.id == "repair-vpc-access")
    assert "declared VPC access, asks" in repair.text
