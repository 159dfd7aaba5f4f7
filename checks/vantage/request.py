"""What a whybot asks of its Cloud Run job: signed, for a short time, and for one environment. Pure.

Both sides sign with one shared key (HMAC-SHA256, RFC 2104). A signature is over its purpose too, so that
what was signed as a request is never taken for an answer.
"""

import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from checks.environment import Environment
from checks.spec import CheckSpec

SKEW = timedelta(seconds=60)
"""How far the clocks of whybot and of the job may be apart."""


class BadRequest(Exception):  # noqa: N818 - said to the one who asked
    """A request that is not carried out. `code` is for programs, `str()` for people.

    `request` is what it says it is, where that could be read: not verified for `not_signed`.
    """

    def __init__(self, code: str, message: str, request: "Request | None" = None) -> None:
        super().__init__(message)
        self.code = code
        self.request = request


@dataclass(frozen=True, slots=True)
class Request:
    """Which checks to run. `checks` maps names to their time-outs in milliseconds.

    `id` names it in the log, `nonce` binds the answers to it, `digest` is that of the checks as the file of
    the one who asks has them. `expires_at` is UTC.
    """

    id: str
    nonce: str
    environment: str
    digest: str
    checks: Mapping[str, float]
    expires_at: datetime


def new_request(
    environment: Environment, specs: Sequence[CheckSpec], seconds: float, now: datetime
) -> Request:
    """A request for these checks that ends in `seconds` and what clocks may be apart."""
    names = [spec.name for spec in specs]
    return Request(
        id=secrets.token_hex(8),
        nonce=secrets.token_hex(16),
        environment=environment.name,
        digest=digest(environment, names),
        checks={spec.name: spec.timeout for spec in specs},
        expires_at=now + timedelta(seconds=seconds) + SKEW,
    )


def digest(environment: Environment, names: Sequence[str]) -> str:
    """What an environment file says of these checks and of where names may point to, as 64 hex digits.

    A name that the file does not have makes a difference.
    """
    told = {
        "ranges": sorted(str(each) for each in environment.network.ranges),
        "checks": {
            name: environment.checks[name].model_dump(mode="json") if name in environment.checks else None
            for name in names
        },
    }
    return sha256(canonical(told).encode()).hexdigest()


def token(request: Request, key: str) -> str:
    """The request as one word for a command line, with its signature. It holds no secret."""
    document = asdict(request) | {"expires_at": request.expires_at.astimezone(UTC).isoformat()}
    body = canonical(document)
    return f"{urlsafe_b64encode(body.encode()).decode()}.{signature(key, 'request', body)}"


def read_token(text: str, key: str, now: datetime) -> Request:
    """The request of a token. Raises `BadRequest` unless it was signed with this key and still holds."""
    encoded, _, signed = text.partition(".")
    try:
        body = urlsafe_b64decode(encoded.encode()).decode()
        request = _request(json.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError):  # broken base64, text, JSON or fields
        raise BadRequest("not_understood", "the request is no request of whybot") from None
    if not is_signed(signed, key, "request", body):
        message = "the request was signed with another key: WHYBOT_VANTAGE_KEY must be the same in both"
        raise BadRequest("not_signed", message, request)
    if now > request.expires_at:
        late = (now - request.expires_at).total_seconds()
        message = f"the request came {late:.0f} s after its end: it was run again, or the clocks differ"
        raise BadRequest("expired", message, request)
    return request


def _request(document: Mapping[str, Any]) -> Request:
    at = datetime.fromisoformat(document["expires_at"])
    if at.tzinfo is None:
        raise ValueError("a time without its zone")
    return Request(
        id=str(document["id"]),
        nonce=str(document["nonce"]),
        environment=str(document["environment"]),
        digest=str(document["digest"]),
        checks={str(name): float(timeout) for name, timeout in document["checks"].items()},
        expires_at=at,
    )


def canonical(document: object) -> str:
    """JSON of which there is one spelling."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def signature(key: str, purpose: str, *parts: str | int) -> str:
    """The signature of these parts for this purpose, as 64 hex digits; JSON keeps the parts apart."""
    return hmac.new(key.encode(), canonical([f"whybot/{purpose}/1", *parts]).encode(), sha256).hexdigest()


def is_signed(signed: str, key: str, purpose: str, *parts: str | int) -> bool:
    """Whether `signed` is that signature; takes as long for a wrong one as for the right one."""
    return hmac.compare_digest(signed.encode(), signature(key, purpose, *parts).encode())
