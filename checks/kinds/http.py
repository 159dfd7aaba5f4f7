"""HTTP: one request, every phase timed, its status and body compared with what is expected."""

import json
import time
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from checks.conditions import Condition, Scalar, mismatch
from checks.durations import spoken
from checks.exchange import MAX_BODY, Answer, exchange
from checks.failures import CheckFailed
from checks.probe import Probe
from checks.reasons import Reason
from checks.result import Status
from checks.secrets import SecretRef
from checks.spec import CheckSpec, Finding, Strict
from checks.url import Url, WebUrl, join, parse_url

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 5
EXCERPT = 300

Headers = dict[str, str | SecretRef]


class Expectation(Strict):
    """What the answer must be."""

    status: int | tuple[int, ...] = Field(default=200, description="The status, or a list of good ones.")
    contains: str | None = Field(default=None, min_length=1, description="A text that the body must hold.")
    json_: dict[str, Scalar | Condition] | None = Field(
        default=None,
        alias="json",
        description="Dotted paths of the JSON body and their values, or conditions on them.",
    )

    @property
    def statuses(self) -> tuple[int, ...]:
        """The good statuses."""
        return self.status if isinstance(self.status, tuple) else (self.status,)


class HttpCheck(CheckSpec):
    """Sends one request and judges the answer."""

    title_default: ClassVar[str] = "HTTP"

    kind: Literal["http"] = "http"
    url: WebUrl
    method: Literal["GET", "HEAD"] = "GET"
    headers: Headers = Field(
        default={}, description="Sent with the request; a value may be a reference to a secret."
    )
    expect: Expectation = Expectation()
    max_body: int = Field(default=MAX_BODY, ge=1, le=64 * MAX_BODY, description="Bytes of body read at most.")

    @model_validator(mode="after")
    def _head_has_no_body(self) -> "HttpCheck":
        if self.method == "HEAD" and (self.expect.contains is not None or self.expect.json_ is not None):
            raise ValueError("expects something of the body, but a HEAD request has none; use GET")
        return self

    @property
    def target(self) -> str:
        """The URL without its query."""
        return parse_url(self.url).shown

    async def run(self, probe: Probe) -> Finding:
        """Sends the request. Fails with an `http_…`, `body_…`, `tls_…` or `connect_…` reason."""
        began = time.perf_counter()
        url, answer = await self._follow(probe, parse_url(self.url))
        took = spoken((time.perf_counter() - began) * 1000)
        note_answer(probe, answer)
        said = f"HTTP {answer.status} from {url.path}"
        if answer.status not in self.expect.statuses:
            wanted = " or ".join(map(str, self.expect.statuses))
            expected = "" if answer.status >= 400 and wanted == "200" else f", expected {wanted}"
            raise CheckFailed(status_reason(answer.status), f"{said} after {took}{expected}")
        self._compare_body(answer, said)
        return Finding(Status.PASS, Reason.OK, f"{said} in {took}")

    async def _follow(self, probe: Probe, url: Url) -> tuple[Url, Answer]:
        """The last answer after redirects, and where it came from."""
        headers = {name: read_header(probe, value) for name, value in self.headers.items()}
        hops: list[str] = []
        while True:
            answer = await exchange(probe, url, method=self.method, headers=headers, max_body=self.max_body)
            if not self._redirected(answer):
                return url, answer
            target = redirect_target(probe, url, answer)
            hops.append(target.shown)
            probe.note(redirects=list(hops))
            if len(hops) > MOST_REDIRECTS:
                raise CheckFailed(
                    Reason.HTTP_REDIRECT_REFUSED,
                    f"redirected more than {MOST_REDIRECTS} times, last to {target.shown}",
                )
            if target.origin != url.origin:
                # A secret is meant for the origin that the file gives it to (as browsers and curl have it).
                headers = {
                    name: value for name, value in headers.items() if isinstance(self.headers[name], str)
                }
            url = target

    def _redirected(self, answer: Answer) -> bool:
        return (
            answer.status in REDIRECTS
            and answer.status not in self.expect.statuses
            and "location" in answer.headers
        )

    def _compare_body(self, answer: Answer, said: str) -> None:
        if self.expect.contains is not None and self.expect.contains not in answer.text:
            raise CheckFailed(
                Reason.BODY_MISMATCH, f"{said}, but the body does not hold {self.expect.contains!r}"
            )
        if self.expect.json_ is None:
            return
        body = parse_json(answer, said)
        wrong = [why for path, wanted in self.expect.json_.items() if (why := mismatch(body, path, wanted))]
        if wrong:
            raise CheckFailed(Reason.BODY_MISMATCH, f"{said}, but {'; '.join(wrong)}")


def read_header(probe: Probe, value: str | SecretRef) -> str:
    """A header's value; raises `CheckBlind` where its secret is missing."""
    return value if isinstance(value, str) else probe.secret(value) or ""


def redirect_target(probe: Probe, url: Url, answer: Answer) -> Url:
    """Where a redirect leads; raises `CheckFailed` where that is not a host of the file, or not the web."""
    location = answer.headers["location"]
    try:
        target = join(url, location)
    except ValueError:
        raise CheckFailed(
            Reason.HTTP_REDIRECT_REFUSED, f"{url.path} redirects to something that is no URL of the web"
        ) from None
    probe.note(status=answer.status, redirected_to=target.shown)
    if target.scheme not in ("http", "https") or (url.secure and not target.secure):
        raise CheckFailed(
            Reason.HTTP_REDIRECT_REFUSED, f"{url.path} redirects to {target.shown}, which is not encrypted"
        )
    if not probe.dialer.names(target.host):
        raise CheckFailed(
            Reason.HTTP_REDIRECT_REFUSED,
            f"{url.path} redirects to {target.shown}, which the environment file does not name",
        )
    return target


def note_answer(probe: Probe, answer: Answer) -> None:
    """Notes status, type, server and the start of the body, without secrets."""
    probe.note(status=answer.status, body_bytes=len(answer.body), body=excerpt(probe, answer.text))
    for fact, header in (
        ("content_type", "content-type"),
        ("server", "server"),
        ("retry_after", "retry-after"),
    ):
        if header in answer.headers:
            probe.note(**{fact: probe.secrets.redact(answer.headers[header])[:EXCERPT]})


def excerpt(probe: Probe, text: str) -> str:
    """The start of a text on one line, without secrets."""
    line = " ".join(probe.secrets.redact(text[: 20 * EXCERPT]).split())
    return line if len(line) <= EXCERPT else f"{line[:EXCERPT]}…"


def parse_json(answer: Answer, said: str) -> Any:
    """The body as JSON; raises `CheckFailed` (`body_mismatch`) where it is none."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        kind = answer.headers.get("content-type", "of no type")
        raise CheckFailed(Reason.BODY_MISMATCH, f"{said}, but the body is no JSON ({kind})") from None


def status_reason(status: int) -> Reason:
    """The reason code for a status that was not expected."""
    if status == 503:
        return Reason.HTTP_503
    if status >= 500:
        return Reason.HTTP_5XX
    if status >= 400:
        return Reason.HTTP_4XX
    return Reason.HTTP_STATUS
