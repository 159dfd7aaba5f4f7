"""What whys need of the environment file: the part of it that a bundle carries, and `env`."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from checks.dependencies import uses
from checks.environment import Connector, Environment
from checks.spec import CheckSpec
from runbooks.shape import Listing, Record, Shape, Table, flag, number, text, time
from runbooks.values import Gap, Json, Value

PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
UNPROMISED = "the environment file promises no availability"
PROMISE = "Write `slo: {availability: 99.9%}` into the environment file."
SERVICE = Record(
    {
        "name": text("its key in the environment file"),
        "cloud_run": text("its name in Cloud Run, empty where it is not on Cloud Run"),
        "url": text("its address for users, empty where the file has none"),
        "uses": Listing(text("the name of a check")),
    }
)
SHAPE: Shape = Record(
    {
        "name": text("the environment's name: staging"),
        "title": text("what people call it"),
        "project": text("its project in Google Cloud, empty where the file names none"),
        "region": text("its region, empty where the file names none"),
        "availability": number("the share of requests that should succeed, 0 to 1; a gap where undeclared"),
        "vpc": text("the declared network, null where undeclared"),
        "connector": text("the declared connector, null where undeclared"),
        "egress": text("its egress setting, null where undeclared", "all-traffic", "private-ranges-only"),
        "services": Table(SERVICE, "services by their key"),
        "terraform": flag("whether the file names Terraform's files to compare with"),
        "at": time("when gathering of the evidence began"),
    },
    "what the environment file says",
)


def part_of(environment: Environment) -> Json:
    """What whys need of an environment file, as JSON. Neither secrets nor references to them are in it."""
    network, slo = environment.network, environment.slo
    return {
        "name": environment.name,
        "title": environment.title or environment.name,
        "project": environment.project or "",
        "region": environment.region or "",
        "availability": round(slo.availability, 9) if slo else None,
        "network": {"vpc": network.vpc, "connector": _connector(network.connector)},
        "services": {
            key: {
                "cloud_run": each.cloud_run or "",
                "url": each.url or "",
                "uses": list(uses(environment, key)),
            }
            for key, each in environment.services.items()
        },
        "terraform": environment.terraform is not None,
        "job": job.name if (job := environment.vantages.job) else "",
        "checks": {name: _check(spec) for name, spec in environment.checks.items()},
    }


def _connector(connector: Connector | None) -> Json:
    if connector is None:
        return None
    return {"name": connector.name, "cidr": str(connector.cidr), "egress": connector.egress}


def _check(spec: CheckSpec) -> Json:
    url = urlsplit(str(getattr(spec, "url", "") or ""))
    return {
        "kind": spec.kind,
        "layer": spec.layer,
        "title": spec.label,
        "host": next(iter(sorted(spec.hosts())), ""),
        "port": int(getattr(spec, "port", 0) or url.port or PORTS.get(url.scheme, 0)),
        "service": str(getattr(spec, "service", "") or ""),
        "budget_ms": spec.budget if spec.timed else 0.0,
    }


def view(part: Json, at: datetime) -> Mapping[str, Value]:
    """`env`, of what `part_of` made; `at` is when gathering began."""
    declared, connector = part["network"], part["network"]["connector"] or {}
    return {
        "name": part["name"],
        "title": part["title"],
        "project": part["project"],
        "region": part["region"],
        "availability": Gap("env.availability", UNPROMISED, PROMISE)
        if part["availability"] is None
        else part["availability"],
        "vpc": declared["vpc"],
        "connector": connector.get("name"),
        "egress": connector.get("egress"),
        "services": {
            key: {
                "name": key,
                "cloud_run": each["cloud_run"],
                "url": each["url"],
                "uses": tuple(each["uses"]),
            }
            for key, each in part["services"].items()
        },
        "terraform": part["terraform"],
        "at": at,
    }
