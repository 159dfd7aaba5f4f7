"""Network paths as text, JSON and JUnit."""

import io
import json
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from checks.observe.permissions import REDIS as REDIS_LIST
from checks.observe.permissions import Place, missing
from checks.output import path as output
from checks.path.explain import explain
from checks.survey import Survey
from docs.generate import path_schema
from tests.checks.path.place import (
    BACKEND,
    BAD,
    NOW,
    REDIS,
    TARGETS,
    Change,
    all_of,
    blind,
    having,
    serving,
    staging,
)
from tests.checks.path.test_explain import CASES

ORDER = ("fail", "unknown", "pass")
SEED = serving(BAD)


NOTHING = having()


def surveyed(change: Change = NOTHING, targets: tuple[str, ...] = tuple(TARGETS)) -> Survey:
    """What a survey of the backend finds."""
    state = change(staging())
    found = [("backend", path) for name in targets for path in explain(state, BACKEND, TARGETS[name])]
    found.sort(key=lambda each: ORDER.index(each[1].verdict))
    return Survey("staging", "Staging", NOW, tuple(found))


def test_the_seed_is_drawn_with_its_broken_step() -> None:
    """Boxes up to the network, the mark where it breaks, what would have to change, what was ruled out."""
    text = output.text(surveyed(SEED, ("redis",)))
    assert text.startswith("staging: backend cannot reach Redis\n")
    assert "✖ backend → Redis: closed at network" in text
    assert text.index("legacy-connector · READY") < text.index("network default") < text.index("✖ Network: ")
    assert "with connector staging-connector, which is on staging-vpc, would have to serve" in text
    assert "✔ Egress firewall: No rule denies it." in text
    assert text.endswith("exit code 1: a path is closed\n")


def test_an_open_path_is_one_line() -> None:
    """What is well is short, and a detour is said."""
    text = output.text(surveyed())
    assert text.startswith("staging: 3 paths open\n")
    assert "│" not in text
    detour = output.text(surveyed(SEED, ("postgres",)))
    assert detour.startswith("staging: 1 path open; a detour to PostgreSQL\n")
    assert "over VPN tunnel legacy-vpn" in detour


def test_what_could_not_be_told_names_what_would_settle_it() -> None:
    """The role and the command that grants it are in the text."""
    change = having(redis=blind("redis.instances.list", "roles/redis.viewer"))
    text = output.text(surveyed(change, ("redis",)))
    assert "could not be told" in text
    assert "redis.instances.list" in text
    assert "what would settle it" in text
    assert "--role=roles/redis.viewer" in text
    assert "ruled out" in text


def test_steps_that_wait_for_an_unknown_one_are_told_in_one_line() -> None:
    """One blindness is spelt once, and a station of which nothing is known has no second name."""
    change = having(services=blind("run.services.list", "roles/run.viewer"))
    text = output.text(surveyed(change, ("redis",)))
    assert text.count("run.services.list is missing") == 1
    assert "Depends on" not in text
    either = "VPC access, egress setting, connector, network, route, more specific routes and egress firewall"
    assert f"    not told either, for the same reason\n      {either}\n" in text
    assert "│ connector │" in text
    assert "connector connector" not in text


def test_steps_with_the_same_reason_are_told_in_one_line() -> None:
    """What could not be read for two steps is told at the first of them."""
    change = having(networks=blind("compute.networks.list", "roles/compute.networkViewer"))
    text = output.text(surveyed(change, ("redis",)))
    assert text.count("compute.networks.list is missing") == 1


def test_a_step_does_not_say_its_title_twice() -> None:
    """`Connector: staging-connector is READY.`"""
    text = output.text(surveyed(having(redis=blind()), ("redis",)))
    assert "✔ Connector: staging-connector is READY." in text


def test_placeholder_in_a_command_is_explained_once() -> None:
    """Below the commands, and only where one has it."""
    denied = missing(REDIS_LIST, Place("netra-staging", "us-central1"))
    text = output.text(surveyed(having(redis=denied), ("redis",)))
    assert text.count("Put whybot's service account in place of WHYBOT_SERVICE_ACCOUNT.") == 1
    text = output.text(surveyed(having(redis=blind("redis.instances.list", "roles/redis.viewer"))))
    assert "Put whybot's" not in text


@pytest.mark.parametrize(("change", "code"), [(having(), 0), (SEED, 1), (having(connectors=blind()), 2)])
def test_exit_codes_say_open_closed_or_not_told(change: Change, code: int) -> None:
    """0, 1 and 2, and the last line of text explains it where it is not 0."""
    survey = surveyed(change)
    assert output.exit_code(survey) == code
    assert ("exit code" in output.text(survey)) == bool(code)


def test_nothing_to_judge_could_not_be_told() -> None:
    """Without a path the verdict is unknown and the headline says why."""
    survey = Survey("staging", "Staging", NOW, ())
    assert output.exit_code(survey) == 2
    assert "no service on Cloud Run uses a dependency" in output.text(survey)
    jsonschema.validate(output.document(survey), path_schema())


def test_colours_say_the_same_words() -> None:
    """With colours and without, the words are the same."""
    stream = io.StringIO()
    output.write(surveyed(SEED), stream, colours=True)
    assert "\x1b[" in stream.getvalue()
    assert "closed at network" in stream.getvalue()


def test_the_document_has_the_worst_path_on_top() -> None:
    """Verdict, deciding step and steps of the worst path, and all paths below."""
    document = output.document(surveyed(SEED))
    assert document["schema"] == "whybot/path/1"
    assert (document["verdict"], document["deciding_step"]) == ("fail", "network")
    assert (document["service"], document["dependency"]) == ("backend", "redis")
    assert document["steps"] == document["paths"][0]["steps"]
    assert [each["dependency"] for each in document["paths"]] == ["redis", "postgres", "clickhouse"]
    assert json.loads(json.dumps(document)) == document


def test_every_case_makes_a_valid_document_and_report() -> None:
    """JSON by its schema, XML that can be read, and a text, for each row of the table."""
    schema = path_schema()
    for case in CASES:
        paths = explain(case.state, BACKEND, case.target, planned=case.planned)
        survey = Survey("staging", "Staging", NOW, tuple(("backend", path) for path in paths))
        jsonschema.validate(output.document(survey), schema)
        ET.fromstring(output.junit(survey).encode())
        assert output.text(survey)


def test_junit_tells_closed_from_not_told() -> None:
    """A closed path is a failure, one that could not be told an error."""
    change = all_of(SEED, having(sql=blind("cloudsql.instances.list", "roles/cloudsql.viewer")))
    root = ET.fromstring(output.junit(surveyed(change)).encode())
    suite = root.find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    failure = suite.find(".//failure")
    assert failure is not None
    assert failure.get("type") == "network"


def test_foreign_words_do_not_steer_the_terminal() -> None:
    """Control characters in names of resources are left out."""
    from dataclasses import replace

    target = replace(REDIS, title="Re\x1b[31mdis", addresses=("10.9.9.9",))
    (path,) = explain(staging(), BACKEND, target)
    text = output.text(Survey("staging", "Staging", NOW, (("backend", path),)))
    assert "\x1b" not in text
