"""Host names and ports as fields of an environment file."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from checks.address import canonical_host, literal, never_allowed

LABEL = re.compile(r"^(?!-)[a-z0-9_-]{1,63}(?<!-)$")  # RFC 1123, and the underscore of SRV and TXT names


def check_host(text: str) -> str:
    """A host in its canonical form; raises ValueError for what may not or cannot be connected to."""
    host = canonical_host(text)
    if (address := literal(host)) is not None:
        if (why_not := never_allowed(address)) is not None:
            raise ValueError(f"is {why_not}, which whybot never connects to; write the target's own address")
        return host
    if not host or len(host) > 253 or not all(LABEL.match(label) for label in host.split(".")):
        raise ValueError(
            "is no host name or address; write for example db.example.org (without scheme or port)"
        )
    return host


HostName = Annotated[
    str,
    AfterValidator(check_host),
    WithJsonSchema({"type": "string", "examples": ["db.example.org", "10.0.0.1"]}),
]
Port = Annotated[int, Field(ge=1, le=65535)]
