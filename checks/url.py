"""URLs of environment files: what they may be, and their parts as the protocols want them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import SplitResult, urljoin, urlsplit

from pydantic import AfterValidator, WithJsonSchema

from checks.hosts import check_host

PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True)
class Url:
    """A URL taken apart. `target` is the request target: path and query."""

    scheme: str
    host: str
    port: int
    path: str
    target: str

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken."""
        return self.scheme in ("https", "wss")

    @property
    def authority(self) -> str:
        """The `Host` header: without the port where it is the scheme's own (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def shown(self) -> str:
        """The URL for people, without its query, which may hold a token."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: what secrets in headers are meant for."""
        return self.scheme, self.host, self.port


def parse_url(text: str) -> Url:
    """Takes a URL apart; raises ValueError in words for one that cannot be used."""
    parts, port = split(text)
    host = parts.hostname
    if parts.scheme not in PORTS or not host:
        raise ValueError("is no URL; write for example https://example.org/health")
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds a user or password; put it into headers, as a reference")
    if not text.isascii() or any(ord(letter) <= 32 for letter in text):
        raise ValueError("holds a letter that a URL cannot; write it percent-encoded (a name as xn--…)")
    path = parts.path or "/"
    target = f"{path}?{parts.query}" if parts.query else path
    return Url(parts.scheme, host, port or PORTS[parts.scheme], path, target)


def split(text: str) -> tuple[SplitResult, int | None]:
    """`urlsplit` and the port, whose errors come late and in words for programmers."""
    try:
        parts = urlsplit(text)
        return parts, parts.port
    except ValueError:
        raise ValueError("is no URL; write for example https://example.org/health") from None


def join(base: Url, location: str) -> Url:
    """Where a redirect from `base` leads; raises ValueError for what is no URL of the web."""
    return parse_url(urljoin(f"{base.scheme}://{base.authority}{base.target}", location))


def with_scheme(*schemes: str) -> Callable[[str], str]:
    """A validator of URLs in one of these schemes."""

    def check(text: str) -> str:
        url = parse_url(text)
        check_host(url.host)
        if url.scheme not in schemes:
            raise ValueError(
                f"is no URL that starts with {' or '.join(f'{scheme}://' for scheme in schemes)}"
            )
        return text

    return check


WebUrl = Annotated[
    str,
    AfterValidator(with_scheme("http", "https")),
    WithJsonSchema({"type": "string", "pattern": "^https?://", "examples": ["https://example.org/health"]}),
]
SocketUrl = Annotated[
    str,
    AfterValidator(with_scheme("ws", "wss")),
    WithJsonSchema({"type": "string", "pattern": "^wss?://", "examples": ["wss://example.org/ws"]}),
]
