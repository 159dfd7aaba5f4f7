"""What the sites of staging do because of how Cloud Run is configured and loaded; pure.

A site is one process that stands for the revision which gets most requests: its image may hold a bug, its
secrets may be gone, its instances may be used up. Wording of Cloud Run's answers:
https://cloud.google.com/run/docs/troubleshooting
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.cloud import run_v2

from sandbox import baseline
from sandbox.cloud.resources import Resources, ServiceLoad
from sandbox.cloud.secret_manager import secret_obstacle
from sandbox.fabric import busiest

HELP = "Additional troubleshooting documentation can be found at: https://cloud.google.com/run/docs/troubleshooting"
NO_INSTANCE = f"The request was aborted because there was no available instance. {HELP}#abort-request"
BROKEN = (
    "The request failed because either the HTTP response was malformed or connection to the instance had an "
    f"error. {HELP}#malformed-response-or-connection-error"
)
NOT_STARTED = f"The request failed because the instance failed to start. {HELP}#abort-request"
STARTING = (
    "Starting new instance. Reason: AUTOSCALING - Instance started due to configured scaling factors "
    "(e.g. CPU utilization, request throughput, etc.) or no existing capacity for current traffic."
)
KILLED = "Container terminated on signal 9."
RESET = "upstream connect error or disconnect/reset before headers. reset reason: connection termination"

BUG = """Traceback (most recent call last):
  File "/app/routes/health.py", line 27, in health
  File "/app/plans/limits.py", line 88, in limits_of
KeyError: 'max_threads'"""
UNREADY = """Traceback (most recent call last):
  File "/app/startup.py", line 63, in load_settings
RuntimeError: setting AGENT_REGISTRY_URL is not set; the application is not ready to serve"""
PROGRAMS: Mapping[str, tuple[str, str]] = {
    "good": ("", ""),
    "error": ("app_error", BUG),
    "unavailable": ("app_unavailable", UNREADY),
}
"""What may be wrong with an image's code: the fault of the application, and what it logs at each request."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that Cloud Run writes to `varlog/system` at each request."""

    text: str
    severity: str = "INFO"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a site does: faults of the application with their options.

    `said` is why a request reached no container, as its entry in the request log has it; `lines` is what
    Cloud Run logs besides. All are empty where nothing is the matter.
    """

    faults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    said: str = ""
    lines: tuple[Line, ...] = ()


def behaviour(site: baseline.Site, resources: Resources) -> Behaviour:
    """What a site does now; where several things are wrong, what keeps requests from the container."""
    name = f"{baseline.PARENT}/services/{site.service}"
    service = resources.services.get(name)
    revision = None if service is None else busiest(service, resources)
    if revision is None:
        return Behaviour()
    if gone := secret_obstacle(revision.containers, resources, baseline.NUMBER):
        lines = (Line(STARTING), Line(gone, "ERROR"))
        return Behaviour(_refused(503, "Service Unavailable"), NOT_STARTED, lines)
    load = resources.loads.get(name)
    if isinstance(load, ServiceLoad):
        loaded = _loaded(load, revision)
        if loaded is not None:
            return loaded
    return _coded(resources.programs.get(revision.containers[0].image, ""))


def _loaded(load: ServiceLoad, revision: run_v2.Revision) -> Behaviour | None:
    limit = memory_limit(revision)
    if load.memory_mib > limit:
        used = f"Memory limit of {limit} MiB exceeded with {load.memory_mib} MiB used."
        hint = "Consider increasing the memory limit, see https://cloud.google.com/run/docs/configuring/memory-limits"
        lines = (Line(f"{used} {hint}", "ERROR"), Line(KILLED, "WARNING"), Line(STARTING))
        return Behaviour(_refused(503, RESET), BROKEN, lines)
    if load.refused_per_s and load.instances >= revision.scaling.max_instance_count:
        return Behaviour(_refused(429, "Rate exceeded."), NO_INSTANCE)
    if load.cold and not revision.scaling.min_instance_count:
        return Behaviour({"app_cold_start": {"ms": load.startup_ms}}, "", (Line(STARTING),))
    return None


def memory_limit(revision: run_v2.Revision) -> int:
    """The memory that an instance may use, in MiB."""
    text = revision.containers[0].resources.limits.get("memory", baseline.MEMORY)
    return int(text.removesuffix("Mi")) if text.endswith("Mi") else int(text.removesuffix("Gi")) * 1024


def _refused(status: int, body: str) -> Mapping[str, Mapping[str, Any]]:
    return {"no_container": {"status": status, "body": body}}


def _coded(program: str) -> Behaviour:
    fault, log = PROGRAMS.get(program, ("", ""))
    return Behaviour({fault: {"log": log}}) if fault else Behaviour()
