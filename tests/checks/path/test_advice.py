"""What would have to be different, as sentences."""

from dataclasses import dataclass, replace

import pytest

from checks.observations import Egress, NextHop, TrafficShare, VpcAccess
from checks.path.explain import explain
from checks.path.model import StepKey, Target
from tests.checks.path.place import (
    BACKEND,
    BAD,
    CLICKHOUSE,
    DEFAULT,
    GOOD,
    LEGACY,
    PEERING,
    POSTGRES,
    REDIS,
    STAGING,
    VPC,
    Change,
    adding,
    all_of,
    blind,
    but,
    connector,
    connector_ref,
    direct,
    having,
    imported,
    leaving,
    revision,
    route,
    service,
    serving,
    staging,
)

NEW = f"{BACKEND}-00043-new"
PUPI = replace(REDIS, host="34.10.0.3", addresses=("34.10.0.3",))
REDIS_ON_DEFAULT = all_of(
    but("redis", "staging-redis", network=DEFAULT), imported({("staging-vpc", PEERING): ()})
)


def revisions(*found: object) -> Change:
    """The service has these revisions."""
    return having(revisions={BACKEND: found})


@dataclass(frozen=True)
class Advice:
    """`says` is the whole sentence of the step that decides."""

    name: str
    change: Change
    says: str
    target: Target = REDIS
    planned: VpcAccess | None = None


TABLE = (
    Advice(
        "the seed: the revision before has it",
        serving(BAD),
        "A revision with connector staging-connector, which is on staging-vpc, would have to serve: "
        f"{GOOD} has it and gets 0 %.",
    ),
    Advice(
        "the repair was deployed and gets no traffic: the newest is named",
        all_of(
            revisions(revision(GOOD, STAGING), revision(BAD, LEGACY), revision(NEW, STAGING)), serving(BAD)
        ),
        "A revision with connector staging-connector, which is on staging-vpc, would have to serve: "
        f"{NEW} has it and gets 0 %.",
    ),
    Advice(
        "one that is not ready, or was deleted, is not named",
        all_of(
            revisions(
                revision(GOOD, STAGING, ready=False),
                revision(NEW, STAGING, deleted=True),
                revision(BAD, LEGACY),
            ),
            serving(BAD),
        ),
        "Either staging-redis would have to be authorized on default in place of staging-vpc, or a revision "
        "with a connector on staging-vpc would have to serve (staging-connector is on it).",
    ),
    Advice(
        "a revision with Direct VPC",
        all_of(revisions(revision(GOOD, direct()), revision(BAD, LEGACY)), serving(BAD)),
        f"A revision with Direct VPC on staging-vpc would have to serve: {GOOD} has it and gets 0 %.",
    ),
    Advice(
        "a revision whose connector is not there any more is not named",
        all_of(but("connectors", "staging-connector"), serving(BAD)),
        "Either staging-redis would have to be authorized on default in place of staging-vpc, or a revision "
        "with Direct VPC on staging-vpc or a connector on it in us-central1 would have to serve.",
    ),
    Advice(
        "Redis was authorized on another network: no other connector is recommended",
        all_of(REDIS_ON_DEFAULT, leaving(STAGING)),
        "Either staging-redis would have to be authorized on staging-vpc in place of default, or a revision "
        "with a connector on default would have to serve (legacy-connector is on it).",
    ),
    Advice(
        "the same, and an old revision is on that network: Cloud SQL is on this one, so both are said",
        REDIS_ON_DEFAULT,
        "Either staging-redis would have to be authorized on staging-vpc in place of default, or a revision "
        "with connector legacy-connector, which is on default, would have to serve: "
        f"{BAD} has it and gets 0 %.",
    ),
    Advice(
        "PostgreSQL likewise",
        all_of(leaving(direct(DEFAULT)), having(routes=())),
        "Either staging-db would need its private address on default in place of staging-vpc, or a revision "
        "with a connector on staging-vpc would have to serve (staging-connector is on it).",
        target=POSTGRES,
    ),
    Advice(
        "a machine is where it is",
        all_of(leaving(LEGACY), having(routes=())),
        "A revision with a connector on staging-vpc would have to serve (staging-connector is on it).",
        target=CLICKHOUSE,
    ),
    Advice(
        "of two connectors none is preferred",
        all_of(leaving(None), adding("connectors", connector("new", VPC, "10.2.0.0/28"))),
        "A revision with a connector on staging-vpc would have to serve (new, staging-connector are on it).",
    ),
    Advice(
        "the connector was deleted",
        but("connectors", "staging-connector"),
        "Either connector staging-connector would have to be there, or a revision with Direct VPC on "
        "staging-vpc or a connector on it in us-central1 would have to serve.",
    ),
    Advice(
        "a connector of another region",
        leaving(VpcAccess(connector_ref("staging-connector", "europe-west1"), Egress.ALL)),
        "A revision with a connector in us-central1 would have to serve.",
    ),
    Advice(
        "an egress setting that leaves the address out",
        all_of(
            leaving(replace(STAGING, egress=Egress.PRIVATE_RANGES)),
            but("redis", "staging-redis", host="34.10.0.3", reserved_range="34.10.0.0/29"),
            imported({("staging-vpc", PEERING): (route(VPC, "34.10.0.0/29", NextHop.PEERING, by=PEERING),)}),
        ),
        "A revision with egress all-traffic would have to serve.",
        target=PUPI,
    ),
    Advice(
        "a plan can still be another one",
        having(),
        "Either staging-redis would have to be authorized on default in place of staging-vpc, or the planned "
        "revision would need a connector on staging-vpc (staging-connector is on it).",
        planned=LEGACY,
    ),
    Advice(
        "a plan without VPC access",
        having(),
        "The planned revision would need a connector on staging-vpc (staging-connector is on it).",
        planned=VpcAccess(),
    ),
    Advice(
        "whose network it is may not be read",
        all_of(leaving(None), having(redis=blind("redis.instances.list"))),
        "A revision with a connector or Direct VPC on a network that leads there would have to serve.",
    ),
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_what_would_have_to_change(row: Advice) -> None:
    """The sentence of the step that decides can be carried out, and recommends no connector by itself."""
    (path,) = explain(row.change(staging()), BACKEND, row.target, planned=row.planned)
    assert path.deciding is not None
    assert path.deciding.change == row.says


def test_a_share_of_the_traffic_is_told() -> None:
    """Where the good revision already serves some requests, its share is said."""
    shares = service(TrafficShare(BAD, 70), TrafficShare(GOOD, 30))
    worst, _ = explain(having(services=(shares,))(staging()), BACKEND, REDIS)
    step = next(each for each in worst.steps if each.key is StepKey.NETWORK)
    assert step.change.endswith(f"{GOOD} has it and gets 30 %.")
