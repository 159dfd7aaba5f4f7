"""Which addresses may be connected to: tables of cases, and properties over all of them."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.address import canonical_host, embedded, literal, never_allowed, refusal

EVERYTHING = (ip_network("0.0.0.0/0"), ip_network("::/0"))
PRIVATE = (ip_network("10.0.0.0/8"),)
ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))
FORBIDDEN_V4 = [
    IPv4Network(text) for text in ("127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "0.0.0.0/8")
]


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "127.8.9.1",
        "::1",
        "0.0.0.0",
        "0.1.2.3",
        "::",
        "169.254.1.1",
        "169.254.169.254",
        "fe80::1",
        "fe80::1%eth0",
        "2600::1%eth0",
        "fd00:ec2::254",
        "fd20:ce::254",
        "100.100.100.200",
        "168.63.129.16",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
        "240.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "::169.254.169.254",
        "2002:a9fe:a9fe::1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::7f00:1",
    ],
)
def test_some_addresses_are_never_allowed(text: str) -> None:
    """Loopback, link-local, multicast and metadata, in any guise, are refused even if a range holds them."""
    assert never_allowed(ip_address(text)) is not None
    assert refusal(ip_address(text), EVERYTHING) is not None


@pytest.mark.parametrize("text", ["8.8.8.8", "2600::1", "10.1.2.3", "::ffff:8.8.8.8", "::ffff:10.1.2.3"])
def test_public_addresses_and_ranges_are_allowed(text: str) -> None:
    """A public address, or one in a range of the file, may be what a name points to."""
    assert refusal(ip_address(text), PRIVATE) is None


@pytest.mark.parametrize(
    "text", ["192.168.0.1", "172.16.0.1", "100.64.0.1", "fd12::1", "203.0.113.10", "::ffff:192.168.0.1"]
)
def test_other_private_addresses_are_refused(text: str) -> None:
    """A private or reserved address outside of the file's ranges may not be what a name points to."""
    why = refusal(ip_address(text), PRIVATE)
    assert why is not None
    assert "network.ranges" in why


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2852039166", "169.254.169.254"),
        ("0xa9fea9fe", "169.254.169.254"),
        ("0xA9.0xFE.0xA9.0xFE", "169.254.169.254"),
        ("0251.0376.0251.0376", "169.254.169.254"),
        ("127.1", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("::1", "::1"),
    ],
)
def test_every_spelling_of_an_address_is_known(host: str, address: str) -> None:
    """What a C library would take for an address is taken for that address, and not for a name."""
    assert literal(host) == ip_address(address)


@pytest.mark.parametrize("host", ["example.org", "a.b.c.d", "1.2.3.4.5", "face.book", "256.256.256.256", ""])
def test_names_are_no_addresses(host: str) -> None:
    """A name is left to the resolver."""
    assert literal(host) is None


@pytest.mark.parametrize(
    ("written", "canonical"), [("Example.ORG.", "example.org"), ("[::1]", "::1"), (" a.b ", "a.b")]
)
def test_hosts_are_compared_without_case_and_final_dot(written: str, canonical: str) -> None:
    """Two spellings of one host are the same."""
    assert canonical_host(written) == canonical


@given(st.sampled_from(FORBIDDEN_V4).flatmap(lambda net: st.ip_addresses(network=net)))
def test_no_ipv6_guise_gets_a_forbidden_ipv4_address_through(address: IPv4Address) -> None:
    """Whatever IPv6 form carries a forbidden IPv4 address is forbidden as well."""
    number = int(address)
    guises = [
        (0xFFFF << 32) | number,
        int(IPv6Address("64:ff9b::")) | number,
        (0x2002 << 112) | (number << 80) | 1,
    ]
    if number > 0xFFFF:  # below, ::N is an IPv6 address of its own
        guises.append(number)
    assert all(never_allowed(IPv6Address(guise)) is not None for guise in guises)


@given(ADDRESSES)
def test_ranges_never_open_what_is_never_allowed(address: IPv4Address | IPv6Address) -> None:
    """With every address in the ranges, exactly those that are never allowed are refused."""
    assert (refusal(address, EVERYTHING) is None) == (never_allowed(address) is None)


@given(ADDRESSES)
def test_without_ranges_only_public_addresses_are_allowed(address: IPv4Address | IPv6Address) -> None:
    """With no ranges, an allowed address is public, and so is the one that it carries."""
    if refusal(address, ()) is None:
        inner = embedded(address)
        assert (inner or address).is_global
        assert not address.is_loopback
        assert not address.is_link_local


@given(st.ip_addresses(v=4))
def test_a_spelling_in_decimal_is_the_same_address(address: IPv4Address) -> None:
    """The decimal, hexadecimal and dotted spellings of an address are one address."""
    assert literal(str(address)) == literal(str(int(address))) == literal(hex(int(address))) == address


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_none(text: str) -> None:
    """No text at all makes the reading of addresses raise."""
    literal(canonical_host(text))
