import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.views.card import CardState, card, first_line
from bot.views.message import Message
from checks.reasons import Reason
from checks.result import Status, Sweep, Vantage
from tests.bot.views.sweeps import (
    AT,
    BACKEND,
    CLICKHOUSE,
    POSTGRES,
    REDIS,
    SEED_503,
    any_sweep,
    result,
    sweep,
)
from tests.bot.views.valid import assert_message_valid, markup, nodes

ANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def state(of: Sweep, phase: Any = None, **changes: Any) -> CardState:
    chosen = phase or ("finished" if of.finished else "running")
    plain = CardState("card-1", "staging", of, ("U1ALICE",), chosen, AT, AT if chosen == "finished" else None)
    return replace(plain, **changes)


def table(message: Message) -> list[list[str]]:
    """The cells of the card's table as text."""
    block = next(block for block in message.blocks if block["type"] == "table")
    return [
        ["".join(node["text"] for node in nodes(cell) if "text" in node) for cell in row]
        for row in block["rows"]
    ]


def buttons(message: Message) -> list[str]:
    return [node["action_id"] for node in nodes(message.blocks) if node.get("type") == "button"]


def test_seed_503_is_drawn_as_in_the_mock_up() -> None:
    """Failing first, then over budget, a healthy neighbour next, the rest folded; then the origin."""
    message = card(state(SEED_503))
    assert_message_valid(message)

    assert "Redis" in message.text.splitlines()[0]
    assert "10× over budget" in message.text.splitlines()[0]
    assert "2 of 9 failing" in message.text.splitlines()[0]
    assert table(message)[:5] == [
        ["check", "status", "time", "budget", "what"],
        ["redis", "failing", "—", "100 ms", "no answer in 3 s at 10.166.204.83:6379 (connect timed out)"],
        ["backend", "failing", "4.1 s", "2 s", "HTTP 503 from /health"],
        [
            "postgres",
            "over budget",
            "5,187 ms",
            "500 ms",
            "connected in 2.9 s, query took 2.3 s; budget 500 ms",
        ],
        ["clickhouse", "ok", "109 ms", "500 ms", "—"],
    ]
    assert "… 3 more ok in Details" in markup(message.blocks)
    assert (
        "from this machine (laptop) · took 6.2 s · asked by <@U1ALICE> · "
        "<!date^1795400040^{date_short_pretty} {time}|2026-11-23 02:14 UTC>" in markup(message.blocks)
    )
    assert buttons(message) == ["why", "details", "run_again"]


def test_running_card_fills_in() -> None:
    """While it runs every check has a row, those still out come last; what has answered has details."""
    message = card(state(sweep(REDIS, CLICKHOUSE, expected=("redis", "postgres", "clickhouse", "backend"))))
    assert_message_valid(message)

    assert message.text.splitlines()[0] == "staging: 2 of 4 checked, 1 failing so far"
    assert [row[:2] for row in table(message)[1:]] == [
        ["redis", "failing"],
        ["clickhouse", "ok"],
        ["postgres", "running"],
        ["backend", "running"],
    ]
    assert buttons(message) == ["details"]


def test_healthy_card_is_one_line_and_the_slowest_three() -> None:
    """With nothing wrong there is no table and no *Why?*; the slowest three are named with their budgets."""
    well = sweep(*(result(f"check{n}", duration_ms=float(n)) for n in range(1, 10)))
    message = card(state(well))
    assert_message_valid(message)

    assert "all 9 ok" in message.text.splitlines()[0]
    assert [block["type"] for block in message.blocks] == ["section", "context", "context", "actions"]
    assert "slowest: check9 9 ms of 500 ms, check8 8 ms of 500 ms, check7 7 ms of 500 ms" in markup(
        message.blocks
    )
    assert buttons(message) == ["details", "run_again"]


def test_a_detour_is_shown_although_it_passes() -> None:
    """On a healthy card below the slowest, else as a row before other healthy ones; in the text too."""
    detour = result("path", layer="edge", message="by a detour: over VPN tunnel v", facts={"detour": True})
    well = [result(f"check{n}", duration_ms=20.0 + n) for n in range(9)]
    healthy, failing = card(state(sweep(detour, *well))), card(state(sweep(detour, REDIS, *well)))
    assert "path: by a detour: over VPN tunnel v" in markup(healthy.blocks)
    assert table(failing)[2][4] == "by a detour: over VPN tunnel v"
    for message in (healthy, failing):
        assert_message_valid(message)
        assert "path: by a detour: over VPN tunnel v" in message.text


def test_interrupted_card_says_how_far_it_came_and_offers_to_run_again() -> None:
    """A sweep that was cut short is no verdict: the first line says so and the next step is there."""
    message = card(state(sweep(REDIS, expected=("redis", "postgres")), "interrupted"))
    assert_message_valid(message)
    assert message.text.splitlines()[0] == (
        "⚪ staging: interrupted after 1 of 2 checks, 1 not healthy; run it again"
    )
    assert buttons(message) == ["why", "details", "run_again"]


def test_late_card_explains_itself() -> None:
    """A card that Slack's rate limit held back says for how long."""
    assert "Slack held this card back for 12 s" in markup(card(state(SEED_503, delayed=12)).blocks)
    assert "held" not in markup(card(state(SEED_503, delayed=1)).blocks)


def test_many_requesters_are_counted() -> None:
    """Who asked is named up to five, then counted."""
    asked = tuple(f"U{n}" for n in range(8))
    assert "<@U4> and 3 more" in markup(card(state(SEED_503, requesters=asked)).blocks)


def test_neighbours_of_what_is_wrong_are_shown_before_slower_strangers() -> None:
    """Where Redis and PostgreSQL fail, that ClickHouse is fine says more than a slow front page does."""
    slow = [result(f"edge{n}", layer="edge", duration_ms=900.0 + n) for n in range(5)]
    rows = table(card(state(sweep(REDIS, POSTGRES, CLICKHOUSE, *slow))))
    assert [row[0] for row in rows[1:]] == ["redis", "postgres", "clickhouse", "edge4", "edge3"]


@pytest.mark.parametrize("status", [Status.FAIL, Status.UNKNOWN, Status.PASS])
@pytest.mark.parametrize("words", [5, 400])
def test_two_hundred_checks_fit(status: Status, words: int) -> None:
    """200 checks, whatever they say, give a card within Slack's limits that counts what it leaves out."""
    results = [result(f"service-{n:03}", status, message="&" * words) for n in range(199)]
    message = card(state(sweep(*results, REDIS)))
    assert_message_valid(message)
    assert "redis" in message.text
    rows = table(message)
    left = re.search(r"… (.+) in Details", markup(message.blocks))
    assert left, markup(message.blocks)
    assert len(rows) - 1 + sum(map(int, re.findall(r"\d+", left[1]))) == 200


def test_two_hundred_running_checks_fit() -> None:
    """A sweep of 200 is within the limits from its first moment."""
    assert_message_valid(card(state(sweep(expected=tuple(f"service-{n:03}" for n in range(200))))))


def test_fallback_is_aligned_and_says_the_same() -> None:
    """Without the table block, an aligned code block has the same rows."""
    code = drawn_code(card(state(SEED_503)))
    assert code[0].startswith("check       status           time  budget  what")
    assert code[1] == f"redis       failing             —  100 ms  {REDIS.message}"
    assert code[3].startswith("postgres    over budget  5,187 ms  500 ms  connected in 2.9 s")


def drawn_code(message: Message) -> list[str]:
    sections = [block["text"]["text"] for block in message.fallback_blocks if block["type"] == "section"]
    return [line for text in sections if text.startswith("```") for line in text.splitlines()[1:-1]]


def test_foreign_text_mentions_nobody_and_opens_no_markup() -> None:
    """A server's words cannot ping a channel, link anywhere or break out of the code block."""
    nasty = "<!channel> <https://evil.example|ok> <@U1> ``` & *bold*"
    message = card(state(sweep(replace(REDIS, message=nasty, title=nasty))))
    assert_message_valid(message)
    for text in (message.text, markup(message.blocks[:1]), markup(message.fallback_blocks[:2])):
        assert "<!" not in text
        assert "<http" not in text
        assert "<@" not in text
    texts = [block["text"]["text"] for block in message.fallback_blocks if block["type"] == "section"]
    code = next(text for text in texts if text.startswith("```"))
    assert code.count("```") == 2


def test_text_mentions_each_of_very_many_failing_checks() -> None:
    """Where words do not fit, the names of all failing checks still stand in the text."""
    results = [result(f"service-{n:03}", Status.FAIL, message="x" * 300) for n in range(150)]
    text = card(state(sweep(*results))).text
    assert all(f"service-{n:03}" in text for n in range(150))


def test_unknown_is_no_pass() -> None:
    """A sweep of which one check could not be told is not shown as healthy."""
    unsure = result(
        "redis", Status.UNKNOWN, reason=Reason.PROBER_OVERLOADED, message="the prober was 400 ms late"
    )
    message = card(state(sweep(unsure, CLICKHOUSE, BACKEND)))
    assert table(message)[2][:2] == ["redis", "unknown"]
    alone = card(state(sweep(unsure, CLICKHOUSE)))
    assert "all" not in alone.text.splitlines()[0]
    assert "why" in buttons(alone)


@ANY
@given(any_sweep(), st.sampled_from(["running", "finished", "interrupted"]), st.integers(0, 5))
def test_any_sweep_gives_a_valid_card(of: Sweep, phase: Any, delayed: int) -> None:
    """Whatever was found, both forms are within Slack's limits, and the same state gives the same card."""
    drawn_state = state(of, phase, delayed=delayed)
    message = card(drawn_state)
    assert_message_valid(message)
    assert message == card(drawn_state)
    assert "\n" not in first_line(drawn_state)


@ANY
@given(any_sweep())
def test_any_card_names_what_fails_and_no_one(of: Sweep) -> None:
    """The text says every failing check by name, and no foreign word becomes a mention or link."""
    message = card(state(of, requesters=()))
    for each in of.results:
        if each.status is Status.FAIL:
            assert visible(each.name) in visible(message.text)
    assert not re.search(r"<(?!!date\^\d+\^[^<>]*>)", message.text + markup(message.blocks))


def visible(text: str) -> str:
    """Text as Slack shows it: escapes undone, white space of any kind made one."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    for escape, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        shown = shown.replace(escape, character)
    return " ".join(shown.split())


def test_a_card_that_waits_for_the_job_says_so() -> None:
    """Until its first answer: from then on it fills in by itself."""
    mixed = Vantage("mixed", "dependencies from Cloud Run job in us-central1 · the rest from here")
    waiting = replace(sweep(BACKEND, expected=("backend", "redis")), vantage=mixed)
    drawn = card(state(waiting))
    assert_message_valid(drawn)
    assert "waiting for the Cloud Run job (cold start)" in str(drawn.blocks)
    assert "dependencies from Cloud Run job in us-central1 · the rest from here" in str(drawn.blocks)
    redis = replace(REDIS, vantage=Vantage("job", "Cloud Run job in us-central1"))
    come = replace(sweep(BACKEND, redis, expected=("backend", "redis", "postgres")), vantage=mixed)
    assert "waiting for" not in str(card(state(come)).blocks)
