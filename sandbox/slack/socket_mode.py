"""The server side of Socket Mode (docs.slack.dev/apis/events-api/using-socket-mode)."""

import asyncio
import json
import secrets
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from sandbox.slack.errors import JSON
from sandbox.slack.workspace import APP_ID

MOST_CONNECTIONS = 10
DISCONNECT_REASONS = ("warning", "refresh_requested", "link_disabled", "too_many_websockets")


@dataclass(eq=False)
class Connection:
    """One socket of the bot. `draining` ones get nothing new: a disconnect was announced."""

    websocket: WebSocket
    draining: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self, message: JSON) -> None:
        """Sends one JSON message; raises `ConnectionError` when the socket is gone."""
        async with self.lock:
            try:
                await self.websocket.send_text(json.dumps(message))
            except (WebSocketDisconnect, RuntimeError) as error:  # RuntimeError: Starlette's "already closed"
                raise ConnectionError("the socket is closed") from error


class SocketMode:
    """Connections of the bot. An envelope goes to one of them, in turn; its acknowledgement may
    come over any."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self.enabled = True
        # Set by the server that carries the sockets: resets the connection of a peer's address.
        self.abort: Callable[[tuple[str, int]], None] | None = None
        self.changed: list[Callable[[], None]] = []
        self._tickets: set[str] = set()
        self._waiting: dict[str, asyncio.Future[JSON]] = {}
        self._turn = 0
        self._event = asyncio.Event()

    @property
    def connected(self) -> bool:
        """True while a connection takes envelopes."""
        return any(not connection.draining for connection in self.connections)

    def ticket(self) -> str:
        """A name for one future connection; it can be used once."""
        name = secrets.token_urlsafe(16)
        self._tickets.add(name)
        return name

    async def serve(self, websocket: WebSocket, ticket: str) -> None:
        """Runs one connection until it ends."""
        if ticket not in self._tickets:
            await websocket.close(code=4404)
            return
        self._tickets.discard(ticket)
        await websocket.accept()
        connection = Connection(websocket)
        if len(self.connections) >= MOST_CONNECTIONS:
            await connection.send(_disconnect("too_many_websockets"))
            await websocket.close()
            return
        with suppress(ConnectionError):  # gone before it was greeted
            await connection.send(_hello(len(self.connections) + 1))
            await self._keep(connection)

    async def _keep(self, connection: Connection) -> None:
        self.connections.append(connection)
        self._announce()
        try:
            await self._listen(connection)
        finally:
            self.connections.remove(connection)
            self._announce()

    async def _listen(self, connection: Connection) -> None:
        while True:
            message = await connection.websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            self._receive(message.get("text") or "")

    def _receive(self, text: str) -> None:
        """An acknowledgement is `{"envelope_id": …, "payload": …}`; anything else Slack ignores."""
        try:
            message = json.loads(text)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        waiting = self._waiting.get(str(message.get("envelope_id")))
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    async def deliver(self, envelope: JSON) -> JSON:
        """Sends an envelope to one connection and waits for its acknowledgement.

        Raises `ConnectionError` with no connection there to take it.
        """
        envelope_id = str(uuid.uuid4())
        answer: asyncio.Future[JSON] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = answer
        try:
            await self._pick().send({"envelope_id": envelope_id, **envelope})
            return await answer
        finally:
            del self._waiting[envelope_id]

    def _pick(self) -> Connection:
        ready = [connection for connection in self.connections if not connection.draining]
        if not ready:
            raise ConnectionError("no connection")
        self._turn += 1
        return ready[self._turn % len(ready)]

    async def disconnect(self, reason: str) -> None:
        """Announces a disconnect to every connection; closes them, but for a mere `warning`."""
        for connection in list(self.connections):
            connection.draining = reason != "warning"
            with suppress(ConnectionError):  # it left by itself meanwhile
                await connection.send(_disconnect(reason))
                if reason != "warning":
                    await connection.websocket.close()

    async def cut(self) -> None:
        """Breaks every connection without a word, as a network does (without `abort`: with a close frame)."""
        for connection in list(self.connections):
            connection.draining = True
            client = connection.websocket.client
            if self.abort is not None and client is not None:
                self.abort((client.host, client.port))
            elif connection.websocket.client_state is WebSocketState.CONNECTED:
                await connection.websocket.close(code=1011)

    async def wait_connected(self, timeout_s: float) -> bool:
        """Waits for a connection; false when none came in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self.connected:
                    self._event.clear()
                    await self._event.wait()
        except TimeoutError:
            return False
        return True

    def _announce(self) -> None:
        self._event.set()
        for listener in self.changed:
            listener()


def _hello(number: int) -> JSON:
    return {
        "type": "hello",
        "num_connections": number,
        "debug_info": {"host": "local-slack", "build_number": 1, "approximate_connection_time": 18060},
        "connection_info": {"app_id": APP_ID},
    }


def _disconnect(reason: str) -> JSON:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "local-slack"}}
