"""A WebSocket over a stream of the dialer; the protocol is websockets' own, without its sockets."""

import asyncio
import contextlib

import h11
from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI

from checks.exchange import ask, header_map
from checks.failures import CheckFailed
from checks.probe import Probe
from checks.reasons import Reason
from checks.stream import Stream
from checks.url import Url

MOST_MESSAGES = 100
MAX_MESSAGE = 1024 * 1024
CLOSE_WAIT_S = 1.0
PING = b"whybot"

# RFC 6455, 7.4.1, and the IANA registry.
CLOSE_CODES = {
    1000: "normal",
    1001: "going away",
    1002: "protocol error",
    1003: "unsupported data",
    1005: "no code given",
    1006: "cut without a close frame",
    1007: "invalid data",
    1008: "policy violation",
    1009: "message too big",
    1011: "internal error",
    1012: "service restart",
    1013: "try again later",
    1014: "bad gateway",
}


def client_protocol(url: Url, subprotocol: str | None) -> ClientProtocol:
    """The protocol for a URL, as it is once the upgrade is through."""
    offered = [Subprotocol(subprotocol)] if subprotocol is not None else None
    path, _, query = url.target.partition("?")
    uri = WebSocketURI(url.secure, url.host, url.port, path, query, None, None)
    return ClientProtocol(uri, subprotocols=offered, state=State.OPEN, max_size=MAX_MESSAGE)


class Conversation:
    """What is said over one WebSocket. `heard` are the messages that came while another was waited for."""

    def __init__(self, stream: Stream, protocol: ClientProtocol, probe: Probe) -> None:
        self.stream = stream
        self.heard: list[str] = []
        self._protocol = protocol
        self._probe = probe
        self._partial = b""

    async def upgrade(self, head: h11.Request) -> None:
        """Asks for the upgrade. Raises `CheckFailed` (`upgrade_refused`) with the status that came."""
        parser = h11.Connection(h11.CLIENT)
        answer = await ask(self.stream, parser, head)
        headers = header_map(answer)
        self._probe.note(status=answer.status_code)
        if answer.status_code != 101:
            raise CheckFailed(
                Reason.UPGRADE_REFUSED,
                f"the upgrade was answered with HTTP {answer.status_code} instead of 101",
            )
        try:
            self._protocol.process_response(Response(101, "", Headers(headers)))
        except InvalidHandshake as error:
            raise CheckFailed(
                Reason.UPGRADE_REFUSED, f"the server's upgrade is not valid: {error}"
            ) from error
        if self._protocol.subprotocol is not None:
            self._probe.note(subprotocol=self._protocol.subprotocol)
        early = parser.trailing_data[0]
        if early:
            self._protocol.receive_data(early)

    async def say(self, text: str) -> None:
        """Sends a text message, unless the server has closed already: the next wait tells of that."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_text(text.encode())
        await self._flush()

    async def ping(self) -> None:
        """Sends a ping and waits for its pong. Raises `CheckFailed` (`ws_closed`, …)."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_ping(PING)
        await self._flush()
        while True:
            for frame in await self._open_frames():
                if frame.opcode is Opcode.PONG and bytes(frame.data) == PING:
                    return

    async def await_text(self, wanted: str) -> None:
        """Waits for a message that holds the text. Raises `CheckFailed` (`ws_no_echo`, `ws_closed`, …)."""
        while len(self.heard) < MOST_MESSAGES:
            for frame in await self._open_frames():
                message = self._assembled(frame)
                if message is not None and wanted in message:
                    return
                if message is not None:
                    self.heard.append(message)
        raise CheckFailed(Reason.WS_NO_ECHO, f"none of the first {MOST_MESSAGES} messages held {wanted!r}")

    async def close(self) -> None:
        """Says goodbye and waits a moment for the other side to; notes whether it did. Never fails."""
        clean = False
        wait = min(CLOSE_WAIT_S, self._probe.remaining())
        with contextlib.suppress(OSError, CheckFailed), self._probe.phase("close"):
            async with asyncio.timeout(wait):
                await self._goodbye()
            clean = True
        self._probe.note(clean_close=clean)

    async def _goodbye(self) -> None:
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(1000)
        await self._flush()
        while not any(frame.opcode is Opcode.CLOSE for frame in await self._frames()):
            pass

    def _assembled(self, frame: Frame) -> str | None:
        """The message that this frame completes, if it does."""
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return None
        self._partial += bytes(frame.data)
        if not frame.fin:
            return None
        message, self._partial = self._partial.decode("utf-8", "replace"), b""
        return message

    async def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:  # an empty one asks for the end of the stream, which comes with the block
                await self.stream.write(data)

    async def _open_frames(self) -> list[Frame]:
        """The next frames; raises `CheckFailed` (`ws_closed`) where one of them is the server's close."""
        frames = await self._frames()
        for frame in frames:
            if frame.opcode is Opcode.CLOSE:
                close = self._protocol.close_rcvd
                raise self._closed(close.code if close else 1005, close.reason if close else "")
        return frames

    async def _frames(self) -> list[Frame]:
        """The next frames. Raises OSError, and `CheckFailed` where the stream ends or holds no frames."""
        while not (events := self._protocol.events_received()):
            broken = self._protocol.parser_exc
            if isinstance(broken, EOFError):
                raise self._closed(1006, "")
            if broken is not None:
                raise CheckFailed(
                    Reason.PROTOCOL_ERROR, f"{self.stream.where} sent a broken frame ({broken})"
                )
            data = await self.stream.read()
            if data:
                self._protocol.receive_data(data)
            else:
                self._protocol.receive_eof()
            if self._protocol.state is State.OPEN:
                await self._flush()  # the pong to a ping
        return [event for event in events if isinstance(event, Frame)]

    def _closed(self, code: int, reason: str) -> CheckFailed:
        reason = self._probe.secrets.redact(reason)
        self._probe.note(close_code=code, close_reason=reason)
        words = CLOSE_CODES.get(code, "the application's own" if code >= 4000 else "unknown")
        said = f": {reason}" if reason else ""
        return CheckFailed(
            Reason.WS_CLOSED, f"the server closed the connection with code {code} ({words}){said}"
        )
