"""The table for people."""

import io

from hypothesis import given, settings

from checks.output.text import exit_code, text, write
from checks.reasons import Reason
from checks.result import Status, Sweep
from tests.checks.results import SWEEPS, result, sweep

REDIS = result(
    "redis",
    Status.FAIL,
    duration_ms=None,
    budget_ms=100.0,
    message="no answer in 3 s at 10.166.204.83:6379 (connect timed out)",
)
CLICKHOUSE = result("clickhouse", duration_ms=109.0)


def test_table_is_aligned_with_the_worst_first() -> None:
    """Headline, table, origin, and what the exit code means as the last line."""
    assert text(sweep(CLICKHOUSE, REDIS)).splitlines() == [
        "🔴 staging: Redis unreachable — 1 of 2 failing",
        "  check       status     time  budget  what",
        "  redis       failing       —  100 ms  no answer in 3 s at 10.166.204.83:6379 (connect timed out)",
        "  clickhouse  ok       109 ms  500 ms",
        "  from this machine (test) · took 6.2 s",
        "exit code 1: the environment is not healthy",
    ]


def test_healthy_needs_no_explanation() -> None:
    """With exit code 0 the last line is the origin."""
    assert text(sweep(CLICKHOUSE)).splitlines()[-1] == "  from this machine (test) · took 6.2 s"


def test_exit_codes_tell_unhealthy_from_untold() -> None:
    """0 healthy, 1 not, 2 not told; a failure weighs more than an unknown."""
    unknown = result("redis", Status.UNKNOWN, Reason.PROBER_OVERLOADED)
    slow = result("redis", Status.DEGRADED)
    assert exit_code(sweep(CLICKHOUSE)) == 0
    assert exit_code(sweep(CLICKHOUSE, slow)) == 1
    assert exit_code(sweep(REDIS, unknown)) == 1
    assert exit_code(sweep(CLICKHOUSE, unknown)) == 2
    assert exit_code(sweep(CLICKHOUSE, expected=("clickhouse", "redis"))) == 2
    assert exit_code(sweep()) == 2


def test_server_cannot_steer_the_terminal() -> None:
    """Escape sequences and marks that turn the text around are taken out."""
    evil = result("redis", Status.FAIL, message="\x1b[2J\x1b]0;owned\x07\u202egone\x9b31m ok\r\nnext")
    for colours in (False, True):
        stream = io.StringIO()
        write(sweep(evil), stream, colours=colours)
        assert "\x1b[2J" not in stream.getvalue()
        assert "\x1b]0" not in stream.getvalue()
        assert not {"\x07", "\x9b", "\u202e", "\r"} & set(stream.getvalue())


def test_colours_hold_the_same_words() -> None:
    """What is coloured is nothing more than coloured."""
    stream = io.StringIO()
    write(sweep(REDIS, CLICKHOUSE), stream, colours=True)
    assert "\x1b[" in stream.getvalue()
    for word in ("Redis unreachable", "failing", "100 ms", "109 ms", "exit code 1"):
        assert word in stream.getvalue()


@given(SWEEPS)
@settings(max_examples=40)
def test_any_sweep_is_one_line_a_check(swept: Sweep) -> None:
    """Plain text has no escape sequence, and a row for each answer."""
    lines = text(swept).split("\n")
    assert "\x1b" not in "".join(lines)
    explained = swept.finished and exit_code(swept) != 0
    assert len(lines) == len(swept.results) + 4 + explained
