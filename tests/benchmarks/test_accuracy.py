"""The fault matrix: how a diagnosis is judged, and every case on evidence that was recorded in the sandbox.

`python -m benchmarks.accuracy --record tests/benchmarks/matrix` records it anew; `make bench` looks live.
"""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.accuracy import file_name, judged, report
from benchmarks.judge import confusion, judge, summary
from benchmarks.matrix import CASES, Case
from checks.observe.permissions import NEEDS
from runbooks.bundle import from_document
from runbooks.diagnosis import Chain, Cite, Diagnosis, Untold, Verdict, Why
from runbooks.reader import load_library
from runbooks.runbook import Library
from sandbox.scenario import SCENARIOS

RECORDED = Path(__file__).with_name("matrix")
AT = datetime(2026, 11, 23, tzinfo=UTC)
CITE = Cite("checks.redis", "Redis: no answer", "check", AT)


@pytest.fixture(scope="module")
def ours() -> Library:
    """Our runbooks."""
    return load_library()


def why(cause: str, *evidence: Cite) -> Why:
    """A why of this cause."""
    return Why("Why?", "Because.", cause, "A cause", evidence or (CITE,))


def diagnosis(*roots: str, secondary: bool = False) -> Diagnosis:
    """A diagnosis with one chain for each root cause."""
    chains = [Chain("r", (why(root),), why(root), secondary) for root in roots]
    first, others = (chains[0], tuple(chains[1:])) if chains else (None, ())
    return Diagnosis("staging", AT, Verdict.CONFIRMED, "Why?", first, others)


def case(**fields: object) -> Case:
    """A case in which Redis is down."""
    return replace(Case("redis", "single", ("redis-refused",), ("dependency/down",)), **fields)  # type: ignore[arg-type]  # fields of Case


def test_what_is_there_and_found_is_right() -> None:
    """The root cause and nothing else."""
    found = judge(case(), diagnosis("dependency/down"), {CITE.id: CITE.text})
    assert found.right
    assert not found.unfounded


def test_another_root_cause_is_false_blame() -> None:
    """Also where the right one was found as well; a chain beside the point is none."""
    found = judge(case(), diagnosis("dependency/down", "edge/certificate"), {CITE.id: CITE.text})
    assert found.blamed == ("edge/certificate",)
    assert not found.right
    assert not judge(case(), diagnosis("tests/without-base", secondary=True), {}).blamed
    assert judge(case(also=("edge/certificate",)), diagnosis("dependency/down", "edge/certificate"), {}).right


def test_what_should_be_unknown_must_be_said_to_be() -> None:
    """A cause that could not be told, by its name or its runbook's."""
    doubtful = case(roots=(), unknown=("network-path",))
    assert judge(doubtful, diagnosis(), {}).certain == ("network-path",)
    untold = Untold("network-path/route", "Route", (), "")
    assert judge(doubtful, replace(diagnosis(), unknown=(untold,)), {}).right


def test_a_why_must_rest_on_evidence_as_it_is() -> None:
    """No evidence, or a text that is not in the evidence: unfounded."""
    found = judge(case(), diagnosis("dependency/down"), {CITE.id: "something else"})
    assert found.unfounded == ("dependency/down",)


def test_figures_and_confusion_are_counted() -> None:
    """A wrong root cause shows in every figure that it concerns."""
    wrong = judge(case(), diagnosis("edge/certificate"), {CITE.id: CITE.text})
    right = judge(case(), diagnosis("dependency/down"), {CITE.id: CITE.text})
    figures = summary([wrong, right])
    assert (figures["right"], figures["false_blame"], figures["founded"]) == (0.5, 1, 1.0)
    assert confusion([wrong, right]) == {("dependency/down", "edge/certificate"): 1}
    assert "not right: redis: missed dependency/down · blamed edge/certificate" in report([wrong, right])


def test_the_matrix_is_large_and_names_what_there_is(ours: Library) -> None:
    """At least 80 cases of every family, of scenarios, permissions and causes that there are."""
    assert len(CASES) >= 80
    assert len({each.name for each in CASES}) == len(CASES)
    assert {each.family for each in CASES} == {"single", "pair", "look-alike", "loud", "partial", "well"}
    causes = {f"{book.id}/{cause}" for book in ours.runbooks for cause in _ids(book.causes)}
    for each in CASES:
        assert set(each.scenarios) <= set(SCENARIOS), each.name
        assert set(each.denied) <= {need.permission for need in NEEDS}, each.name
        named = {*each.roots, *each.whys, *each.also, *(name for name in each.unknown if "/" in name)}
        assert named <= causes, each.name


def test_every_recorded_case_is_one_of_the_matrix() -> None:
    """And every case of the matrix is recorded."""
    assert {each.name for each in RECORDED.iterdir()} == {file_name(each) for each in CASES}


@pytest.mark.parametrize("each", CASES, ids=lambda each: each.name)
def test_no_case_blames_what_is_not_there(each: Case, ours: Library) -> None:
    """What was recorded of every case, diagnosed by the runbooks of now: right, founded, no false blame."""
    recorded = json.loads(gzip.decompress((RECORDED / file_name(each)).read_bytes()))
    found = judged(ours, each, from_document(recorded))
    assert not found.blamed
    assert not found.unfounded
    assert found.right, found


def _ids(causes: object) -> list[str]:
    return [name for each in causes for name in (each.id, *_ids(each.causes))]  # type: ignore[attr-defined]  # of causes
