"""What expressions see of earlier diagnoses."""

from runbooks.evidence.history import MOST
from runbooks.values import CITE, Json
from tests.runbooks.evidence.looking import gap_in, scope, see

ROOT = {
    "cause": "network-path/connector",
    "title": "Connector",
    "subject": "redis",
    "because": "It is elsewhere.",
}
FOUND = {"id": 7, "at": "2026-11-22T10:05:00.000000Z", "status": "confirmed", "root_cause": ROOT, "chain": []}
WELL = {"id": 6, "at": "2026-11-23T01:00:00.000000Z", "status": "nothing_wrong", "root_cause": None}


async def of(*documents: Json) -> Json:
    """What is seen of a store with these."""

    async def past() -> list[Json]:
        return list(documents)

    return await see("history", scope(past=past))


async def test_an_earlier_diagnosis_is_seen_with_its_root_cause() -> None:
    """And can be cited, with its day."""
    found = (await of(FOUND))[0]
    assert (found["id"], found["root_cause"], found["subject"]) == ("7", "network-path/connector", "redis")
    assert found["at"].day == 22
    assert found[CITE]["text"] == "Diagnosed at 10:05 UTC on 22 Nov: It is elsewhere"


async def test_a_diagnosis_without_a_root_cause_says_what_it_came_to() -> None:
    """Its root cause is empty."""
    found = (await of(WELL))[0]
    assert (found["root_cause"], found["because"]) == ("", "")
    assert found[CITE]["text"] == "Diagnosed at 01:00 UTC: nothing was wrong"


async def test_only_the_newest_are_kept() -> None:
    """A bundle stays small, however old the store is."""
    assert len(await of(*[WELL] * (MOST + 9))) == MOST


async def test_without_a_store_the_past_is_a_gap_and_not_empty() -> None:
    """Nobody may conclude that it never happened before."""
    assert "store" in gap_in(await see("history", scope())).why
