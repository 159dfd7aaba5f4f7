"""Documents `whybot/why/1` for tests: the seed's incident, and any that hypothesis thinks of."""

import copy
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from bot.views.why_state import WhyState

AT = datetime(2026, 11, 23, 2, 14, tzinfo=UTC)
MOMENT = "2026-11-23T02:14:00.000000Z"
PAGE = "https://console.cloud.google.com/run/detail/us-central1/netra-backend-staging?project=netra-staging"


def cite(name: str, text: str, source: str = "check", url: str = "") -> dict[str, Any]:
    """One piece of evidence."""
    return {"id": name, "text": text, "source": source, "at": MOMENT, "url": url}


def why(question: str, because: str, *evidence: dict[str, Any], title: str = "Cause", **more: Any) -> Any:
    """One why, of a cause that is named after its title."""
    plain = {
        "question": question,
        "because": because,
        "cause": f"http-503/{title.lower().replace(' ', '-')}",
        "title": title,
        "subject": "",
        "evidence": list(evidence),
        "weaker": False,
        "missing": [],
    }
    return plain | more


def remedy(name: str, title: str, **more: Any) -> dict[str, Any]:
    """Something that would help."""
    plain = {
        "id": name,
        "title": title,
        "text": f"{title} and checks that it helped.",
        "cause": "http-503/wrong-network",
        "action": name,
        "undoable": True,
        "reach": 1,
        "reach_text": "1 service",
        "lasting": False,
        "commands": ["gcloud run services update netra-backend-staging --vpc-connector=staging-connector"],
    }
    return plain | more


CHAIN = [
    why(
        "Why is backend returning HTTP 503?",
        "The container is ready, but 212 of 240 requests since 01:52 ended in 503 after 2–12 s",
        cite("logs.backend", "212 of 240 requests ended in 503 since 01:52", "logging", PAGE + "&tab=logs"),
        cite("services.backend", "Ready: True since 01:49", "cloud_run", PAGE),
        title="Dependencies fail",
    ),
    why(
        "Why do requests fail in a ready container?",
        "Redis does not answer and PostgreSQL needs 5.2 s (500 ms); ClickHouse is fine",
        cite("checks.redis", "no answer in 3 s at 10.166.204.83:6379"),
        cite("checks.postgres", "connected in 2.9 s, query took 2.3 s"),
        cite("checks.clickhouse", "answered in 109 ms"),
        title="Dependencies fail",
    ),
    why(
        "Why do Redis and PostgreSQL fail?",
        "backend-00042 leaves through network default; Redis is only on staging-vpc",
        cite("paths[0]", "Connector: legacy-connector is on default", "vpc_access", PAGE),
        title="Wrong network",
    ),
    why(
        "Why is the path closed?",
        "Live VPC access differs from the declared one and from Terraform since 01:49",
        cite("drift.connector", "declared staging-connector, live legacy-connector", "terraform"),
        title="Drift",
    ),
    why(
        "Why did nobody notice?",
        "backend-00042 took all traffic with no validation on record",
        cite("gate.backend-00042", "no run of the gate", "cloud_run", PAGE),
        title="No validation on record",
    ),
]

SEED: dict[str, Any] = {
    "schema": "whybot/why/1",
    "environment": "staging",
    "at": MOMENT,
    "status": "confirmed",
    "question": "Why is backend returning HTTP 503?",
    "runbook": "http-503",
    "chain": CHAIN,
    "open": [],
    "root_cause": {
        "cause": "bad-revision/no-validation",
        "title": "No validation on record",
        "subject": "backend-00042",
        "because": CHAIN[-1]["because"],
    },
    "other_chains": [
        {
            "runbook": "tests",
            "secondary": True,
            "chain": [why("Why are tests red?", "3 of 12 test classes do not use the shared base")],
            "root_cause": {
                "cause": "tests/without-base",
                "title": "Tests without the base",
                "subject": "",
                "because": "3 of 12 test classes do not use the shared base",
            },
            "open": [],
        }
    ],
    "contributing": [],
    "ruled_out": [
        {"cause": f"x/{n}", "title": title, "subject": "", "text": text, "evidence": []}
        for n, (title, text) in enumerate(
            [
                ("Redis down", "Memorystore READY"),
                ("Firewall", "no rule matches"),
                ("Connector not ready", "READY"),
                ("Code change", "same image as 00041"),
                ("Secret missing", "all are there"),
            ]
        )
    ],
    "unknown": [
        {
            "cause": "network-path/peering",
            "title": "Peering routes",
            "subject": "",
            "why": "I can't read peerings",
            "settle": "Grant roles/compute.networkViewer",
            "missing": [],
        }
    ],
    "remedies": [
        remedy("repair-vpc-access", "Repair VPC access"),
        remedy("rollback-traffic", "Roll back to 00041"),
        remedy("deploy-gate", "Require whybot gate before traffic", lasting=True, action="", text=""),
    ],
    "onset": {
        "at": "2026-11-23T01:52:00.000000Z",
        "evidence": cite("logs.backend", "first 503 in the log"),
        "changes": [cite("changes[0]", "deploy-bot@x deployed backend-00042 at 01:49", "logging")],
    },
    "similar": [{"id": "W-3", "at": "2026-11-20T10:00:00.000000Z", "root_cause": "x", "because": "as now"}],
    "failing": ["Redis", "PostgreSQL", "Backend"],
    "notes": ["Cloud Monitoring did not answer in 30 s"],
}


def document(**changes: Any) -> dict[str, Any]:
    """The seed's diagnosis, changed."""
    return copy.deepcopy(SEED) | changes


def so_far(whys: int) -> dict[str, Any]:
    """The first whys of the seed's diagnosis, as they are while evidence comes."""
    return document(status="partial", chain=copy.deepcopy(CHAIN[:whys]), root_cause=None, remedies=[])


def weaker() -> dict[str, Any]:
    """The seed's diagnosis without permission for Cloud Logging."""
    made = document()
    gap = {
        "path": "logs.backend",
        "why": "I can't read Cloud Logging.",
        "settle": "Grant roles/logging.viewer",
    }
    made["chain"][0] |= {"weaker": True, "missing": [gap]}
    return made


UNKNOWN = document(
    status="unknown",
    chain=[],
    root_cause=None,
    remedies=[],
    other_chains=[],
    ruled_out=[],
    onset=None,
    similar=[],
)
WELL = document(
    status="nothing_wrong",
    question="Is anything wrong in staging?",
    chain=[why("Is anything wrong in staging?", "All 9 checks pass and nothing has drifted", title="Well")],
    root_cause=None,
    other_chains=[],
    unknown=[],
    remedies=[],
    onset=None,
    similar=[],
    failing=[],
    notes=[],
)
PARTIAL = document(status="partial", chain=CHAIN[:2], root_cause=None, open=SEED["unknown"], remedies=[])


def state(**changes: Any) -> WhyState:
    """The seed's run, finished."""
    plain: dict[str, Any] = {
        "card_id": "why-1",
        "spoken": "W-12",
        "environment": "staging",
        "phase": "finished",
        "document": SEED,
        "waiting": (),
        "people": ("UALICE",),
        "asked_at": AT,
        "finished_at": AT,
        "took_ms": 3_400.0,
    }
    return WhyState(**(plain | changes))


FOREIGN = st.text(max_size=80) | st.sampled_from(
    ["<!channel> *x* `y` & <@U1> ```z```", "&" * 3_000, "\n" * 40, "w" * 4_000, "_i_ ~s~ | > <", ""]
)
_ids = st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True)
_moments = st.sampled_from([MOMENT, None, "no time"])
_pages = st.sampled_from(["", PAGE, "https://x/" + "y" * 4_000, "javascript:alert(1)", "https://x/a|b>c<d e"])
_cites = st.fixed_dictionaries(
    {"id": FOREIGN, "text": FOREIGN, "source": FOREIGN | st.just("check"), "at": _moments, "url": _pages}
)
_gaps = st.fixed_dictionaries({"path": FOREIGN, "why": FOREIGN, "settle": FOREIGN})
_whys = st.fixed_dictionaries(
    {
        "question": FOREIGN,
        "because": FOREIGN,
        "cause": FOREIGN,
        "title": FOREIGN,
        "subject": FOREIGN,
        "evidence": st.lists(_cites, max_size=10),
        "weaker": st.booleans(),
        "missing": st.lists(_gaps, max_size=3),
    }
)
_roots = st.none() | st.fixed_dictionaries(
    {"cause": FOREIGN, "title": FOREIGN, "subject": FOREIGN, "because": FOREIGN}
)
_untold = st.fixed_dictionaries(
    {
        "cause": FOREIGN,
        "title": FOREIGN,
        "subject": FOREIGN,
        "why": FOREIGN,
        "settle": FOREIGN,
        "missing": st.lists(_gaps, max_size=2),
    }
)
_chains = st.fixed_dictionaries(
    {
        "runbook": FOREIGN,
        "secondary": st.booleans(),
        "chain": st.lists(_whys, max_size=3),
        "root_cause": _roots,
        "open": st.lists(_untold, max_size=2),
    }
)
_ruled_out = st.fixed_dictionaries(
    {
        "cause": FOREIGN,
        "title": FOREIGN,
        "subject": FOREIGN,
        "text": FOREIGN,
        "evidence": st.lists(_cites, max_size=2),
    }
)
_remedies = st.fixed_dictionaries(
    {
        "title": FOREIGN,
        "text": FOREIGN,
        "cause": FOREIGN,
        "action": st.sampled_from(["", "rollback-traffic"]),
        "undoable": st.booleans(),
        "reach": st.integers(1, 3),
        "reach_text": FOREIGN,
        "lasting": st.booleans(),
        "commands": st.lists(FOREIGN, max_size=4),
    }
)


@st.composite
def _named_remedies(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Remedies with ids of their own, as a library has them."""
    names = draw(st.lists(_ids, unique=True, max_size=8))
    return [draw(_remedies) | {"id": name} for name in names]


any_document = st.fixed_dictionaries(
    {
        "schema": st.just("whybot/why/1"),
        "environment": FOREIGN,
        "at": st.just(MOMENT),
        "status": st.sampled_from(["confirmed", "partial", "unknown", "nothing_wrong"]),
        "question": FOREIGN,
        "runbook": FOREIGN,
        "chain": st.lists(_whys, max_size=16),
        "open": st.lists(_untold, max_size=3),
        "root_cause": _roots,
        "other_chains": st.lists(_chains, max_size=5),
        "contributing": st.lists(_whys, max_size=2),
        "ruled_out": st.lists(_ruled_out, max_size=12),
        "unknown": st.lists(_untold, max_size=12),
        "remedies": _named_remedies(),
        "onset": st.none()
        | st.fixed_dictionaries(
            {"at": _moments, "evidence": _cites, "changes": st.lists(_cites, max_size=6)}
        ),
        "similar": st.lists(
            st.fixed_dictionaries({"id": FOREIGN, "at": _moments, "root_cause": FOREIGN, "because": FOREIGN}),
            max_size=4,
        ),
        "failing": st.lists(FOREIGN, max_size=5),
        "notes": st.lists(FOREIGN, max_size=5),
    }
)
"""Any document, with the words of hostile servers, runbooks and files."""

any_state = st.builds(
    WhyState,
    card_id=st.sampled_from(["", "why-1"]),
    spoken=st.just("W-12"),
    environment=FOREIGN,
    phase=st.sampled_from(["running", "finished", "interrupted"]),
    document=st.none() | any_document,
    waiting=st.lists(FOREIGN, max_size=6).map(tuple),
    people=st.lists(_ids, max_size=12).map(tuple),
    asked_at=st.just(AT),
    finished_at=st.none() | st.just(AT),
    took_ms=st.floats(0, 1e7),
    runbook=FOREIGN,
    shared=st.booleans(),
    delayed=st.integers(0, 60),
)
