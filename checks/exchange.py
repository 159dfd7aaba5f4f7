"""One HTTP request and its answer over the dialer, on a connection of its own, every phase timed.

Built on h11, the parser under httpx: a probe wants a fresh connection, no pool, no cookies, no proxy of the
environment, no decompression (a small body can unpack to gigabytes), and bytes counted as they come.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import h11

from checks.failures import CheckBlind, CheckFailed
from checks.probe import Probe
from checks.reasons import Reason
from checks.stream import Stream, open_stream
from checks.url import Url

USER_AGENT = "whybot"
MAX_BODY = 1024 * 1024

Head = h11.Response | h11.InformationalResponse


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. Header names are in lower case; of a repeated header the first counts."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def text(self) -> str:
        """The body as UTF-8, with what is not replaced."""
        return self.body.decode("utf-8", "replace")


async def exchange(
    probe: Probe,
    url: Url,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
    max_body: int = MAX_BODY,
) -> Answer:
    """Sends one request and reads its answer, at most `max_body` bytes of body.

    Notes the phases `resolve`, `connect`, `tls`, `first_byte` and `body`. Raises `CheckFailed` where no
    whole answer came; any status is an answer.
    """
    context = probe.dialer.tls_context() if url.secure else None
    async with open_stream(probe, url.host, url.port, tls=context) as stream:
        parser = h11.Connection(h11.CLIENT)
        async with stream.step("first_byte", "waiting for the first byte"):
            head = await ask(stream, parser, request_head(url, method, headers or {}, content), content)
        async with stream.step("body", "reading the body"):
            body = await read_body(stream, parser, max_body)
    return Answer(head.status_code, header_map(head), body)


def request_head(url: Url, method: str, headers: Mapping[str, str], content: bytes = b"") -> h11.Request:
    """The request's head; `headers` win over the ones that whybot sends by itself."""
    sent = {
        "host": url.authority,
        "user-agent": USER_AGENT,
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "close",
    }
    if content:
        sent["content-length"] = str(len(content))
    sent |= {name.lower(): value for name, value in headers.items()}
    encoded = [(name.encode("ascii"), value.encode("utf-8")) for name, value in sent.items()]
    try:
        return h11.Request(method=method, target=url.target, headers=encoded)
    except h11.LocalProtocolError as error:  # its text may quote the value, which may be a secret
        raise CheckBlind(
            Reason.PROTOCOL_ERROR, "a header holds a character that HTTP cannot carry"
        ) from error


async def ask(stream: Stream, parser: h11.Connection, head: h11.Request, content: bytes = b"") -> Head:
    """Sends the request and reads the answer's head; of those with a status below 200 only 101 counts."""
    data = parser.send(head) or b""
    if content:
        data += parser.send(h11.Data(data=content)) or b""
    await stream.write(data + (parser.send(h11.EndOfMessage()) or b""))
    while True:
        event = await next_event(stream, parser)
        if isinstance(event, h11.Response):
            return event
        if isinstance(event, h11.InformationalResponse) and event.status_code == 101:
            return event
        if isinstance(event, h11.ConnectionClosed):
            raise CheckFailed(
                Reason.CONNECTION_CLOSED, f"{stream.where} closed the connection without an answer"
            )


async def read_body(stream: Stream, parser: h11.Connection, max_body: int) -> bytes:
    """The body; raises `CheckFailed` (`body_too_large`) as soon as it is longer than allowed."""
    body = bytearray()
    while True:
        event = await next_event(stream, parser)
        if isinstance(event, h11.Data):
            body += event.data
            if len(body) > max_body:
                raise CheckFailed(
                    Reason.BODY_TOO_LARGE,
                    f"the body is longer than {max_body:,} bytes; stopped reading",
                )
        elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
            return bytes(body)


async def next_event(stream: Stream, parser: h11.Connection) -> object:
    """The parser's next event; raises `CheckFailed` (`protocol_error`, `connection_closed`) and OSError."""
    try:
        while (event := parser.next_event()) is h11.NEED_DATA:
            parser.receive_data(await stream.read())
    except h11.RemoteProtocolError as error:
        raise broken(stream, parser, error) from error
    return event


def broken(stream: Stream, parser: h11.Connection, error: h11.RemoteProtocolError) -> CheckFailed:
    """What h11 found wrong: an end in the middle, or something that is not HTTP."""
    ended = parser.trailing_data[1]
    if ended and parser.their_state is h11.ERROR and "body" in str(error):
        return CheckFailed(
            Reason.CONNECTION_CLOSED, f"{stream.where} closed the connection in the middle of the body"
        )
    if ended:
        return CheckFailed(
            Reason.CONNECTION_CLOSED, f"{stream.where} closed the connection without a whole answer"
        )
    return CheckFailed(Reason.PROTOCOL_ERROR, f"{stream.where} answered something that is not HTTP ({error})")


def header_map(head: Head) -> dict[str, str]:
    """Headers by lower-case name; the first of a repeated one."""
    found: dict[str, str] = {}
    for name, value in head.headers:
        found.setdefault(name.decode("ascii"), value.decode("latin-1"))
    return found
