"""Asks checks in whybot's Cloud Run job and believes what was signed there, until all or the time-out."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from checks.durations import spoken
from checks.environment import Environment, JobVantage
from checks.observations import Blind
from checks.observe.cloud import Cloud
from checks.observe.jobs import Execution, Jobs, State
from checks.reasons import Reason
from checks.result import SPEAKS_FOR, CheckResult, Status, Vantage
from checks.runner import utc_now
from checks.spec import CheckSpec
from checks.vantage.access import Standing, standing
from checks.vantage.answer import Reader
from checks.vantage.request import SKEW, Request, new_request, token

log = logging.getLogger("whybot.vantage")

FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 1.0, 3.0, 1.5
"""Seconds between two looks at the log: Cloud Logging allows 60 reads a minute for a project (quotas)."""
LOOK_EVERY = 2.0
"""Seconds between two looks at the execution."""
GATHER_SECONDS = 5.0
"""How long the last entries of an execution that has ended may take to come through Cloud Logging."""
LOST_SECONDS = 20.0
"""How long a job may take to begin where it is not known whether Cloud Run took the call."""
SHORTLY = 15.0
"""How many seconds a job is waited for that did not answer a short while ago; a cold start takes a few."""
REMEMBERED = timedelta(minutes=5)
"""How long it is remembered that the job did not answer."""
PASSING = frozenset({Reason.CLOUD_UNREACHABLE, Reason.CLOUD_QUOTA, Reason.CLOUD_ANSWER})
"""What may be gone when it is asked again."""


class JobSilent(Exception):  # noqa: N818 - says how a run ended; it is no error of whybot
    """The job cannot tell, or not the rest. `str()` is for people, without a full stop."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing has come yet. `seconds` since the job was asked; not `begun`: its container still starts."""

    seconds: float
    begun: bool = False

    def __str__(self) -> str:
        elapsed = spoken(self.seconds * 1000)
        return f"waiting for the Cloud Run job ({elapsed if self.begun else f'cold start {elapsed}'})"


class JobProber:
    """The job vantage of one environment.

    `pace` stretches every pause, but no time-out: 1 is right for Google's quotas.
    """

    def __init__(
        self,
        environment: Environment,
        job: JobVantage,
        cloud: Cloud,
        jobs: Jobs,
        key: str,
        *,
        now: Callable[[], datetime] = utc_now,
        pace: float = 1.0,
        shortly: float = SHORTLY,
    ) -> None:
        self.environment = environment
        self.job = job
        self.cloud = cloud
        self.jobs = jobs
        self.key = key
        self.now = now
        self.pace = pace
        self.shortly = shortly
        self._missed: _Run | None = None
        self._silent_at: datetime | None = None

    @property
    def silent_at(self) -> datetime | None:
        """When the job did not answer within its whole time-out, where that is not long ago."""
        at = self._silent_at
        return at if at is not None and self.now() - at < REMEMBERED else None

    async def ask(self, specs: Sequence[CheckSpec]) -> AsyncGenerator[CheckResult | Waiting, None]:
        """Results as they come, each once. Raises `JobSilent` where not all come, or may be believed."""
        missed, self._missed = self._missed, None
        late = asyncio.create_task(_late(missed))
        run = _Run(self, specs)
        try:
            async for event in run.events():
                yield event
            self._silent_at = None
        except JobSilent as silent:
            self._missed = run if run.timed_out else None
            if run.timed_out and not run.short:
                self._silent_at = run.asked_at
            raise JobSilent(f"{silent}{await late}") from None
        finally:
            late.cancel()
            run.close()


async def _late(missed: "_Run | None") -> str:
    """What is to be said of the run before, where its answers came after its time-out."""
    if missed is None:
        return ""
    with suppress(JobSilent):  # the request of now will say that the log cannot be read
        await missed.read_once()
    if missed.short or not missed.reader.complete:
        return ""
    log.warning("the answers to request %s came after its time-out", missed.request.id)
    return "; the answers to the request before came after its time-out: raise vantages.job.timeout"


class _Run:
    """One request: from running the job to its last answer."""

    def __init__(self, prober: JobProber, specs: Sequence[CheckSpec]) -> None:
        self._prober = prober
        self._seconds = prober.job.timeout / 1000
        self._silent_at = prober.silent_at
        self._patience = min(self._seconds, prober.shortly) if self._silent_at else self._seconds
        self.request: Request = new_request(prober.environment, specs, self._seconds, prober.now())
        self.reader = Reader(self.request, prober.key)
        self.timed_out = False
        self.asked_at = prober.now()
        self._execution = Execution("", "")
        self._cold_start: float | None = None
        self._trouble: Blind | None = None
        self._told_forged = 0
        self._since = self._begun = self._looked = self._ended_at = 0.0
        self._standing: asyncio.Task[Standing] | None = None

    def close(self) -> None:
        """Stops looking. The execution goes on until Cloud Run ends it."""
        if self._standing is not None:
            self._standing.cancel()

    async def events(self) -> AsyncGenerator[CheckResult | Waiting, None]:
        """Results, and what is waited for in between. Raises `JobSilent`."""
        self._since = self._looked = time.monotonic()
        self._standing = asyncio.create_task(self._stands())
        await self._begin()
        pause = FIRST_PAUSE
        while True:
            results = await self.read_once()
            if results:
                found = await self._believed()
                for result in results:
                    yield self._dressed(result, found)
            if self.reader.complete:
                return
            await self._give_up()
            if not self.reader.results:
                yield Waiting(self._elapsed, self.reader.begun)
            await asyncio.sleep(min(pause * self._prober.pace, max(0.0, self._patience - self._elapsed)))
            pause = min(pause * GROWTH, LONGEST_PAUSE)

    @property
    def short(self) -> bool:
        """Whether it is waited for less than the job's time-out, since it did not answer before."""
        return self._patience < self._seconds

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._since

    async def _begin(self) -> None:
        prober, name = self._prober, self._prober.job.name
        begun = await prober.jobs.run(
            name, ["answer", token(self.request, prober.key)], self._seconds, seconds=min(15.0, self._seconds)
        )
        self._begun = time.monotonic()
        if isinstance(begun, Execution):
            self._execution = replace(begun, message=begun.message.rstrip("."))
        elif begun.reason is Reason.CLOUD_NOT_FOUND:
            raise JobSilent(
                f"there is no job {name} in {prober.environment.region}; "
                f"`whybot doctor {prober.environment.name}` prints the command that makes it"
            )
        else:
            raise JobSilent(f"the job {name} could not be run: {_plain(begun)}")

    async def read_once(self) -> list[CheckResult]:
        """The results that are new in the log. Raises `JobSilent` where it cannot be read for good."""
        prober = self._prober
        seen = await prober.jobs.answers(prober.job.name, self.request.id, self.asked_at - SKEW)
        if isinstance(seen, Blind):
            if seen.reason not in PASSING:
                raise JobSilent(f"the answers of the job {prober.job.name} could not be read: {_plain(seen)}")
            self._trouble = seen
            return []
        self._trouble = None
        new = self.reader.take((entry.id, entry.payload) for entry in seen)
        if self.reader.begun and self._cold_start is None:
            self._cold_start = time.monotonic() - self._begun
        if self.reader.forged > self._told_forged:
            self._told_forged = self.reader.forged
            log.warning("request %s: %s", self.request.id, _forged(self.reader.forged))
        return new

    async def _stands(self) -> Standing:
        prober = self._prober
        state = await prober.cloud.state(seconds=min(20.0, self._seconds))
        service = prober.environment.services[prober.job.service].cloud_run or ""
        return standing(state, service, prober.job.name)

    async def _believed(self) -> Standing:
        """For which revision the job speaks. Raises `JobSilent` where for none."""
        assert self._standing is not None  # noqa: S101 - made before the first answer is read
        found = await self._standing
        if not found.speaks:
            raise JobSilent(found.why.rstrip("."))
        return found

    def _vantage(self, found: Standing) -> Vantage:
        share = "" if found.for_all else f", as {found.revision} with {found.percent} % of traffic"
        return Vantage("job", f"Cloud Run job in {self._prober.environment.region}{share}")

    def _dressed(self, result: CheckResult, found: Standing) -> CheckResult:
        facts, message = dict(result.facts), result.message
        if not found.for_all:
            facts[SPEAKS_FOR] = f"{found.revision}, which gets {found.percent} % of the traffic"
            if result.status is not Status.PASS:
                message = f"{message} (of {facts[SPEAKS_FOR]})"
        if self._cold_start is not None:
            facts["cold_start_ms"] = round(self._cold_start * 1000, 1)
        if self.reader.forged:
            facts["forged_answers"] = self.reader.forged
        return replace(result, message=message, vantage=self._vantage(found), facts=facts)

    async def _give_up(self) -> None:
        """Raises `JobSilent` where nothing more is to be expected."""
        job = self._prober.job.name
        if self._standing is not None and self._standing.done():
            await self._believed()
        if self.reader.refusal is not None:
            raise JobSilent(f"the job {job} refused: {self.reader.refusal.message.rstrip('.')}")
        if self.reader.ended is not None and len(self.reader.results) >= self.reader.ended:
            raise JobSilent(self._worded(f"the job {job} answered only {self._answered()} checks"))
        await self._look()
        if self._is_over():
            raise JobSilent(self._worded(self._end_of_execution()))
        if self._is_lost():
            raise JobSilent(f"whether the job {job} was run could not be told: {self._execution.message}")
        if self._elapsed >= self._patience:
            self.timed_out = True
            raise JobSilent(self._worded(self._time_out()))

    async def _look(self) -> None:
        """Looks how far the execution is, now and then."""
        known = self._execution
        due = time.monotonic() - self._looked >= LOOK_EVERY * self._prober.pace
        if known.state is not State.RUNNING or not known.name or not due:
            return
        self._looked = time.monotonic()
        seen = await self._prober.jobs.execution(self._prober.job.name, known.name)
        if isinstance(seen, Execution):
            self._execution = seen
            self._ended_at = time.monotonic()

    def _is_over(self) -> bool:
        """Whether it has ended in a way after which no answer comes, and its last lines had time to come."""
        state = self._execution.state
        lost = state in (State.FAILED, State.CANCELLED) or (state is State.SUCCEEDED and self.reader.forged)
        return bool(lost) and time.monotonic() - self._ended_at >= GATHER_SECONDS * self._prober.pace

    def _is_lost(self) -> bool:
        """Whether the job would have begun by now, had Cloud Run taken the call."""
        known = self._execution.name or self.reader.begun
        return not known and self._elapsed >= LOST_SECONDS * self._prober.pace

    def _end_of_execution(self) -> str:
        execution = self._execution
        if execution.state is State.SUCCEEDED:
            return f"the job {self._prober.job.name} ended without its own answers ({execution.url})"
        message = f": {execution.message.rstrip('.')}" if execution.message else ""
        return f"the execution {execution.name} {execution.state.value}{message} ({execution.url})"

    def _time_out(self) -> str:
        execution, waited = self._execution, spoken(self._patience * 1000)
        said = f"the job {self._prober.job.name} did not answer in {waited}"
        if self.reader.results:
            said = f"the job {self._prober.job.name} answered only {self._answered()} checks in {waited}"
        if self._silent_at is not None and self.short:
            said = f"{said}, nor in {spoken(self._seconds * 1000)} at {self._silent_at:%H:%M} UTC"
        if self._trouble is not None:
            return f"{said}, and Cloud Logging could not be read: {_plain(self._trouble)}"
        if not execution.name:
            return f"{said}; which execution it is could not be told"
        if execution.state is State.SUCCEEDED:
            return f"{said}: it ended, but its answers have not come through Cloud Logging ({execution.url})"
        return f"{said}; its execution is still running ({execution.url})"

    def _answered(self) -> str:
        return f"{len(self.reader.results)} of {len(self.request.checks)}"

    def _worded(self, why: str) -> str:
        """With what was not believed on the way."""
        parts = [why]
        if self.reader.forged:
            parts.append(f"{_forged(self.reader.forged)}: is WHYBOT_VANTAGE_KEY the same in both?")
        if self.reader.unreadable:
            parts.append("some answers are of another version of whybot: deploy the same image to both")
        return "; ".join(parts)


def _forged(count: int) -> str:
    were = "1 answer was" if count == 1 else f"{count} answers were"
    return f"{were} not signed by this whybot's job and not believed"


def _plain(blind: Blind) -> str:
    return blind.message.rstrip(".")
