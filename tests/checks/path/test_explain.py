"""The table of cases: what is said of each configuration."""

from dataclasses import replace

import pytest

from checks.path.explain import explain
from checks.path.model import TITLES, Path, Step, StepKey
from checks.result import Status
from tests.checks.path.cases import look_alikes, misconfigurations, unclear, ways
from tests.checks.path.cases.case import Case
from tests.checks.path.place import (
    BACKEND,
    BAD,
    GOOD,
    LISTS,
    POSTGRES,
    REDIS,
    TARGETS,
    blind,
    seed,
    serving,
    staging,
)

CASES = (
    *misconfigurations.CASES,
    *look_alikes.CASES,
    *unclear.CASES,
    *ways.MISCONFIGURATIONS,
    *ways.LOOK_ALIKES,
    *ways.UNCLEAR,
)


def judged(case: Case) -> Path:
    """The one path of a case."""
    (path,) = explain(case.state, BACKEND, case.target, planned=case.planned)
    return path


def _deciding(path: Path) -> Step:
    assert path.deciding is not None
    return path.deciding


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_case_is_judged_as_an_expert_would(case: Case) -> None:
    """The verdict, the step that decides, its words, and what would have to change are those of the table."""
    path = judged(case)
    told = "\n".join(f"{each.status:8} {each.key:14} {each.message}" for each in path.steps)
    assert path.verdict == case.verdict, told
    assert (path.deciding.key if path.deciding else "") == case.step, told
    for words in case.says:
        assert words in _deciding(path).message, told
    for words in case.needs:
        assert words in _deciding(path).change, told
    assert any(each.detour for each in path.steps) == case.detour, told
    statuses = {each.key: each.status for each in path.steps}
    assert {key: statuses[StepKey(key)] for key in case.also} == case.also, told


def test_there_are_enough_cases() -> None:
    """At least sixty, each with a name of its own, every step decides some, and many close nothing."""
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)
    assert {case.step for case in CASES} == {"", *StepKey}
    assert len(look_alikes.CASES) >= 20


def test_every_path_has_all_steps_in_order() -> None:
    """Ten steps, in the order in which an expert asks, each with its title and a sentence."""
    for case in CASES:
        path = judged(case)
        assert [each.key for each in path.steps] == list(StepKey)
        for each in path.steps:
            assert each.title == TITLES[each.key]
            assert each.message.endswith((".", "…")), each


def test_a_failing_step_says_field_and_change() -> None:
    """What fails names the field, what is there, what should be, and what would have to change."""
    for case in CASES:
        for each in judged(case).steps:
            if each.status is Status.FAIL:
                assert each.field
                assert each.observed
                assert each.expected
                assert each.change.endswith(".")


def test_the_subnet_is_never_blamed() -> None:
    """That Redis is outside of the connector's /28 is normal, and no sentence of the seed says otherwise."""
    (path,) = explain(seed(), BACKEND, REDIS)
    said = " ".join(f"{each.message} {each.expected} {each.change}" for each in path.steps)
    assert "10.8.0.0/28" not in said
    assert "10.1.0.0/28" not in said
    assert "subnet" not in said.lower()


def test_the_seed_rules_out_what_it_is_not() -> None:
    """Connector state, firewall, the instance and AUTH are ruled out."""
    (path,) = explain(seed(), BACKEND, REDIS)
    assert {each.key for each in path.ruled_out} >= {"connector", "firewall", "target", "protocol", "egress"}


def test_each_serving_revision_has_a_path_of_its_own() -> None:
    """Two revisions serve, one of them wrong: the busiest comes first, each with its share."""
    state = serving(GOOD, BAD)(staging())
    paths = explain(state, BACKEND, REDIS)
    assert [(each.revision, each.percent, each.verdict) for each in paths] == [
        (GOOD, 50, Status.PASS),
        (BAD, 50, Status.FAIL),
    ]


def test_each_address_of_a_name_has_a_path_of_its_own() -> None:
    """A name with two addresses, one of them nowhere, is judged address by address."""
    target = replace(POSTGRES, host="db.internal", addresses=("10.20.0.5", "10.77.0.5", "10.20.0.5"))
    paths = explain(staging(), BACKEND, target)
    assert [(each.address, each.verdict) for each in paths] == [
        ("10.20.0.5", Status.PASS),
        ("10.77.0.5", Status.FAIL),
    ]


def test_repairing_opens_every_path() -> None:
    """Under the planned VPC access of the good revision, each path of the seed is open without a detour."""
    state = seed()
    known = {each.name: each.vpc for each in state.revisions[BACKEND]}  # type: ignore[union-attr]  # not blind here
    for target in TARGETS.values():
        (path,) = explain(state, BACKEND, target, planned=known[GOOD])
        assert path.planned
        assert path.verdict is Status.PASS
        assert not any(each.detour for each in path.steps)


@pytest.mark.parametrize("field", [*LISTS, "revisions", "peering_routes"])
def test_seeing_less_opens_no_path_of_the_table(field: str) -> None:
    """Of every case: where a part can no longer be read, only pass stays pass, and none turns into fail."""
    nothing = blind("x.y.list", "roles/x.viewer")
    for case in CASES:
        state = case.state
        mapped = field in ("revisions", "peering_routes")
        less = dict.fromkeys(getattr(state, field), nothing) if mapped else nothing
        before = judged(case)
        for after in explain(replace(state, **{field: less}), BACKEND, case.target, planned=case.planned):
            if before.verdict is Status.PASS:
                assert after.verdict is not Status.FAIL, case.name
            else:
                assert after.verdict is not Status.PASS, case.name
            changed = [
                step
                for step, was in zip(after.steps, before.steps, strict=True)
                if step.status is Status.UNKNOWN and was.status is not Status.UNKNOWN
            ]
            told = [
                step
                for step in changed
                if "permission" in step.message or "could not be told" in step.message
            ]
            assert changed == told, case.name
