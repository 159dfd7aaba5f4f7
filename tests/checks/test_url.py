"""URLs of environment files: their parts, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.url import join, parse_url


@pytest.mark.parametrize(
    ("text", "host", "port", "authority", "target", "shown"),
    [
        ("https://Example.org", "example.org", 443, "example.org", "/", "https://example.org/"),
        ("http://example.org:8080/a?b=c", "example.org", 8080, "example.org:8080", "/a?b=c", "http://example.org:8080/a"),
        ("wss://[2001:db8::1]/ws#part", "2001:db8::1", 443, "[2001:db8::1]", "/ws", "wss://[2001:db8::1]/ws"),
    ],
)  # fmt: skip
def test_a_url_is_taken_apart(
    text: str, host: str, port: int, authority: str, target: str, shown: str
) -> None:
    """Host, port, Host header and request target come out as the protocols want them."""
    url = parse_url(text)
    assert (url.host, url.port, url.authority, url.target, url.shown) == (
        host,
        port,
        authority,
        target,
        shown,
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.org",
        "ftp://example.org/",
        "https://",
        "https://[",
        "https://example.org:port/",
        "https://example.org:99999/",
        "https://user@example.org/",
        "https://:secret@example.org/",
        "https://exämple.org/",
        "https://example.org/a b",
        "https://example.org/a\r\nHost: other",
    ],
)
def test_what_is_no_usable_url_is_refused(text: str) -> None:
    """Other schemes, missing hosts, credentials and letters that could end a header are refused in words."""
    with pytest.raises(ValueError, match=r"^(is no URL|holds a)"):
        parse_url(text)


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("/b", "https://example.org/b"),
        ("c", "https://example.org/a/c"),
        ("//other.org/x", "https://other.org/x"),
        ("http://other.org", "http://other.org/"),
    ],
)
def test_redirects_are_relative_to_where_they_come_from(location: str, shown: str) -> None:
    """A Location may be a path, a host or a whole URL (RFC 9110, 10.2.2)."""
    assert join(parse_url("https://example.org/a/b"), location).shown == shown


@given(st.text(max_size=60))
def test_any_text_is_a_url_or_refused(text: str) -> None:
    """Whatever a server sends as a Location, it is a URL of the web or a ValueError."""
    try:
        url = join(parse_url("https://example.org/"), text)
    except ValueError:
        return
    assert url.scheme in ("http", "https", "ws", "wss")
    assert url.target.isascii()
    assert not set(url.target) & set(" \r\n\t")
