"""The main job from end to end: Slack in, a truthful card out, and the command line says the same."""

import json
from pathlib import Path

import pytest

from tests.acceptance.demo import Demo, running_demo

CHANNEL = "C0INCIDENTS"
TRIES = 6
pytestmark = pytest.mark.timeout(400)


async def ask(demo: Demo) -> None:
    answer = await demo.post(
        "command", user=await demo.user("alice"), channel=CHANNEL, command="/staging-health", text=""
    )
    assert answer["ok"], answer


async def checks_by_name(demo: Demo) -> tuple[int, dict[str, dict]]:
    code, out, _ = await demo.whybot("check", "staging", "--format", "json")
    return code, {check["name"]: check for check in json.loads(out)["checks"]}


async def test_seed_503_is_told_in_slack_and_on_the_command_line(tmp_path: Path) -> None:
    """In seed-503 the card names Redis, PostgreSQL's time and ClickHouse's health; the JSON says the same."""
    async with running_demo(tmp_path, "--scenario", "seed-503") as demo:
        await ask(demo)
        card = await demo.finished_card(CHANNEL)
        code, checks = await checks_by_name(demo)

    assert "Redis unreachable" in card["text"].splitlines()[0]
    assert "PostgreSQL" in card["text"].splitlines()[0]
    drawn = json.dumps(card["blocks"], ensure_ascii=False)
    assert "no answer in 3 s at 10.166.204.83:6379" in drawn
    assert "ClickHouse" in card["text"] or "clickhouse" in card["text"]

    assert code == 1
    assert (checks["redis"]["status"], checks["redis"]["reason"]) == ("fail", "connect_timeout")
    assert (checks["postgres"]["status"], checks["postgres"]["reason"]) == ("degraded", "over_budget")
    assert 4_500 < checks["postgres"]["duration_ms"] < 8_000
    assert checks["clickhouse"]["status"] == "pass"
    assert checks["backend"]["reason"] == "http_503"


async def test_healthy_staging_is_told_in_one_line_and_exits_with_zero(tmp_path: Path) -> None:
    """With nothing wrong the card says so, and `whybot check` exits with 0.

    On a machine that is busy with other tests the prober may be too late to tell, and says so; then it is
    asked again, as a person would.
    """
    async with running_demo(tmp_path, "--scenario", "healthy") as demo:
        for number in range(1, TRIES + 1):
            await ask(demo)
            verdict = (await demo.finished_card(CHANNEL, number))["text"].splitlines()[0]
            if "all 13 ok" in verdict:
                break
        assert "all 13 ok" in verdict
        for _ in range(TRIES):
            code, checks = await checks_by_name(demo)
            if code == 0:
                break

    assert {check["status"] for check in checks.values()} == {"pass"}
    assert code == 0
