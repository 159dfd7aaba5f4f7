"""WebSocket: the upgrade, a message there and back, and the close."""

import time
from typing import ClassVar, Literal

import h11
from pydantic import Field
from websockets.client import ClientProtocol

from checks.conversation import Conversation, client_protocol
from checks.durations import spoken
from checks.exchange import request_head
from checks.failures import CheckFailed
from checks.kinds.http import Headers, read_header
from checks.probe import Probe
from checks.reasons import Reason
from checks.result import Status
from checks.spec import CheckSpec, Finding
from checks.stream import open_stream
from checks.url import SocketUrl, Url, parse_url

SHOWN = 80


class WebsocketCheck(CheckSpec):
    """Opens a WebSocket, sends a message, waits for the answer and closes.

    Without `expect` it is the protocol's own ping that must be answered.
    """

    title_default: ClassVar[str] = "WebSocket"

    kind: Literal["websocket"] = "websocket"
    url: SocketUrl
    send: str | None = Field(default=None, description="A text message to send once connected.")
    expect: str | None = Field(default=None, min_length=1, description="A text that an answer must hold.")
    subprotocol: str | None = Field(default=None, min_length=1, description="Offered to the server.")
    headers: Headers = Field(
        default={}, description="Sent with the upgrade; a value may be a reference to a secret."
    )

    @property
    def target(self) -> str:
        """The URL without its query."""
        return parse_url(self.url).shown

    async def run(self, probe: Probe) -> Finding:
        """Upgrades, exchanges and closes. Fails with `upgrade_refused`, `ws_closed`, `ws_no_echo`, …"""
        url = parse_url(self.url)
        protocol = client_protocol(url, self.subprotocol)
        head = self._upgrade_head(probe, url, protocol)
        context = probe.dialer.tls_context() if url.secure else None
        async with open_stream(probe, url.host, url.port, tls=context) as stream:
            conversation = Conversation(stream, protocol, probe)
            async with stream.step("upgrade", "waiting for the upgrade"):
                await conversation.upgrade(head)
            await self._round_trip(probe, conversation)
            message = f"connected, {self._asked} came after {spoken(probe.phases[-1].duration_ms)}"
            measured = sum(
                phase.duration_ms for phase in probe.phases
            )  # the close may wait; nobody else does
            await conversation.close()
        return Finding(Status.PASS, Reason.OK, message, measured_ms=measured)

    @property
    def _asked(self) -> str:
        """What is waited for, in words."""
        if self.expect is None:
            return "the answer to a ping"
        return f"the answer to {self.send!r}" if self.send is not None else f"the message {self.expect!r}"

    def _upgrade_head(self, probe: Probe, url: Url, protocol: ClientProtocol) -> h11.Request:
        sent = {name.lower(): value for name, value in protocol.connect().headers.raw_items()}
        sent["host"] = url.authority
        sent |= {name.lower(): read_header(probe, value) for name, value in self.headers.items()}
        return request_head(url, "GET", sent)

    async def _round_trip(self, probe: Probe, conversation: Conversation) -> None:
        """A message there and back."""
        began = time.perf_counter()
        try:
            async with conversation.stream.step("roundtrip", f"waiting for {self._asked}"):
                if self.send is not None:
                    await conversation.say(self.send)
                if self.expect is None:
                    await conversation.ping()
                else:
                    await conversation.await_text(self.expect)
        except CheckFailed as failed:
            if failed.reason is not Reason.READ_TIMEOUT:
                raise
            waited = spoken((time.perf_counter() - began) * 1000)
            raise CheckFailed(Reason.WS_NO_ECHO, self._unanswered(probe, conversation, waited)) from failed

    def _unanswered(self, probe: Probe, conversation: Conversation, waited: str) -> str:
        wanted = repr(self.expect) if self.expect is not None else "answer to a ping"
        if not conversation.heard:
            return f"connected, then silence: no {wanted} in {waited}"
        last = probe.secrets.redact(conversation.heard[-1])[:SHOWN]
        return f"connected, but no {wanted} in {waited}; the last message was {last!r}"
