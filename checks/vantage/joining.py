"""Makes one answer of what the job and this place say of a check: the job is believed where it tells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from checks.durations import spoken
from checks.reasons import Reason
from checks.result import JOB_SILENT, CheckResult, Status, Vantage
from checks.runner import utc_now
from checks.spec import CheckSpec
from checks.vantage.job import JobSilent, Waiting

HERE_STATUS, HERE_REASON, HERE_MS = "here_status", "here_reason", "here_ms"
"""Facts of a dependency's result: what the same check found from here."""
COULD_NOT_TELL = "the job could not tell"
OF_THE_WAY = frozenset(
    {
        Reason.OVER_BUDGET,
        Reason.DNS_NXDOMAIN,
        Reason.DNS_SERVFAIL,
        Reason.DNS_TIMEOUT,
        Reason.DNS_NO_RECORD,
        Reason.CONNECT_REFUSED,
        Reason.CONNECT_TIMEOUT,
        Reason.CONNECT_UNREACHABLE,
        Reason.CONNECTION_RESET,
        Reason.READ_TIMEOUT,
    }
)
"""What another network can be to blame for; everything else is the server's own answer, from anywhere."""


@dataclass(frozen=True, slots=True)
class FromHere:
    """A result of this place's own runner."""

    result: CheckResult


Heard: TypeAlias = FromHere | CheckResult | Waiting | JobSilent
"""What is heard of both places; a bare result is the job's."""


@dataclass(slots=True)
class Joining:
    """One sweep. `remote` are the checks that are the job's.

    `asks_both` where they are asked from here as well. `job` is the place where it is.
    """

    here: Vantage
    job: Vantage
    remote: Mapping[str, CheckSpec]
    asks_both: bool
    answered: set[str] = field(default_factory=set)
    _here: dict[str, CheckResult] = field(default_factory=dict)
    _silent: JobSilent | None = None

    def taken(self, heard: Heard) -> Iterator[CheckResult | Waiting]:
        """What there is to say now, each check once."""
        if isinstance(heard, Waiting):
            yield heard
            return
        for result in self._results(heard):
            if result.name not in self.answered:
                self.answered.add(result.name)
                yield result

    def _results(self, heard: FromHere | CheckResult | JobSilent) -> Iterator[CheckResult]:
        if isinstance(heard, JobSilent):
            self._silent = heard
            yield from self._instead(list(self.remote))
        elif isinstance(heard, CheckResult):
            yield joined(heard, self._here.get(heard.name))
        elif heard.result.name not in self.remote:
            yield heard.result
        else:
            self._here[heard.result.name] = heard.result
            yield from self._instead([heard.result.name])

    def _instead(self, names: Sequence[str]) -> Iterator[CheckResult]:
        """What is known without the job, once it is silent."""
        if self._silent is None:
            return
        for name in names:
            if name in self._here:
                yield doubted(replace(self._here[name], vantage=mute(self.here)), self._silent)
            elif not self.asks_both:
                yield untold(self.remote[name], self.job, self._silent)


def mute(here: Vantage) -> Vantage:
    """This place, for what it says nothing of."""
    return replace(here, speaks=False)


def joined(result: CheckResult, here: CheckResult | None) -> CheckResult:
    """The job's result, with what was found from here where that is known."""
    if here is None:
        return result
    message = result.message
    if here.status is Status.PASS and result.status in (Status.FAIL, Status.DEGRADED):
        message = f"{message}; from here it answers{_took(here)}"
    return replace(result, message=message, facts=dict(result.facts) | _seen(here))


def doubted(result: CheckResult, why: JobSilent) -> CheckResult:
    """What was found from here in place of the job: neither a pass nor a failure of the way says anything.

    What the server itself answered stays. Why the job is silent is a fact, since it is the same for all.
    """
    facts = dict(result.facts) | {JOB_SILENT: str(why)}
    passed = result.status is Status.PASS
    if not passed and result.reason not in OF_THE_WAY:
        return replace(result, message=f"{result.message} (from here; {COULD_NOT_TELL})", facts=facts)
    seen = f"answers here{_took(result)}" if passed else f"from here: {result.message}"
    return replace(
        result,
        status=Status.UNKNOWN,
        reason=Reason.VANTAGE_CANNOT_TELL,
        message=f"{seen}; {COULD_NOT_TELL}",
        duration_ms=None,
        facts=facts | _seen(result),
    )


def untold(spec: CheckSpec, vantage: Vantage, why: JobSilent) -> CheckResult:
    """A check that only the job was to answer."""
    return CheckResult(
        name=spec.name,
        kind=spec.kind,
        title=spec.label,
        target=spec.target,
        layer=spec.layer,
        status=Status.UNKNOWN,
        reason=Reason.VANTAGE_CANNOT_TELL,
        message=f"not asked; {COULD_NOT_TELL}",
        duration_ms=None,
        budget_ms=spec.budget,
        phases=(),
        facts={JOB_SILENT: str(why)},
        attempts=0,
        vantage=vantage,
        started_at=utc_now(),
    )


def _took(result: CheckResult) -> str:
    return f" in {spoken(result.duration_ms)}" if result.duration_ms is not None else ""


def _seen(here: CheckResult) -> dict[str, str | float | None]:
    return {HERE_STATUS: here.status.value, HERE_REASON: here.reason.value, HERE_MS: here.duration_ms}
