"""`whybot drift`, as a process, on the incident in the sandbox's Google Cloud."""

import asyncio
import json
import os
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

from checks.output.drift import EXPLAINED
from sandbox.world import World
from tests.bot.drifts import CONNECTOR, EGRESS

COMMAND = (sys.executable, "-c", "from bot.cli import main; main()", "drift")


async def run(variables: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | variables,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_the_incident_and_its_end() -> None:
    """Connector and egress differ on three sides, and by whom is told; repaired, nothing loud is left."""
    async with World("seed-503") as world:
        code, out, _ = await run(world.variables, "staging", "--format", "json")
        found = {each["field"]: each for each in json.loads(out)["differences"]}
        assert code == 1
        sides = [found[CONNECTOR][side] for side in ("declared", "terraform", "live")]
        assert sides == ["staging-connector", "staging-connector", "legacy-connector"]
        assert found[CONNECTOR]["effect"].startswith("cuts Redis off")
        assert "deploy-bot" in found[CONNECTOR]["changed"]["who"]
        assert found[EGRESS]["live"] == "private-ranges-only"
        code, out, _ = await run(world.variables, "staging")
        assert code == 1
        assert out.splitlines()[-1] == EXPLAINED[1]
        code, out, _ = await run(world.variables, "staging", "--format", "junit")
        assert ET.fromstring(out)[0].get("failures") == "2"
        await world.apply_scenario("healthy")
        code, out, _ = await run(world.variables, "staging")
        assert code == 0
        assert "1 cosmetic difference" in out


async def test_an_environment_without_a_project(tmp_path: Path) -> None:
    """There is nothing live to compare with; the file's missing fields are named."""
    check = "checks: {a: {kind: redis, host: 203.0.113.9}}"
    (tmp_path / "bare.yaml").write_text(f"schema: whybot/environment/1\nname: bare\n{check}\n")
    code, _, err = await run({}, "bare", "--environments", str(tmp_path))
    assert code == 78
    assert "names no project and region" in err
    code, _, err = await run({}, "bar", "--environments", str(tmp_path))
    assert code == 64
    assert "Did you mean bare?" in err
