"""`whybot answer`, as the process that Cloud Run starts."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from checks.environment import Environment, load_environment
from checks.result import Status
from checks.runner import utc_now
from checks.vantage.answer import Reader
from checks.vantage.request import Request, new_request, token
from tests.servers.tcp import serving
from tests.servers.web import answering

KEY = "a key of sixteen characters and more"
FILE = """\
schema: whybot/environment/1
name: staging
region: us-central1
network: {ranges: [203.0.113.0/24]}
checks:
  well: {kind: http, layer: dependency, url: "http://203.0.113.10/", budget: 10s, timeout: 20s}
  login: {kind: redis, host: 203.0.113.10, password: {env: CACHE_PASSWORD}}
"""


@dataclass
class Job:
    """The job's container: its environment file, its variables."""

    file: Environment
    variables: dict[str, str]

    def request(self) -> Request:
        """For all checks of the file."""
        return new_request(self.file, list(self.file.checks.values()), 60, utc_now())

    async def answer(self, text: str, **more: str) -> tuple[int, str, str]:
        """Runs it; exit code, standard output and standard error."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from bot.cli import main; main()",
            "answer",
            text,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": os.environ["PATH"], **self.variables, **more},
        )
        out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()


@pytest.fixture
async def job(tmp_path: Path) -> AsyncIterator[Job]:
    """A job with one healthy target."""
    (tmp_path / "environments").mkdir()
    path = tmp_path / "environments/staging.yaml"
    path.write_text(FILE)
    async with serving(answering(200, b"ok")) as port:
        overlay = tmp_path / "overlay.json"
        overlay.write_text(json.dumps({"addresses": {"203.0.113.10:80": f"127.0.0.1:{port}"}}))
        variables = {
            "WHYBOT_ENVIRONMENTS": str(path.parent),
            "WHYBOT_OVERLAY": str(overlay),
            "WHYBOT_VANTAGE_KEY": KEY,
        }
        yield Job(load_environment(path), variables)


def read(request: Request, out: str) -> Reader:
    """Whoever asked, who reads these lines."""
    reader = Reader(request, KEY)
    reader.take((str(place), json.loads(line)) for place, line in enumerate(out.splitlines()))
    return reader


async def test_each_result_is_a_signed_line(job: Job) -> None:
    """Nothing else is on standard output, and no secret; a missing one is said as anywhere."""
    request = job.request()
    code, out, err = await job.answer(token(request, KEY))
    reader = read(request, out)
    assert (code, err, reader.complete, reader.forged) == (0, "", True, 0)
    assert reader.results["well"].status is Status.PASS
    assert reader.results["well"].vantage.label == "Cloud Run job in us-central1"
    assert "$CACHE_PASSWORD is not set" in reader.results["login"].message
    assert KEY not in out


async def test_a_request_of_another_key_is_refused(job: Job) -> None:
    """In a line, with an exit code, and in words for whoever reads the log."""
    request = job.request()
    code, out, err = await job.answer(token(request, "another key of this length"))
    refusal = read(request, out).refusal
    assert code == 64
    assert refusal is not None
    assert refusal.code == "not_signed"
    assert err.startswith("Refused: the request was signed with another key")


async def test_nonsense_is_refused(job: Job) -> None:
    """There is nobody to answer."""
    code, out, err = await job.answer("nonsense")
    assert (code, out) == (64, "")
    assert err.startswith("Refused: the request is no request of whybot.")


async def test_another_file_is_refused(job: Job) -> None:
    """What is asked for is not what this image would check."""
    asked = new_request(job.file, job.file.select(["well"]), 60, utc_now())
    path = Path(job.variables["WHYBOT_ENVIRONMENTS"]) / "staging.yaml"
    path.write_text(FILE.replace("budget: 10s", "budget: 9s"))
    code, out, _ = await job.answer(token(asked, KEY))
    refusal = read(asked, out).refusal
    assert code == 64
    assert refusal is not None
    assert refusal.code == "another_file"


async def test_a_broken_file_is_refused_with_its_problem(job: Job) -> None:
    """Whoever asked learns which file is wrong, and where."""
    request = job.request()
    path = Path(job.variables["WHYBOT_ENVIRONMENTS"]) / "staging.yaml"
    path.write_text("schema: nonsense\n")
    _, out, _ = await job.answer(token(request, KEY))
    refusal = read(request, out).refusal
    assert refusal is not None
    assert refusal.code == "wrong_file"
    assert "staging.yaml:1: checks: found nothing" in refusal.message


async def test_without_a_key_nothing_can_be_signed(job: Job) -> None:
    """The variable is named."""
    code, out, err = await job.answer(token(job.request(), KEY), WHYBOT_VANTAGE_KEY="")
    assert (code, out) == (78, "")
    assert err.startswith("WHYBOT_VANTAGE_KEY is not set")


async def test_the_job_needs_no_library_of_googles(job: Job) -> None:
    """They would cost a second of every cold start."""
    look = (
        "import sys; from bot.cli import app; import contextlib\n"
        "with contextlib.suppress(SystemExit): app(['answer', sys.argv[1]])\n"
        "print(sorted(n for n in sys.modules if n.startswith(('google', 'grpc', 'slack', 'sqlalchemy'))))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        look,
        token(job.request(), KEY),
        stdout=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"], **job.variables},
    )
    out, _ = await process.communicate()
    assert out.decode().splitlines()[-1] == "[]"
