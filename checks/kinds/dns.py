"""DNS: the resolver's own answer, its time, and whether it is the wanted record."""

from ipaddress import ip_address
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from checks.address import literal, never_allowed
from checks.durations import spoken
from checks.failures import CheckFailed
from checks.hosts import HostName
from checks.probe import Probe
from checks.reasons import Reason
from checks.resolver import Records
from checks.result import Status
from checks.spec import CheckSpec, Finding

ADDRESS_VERSIONS = {"A": 4, "AAAA": 6}


class DnsCheck(CheckSpec):
    """Asks the resolver for one record."""

    title_default: ClassVar[str] = "DNS"

    kind: Literal["dns"] = "dns"
    host: HostName = Field(description="The name to look up.")
    record: Literal["A", "AAAA", "CNAME", "TXT", "MX", "SRV", "NS"] = "A"
    expect: tuple[str, ...] = Field(
        default=(),
        description="The records that must be there, and no others (of TXT: among others). Empty: any.",
    )

    @model_validator(mode="after")
    def _expects_addresses(self) -> "DnsCheck":
        version = ADDRESS_VERSIONS.get(self.record)
        for value in self.expect if version is not None else ():
            address = literal(value)
            if address is None or address.version != version:
                raise ValueError(
                    f"expects {value!r}, which is no IPv{version} address, of an {self.record} record"
                )
        return self

    @property
    def target(self) -> str:
        """`staging.example.org A`."""
        return f"{self.host} {self.record}"

    async def run(self, probe: Probe) -> Finding:
        """Looks the record up. Fails with a `dns_…` reason."""
        with probe.phase("resolve"):
            records = await probe.dialer.lookup(self.host, self.record, probe.remaining())
        probe.note(
            records=list(records.values),
            ttl_s=records.ttl_s,
            canonical_name=records.canonical,
            resolver=records.server,
        )
        self._compare(records)
        took = spoken(probe.phases[-1].duration_ms)
        return Finding(
            Status.PASS,
            Reason.OK,
            f"{self.host} is {', '.join(records.values)} (resolver {records.server}, {took})",
        )

    def _compare(self, records: Records) -> None:
        found = {normal(value, self.record) for value in records.values}
        wanted = {normal(value, self.record) for value in self.expect}
        told = ", ".join(records.values)
        missing, extra = wanted - found, found - wanted
        if wanted and (missing or (extra and self.record != "TXT")):
            raise CheckFailed(
                Reason.DNS_WRONG_RECORD,
                f"{self.host} is {told}, expected {', '.join(self.expect)} (resolver {records.server})",
            )
        for value in records.values if self.record in ADDRESS_VERSIONS and not wanted else ():
            why_not = never_allowed(ip_address(value))
            if why_not is not None:
                raise CheckFailed(
                    Reason.DNS_WRONG_RECORD,
                    f"{self.host} points to {value}, {why_not} (resolver {records.server})",
                )


def normal(value: str, record: str) -> str:
    """A record as it is compared: names without case and final dot, IPv6 addresses in their short form."""
    if record == "TXT":
        return value
    if record in ADDRESS_VERSIONS:
        return str(ip_address(value))
    return value.lower().rstrip(".")
