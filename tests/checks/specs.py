"""Checks that behave as a test says, and an environment to run them in."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from pydantic import Field

from checks.environment import Environment
from checks.probe import Probe
from checks.reasons import Reason
from checks.result import Status, Vantage
from checks.spec import CheckSpec, Finding

HERE = Vantage("here", "this machine (test)")
OK = Finding(Status.PASS, Reason.OK, "answered")

Behave = Callable[[Probe], Awaitable[Finding]]


class Acted(CheckSpec):
    """A check that does what `act` does."""

    kind: Literal["acted"] = "acted"
    act: Behave = Field(exclude=True)

    @property
    def target(self) -> str:
        """A fixed one."""
        return "203.0.113.10:1"

    async def run(self, probe: Probe) -> Finding:
        """Acts."""
        return await self.act(probe)


def acted(name: str, act: Behave, *, budget: float = 10_000, timeout: float = 20_000) -> Acted:
    """A check of that name; budget and time-out in milliseconds, by default too long to matter."""
    return Acted(name=name, act=act, budget=budget, timeout=timeout)


async def answer(probe: Probe) -> Finding:
    """Passes at once."""
    return OK


async def hang(probe: Probe) -> Finding:
    """Connects for ever."""
    with probe.phase("connect"):
        await asyncio.Event().wait()
    return OK


def environment() -> Environment:
    """A small environment that is right."""
    return Environment.model_validate(
        {
            "schema": "whybot/environment/1",
            "name": "staging",
            "network": {"ranges": ["203.0.113.0/24"]},
            "checks": {"dns": {"kind": "dns", "host": "staging.example.org", "record": "A"}},
        }
    )
