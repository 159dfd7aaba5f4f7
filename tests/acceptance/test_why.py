"""*Why?* on the incident of the write-up: the chain from live evidence, in Slack, in files, as a report."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from bot.views.why import ASK_AGAIN, DETAILS
from tests.acceptance.demo import WHYBOT, Demo, running_demo, until
from tests.browser import DESKTOP, PHONE, running_browser

pytestmark = [pytest.mark.timeout(500), pytest.mark.asyncio(loop_scope="module")]

CHANNEL = "C0INCIDENTS"
TRIES = 6
CHAIN = [
    "http-503/ready-but-failing",
    "http-503/dependencies-failing",
    "network-path/network",
    "changed-since/service-drift",
    "changed-since/not-validated",
]
"""The whys that the design writes down for this incident."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    """The incident of the write-up."""
    async with running_demo(tmp_path_factory.mktemp("demo"), "--scenario", "seed-503") as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bundle(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The evidence of the incident, kept, once no check was told late on a machine busy with other tests."""
    file = tmp_path_factory.mktemp("bundle") / "seed-503.json"
    for _ in range(TRIES):
        code, out, error = await demo.whybot("why", "staging", "--save-bundle", str(file), "--format", "json")
        assert code == 1, error
        whys = json.loads(out)["chain"]
        if [each["cause"] for each in whys] == CHAIN and "ClickHouse is fine" in whys[1]["because"]:
            break
    return file


async def why(demo: Demo, *arguments: str) -> dict[str, Any]:
    """The diagnosis as JSON."""
    code, out, error = await demo.whybot("why", *arguments, "--format", "json")
    assert code in {1, 2}, error
    document: dict[str, Any] = json.loads(out)
    return document


def answers(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Finished answers to *Why?*, oldest first."""
    return [each for each in messages if ASK_AGAIN in json.dumps(each["blocks"])]


async def asked(demo: Demo) -> dict[str, Any]:
    """Types the command and waits for the answer; again where the prober was late itself."""
    for _ in range(TRIES):
        before = len(answers((await demo.get("messages", channel=CHANNEL))["messages"]))
        user = await demo.user("alice")
        said = await demo.post("command", user=user, channel=CHANNEL, command="/staging-why", text="")
        assert said["ok"], said

        async def next_answer(seen: int = before) -> dict[str, Any] | None:
            found = answers((await demo.get("messages", channel=CHANNEL))["messages"])
            return found[seen] if len(found) > seen else None

        answer = await until(next_answer, 120)
        assert answer is not None
        if "5 whys, confirmed" in answer["text"]:
            break
    return answer


async def test_the_chain_of_the_design_comes_out_of_live_evidence(demo: Demo, bundle: Path) -> None:
    """Five whys, each with evidence that opens; what else it could be is ruled out; remedies are offered."""
    diagnosis = await why(demo, "--bundle", str(bundle))

    assert diagnosis["status"] == "confirmed"
    assert [each["cause"] for each in diagnosis["chain"]] == CHAIN
    texts = [each["because"] for each in diagnosis["chain"]]
    assert re.search(
        r"container is ready, but 2\d\d of 3?\d\d requests of the last hour ended in 5xx .* the first at "
        r"\d\d:\d\d UTC",
        texts[0],
    )
    assert "Redis is unreachable" in texts[1]
    assert re.search(r"PostgreSQL needs \d+(?:\.\d)? s \(500 ms\)", texts[1])
    assert "ClickHouse is fine" in texts[1]
    assert "legacy-connector" in texts[2]
    assert "staging-vpc" in texts[2]
    assert "Terraform" in texts[3]
    assert "no validation on record" in texts[4]
    assert all(each["evidence"] for each in diagnosis["chain"])
    opening = [cite for each in diagnosis["chain"] for cite in each["evidence"] if cite["url"]]
    assert all(cite["url"].startswith("https://console.cloud.google.com/") for cite in opening)
    assert {cite["id"].partition(".")[0] for cite in opening} >= {
        "services",
        "logs",
        "paths",
        "drift",
        "gate",
    }
    ruled_out = {each["cause"] for each in diagnosis["ruled_out"]}
    assert {"network-path/firewall", "network-path/connector", "network-path/target"} <= ruled_out
    assert {"http-503/the-revision", "dependency/down"} <= ruled_out
    offered = [each["id"] for each in diagnosis["remedies"]]
    assert offered[:2] == ["repair-vpc-access", "rollback-traffic"]
    assert "deploy-gate" in offered
    second = [each for each in diagnosis["other_chains"] if each["secondary"]]
    assert [each["root_cause"]["cause"] for each in second] == ["tests/without-base"]
    assert "10.1.0.0/28" not in json.dumps(diagnosis)


async def test_without_logging_the_chain_still_comes_and_says_where_it_is_weaker(demo: Demo) -> None:
    """The job's answers come over Cloud Logging as well; the configuration alone still closes the path."""
    fault = await demo.post(
        "faults", fault="cloud_permission", target="cloud", permission="logging.logEntries.list"
    )
    assert fault["ok"], fault
    taken = fault["faults"][-1]["id"]
    try:
        for _ in range(TRIES):
            diagnosis = await why(demo, "staging")
            if [each["cause"] for each in diagnosis["chain"]] == CHAIN:
                break
    finally:
        (await demo.http.delete("/sandbox/api/faults", params={"id": taken})).raise_for_status()

    assert [each["cause"] for each in diagnosis["chain"]] == CHAIN
    first, second, *_ = diagnosis["chain"]
    assert first["weaker"]
    assert "roles/logging" in json.dumps(first["missing"])
    assert second["weaker"]
    assert "requests of" not in first["because"]


async def test_a_bundle_replays_to_the_same_bytes_elsewhere_and_on_another_day(bundle: Path) -> None:
    """Other time zone, locale and hash seed: the same bytes; nothing is asked of the network."""
    places = (
        {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
        {"TZ": "Pacific/Chatham", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "2", "PYTHONUTF8": "1"},
        {"TZ": "America/St_Johns", "LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "3"},
    )
    outputs = [await offline(place, "replay", str(bundle), "--format", "json") for place in places]
    documents = [await offline(place, "why", "--bundle", str(bundle), "--format", "json") for place in places]

    assert outputs[0][0] == 0, outputs[0]
    assert len(set(outputs)) == 1
    assert len(set(documents)) == 1
    assert json.loads(documents[0][1])["root_cause"]["cause"] == CHAIN[-1]


async def test_a_bundle_edited_by_hand_is_refused(bundle: Path, tmp_path: Path) -> None:
    """One word changed: no diagnosis, no report, and a sentence that says why and what to do."""
    edited = tmp_path / "edited.json"
    edited.write_text(bundle.read_text().replace("legacy-connector", "other-connector", 1))
    for command in ("replay", "report"):
        code, out, error = await offline({}, command, str(edited))
        assert code == 65, (out, error)
        assert not out
        assert "edited" in error
        assert "Traceback" not in error


async def test_the_report_has_the_sections_of_the_write_up(bundle: Path) -> None:
    """In its order, with what was measured, commands for this environment, and criteria that can be run."""
    code, out, error = await offline({}, "report", str(bundle))

    assert code == 0, error
    page = out.decode()
    sections = (
        "Summary",
        "Priority",
        "Business Impact",
        "Root Cause Analysis",
        "Technical Details",
        "Recent Changes",
        "Remediation Plan",
        "Acceptance Criteria",
        "Success Metrics",
        "Risk Assessment",
        "Related Issues",
        "Timeline",
    )
    places = [page.find(f"## {section}") for section in sections]
    assert all(place >= 0 for place in places), dict(zip(sections, places, strict=True))
    assert places == sorted(places)
    assert "gcloud run services update netra-backend-staging" in page
    assert "whybot check staging" in page
    assert "10.1.0.0/28" not in page


async def offline(place: dict[str, str], *arguments: str) -> tuple[int, bytes, str]:
    """A command of whybot without a sandbox, at another place: exit code, bytes, errors."""
    process = await asyncio.create_subprocess_exec(
        str(WHYBOT),
        *arguments,
        env={**os.environ, **place},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode is not None
    return process.returncode, out, error.decode(errors="replace")


@pytest.mark.browser
async def test_a_person_asks_why_and_opens_the_evidence(demo: Demo) -> None:
    """In a browser: five whys; Details has the evidence; a remedy says what it would do."""
    await asked(demo)
    async with running_browser() as browser:
        page = await browser.new_page(viewport=DESKTOP)
        page.set_default_timeout(60_000)
        await page.goto(f"{demo.url}/#view={CHANNEL}")
        message = (
            page.get_by_test_id("message").filter(has=page.locator(f"[data-action-id={ASK_AGAIN}]")).last
        )
        await expect(message).to_contain_text("5 whys, confirmed")
        await expect(message).to_contain_text("no validation on record")
        await expect(message).to_contain_text("Ruled out")
        await message.locator(f"[data-action-id={DETAILS}]").click()
        await expect(page.get_by_test_id("modal")).to_contain_text("10.166.204.83:6379")
        await page.keyboard.press("Escape")
        await message.get_by_role("button", name="Repair VPC access").click()
        await expect(page.get_by_text("staging-connector").last).to_be_visible()
        phone = await browser.new_page(viewport=PHONE)
        await phone.goto(f"{demo.url}/#view={CHANNEL}")
        narrow = (
            phone.get_by_test_id("message").filter(has=phone.locator(f"[data-action-id={ASK_AGAIN}]")).last
        )
        await expect(narrow).to_contain_text("5 whys, confirmed", timeout=60_000)
        wide = await phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert wide
