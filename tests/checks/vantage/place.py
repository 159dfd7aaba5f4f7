"""A Cloud Run job and its log in the test's own loop: real requests, real checks, real signatures."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from checks.environment import Environment
from checks.names import Ref
from checks.observations import (
    Blind,
    CloudState,
    Egress,
    Job,
    Revision,
    Seen,
    Service,
    Source,
    TrafficShare,
    VpcAccess,
)
from checks.observe.jobs import Entry, Execution, State
from checks.overlay import Overlay
from checks.reasons import Reason
from checks.result import Vantage
from checks.runner import Runner, utc_now
from checks.secrets import Secrets
from checks.vantage.job import JobProber
from checks.vantage.mixed import Choice, Vantages
from checks.vantage.reply import reply
from checks.vantage.request import BadRequest
from tests.servers.tcp import Handler, serving
from tests.servers.web import answering

KEY = "a key of sixteen characters and more"
HERE = Vantage("here", "this machine (test)")
AT = datetime(2026, 11, 23, 2, 14, tzinfo=UTC)
SOURCE = Source("cloud_run", "projects/p/locations/us-central1/services/s", AT)
GOOD = VpcAccess(Ref("staging-connector", "connectors"), Egress.ALL)
BAD = VpcAccess(Ref("legacy-connector", "connectors"), Egress.PRIVATE_RANGES)
PORTS = {"redis": 8001, "postgres": 8002, "backend": 8003}


def environment(timeout: str = "30s", project: str | None = "netra-staging") -> Environment:
    """Two dependencies and a service, and a job that has the service's VPC access."""
    checks = {
        name: {
            "kind": "http",
            "url": f"http://203.0.113.10:{port}/",
            "layer": "service" if name == "backend" else "dependency",
            "budget": "10s",
            "timeout": "20s",
        }
        for name, port in PORTS.items()
    }
    return Environment.model_validate(
        {
            "schema": "whybot/environment/1",
            "name": "staging",
            "project": project,
            "region": "us-central1",
            "network": {"ranges": ["203.0.113.0/24"]},
            "services": {"backend": {"cloud_run": "netra-backend-staging"}},
            "vantages": {"job": {"name": "whybot-probe", "service": "backend", "timeout": timeout}},
            "checks": checks,
        }
    )


def state(
    job: VpcAccess | None = GOOD, *serving: tuple[str, int, VpcAccess | None], **changes: Any
) -> CloudState:
    """A project in which the job has that VPC access, and these revisions serve (by default one like it)."""
    shares = serving or (("netra-backend-staging-00041", 100, job),)
    revisions = tuple(Revision(name, "netra-backend-staging", vpc, SOURCE) for name, _, vpc in shares)
    traffic = tuple(TrafficShare(name, percent) for name, percent, _ in shares)
    plain: dict[str, Any] = {
        "jobs": (Job("whybot-probe", SOURCE, vpc=job),),
        "services": (Service("netra-backend-staging", SOURCE, serving=traffic),),
        "revisions": {"netra-backend-staging": revisions},
    }
    return CloudState("netra-staging", "us-central1", AT, **(plain | changes))


@dataclass
class Project:
    """A project of Google Cloud with whybot's job: `Cloud` and `Jobs` of one.

    `trouble` is what becomes of the job's answers: `hang`, `die`, `late` (until `release`), `forge`, `lost`
    (the answer of the call that runs it), `twice`. `refuse` is what Google answers to a method instead.
    """

    file: Environment
    overlay: Overlay
    seen: CloudState = field(default_factory=state)
    key: str = KEY
    trouble: str = ""
    refuse: dict[str, Blind] = field(default_factory=dict)
    now: Callable[[], datetime] = utc_now
    runs: list[list[str]] = field(default_factory=list)
    read: int = 0
    entries: list[Entry] = field(default_factory=list)
    held: list[Entry] = field(default_factory=list)
    ends: dict[str, State] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def state(self, *, seconds: float = 20.0) -> CloudState:
        """What is there."""
        return self.seen

    async def run(
        self, job: str, arguments: Sequence[str], task_seconds: float, *, seconds: float = 15.0
    ) -> Seen[Execution]:
        """Runs `whybot answer` in this loop."""
        if "run" in self.refuse:
            return self.refuse["run"]
        self.runs.append(list(arguments))
        name = f"{job}-{len(self.runs)}"
        self.ends[name] = State.RUNNING
        if self.trouble != "hang":
            self.tasks.append(asyncio.create_task(self._work(name, arguments[1])))
        return Execution("", "") if self.trouble == "lost" else Execution(name, self._url(name))

    async def execution(self, job: str, name: str, *, seconds: float = 5.0) -> Seen[Execution]:
        """How far it is."""
        if "execution" in self.refuse:
            return self.refuse["execution"]
        failed = self.ends[name] is State.FAILED
        return Execution(
            name, self._url(name), self.ends[name], "The container exited with 1." if failed else ""
        )

    async def answers(
        self, job: str, request: str, since: datetime, *, seconds: float = 5.0
    ) -> Seen[tuple[Entry, ...]]:
        """The log, all of it: whoever reads it has to tell one request from another."""
        self.read += 1
        if "answers" in self.refuse:
            return self.refuse["answers"]
        return tuple(self.entries)

    def release(self) -> None:
        """Lets answers that were held back appear."""
        self.entries += self.held
        self.held = []

    def say(self, payload: dict[str, Any]) -> None:
        """Writes an entry, as anybody may who has access to the log."""
        entry = Entry(f"entry {len(self.entries) + len(self.held)}", utc_now(), payload)
        (self.held if self.trouble == "late" else self.entries).append(entry)

    async def _work(self, name: str, token: str) -> None:
        if self.trouble == "die":
            self.ends[name] = State.FAILED
            return
        for _ in range(2 if self.trouble == "twice" else 1):
            with contextlib.suppress(BadRequest):
                await reply(
                    token,
                    self.key,
                    lambda _: self.file,
                    Secrets({}),
                    self._write,
                    self.now,
                    overlay=self.overlay,
                )
        self.ends[name] = State.SUCCEEDED

    def _write(self, line: str) -> None:
        payload = json.loads(line)
        if self.trouble == "forge":
            payload["whybot"]["body"] = payload["whybot"]["body"].replace('"fail"', '"pass"')
            payload["whybot"]["signature"] = "0" * 64
        self.say(payload)

    @staticmethod
    def _url(name: str) -> str:
        return f"https://console.example/{name}"

    # The rest of `Cloud`, which the vantage does not ask for.
    requests = errors = changes = object_bytes = open_object = None  # type: ignore[assignment]

    async def prepare(self) -> None:
        """There is nothing to prepare."""

    async def close(self) -> None:
        """Ends what still runs."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@dataclass
class Staging:
    """The same targets over two networks: `here` reaches them all, `job` those that a test leaves it."""

    file: Environment
    here: Overlay
    project: Project

    def prober(self, key: str = KEY, **more: Any) -> JobProber:
        """The job vantage, with short pauses."""
        job = self.file.vantages.job
        assert job is not None
        return JobProber(self.file, job, self.project, self.project, key, pace=0.02, **more)  # type: ignore[arg-type]  # half a Cloud

    def vantages(
        self, choice: Choice = Choice.BEST, prober: JobProber | None = None, absent: str = ""
    ) -> Vantages:
        """Both places."""
        runner = Runner(self.file, Secrets({}), HERE, overlay=self.here)
        asked = None if absent else prober or self.prober()
        return Vantages(self.file, runner, HERE, asked, absent=absent, choice=choice)


def refused(reason: Reason, message: str, **more: str) -> Blind:
    """What cannot be read."""
    return Blind(reason, message, **more)


@contextlib.asynccontextmanager
async def staging(
    *, timeout: str = "30s", broken: Sequence[str] = (), handler: Handler | None = None
) -> AsyncIterator[Staging]:
    """Healthy targets; the job's network has another server in place of those that are `broken` there."""
    file = environment(timeout)
    async with contextlib.AsyncExitStack() as stack:
        well = await stack.enter_async_context(serving(answering(200, b"ok")))
        ill = await stack.enter_async_context(serving(handler or answering(500, b"no")))
        here = {f"203.0.113.10:{port}": f"127.0.0.1:{well}" for port in PORTS.values()}
        job = here | {f"203.0.113.10:{PORTS[name]}": f"127.0.0.1:{ill}" for name in broken}
        project = Project(file, Overlay(job))
        stack.push_async_callback(project.close)
        yield Staging(file, Overlay(here), project)
