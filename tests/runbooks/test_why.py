"""A diagnosis as a document and as text for people."""

import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from docs.generate import why_schema
from runbooks.diagnosis import Verdict
from runbooks.engine import reason
from runbooks.output.text import text, write
from runbooks.output.why import document, exit_code, explained_document
from runbooks.runbook import Library
from runbooks.text import Text
from runbooks.values import Value
from tests.runbooks.books import AT, book, cause, facts, gap, library, record, remedy
from tests.runbooks.test_engine_properties import World, worlds

SCHEMA = jsonschema.Draft202012Validator(
    why_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
ANSI = re.compile("\x1b\\[[0-9;]*m")


def outage() -> tuple[Library, dict[str, Value]]:
    """Something of everything that a diagnosis can say."""
    network = cause(
        "wrong-network",
        because="Revision 00042 leaves through network default; Redis only from staging-vpc",
        evidence=["path", "logs.errors"],
        remedies=("repair", "gate"),
    )
    top = cause(
        "unready",
        because="Redis does not answer, ClickHouse is fine",
        evidence=["checks.redis", "checks.clickhouse"],
        causes=(
            network,
            cause("firewall", "false", ruled_out="no rule matches"),
            cause("peering", "logs.b"),
            cause("route", "logs.c"),
            cause("retries", contributing=True, because="Clients try again without a pause"),
        ),
        asks="Why does Redis not answer?",
    )
    books = library(
        book("http", top, asks="Why is staging returning HTTP 503?"),
        book("tests", cause("baseless", because="4 test classes lack the base"), secondary=True),
        remedies=[
            remedy(
                "repair", undoable=True, action="repair_vpc_access", text="Gives backend its connector back"
            ),
            remedy(
                "gate",
                lasting=True,
                text="Runs whybot gate before traffic",
                commands=(Text.parse("whybot gate {{ env.name }}"),),
            ),
        ],
    )
    began = AT - timedelta(hours=3)
    past = {
        **record("history.0"),
        "id": "i7",
        "at": AT - timedelta(days=3),
        "root_cause": "http/wrong-network",
    }
    members: dict[str, Value] = {
        "checks": {"redis": record("checks.redis"), "clickhouse": record("checks.clickhouse")},
        "path": record("paths.backend.redis", "network of step 3"),
        "logs": gap("logs", "permission logging.logEntries.list is missing", "Grant roles/logging.viewer"),
        "onset": {
            **record("onset", "212 of 240 requests failed"),
            "at": began,
            "before": (record("changes.0", "deploy-bot deployed 00042"),),
        },
        "history": (past,),
    }
    return books, members


def said(**options: Any) -> str:
    """The outage in plain text."""
    books, members = outage()
    explained = reason(books, facts(**members), AT).explained()
    made = explained_document(explained) if options.pop("explained", False) else document(explained.diagnosis)
    return text(made, **options)


def test_text_for_people_says_everything_in_order() -> None:
    """Question and verdict, whys with the places of their evidence, root, the rest; the exit code at last."""
    assert said().splitlines() == [
        "Why is staging returning HTTP 503? (2 whys · confirmed)",
        "  ✔ 1  Redis does not answer, ClickHouse is fine  [2 checks]",
        "  ✔ 2  Revision 00042 leaves through network default; Redis only from staging-vpc  [path]",
        "       weaker: permission logging.logEntries.list is missing",
        "  Root cause: Wrong network",
        "  Began: 19 Nov 23:14 UTC  [212 of 240 requests failed]",
        "    before it: deploy-bot deployed 00042",
        "  Makes it worse: Clients try again without a pause",
        "  Beside the point: 4 test classes lack the base  [shown]",
        "  Ruled out: Firewall (no rule matches)",
        "  Could not tell: Peering, Route — permission logging.logEntries.list is missing",
        "    to find out: Grant roles/logging.viewer",
        "  What would help:",
        "    1. Repair: Gives backend its connector back  [undoable, 1 service]",
        "  For good:",
        "    2. Gate: Runs whybot gate before traffic  [1 service]",
        "       $ whybot gate staging",
        "  Seen before: the same root cause at 17 Nov 02:14 UTC",
        "exit code 1: something is wrong",
    ]


def test_a_root_cause_of_a_part_is_not_told_as_that_of_all() -> None:
    """The headline says that it does not explain all that fails, and not that there is no root cause."""
    books, members = outage()
    diagnosis = reason(books, facts(**members), AT).explained().diagnosis
    headline = text(document(replace(diagnosis, status=Verdict.PARTIAL))).splitlines()[0]
    assert headline == ("Why is staging returning HTTP 503? (2 whys · does not explain all that fails)")


def test_evidence_is_listed_under_its_why_where_it_is_asked_for() -> None:
    """With its place, its words and its time."""
    lines = said(evidence=True).splitlines()
    assert lines[1:3] == [
        "  ✔ 1  Redis does not answer, ClickHouse is fine",
        "       checks.redis: checks.redis says so (02:14 UTC)",
    ]


def test_what_was_considered_is_listed_where_it_is_in_the_document() -> None:
    """Each with how its condition came out and what it lacked."""
    lines = said(explained=True).splitlines()
    assert lines[lines.index("  Considered:") + 1 :][:3] == [
        "    ✔ http: Http",
        "      when true",
        "      ✔ http/unready: Redis does not answer, ClickHouse is fine",
    ]
    at = lines.index("        ? http/peering")
    assert lines[at + 1 : at + 3] == [
        "          when logs.b",
        "          missing: permission logging.logEntries.list is missing",
    ]


def test_a_terminal_shows_the_same_in_colours() -> None:
    """Wrapped, but no word more or less."""
    books, members = outage()
    made = document(reason(books, facts(**members), AT).diagnosis)
    stream = io.StringIO()
    write(made, stream, colours=True)
    assert "\x1b[" in stream.getvalue()
    assert ANSI.sub("", stream.getvalue()).split() == text(made).split()
    plain = io.StringIO()
    write(made, plain, colours=False)
    assert plain.getvalue() == text(made)


def test_evidence_cannot_steer_the_terminal() -> None:
    """Control characters and line breaks of a server's words are gone."""
    books = library(book("down", cause("it", "false"), cause("odd", evidence=["bad"])))
    made = document(reason(books, facts(bad=record("x", "a\x1b[31m\nb\u202ec")), AT).diagnosis)
    assert "x: a[31m bc (02:14 UTC)" in text(made, evidence=True)


@pytest.mark.parametrize(
    ("status", "failing", "code"),
    [
        ("nothing_wrong", [], 0),
        ("confirmed", [], 1),
        ("partial", [], 1),
        ("unknown", ["Redis"], 1),
        ("unknown", [], 2),
    ],
)
def test_exit_codes(status: str, failing: list[str], code: int) -> None:
    """0 nothing is wrong, 1 a cause was found or something fails, 2 it could not be told."""
    assert exit_code({"status": status, "failing": failing}) == code


def test_what_could_not_be_told_says_what_it_could_be() -> None:
    """And ends with exit code 1, since something was found."""
    books = library(book("down", cause("top", causes=(cause("deep", "logs.a"),))))
    lines = text(document(reason(books, facts(logs=gap()), AT).diagnosis)).splitlines()
    assert lines[0] == "Why down? (1 why · the root cause could not be told)"
    assert lines[2] == "  Next it could be: Deep"


@given(worlds())
@settings(max_examples=30, deadline=None)
def test_every_document_fits_its_schema_and_can_be_read_by_people(world: World) -> None:
    """Whatever was diagnosed, what is written is what was promised, field by field."""
    explained = reason(world.library, world.facts, AT).explained()
    written = json.loads(json.dumps(explained_document(explained)))
    SCHEMA.validate(written)
    assert set(written) == {*why_schema()["required"], "considered"}
    assert all(line.strip() for line in text(written, evidence=True).splitlines())
