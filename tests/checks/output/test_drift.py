"""Drift as a document, as JUnit XML and in words."""

import io
import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from rich.console import Console

from checks.drift.model import Drift, Severity
from checks.observations import Blind
from checks.observe.permissions import PUT_ACCOUNT, ROUTES, Place, grant
from checks.output.drift import document, exit_code, junit, rendered, sentence, text, write
from checks.reasons import Reason
from docs.generate import drift_schema
from tests.bot.drifts import (
    ACCEPTANCE,
    CONNECTOR,
    EGRESS,
    HIDDEN,
    NOON,
    RULE,
    accepted,
    changed,
    difference,
    drift,
)

SCHEMA = jsonschema.Draft202012Validator(
    drift_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
MILD = difference(EGRESS, "private-ranges-only", Severity.WARNING, "traffic to public addresses")
COSMETIC = difference(RULE, "deny", Severity.COSMETIC, "cosmetic")
FULL = replace(
    drift(changed(difference()), MILD, accepted(COSMETIC), unknown=("network.vpc",)),
    blind=(HIDDEN,),
    expired=(ACCEPTANCE,),
    strays=(ACCEPTANCE,),
)


@pytest.mark.parametrize("found", [drift(), drift(difference()), drift(unknown=("a",)), FULL])
def test_every_document_fits_its_schema(found: Drift) -> None:
    """What is written is what was promised, field by field."""
    written = json.loads(json.dumps(document(found)))
    SCHEMA.validate(written)
    assert set(written) == set(drift_schema()["required"])


def test_a_difference_has_its_three_sides_as_text() -> None:
    """Sides are plain values; where each was read is beside them, and a silent side is null."""
    written = document(FULL)
    first, hidden = written["differences"][0], written["unknown"][0]
    assert (first["declared"], first["terraform"], first["live"]) == (
        "staging-connector",
        "staging-connector",
        "legacy-connector",
    )
    assert first["sources"]["live"]["resource"] == "netra-backend-staging-00042-xyz"
    assert first["changed"] is not None
    assert first["changed"]["who"] == "deploy-bot@x"
    assert hidden["live"] is None
    assert hidden["sources"]["live"]["state"] == "unknown"


@pytest.mark.parametrize(
    ("found", "status", "code"),
    [
        (drift(), "pass", 0),
        (drift(COSMETIC), "pass", 0),
        (drift(accepted(difference())), "pass", 0),
        (drift(MILD), "degraded", 1),
        (drift(difference()), "fail", 1),
        (drift(unknown=("a",)), "unknown", 2),
        (drift(COSMETIC, unknown=("a",)), "unknown", 2),
        (drift(difference(), unknown=("a",)), "fail", 1),
        (replace(drift(), blind=(HIDDEN,)), "unknown", 2),
        (replace(drift(COSMETIC), blind=(HIDDEN,)), "unknown", 2),
        (replace(drift(difference()), blind=(HIDDEN,)), "fail", 1),
        (replace(drift(), unheard=HIDDEN), "pass", 0),
    ],
)
def test_status_and_exit_code(found: Drift, status: str, code: int) -> None:
    """An open difference weighs more than something unknown; cosmetic and accepted ones weigh nothing."""
    assert (document(found)["status"], exit_code(found)) == (status, code)


def test_the_sentence_is_enough_by_itself() -> None:
    """How many, and what the worst one does."""
    assert sentence(drift()) == "staging: no drift in 40 fields"
    assert sentence(drift(difference())) == f"staging: 1 critical difference — {CONNECTOR}: cuts Redis off"
    assert sentence(drift(unknown=("a", "b"))) == "staging: 2 fields could not be compared"
    hidden = replace(drift(COSMETIC), blind=(HIDDEN, replace(HIDDEN, message="I can't read routes.")))
    assert sentence(hidden) == (
        "staging: 1 cosmetic difference, and I can't read firewall rules; 1 more could not be read"
    )
    assert sentence(replace(drift(), unheard=HIDDEN)) == "staging: no drift in 40 fields"


def test_text_has_a_table_and_what_follows_from_it() -> None:
    """Fields in rows, then who changed them, what could not be told and how to grant it, and acceptances."""
    said = text(FULL)
    lines = said.splitlines()
    assert lines[1].split() == ["field", "declared", "Terraform", "live", "effect"]
    assert lines[2].split()[:4] == [CONNECTOR, "staging-connector", "staging-connector", "legacy-connector"]
    for words in (
        "was changed by deploy-bot@x, 12:00 UTC on 23 Nov (UpdateService)",
        "could not be compared: network.vpc (permission is missing)",
        "grant it with: gcloud projects",
        "accepted by bob until 2026-12-24",
        "ended on",
        "matches no field",
    ):
        assert words in said
    assert lines[-1] == "exit code 1: what is live is not what should be"


def test_what_the_headline_says_is_not_said_again() -> None:
    """One sentence is enough where nothing was compared."""
    slip = Blind(Reason.CLOUD_NOT_FOUND, "none of the declared services is in us-east1: is `region` right?")
    assert text(Drift("staging", NOON, blind=(slip,))).splitlines() == [
        f"⚪ staging: {slip.message}",
        "exit code 2: not everything could be compared",
    ]


def test_fields_that_could_not_be_compared_are_told_by_their_cause() -> None:
    """One line for all fields of one cause; where that is a thing not read, below it."""
    names = tuple(f"services.backend.f{n}" for n in range(11))
    lines = text(drift(unknown=names)).splitlines()
    (told,) = (line for line in lines if "could not be compared: " in line)
    assert "services.backend.f0, services.backend.f1, " in told
    assert told.endswith(" and 3 more (permission is missing)")
    cause = replace(HIDDEN, message="permission is missing")
    said = text(replace(drift(unknown=names[:2]), blind=(cause,)))
    assert said.count("permission is missing") == 1
    assert "so not compared: services.backend.f0, services.backend.f1\n" in said


def test_placeholder_in_a_command_is_explained_once() -> None:
    """However many commands have it."""
    command = grant(ROUTES, Place("p", "r"))
    blinds = tuple(replace(HIDDEN, message=f"I can't read {n}.", command=command) for n in range(3))
    assert text(replace(drift(), blind=blinds)).count(PUT_ACCOUNT) == 1
    assert PUT_ACCOUNT not in text(replace(drift(), blind=(HIDDEN,)))


def test_a_terminal_cannot_be_steered() -> None:
    """Names from elsewhere bring no escape codes into a terminal."""
    hostile = drift(difference(live="a\x1b[31mb\n\u202ec"))
    stream = io.StringIO()
    write(hostile, stream, colours=False)
    assert "\x1b" not in stream.getvalue()
    assert "\u202e" not in stream.getvalue()


def test_colours_say_the_same() -> None:
    """With colours nothing is added or lost."""
    stream = io.StringIO()
    write(FULL, stream, colours=True)
    assert "\x1b[" in stream.getvalue()
    assert "legacy-connector" in stream.getvalue()
    wide = Console(file=io.StringIO(), width=200)
    wide.print(rendered(FULL, 200))
    assert isinstance(wide.file, io.StringIO)
    assert "staging-connector  staging-connector  legacy-connector" in wide.file.getvalue()


def test_junit_tells_failures_from_errors() -> None:
    """A difference is a failure, an accepted or cosmetic one skipped, what could not be told an error."""
    suite = ET.fromstring(junit(FULL))[0]
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "5", "failures": "2", "errors": "2", "skipped": "1"}
    well = ET.fromstring(junit(drift()))[0]
    assert (well.get("tests"), well.get("failures")) == ("1", "0")
    assert ET.fromstring(junit(drift(difference(live="\x00\x1b")))) is not None
