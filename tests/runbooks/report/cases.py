"""Cases for reports: the evidence of the incident by hand, in the shapes that sources give."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from runbooks.bundle import Bundle
from runbooks.diagnosis import Chain, Cite, Diagnosis, Offer, Onset, RuledOut, Similar, Untold, Verdict, Why
from runbooks.evidence.source import Section
from runbooks.report.case import Case
from runbooks.values import Gap, Value

AT = datetime(2026, 11, 23, 2, 14, tzinfo=UTC)
BEGAN = datetime(2026, 11, 23, 1, 52, tzinfo=UTC)
DEPLOYED = datetime(2026, 11, 23, 1, 49, tzinfo=UTC)
DIGEST = f"sha256:{'7f3a' * 16}"
NOT_GRANTED = Gap(
    "logs",
    "permission logging.logEntries.list is missing",
    "Grant roles/logging.viewer: gcloud projects add-iam-policy-binding netra-staging",
)


def check(name: str, title: str, status: Value, **more: Any) -> dict[str, Value]:
    """A check, of a dependency unless it says otherwise."""
    return {
        "name": name,
        "kind": name,
        "title": title,
        "target": "10.166.204.83:6379",
        "layer": "dependency",
        "status": status,
        "reason": "ok" if status == "pass" else status,
        "message": f"{title} ok",
        "duration_ms": 12.0,
        "budget_ms": 500.0,
        "times_over": 0.0,
        "service": "",
        "host": "10.166.204.83",
        "brief": "ok" if status == "pass" else "failing",
        **more,
    }


CHECKS: dict[str, Value] = {
    "redis": check(
        "redis",
        "Redis",
        "fail",
        reason="connect_timeout",
        brief="unreachable",
        message="no answer in 3 s at 10.166.204.83:6379 (connect timed out)",
        duration_ms=None,
        budget_ms=100.0,
    ),
    "postgres": check(
        "postgres",
        "PostgreSQL",
        "degraded",
        reason="over_budget",
        message="connected in 2.9 s, query took 2.3 s; budget 500 ms",
        target="10.20.0.5:5432",
        duration_ms=5187.25,
        times_over=10.3745,
    ),
    "clickhouse": check("clickhouse", "ClickHouse", "pass", duration_ms=109.0, target="10.20.0.9:8123"),
    "backend": check(
        "backend",
        "backend",
        "fail",
        reason="http_503",
        brief="HTTP 503",
        layer="service",
        service="backend",
        message="HTTP 503 from /health",
        duration_ms=4100.0,
        budget_ms=2000.0,
        times_over=2.05,
        target="https://staging.netrasystems.ai/health",
    ),
    "frontend": check(
        "frontend",
        "frontend",
        "pass",
        layer="edge",
        service="frontend",
        target="https://app.staging.netrasystems.ai/",
    ),
}
ENV: dict[str, Value] = {
    "name": "staging",
    "title": "Staging (netra-staging)",
    "project": "netra-staging",
    "region": "us-central1",
    "availability": 0.999,
    "vpc": "staging-vpc",
    "connector": "staging-connector",
    "egress": "all-traffic",
    "services": {
        "backend": {
            "name": "backend",
            "cloud_run": "netra-backend-staging",
            "url": "https://staging.netrasystems.ai",
            "uses": ("redis", "postgres", "clickhouse"),
        },
        "frontend": {"name": "frontend", "cloud_run": "netra-frontend-staging", "url": "", "uses": ()},
    },
    "terraform": True,
}
REVISION: dict[str, Value] = {
    "name": "netra-backend-staging-00042",
    "short": "00042",
    "percent": 100.0,
    "ready": True,
    "connector": "legacy-connector",
    "network": "default",
    "validated": False,
}
SERVICES: dict[str, Value] = {
    "backend": {
        "name": "backend",
        "cloud_run": "netra-backend-staging",
        "serving": (REVISION,),
        "pinned": False,
        "rollback": {"name": "netra-backend-staging-00041", "short": "00041"},
    }
}
PATHS: tuple[Value, ...] = (
    {
        "service": "backend",
        "revision": "netra-backend-staging-00042",
        "percent": 100.0,
        "dependency": "redis",
        "title": "Redis",
        "address": "10.166.204.83",
        "verdict": "fail",
        "deciding": "network",
        "message": "legacy-connector leads into default, Redis is reachable from staging-vpc",
        "detour": False,
        "detour_text": "",
        "planned": "",
        "steps": {
            "connector": {
                "status": "pass",
                "message": "legacy-connector is ready",
                "field": "",
                "observed": "READY",
                "expected": "READY",
                "change": "",
            },
            "network": {
                "status": "fail",
                "message": "legacy-connector leads into default, Redis is reachable from staging-vpc",
                "field": "network",
                "observed": "default",
                "expected": "staging-vpc",
                "change": "connect backend through staging-connector",
            },
        },
    },
    {
        "service": "backend",
        "revision": "netra-backend-staging-00042",
        "dependency": "redis",
        "verdict": "pass",
        "planned": "declared",
        "steps": {},
    },
)
DRIFT: dict[str, Value] = {
    "known_fields": 31,
    "differences": (
        {
            "field": "services.backend.vpc_access.connector",
            "title": "connector of backend",
            "service": "backend",
            "declared": "staging-connector",
            "terraform": "staging-connector",
            "live": "legacy-connector",
            "severity": "critical",
            "effect": "cuts Redis off",
            "accepted": False,
            "changed": {"at": DEPLOYED, "who": "deploy-bot@netra-staging", "method": "deployed"},
        },
    ),
    "unknown": (),
}
LOGS: dict[str, Value] = {
    "backend": {
        "total": 240,
        "failed": 212,
        "share_failed": 212 / 240,
        "by_status": {"200": 28, "503": 212},
        "first_failed": BEGAN,
        "last_failed": AT - timedelta(seconds=20),
        "latency_failed_ms": {"shortest": 2000.0, "median": 4100.0, "longest": 12000.0},
        "since": AT - timedelta(hours=1),
        "until": AT,
        "truncated": False,
        "errors": (
            {
                "message": "health check failed: 10.166.204.83:6379: timed out",
                "count": 200,
                "first": BEGAN,
                "last": AT,
                "severity": "ERROR",
                "revision": "netra-backend-staging-00042",
            },
        ),
        "signals": {},
    }
}
CHANGES: tuple[Value, ...] = (
    {
        "at": DEPLOYED,
        "who": "deploy-bot@netra-staging",
        "method": "ReplaceService",
        "what": "deployed",
        "resource": "netra-backend-staging",
        "service": "backend",
        "revision": "netra-backend-staging-00042",
        "terraform": False,
    },
)
FACTS: dict[str, Value] = {
    "env": ENV,
    "checks": CHECKS,
    "services": SERVICES,
    "paths": PATHS,
    "drift": DRIFT,
    "logs": LOGS,
    "changes": CHANGES,
    "onset": {"at": BEGAN, "before": CHANGES, "change": CHANGES[0]},
    "history": (),
}


def cite(place: str, text: str, url: str = "") -> Cite:
    """A piece of evidence of the time of the case."""
    return Cite(place, text, place.partition(".")[0], AT, url)


def why(question: str, because: str, title: str, *evidence: Cite, missing: tuple[Gap, ...] = ()) -> Why:
    """A why of the runbook `network-path`."""
    return Why(question, because, f"network-path/{title}", title, evidence, missing=missing)


FIRST = why(
    "Why is backend returning HTTP 503?",
    "The container is ready, but Redis and PostgreSQL fail",
    "dependency-failing",
    cite("checks.backend", "backend: HTTP 503 from /health"),
    cite("checks.redis", "Redis: no answer in 3 s", "https://console.cloud.google.com/memorystore/redis"),
)
ROOT = why(
    "Why do they fail?",
    "Live differs from what is declared since 01:49, when deploy-bot made 00042",
    "VPC access differs",
    cite("drift.connector", "connector: legacy-connector, declared staging-connector"),
)
REPAIR = Offer(
    "repair-vpc-access",
    "Repair VPC access",
    "Makes a revision with the declared VPC access",
    "network-path/VPC access differs",
    "repair-vpc-access",
    undoable=True,
    reach=1,
    reach_text="1 service",
    lasting=False,
)
ROLL_BACK = Offer(
    "rollback-traffic",
    "Roll back to 00041",
    "Gives all traffic to 00041",
    "network-path/VPC access differs",
    "rollback-traffic",
    undoable=True,
    reach=1,
    reach_text="1 service",
    lasting=False,
)
GATE = Offer(
    "deploy-gate",
    "Gate before traffic",
    "Runs the checks before traffic",
    "network-path/VPC access differs",
    "",
    undoable=False,
    reach=1,
    reach_text="the deploy pipeline",
    lasting=True,
)
DIAGNOSIS = Diagnosis(
    environment="staging",
    at=AT,
    status=Verdict.CONFIRMED,
    question="Why is backend returning HTTP 503?",
    chain=Chain("http-503", (FIRST, ROOT), ROOT),
    ruled_out=(RuledOut("redis/down", "Redis down", "Memorystore READY", ()),),
    unknown=(
        Untold(
            "network-path/route",
            "Peering routes",
            (Gap("paths", "routes of the peering could not be read"),),
            "Grant roles/compute.networkViewer",
        ),
    ),
    remedies=(REPAIR, ROLL_BACK, GATE),
    onset=Onset(BEGAN, cite("logs.backend", "first 503 at 01:52")),
    similar=(Similar("8KQ2", AT - timedelta(days=9), "VPC access differs", "the same connector"),),
)
SECTIONS = {
    name: Section(name, data={}, gathered_at=AT, took_ms=120.0)
    for name in ("checks", "services", "paths", "drift", "logs", "changes")
}
BUNDLE = Bundle(ENV, AT, "0.4.0", SECTIONS)


def case(diagnosis: Diagnosis = DIAGNOSIS, **roots: Value) -> Case:
    """The incident, with other evidence under some roots."""
    facts: Mapping[str, Value] = {**FACTS, **roots}
    return Case(BUNDLE, diagnosis, facts)
