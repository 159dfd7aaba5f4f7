"""What the checks of Google Cloud and Terraform have in common: they read configuration or logs."""

import asyncio
from typing import ClassVar

from pydantic import Field

from checks.durations import spoken
from checks.failures import CheckBlind
from checks.observations import Blind, Seen, T
from checks.observe.permissions import with_account
from checks.probe import Probe
from checks.reasons import Reason
from checks.sight import Sight
from checks.spec import CheckSpec, Finding, Layer, Milliseconds

MARGIN = 0.1  # seconds before the deadline, so that silence of Google's is told as such, not as the target's


class CloudCheck(CheckSpec):
    """A check that reads what Google says; `look` is its own part.

    It is not timed: how fast Google answers says nothing about the service.
    """

    title_default: ClassVar[str] = "Configuration"
    timed: ClassVar[bool] = False

    layer: Layer = "service"
    budget: Milliseconds = Field(default=30_000.0, description="Slower than this is over budget.")
    timeout: Milliseconds = Field(
        default=30_000.0, description="What was not read after this is unknown.", validate_default=True
    )

    async def run(self, probe: Probe) -> Finding:
        """Reads and judges. Blind (`cloud_…`) where that is not possible."""
        eyes = eyes_of(probe)
        try:
            async with asyncio.timeout(max(0.0, probe.remaining() - MARGIN)):
                with probe.phase("read"):
                    return await self.look(probe, eyes)
        except TimeoutError:
            raise CheckBlind(
                Reason.CLOUD_UNREACHABLE, f"Google Cloud did not answer within {spoken(self.timeout)}"
            ) from None

    async def look(self, probe: Probe, eyes: Sight) -> Finding:
        """Reads what the check is about, and judges it."""
        raise TypeError(f"{type(self).__name__} cannot look")


def eyes_of(probe: Probe) -> Sight:
    """The eyes of the environment; raises `CheckBlind` where it has none."""
    if probe.eyes is None:
        raise CheckBlind(
            Reason.CLOUD_LOGIN,
            "the environment file names no project and region to look at; name them, or take this check out",
        )
    return probe.eyes


def service_of(eyes: Sight, key: str) -> str:
    """The Cloud Run name of a service of the environment file; raises `CheckBlind` where it has none."""
    names = eyes.cloud_run_names
    if key not in names:
        there = ", ".join(names) or "none"
        raise CheckBlind(
            Reason.CLOUD_NOT_FOUND,
            f'the environment file has no service "{key}" with a `cloud_run` name; there are: {there}',
        )
    return names[key]


def seen(probe: Probe, value: Seen[T]) -> T:
    """The value; raises `CheckBlind`, which names the permission, the role and the command that grants it."""
    if not isinstance(value, Blind):
        return value
    raise blindness(probe, value)


def blindness(probe: Probe, blind: Blind) -> CheckBlind:
    """What could not be read, as a check says it; permission, role and command become facts."""
    for fact in ("permission", "role", "command"):
        if told := getattr(blind, fact):
            probe.note(**{fact: told})
    message = blind.message
    if blind.command and blind.command not in message:
        message = f"{message.rstrip('.')}. To grant it: {blind.command}"
        if hint := with_account(blind.command):
            message = f"{message} ({hint[0].lower()}{hint[1:-1]})"
    return CheckBlind(blind.reason, message)


def clock(moment: object) -> str:
    """A time of day in UTC: `01:52`."""
    return f"{moment:%H:%M}"
