"""DNS checks against a real resolver, for each reason that they can give."""

from typing import Any

import pytest
from pydantic import ValidationError

from checks.kinds.dns import DnsCheck
from checks.reasons import Reason
from checks.result import Status
from tests.checks.place import ADDRESS, HOST, Place

FAIL = Status.FAIL


def check(host: str = HOST, **fields: Any) -> DnsCheck:
    """A check as an environment file would have it."""
    return DnsCheck.model_validate({"kind": "dns", "host": host, "budget": "100ms", "timeout": "5s"} | fields)


async def test_tells_records_lifetime_and_resolver(place: Place) -> None:
    """The record as expected passes; the resolver, its records and how long they live are told."""
    found = await place.ask(check(expect=[ADDRESS]))
    assert (found.status, found.reason) == (Status.PASS, Reason.OK)
    assert found.message.startswith(f"{HOST} is {ADDRESS} (resolver 127.0.0.1:{place.names.port}, ")
    assert found.steps == [("resolve", Status.PASS)]
    expected = {
        "records": [ADDRESS],
        "ttl_s": 60,
        "canonical_name": HOST,
        "resolver": f"127.0.0.1:{place.names.port}",
    }
    assert found.facts.items() >= expected.items()


@pytest.mark.parametrize(
    ("record", "line", "expect"),
    [
        ("AAAA", "IN AAAA 2001:db8::1", ["2001:DB8:0::1"]),
        ("CNAME", "IN CNAME Ghs.Example.org.", ["ghs.example.org"]),
        ("TXT", 'IN TXT "v=spf1 -all"', ["v=spf1 -all"]),
        ("MX", "IN MX 10 mail.example.org.", ["10 mail.example.org"]),
        ("SRV", "IN SRV 1 2 443 api.example.org.", ["1 2 443 api.example.org."]),
        ("NS", "IN NS ns1.example.org.", ["NS1.example.org"]),
    ],
)
async def test_knows_every_record_type(place: Place, record: str, line: str, expect: list[str]) -> None:
    """Records are compared in their own way: names without case and final dot, addresses by value."""
    place.names.zone = [f"some.example.org. 60 {line}"]
    found = await place.ask(check("some.example.org", record=record, expect=expect))
    assert found.status is Status.PASS, found.message


async def test_a_txt_record_may_be_one_of_several(place: Place) -> None:
    """Other TXT records beside the expected one are no mistake; another address is."""
    place.names.zone = ['x.example.org. 60 IN TXT "one"', 'x.example.org. 60 IN TXT "two"']
    assert (await place.ask(check("x.example.org", record="TXT", expect=["two"]))).status is Status.PASS
    place.names.zone = ["x.example.org. 60 IN A 203.0.113.1", "x.example.org. 60 IN A 203.0.113.2"]
    found = await place.ask(check("x.example.org", expect=["203.0.113.1"]))
    assert found.reason is Reason.DNS_WRONG_RECORD


async def test_a_name_that_does_not_exist(place: Place) -> None:
    """NXDOMAIN is told as a name that is not there."""
    place.names.zone.clear()
    found = await place.ask(check())
    assert (found.status, found.reason) == (FAIL, Reason.DNS_NXDOMAIN)
    assert found.message == f"there is no name {HOST} (NXDOMAIN from resolver 127.0.0.1:{place.names.port})"
    assert found.steps == [("resolve", FAIL)]


async def test_a_name_without_the_record(place: Place) -> None:
    """A name that is there without the record wanted is not the same as no name."""
    found = await place.ask(check(record="AAAA"))
    assert (found.status, found.reason) == (FAIL, Reason.DNS_NO_RECORD)
    assert f"{HOST} exists but has no AAAA record" in found.message


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED"])
async def test_a_resolver_that_cannot(place: Place, rcode: str) -> None:
    """A resolver's failure is told with its code."""
    place.names.rcodes[HOST] = rcode
    found = await place.ask(check())
    assert (found.status, found.reason) == (FAIL, Reason.DNS_SERVFAIL)
    assert f"({rcode})" in found.message


async def test_a_silent_resolver(place: Place) -> None:
    """A resolver that does not answer until the deadline is a time-out with the time waited."""
    place.names.silent.add(HOST)
    found = await place.ask(check(timeout="1s"))
    assert (found.status, found.reason) == (FAIL, Reason.DNS_TIMEOUT)
    assert f"did not answer for {HOST} in 1" in found.message


async def test_a_slow_resolver_is_timed(place: Place) -> None:
    """The resolver's own time is the phase's."""
    place.names.delay_s = 0.2
    found = await place.ask(check())
    assert found.status is Status.PASS
    assert found.phases[0].duration_ms >= 200


async def test_a_wrong_record_is_told_with_the_right_one(place: Place) -> None:
    """Another address than expected fails and says both."""
    found = await place.ask(check(expect=["203.0.113.99"]))
    assert (found.status, found.reason) == (FAIL, Reason.DNS_WRONG_RECORD)
    assert f"{HOST} is {ADDRESS}, expected 203.0.113.99" in found.message


async def test_an_answer_that_leads_to_the_metadata_server_is_wrong(place: Place) -> None:
    """An address that nothing may connect to is a wrong record, whatever was expected."""
    place.names.zone = [f"{HOST}. 60 IN A 169.254.169.254"]
    found = await place.ask(check())
    assert found.reason is Reason.DNS_WRONG_RECORD
    assert "metadata server" in found.message


@pytest.mark.parametrize(
    "fields",
    [
        {"host": "https://example.org"},
        {"host": ""},
        {"host": "a..b"},
        {"host": "x" * 300},
        {"record": "PTR"},
        {"expect": ["example.org"]},
        {"record": "AAAA", "expect": ["10.0.0.1"]},
    ],
)
def test_wrong_fields_are_refused(fields: dict[str, Any]) -> None:
    """A file with a host, record or expectation that cannot be is refused when it is read."""
    with pytest.raises(ValidationError):
        check(**fields)
