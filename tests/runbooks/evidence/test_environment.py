"""What whys need of the environment file."""

import json

import pytest

from checks.environment import Environment
from runbooks.evidence.environment import SHAPE, part_of, view
from runbooks.evidence.words import clock, listed, span, who
from tests.checks.drift.three_sides import environment
from tests.runbooks.evidence.conforming import misfits
from tests.runbooks.evidence.looking import NOW, gap_in

BARE = {
    "schema": "whybot/environment/1",
    "name": "bare",
    "checks": {"dns": {"kind": "dns", "host": "x.example"}},
}


def test_the_part_says_what_is_declared() -> None:
    """Names, addresses, budgets, layers, the network and what services use."""
    part = part_of(environment())
    assert (part["name"], part["project"], part["availability"]) == ("staging", "netra-staging", 0.999)
    assert part["network"]["connector"] == {
        "name": "staging-connector",
        "cidr": "10.1.0.0/28",
        "egress": "all-traffic",
    }
    assert part["checks"]["redis"] == {
        "kind": "redis",
        "layer": "dependency",
        "title": "Redis",
        "host": "10.166.204.83",
        "port": 6379,
        "service": "",
        "budget_ms": 100.0,
    }
    assert part["checks"]["websocket"]["port"] == 443
    assert part["job"] == "whybot-probe"


def test_the_part_names_no_secret() -> None:
    """Not even where one is kept."""
    text = json.dumps(part_of(environment()))
    assert "password" not in text.lower()
    assert "STAGING_" not in text


def test_env_is_of_its_shape() -> None:
    """With the declared network."""
    env = view(part_of(environment()), NOW)
    assert misfits(env, SHAPE, "env") == []
    assert (env["vpc"], env["connector"], env["egress"]) == (
        "staging-vpc",
        "staging-connector",
        "all-traffic",
    )
    assert env["terraform"] is True
    assert env["services"]["backend"]["uses"] == ("redis", "postgres", "clickhouse")


def test_what_is_undeclared_is_null_and_no_promise_is_a_gap() -> None:
    """A file with one check is enough."""
    env = view(part_of(Environment.model_validate(BARE)), NOW)
    assert misfits(env, SHAPE, "env") == []
    assert (env["vpc"], env["connector"], env["egress"], env["project"]) == (None, None, None, "")
    assert gap_in(env["availability"]).settle.startswith("Write `slo:")


def test_words_are_the_same_on_every_day_and_in_every_language() -> None:
    """Times in UTC with another day said, service accounts short, ranges with one unit."""
    assert clock(NOW, NOW) == "12:00 UTC"
    assert clock(NOW.replace(day=9), NOW) == "12:00 UTC on 9 Nov"
    assert clock(NOW.replace(year=2025), NOW) == "12:00 UTC on 23 Nov 2025"
    assert who("deploy-bot@p.iam.gserviceaccount.com") == "deploy-bot"
    assert who("bob@example.com") == "bob@example.com"
    assert who("") == "somebody"


@pytest.mark.parametrize(
    ("shortest", "longest", "said"),
    [(2_031.0, 11_976.0, "2–12 s"), (80.0, 1_200.0, "80 ms–1.2 s"), (3_000.0, 3_000.0, "3 s")],
)
def test_spans_say_the_unit_once(shortest: float, longest: float, said: str) -> None:
    """Where both have the same."""
    assert span(shortest, longest) == said


def test_lists_read_as_sentences_do() -> None:
    """None, one and more."""
    assert [listed(each) for each in ([], ["a"], ["a", "b", "c"])] == ["", "a", "a, b and c"]
