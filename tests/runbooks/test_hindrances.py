"""What keeps causes from being told is said once for each reason."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.output.hindrances import Hindrance, hindrances

LACKS = "May not read Cloud Run services: whybot's account lacks run.services.list"
GRANT = "Grant roles/run.viewer: gcloud projects add-iam-policy-binding netra-staging"
MUTE = "the job could not tell"


def untold(title: str, *gaps: tuple[str, str], subject: str = "", settle: str = "") -> dict[str, Any]:
    """A cause that could not be told, as `whybot/why/1` has it."""
    missing = [{"path": "", "why": why, "settle": step} for why, step in gaps]
    return {"cause": "a/b", "title": title, "subject": subject, "settle": settle, "missing": missing}


CASES = {
    "a name that the reason begins with is not said twice": (
        [untold("Redis", (f"Redis: answers here in 86 ms; {MUTE}", ""))],
        [Hindrance(("Redis",), f"answers here in 86 ms; {MUTE}", "")],
    ),
    "one permission is one entry, whatever way it closes": (
        [
            untold("Wrong network", (f"backend → Redis: {LACKS}", GRANT)),
            untold("Firewall", (f"auth → PostgreSQL: {LACKS}", GRANT)),
            untold("Cloud Run itself", (f"{LACKS}.", GRANT)),
        ],
        [Hindrance(("Wrong network", "Firewall", "Cloud Run itself"), LACKS, GRANT)],
    ),
    "a permission behind the job's silence is the reason to give": (
        [
            untold("Redis", (f"Redis: answers here in 86 ms; {MUTE}", f"its access: {LACKS}")),
            untold("Cloud Run itself", (LACKS, GRANT)),
        ],
        [Hindrance(("Redis", "Cloud Run itself"), LACKS, GRANT)],
    ),
    "what differs in name and time alone is said once, with the longest time": (
        [
            untold(
                "Dependencies",
                ("Redis: could not be told: the prober was 611 ms late itself", "Ask again."),
                ("PostgreSQL: could not be told: the prober was 1.5 s late itself", "Ask again."),
            )
        ],
        [
            Hindrance(
                ("Dependencies",), "Redis, PostgreSQL: the prober was up to 1.5 s late itself", "Ask again."
            )
        ],
    ),
    "an execution that failed is a reason, not a step": (
        [untold("Redis", (f"Redis: answers here in 86 ms; {MUTE}", "the execution whybot-probe-1 failed"))],
        [Hindrance(("Redis",), f"answers here in 86 ms; {MUTE}: the execution whybot-probe-1 failed", "")],
    ),
    "a step of the runbook's own goes before those of the evidence": (
        [untold("Peering", ("routes are unread", GRANT), settle="Look at the peering", subject="redis")],
        [Hindrance(("Peering (redis)",), "routes are unread", "Look at the peering")],
    ),
    "two checks that were late hinder a cause once": (
        [untold("HTTP 503", ("auth: the prober was 12 ms late", ""), ("web: the prober was 9 ms late", ""))],
        [Hindrance(("HTTP 503",), "auth, web: the prober was up to 12 ms late", "")],
    ),
    "reasons that have nothing in common stay apart": (
        [untold("Secret", ("no log", ""), ("no revision", ""))],
        [Hindrance(("Secret",), "no log", ""), Hindrance(("Secret",), "no revision", "")],
    ),
}


@pytest.mark.parametrize(("given_", "told"), CASES.values(), ids=CASES)
def test_reasons_are_told_once(given_: list[dict[str, Any]], told: list[Hindrance]) -> None:
    """With all the causes that each keeps from being told."""
    assert hindrances(given_) == told


WORDS = st.sampled_from(
    ["Redis: ", "a → b: ", "could not be told: ", "12 ms", "1.2.3 s", "9 min", "x", ": ", "; "]
)
SAID = st.lists(WORDS, max_size=6).map("".join)
GAP = st.tuples(SAID, SAID)


@given(st.lists(st.builds(untold, SAID, GAP, GAP, settle=SAID), max_size=6))
def test_no_cause_is_lost_and_no_step_is_said_twice(found: list[dict[str, Any]]) -> None:
    """Whatever the texts are; the same causes give the same entries."""
    told = hindrances(found)
    named = {cause for each in told for cause in each.causes}
    assert named == {" ".join(each["title"].split()) or "a/b" for each in found}
    assert told == hindrances(found)
    steps = [each.settle for each in told if each.settle]
    assert len(steps) == len(set(steps))


def test_long_reasons_are_read_too() -> None:
    """However often a text says of what it is said."""
    for part in ("a → b: ", "x: ", "1 ms "):
        (told,) = hindrances([untold("Redis", (part * 20_000, ""), (f"y: {part * 20_000}", ""))])[:1]
        assert told.causes == ("Redis",)
