"""Checks against the benchmark's targets: an environment, its overlay and a runner."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from benchmarks.targets import ADDRESS, NAME, Targets
from checks.environment import Environment
from checks.overlay import Overlay
from checks.reasons import Reason
from checks.result import Sweep, Vantage
from checks.runner import Runner
from checks.secrets import Secrets
from checks.spec import CheckSpec

VANTAGE = Vantage("here", "the benchmark")


def overlay(targets: Targets, **extra: int) -> Overlay:
    """Maps every port of `ADDRESS` to the same port here; `extra` are ports of other servers."""
    ports = (targets.tcp, targets.http, targets.tls, *extra.values())
    addresses = {f"{ADDRESS}:{port}": f"127.0.0.1:{port}" for port in ports}
    return Overlay(addresses, ("127.0.0.1", targets.dns), (Path(targets.authority),))


def environment(checks: Mapping[str, Mapping[str, Any]]) -> Environment:
    """An environment of these checks."""
    return Environment.model_validate(
        {"schema": "whybot/environment/1", "name": "bench", "checks": dict(checks)}
    )


def runner(of: Environment, over: Overlay, secrets: Mapping[str, str] | None = None) -> Runner:
    """A runner as `whybot check` makes it."""
    return Runner(of, Secrets(secrets or {}), VANTAGE, overlay=over)


def bare_runner(over: Overlay) -> Runner:
    """A runner for specs that are in no environment file."""
    from checks.dialer import Dialer

    dialer = Dialer([ADDRESS, NAME], [ip_network("203.0.113.0/24")], over)
    nothing = environment({"none": {"kind": "dns", "host": NAME}})
    return Runner(nothing, Secrets({}), VANTAGE, overlay=over, dialer=dialer)


WORKED = frozenset({Reason.OK, Reason.OVER_BUDGET, Reason.PROBER_OVERLOADED})
"""The target answered and the whole check was done; on a busy machine that may have taken too long."""


async def swept(by: Runner, specs: Sequence[CheckSpec]) -> Sweep:
    """Runs the checks; a benchmark of failing checks would say nothing, so one that fails ends it."""
    sweep = await by.run(specs)
    bad = [result for result in sweep.results if result.reason not in WORKED]
    if bad:
        raise RuntimeError(f"{len(bad)} of {len(specs)} checks did not pass: {bad[0].name}: {bad[0].message}")
    return sweep
