"""WebSocket checks against real servers, for each reason that they can give."""

import asyncio
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.utils import accept_key

from checks.kinds.websocket import WebsocketCheck
from checks.reasons import Reason
from checks.result import Status
from tests.checks.place import HOST, Place
from tests.servers import sockets, tcp, web

PASS, FAIL = Status.PASS, Status.FAIL


def check(**fields: Any) -> WebsocketCheck:
    """A check as an environment file would have it."""
    base = {"kind": "websocket", "url": f"ws://{HOST}/ws", "budget": "100ms", "timeout": "5s"}
    return WebsocketCheck.model_validate(base | {"send": "ping", "expect": "pong"} | fields)


def switching(frames: bytes, *, close: bool = False, **headers: str) -> tcp.Handler:
    """A server that upgrades by hand, says these bytes and then closes or stays silent."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await web.read_request(reader)
        fields = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": accept_key(asked.headers["sec-websocket-key"]),
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"HTTP/1.1 101 Switching Protocols\r\n{lines}\r\n".encode() + frames)
        await writer.drain()
        if not close:
            await asyncio.Event().wait()
        await reader.read(65536)

    return handler


async def test_a_message_there_and_back_passes(place: Place) -> None:
    """The expected answer passes, with the phases of the upgrade, the message and the close."""
    async with sockets.talking(sockets.answering("pong")) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert (found.status, found.reason) == (PASS, Reason.OK), found.message
    assert found.message.startswith("connected, the answer to 'ping' came after ")
    assert [name for name, _ in found.steps] == ["resolve", "connect", "upgrade", "roundtrip", "close"]
    assert found.facts["clean_close"] is True
    assert found.facts["status"] == 101


async def test_other_messages_before_the_answer_are_let_pass(place: Place) -> None:
    """A greeting before the answer is no mistake."""
    async with sockets.talking(sockets.answering('{"type": "pong"}', greeting="welcome")) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert found.status is PASS


async def test_an_answer_in_pieces_is_put_together(place: Place) -> None:
    """A message that comes in fragments, with a ping in between, is read as one."""
    frames = b"\x01\x02po" + b"\x89\x00" + b"\x80\x02ng"
    async with tcp.serving(switching(frames)) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert found.status is PASS


async def test_over_tls_with_secret_header_and_subprotocol(place: Place) -> None:
    """wss, a header's secret and a subprotocol reach the server."""
    seen: list[web.Asked] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await web.read_request(reader))
        writer.write(web.message(403))
        await writer.drain()

    async with tcp.serving(handler, place.authority.server(HOST)) as port:
        place.map(443, port)
        spec = check(url=f"wss://{HOST}/ws?v=1", headers={"Authorization": {"env": "T"}}, subprotocol="chat")
        found = await place.ask(spec, variables={"T": "Bearer s3cret"})
    assert found.reason is Reason.UPGRADE_REFUSED
    assert seen[0].target == "/ws?v=1"
    assert seen[0].headers["authorization"] == "Bearer s3cret"
    assert seen[0].headers["sec-websocket-protocol"] == "chat"
    assert [name for name, _ in found.steps] == ["resolve", "connect", "tls", "upgrade"]


async def test_the_subprotocol_is_told(place: Place) -> None:
    """The subprotocol that the server chose is a fact."""
    async with sockets.talking(sockets.answering("pong"), subprotocols=["chat"]) as port:
        place.map(80, port)
        found = await place.ask(check(subprotocol="chat"))
    assert found.facts["subprotocol"] == "chat"


async def test_without_an_expectation_a_ping_must_be_answered(place: Place) -> None:
    """With nothing to expect, the protocol's own ping and pong are the round trip."""
    async with sockets.talking(sockets.silent) as port:
        place.map(80, port)
        found = await place.ask(check(send=None, expect=None))
    assert found.status is PASS
    assert "the answer to a ping" in found.message


async def test_a_message_that_the_server_sends_by_itself(place: Place) -> None:
    """With nothing to send, the expected message is waited for."""
    async with sockets.talking(sockets.answering("x", greeting="welcome")) as port:
        place.map(80, port)
        found = await place.ask(check(send=None, expect="welcome"))
    assert found.status is PASS


@pytest.mark.parametrize("status", [403, 200, 503, 302])
async def test_a_refused_upgrade_tells_the_status(place: Place, status: int) -> None:
    """Any status but 101 is a refused upgrade and is told."""
    async with tcp.serving(web.answering(status, b"no")) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert (found.status, found.reason) == (FAIL, Reason.UPGRADE_REFUSED)
    assert found.message == f"the upgrade was answered with HTTP {status} instead of 101"
    assert found.facts["status"] == status
    assert found.steps[-1] == ("upgrade", FAIL)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_WebSocket_Accept": "wrong"},
        {"Upgrade": "h2c"},
        {"Sec_WebSocket_Protocol": "chat"},
        {"Sec_WebSocket_Extensions": "permessage-deflate"},
    ],
)
async def test_an_upgrade_that_is_not_valid(place: Place, headers: dict[str, str]) -> None:
    """A 101 that does not fit what was asked is a refused upgrade too."""
    async with tcp.serving(switching(b"", **headers)) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert found.reason is Reason.UPGRADE_REFUSED
    assert "not valid" in found.message


async def test_a_silent_upgrade_times_out(place: Place) -> None:
    """A server that takes the upgrade request and says nothing is a read time-out in the upgrade."""
    async with tcp.serving(tcp.silent) as port:
        place.map(80, port)
        found = await place.ask(check(timeout="1s"))
    assert found.reason is Reason.READ_TIMEOUT
    assert "waiting for the upgrade" in found.message


@pytest.mark.parametrize(
    ("code", "words"),
    [(1011, "internal error"), (1013, "try again later"), (4000, "the application's own"), (1000, "normal")],
)
async def test_a_close_right_away_tells_code_and_reason(place: Place, code: int, words: str) -> None:
    """A close instead of an answer fails with its code, what that means, and the server's reason."""
    async with sockets.talking(sockets.closing(code, "no room")) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert (found.status, found.reason) == (FAIL, Reason.WS_CLOSED)
    assert found.message == f"the server closed the connection with code {code} ({words}): no room"
    assert found.facts["close_code"] == code
    assert found.facts["close_reason"] == "no room"


async def test_a_close_in_the_same_packet_as_the_upgrade(place: Place) -> None:
    """A close that comes together with the 101 is not lost."""
    async with tcp.serving(switching(b"\x88\x02\x03\xf3")) as port:
        place.map(80, port)
        found = await place.ask(check(send="ping", expect=None))
    assert found.reason is Reason.WS_CLOSED
    assert found.facts["close_code"] == 1011


async def test_a_cut_connection_is_code_1006(place: Place) -> None:
    """A connection that ends without a close frame is told as cut."""
    async with tcp.serving(switching(b"", close=True)) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert found.reason is Reason.WS_CLOSED
    assert "1006 (cut without a close frame)" in found.message


async def test_silence_is_no_echo(place: Place) -> None:
    """No answer until the deadline fails and says that there was only silence."""
    async with sockets.talking(sockets.silent) as port:
        place.map(80, port)
        found = await place.ask(check(timeout="1s"))
    assert (found.status, found.reason) == (FAIL, Reason.WS_NO_ECHO)
    assert found.message.startswith("connected, then silence: no 'pong' in ")
    assert found.steps[-1] == ("roundtrip", FAIL)


async def test_a_wrong_echo_is_shown(place: Place) -> None:
    """A wrong answer and then nothing fails and shows what came."""
    async with sockets.talking(sockets.answering("nope")) as port:
        place.map(80, port)
        found = await place.ask(check(timeout="1s"))
    assert found.reason is Reason.WS_NO_ECHO
    assert found.message.endswith("the last message was 'nope'")


async def test_endless_chatter_is_given_up(place: Place) -> None:
    """A hundred messages that are not the answer are enough."""
    async with sockets.talking(sockets.chattering) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert found.reason is Reason.WS_NO_ECHO
    assert "none of the first 100 messages" in found.message


@pytest.mark.parametrize(
    "frames", [b"\x83\x00", b"\x81\xff\x00\x00\x00\x00", b"\x81\x7f" + b"\x7f" + b"\xff" * 7]
)
async def test_a_broken_frame_is_a_protocol_error(place: Place, frames: bytes) -> None:
    """Frames that RFC 6455 forbids, or that are larger than any message may be, are named as broken."""
    async with tcp.serving(switching(frames)) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert (found.status, found.reason) == (FAIL, Reason.PROTOCOL_ERROR)


async def test_a_close_that_is_not_answered_is_only_noted(place: Place) -> None:
    """A server that answers, but never says goodbye, passes; the missing goodbye is a fact."""
    async with tcp.serving(switching(b"\x81\x04pong")) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert found.status is PASS
    assert found.facts["clean_close"] is False
    assert found.steps[-1] == ("close", FAIL)


async def test_a_reset_after_the_upgrade_is_told(place: Place) -> None:
    """A reset while waiting for the answer is named as one."""

    async def talk(connection: ServerConnection) -> None:
        await connection.recv()
        raw = connection.transport.get_extra_info("socket")
        raw.setsockopt(tcp.socket.SOL_SOCKET, tcp.socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        connection.transport.abort()

    async with sockets.talking(talk) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert found.reason is Reason.CONNECTION_RESET


def test_the_url_must_be_a_websocket() -> None:
    """https:// is no address of a WebSocket."""
    with pytest.raises(ValueError, match="ws://"):
        check(url="https://example.org/")
