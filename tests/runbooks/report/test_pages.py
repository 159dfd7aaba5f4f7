"""The report as a page and as an issue: every section in its order, and nothing breaks out of its place."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from runbooks.diagnosis import Chain, Diagnosis, Untold
from runbooks.report.pages import CUT, LONGEST_ISSUE, issue, page
from runbooks.report.report import report_of
from runbooks.values import Gap, Value
from tests.runbooks.report.cases import (
    AT,
    CHANGES,
    CHECKS,
    DIAGNOSIS,
    DIGEST,
    DRIFT,
    FACTS,
    FIRST,
    LOGS,
    NOT_GRANTED,
    case,
    cite,
    why,
)
from tests.runbooks.report.test_markdown import HOSTILE

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SECTIONS = [
    "Summary",
    "Priority",
    "Business Impact",
    "Root Cause Analysis (Five Whys)",
    "Technical Details",
    "Recent Changes",
    "Remediation Plan",
    "Acceptance Criteria",
    "Success Metrics",
    "Risk Assessment",
    "Labels",
    "Related Issues",
    "Timeline",
]


def made(diagnosis: Diagnosis = DIAGNOSIS, **roots: Value) -> str:
    """The page of the incident with other evidence under some roots."""
    return page(report_of(case(diagnosis, **roots), DIGEST, "0.4.0"))


def headings(source: str, level: str) -> list[str]:
    """The headings of one level."""
    tokens = PARSER.parse(source)
    found = [n for n, token in enumerate(tokens) if token.type == "heading_open" and token.tag == level]
    return [tokens[n + 1].content for n in found]


def shape(source: str) -> list[tuple[str, str]]:
    """What a page is made of, without its words."""
    return [(token.type, token.info) for token in PARSER.parse(source)]


def inline(source: str) -> list[Token]:
    """Everything within lines."""
    return [child for token in PARSER.parse(source) for child in token.children or []]


def test_every_section_is_there_in_its_order() -> None:
    """As in the write-ups that people file."""
    source = made()
    assert headings(source, "h1") == ["P0 staging: backend HTTP 503 — VPC access differs"]
    assert headings(source, "h2") == SECTIONS


def test_sections_stay_where_evidence_is_missing() -> None:
    """None is left out; what could not be told is said in it."""
    blind = made(replace(DIAGNOSIS, onset=None), **{root: NOT_GRANTED for root in FACTS if root != "env"})
    assert headings(blind, "h2") == SECTIONS
    assert blind.count("permission logging.logEntries.list is missing") > 5


def test_numbers_are_said_with_their_units_against_their_budget() -> None:
    """In the table of checks."""
    assert "| PostgreSQL | 10.4× over budget | 5,187 ms | 500 ms | `10.20.0.5:5432` |" in made()
    assert "| Redis | failing | — | 100 ms | `10.166.204.83:6379` | no answer in 3 s" in made()


def test_the_root_cause_is_marked_at_its_why() -> None:
    """Once."""
    assert made().count("**ROOT CAUSE:**") == 1
    assert "- **ROOT CAUSE:** Live differs from what is declared" in made()


def test_other_chains_do_not_repeat_what_they_share() -> None:
    """Only what is different; the secondary chain is last."""
    other = why("Why do they fail?", "PostgreSQL itself is slow", "slow-server")
    tests = why("Why do tests fail?", "They do not share the base", "tests")
    others = (Chain("tests", (tests,), tests, secondary=True), Chain("http-503", (FIRST, other), other))
    source = made(replace(DIAGNOSIS, others=others))
    assert source.count("The container is ready, but Redis and PostgreSQL fail") == 2  # summary and why 1
    assert "The first why is as above." in source
    chains = [heading for heading in headings(source, "h3") if heading.endswith("failure chain")]
    assert chains == ["Primary failure chain", "Further failure chain", "Secondary failure chain"]


def test_drift_and_changes_are_tables() -> None:
    """Declared, Terraform, live beside each other; changes with their distance from the first failure."""
    assert "| `staging-connector` | `staging-connector` | `legacy-connector` | critical |" in made()
    assert "| 3 min before it | `deploy-bot@netra-staging` | deployed |" in made()


def test_criteria_are_boxes_to_tick() -> None:
    """With the command that decides."""
    assert (
        "- [ ] The path from backend to Redis is open: `whybot path staging redis --service backend`"
        in made()
    )


def blocks(source: str) -> list[str]:
    """What stands in code blocks."""
    return [token.content for token in PARSER.parse(source) if token.type == "fence"]


def boxes(source: str) -> int:
    """How many lines are boxes to tick."""
    return sum(line.lstrip().startswith("- [ ]") for line in source.splitlines())


def hostile(words: str) -> dict[str, Any]:
    """The incident where everything that strangers can write says this."""
    error = {"message": words, "count": 1, "first": AT, "last": AT, "severity": "ERROR", "revision": ""}
    (difference,) = DRIFT["differences"]
    return {
        "checks": {**CHECKS, "redis": {**CHECKS["redis"], "message": words, "target": words}},
        "logs": {"backend": {**LOGS["backend"], "errors": (error,)}},
        "changes": ({**CHANGES[0], "who": words, "what": words, "resource": words, "revision": words},),
        "drift": {**DRIFT, "differences": ({**difference, "live": words, "effect": words},)},
    }


def told(words: str) -> Diagnosis:
    """A diagnosis that quotes it everywhere."""
    quoting = why(words, words, words, cite("logs.backend", words))
    return replace(DIAGNOSIS, chain=Chain("http-503", (FIRST, quoting), quoting), notes=(words,))


@given(st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1, max_size=40)))
@settings(max_examples=25)
def test_words_of_strangers_change_nothing_but_words(words: str) -> None:
    """The page has the same headings, tables, lists, boxes, links and code blocks whatever a log says."""
    plain, strange = (made(told(said), **hostile(said)) for said in ("words", f"x {words}"))
    assert shape(strange) == shape(plain)
    kinds = ("link_open", "image", "html_inline", "strong_open", "em_open", "s_open", "softbreak")
    for kind in kinds:
        counts = [sum(token.type == kind for token in inline(source)) for source in (strange, plain)]
        assert counts[0] == counts[1], kind
    assert boxes(strange) == boxes(plain)


@pytest.mark.parametrize("words", HOSTILE)
def test_no_code_block_holds_words_of_strangers(words: str) -> None:
    """Commands are copied and run."""
    assert blocks(made(told(words), **hostile(words))) == blocks(made(told("x"), **hostile("x")))


def test_an_issue_has_labels_and_no_title_of_its_own() -> None:
    """GitHub keeps the title apart."""
    body = issue(report_of(case(), DIGEST, "0.4.0"))
    assert headings(body, "h1") == []
    assert body.startswith("Labels: `P0` `incident` `staging` `network-path`")
    assert headings(body, "h2") == [section for section in SECTIONS if section != "Labels"]


def test_an_issue_is_never_longer_than_github_takes() -> None:
    """Long tables are cut first, and all sections stay as long as they can."""
    many = {f"check-{n}": {**CHECKS["redis"], "name": f"check-{n}", "message": "y" * 300} for n in range(300)}
    body = issue(report_of(case(checks=many), DIGEST, "0.4.0"))
    assert len(body) <= LONGEST_ISSUE
    whys = tuple(why("Why?", "z" * 590, f"title {n}", *[cite("a", "e" * 500)] * 4) for n in range(90))
    endless = replace(DIAGNOSIS, chain=Chain("http-503", whys, whys[-1]))
    cut = issue(report_of(case(endless), DIGEST, "0.4.0"))
    assert len(cut) <= LONGEST_ISSUE
    assert cut.endswith(CUT)


def test_the_same_report_gives_the_same_page() -> None:
    """Byte for byte."""
    assert made() == made()
    assert not re.search(r"\n\n\n", made())
    assert made().endswith("replay` diagnoses it again.\n")


def test_causes_that_the_same_hinders_are_told_together() -> None:
    """Once, with what would settle it as a command to copy."""
    settle = "Grant roles/logging.viewer: gcloud projects add-iam-policy-binding netra-staging"
    gaps = (Gap("logs", "the log may not be read", settle),)
    unknown = tuple(Untold("a/b", title, gaps, settle) for title in ("Out of memory", "Quota used up"))
    source = made(replace(DIAGNOSIS, unknown=unknown))
    told = "- **Out of memory, Quota used up:** the log may not be read. To settle: "
    (line,) = [line for line in source.splitlines() if line.startswith(told)]
    assert line.removeprefix(told).startswith("Grant roles/logging.viewer: `gcloud projects")


def test_what_makes_a_why_weaker_stands_under_it() -> None:
    """Together where the same would settle it."""
    missing = tuple(Gap(f"checks.{name}", f"{name} was not asked", "Ask again.") for name in ("a", "b"))
    weaker = replace(FIRST, missing=missing)
    source = made(replace(DIAGNOSIS, chain=Chain("http-503", (weaker,), weaker)))
    assert (
        "- Weaker, since this could not be told: a was not asked; b was not asked. To settle: Ask again."
        in source
    )
