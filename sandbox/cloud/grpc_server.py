"""Serves the methods over gRPC, with the official messages and Google's way of sending errors."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import grpc
import grpc.aio
from grpc_status import rpc_status

from sandbox.cloud.calls import Caller, GarbageError, Gate, Method
from sandbox.cloud.errors import CloudError

HOST = "127.0.0.1"
GARBAGE = b"<html><title>502 Bad Gateway</title></html>"
BYTES = 64 * 1024 * 1024
PRINCIPAL = "x-sandbox-principal"
"""The metadata that says who calls; the real one tells it from credentials."""


class GrpcServer:
    """One port for all APIs. `credentials` makes it TLS."""

    def __init__(
        self, methods: Iterable[Method], gate: Gate, default_principal: str, credentials: Any = None
    ) -> None:
        self._methods = {method.path: method for method in methods if method.path}
        self._gate = gate
        self._principal = default_principal
        self._credentials = credentials
        self._server: Any = None

    async def start(self) -> str:
        """Listens on a free port; gives its address."""
        self._server = grpc.aio.server(
            options=[("grpc.max_send_message_length", BYTES), ("grpc.max_receive_message_length", BYTES)]
        )
        self._server.add_generic_rpc_handlers((_Handlers(self._rpc),))
        if self._credentials is None:
            port = self._server.add_insecure_port(f"{HOST}:0")
        else:
            port = self._server.add_secure_port(f"{HOST}:0", self._credentials)
        await self._server.start()
        return f"{HOST}:{port}"

    async def stop(self) -> None:
        """Ends all calls."""
        if self._server is not None:
            await self._server.stop(grace=None)

    def _rpc(self, details: Any) -> Any:
        method = self._methods.get(details.method)
        if method is None:
            return None
        request, response = _reader(method.request), _writer(method.response)
        if method.stream is not None:
            return grpc.stream_stream_rpc_method_handler(self._streaming(method), request, response)
        return grpc.unary_unary_rpc_method_handler(self._unary(method), request, response)

    def _unary(self, method: Method) -> Callable[[Any, Any], Any]:
        async def answer(request: Any, context: Any) -> Any:
            try:
                return await self._gate.handle(method, request, self._caller(context))
            except CloudError as error:
                await context.abort_with_status(rpc_status.to_status(error.status()))
            except GarbageError:
                return GARBAGE

        return answer

    def _streaming(self, method: Method) -> Callable[[Any, Any], AsyncIterator[Any]]:
        async def answer(requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
            assert method.stream is not None
            try:
                async for each in method.stream(requests, self._caller(context)):
                    yield each
            except CloudError as error:
                await context.abort_with_status(rpc_status.to_status(error.status()))

        return answer

    def _caller(self, context: Any) -> Caller:
        metadata = dict(context.invocation_metadata() or ())
        agent = str(metadata.get("user-agent", ""))
        return Caller(str(metadata.get(PRINCIPAL, self._principal)), agent)


class _Handlers(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc comes without types
    def __init__(self, find: Callable[[Any], Any]) -> None:
        self._find = find

    def service(self, handler_call_details: Any) -> Any:
        """The handler of a path; None makes it UNIMPLEMENTED."""
        return self._find(handler_call_details)


def _reader(message: Any) -> Callable[[bytes], Any]:
    read: Callable[[bytes], Any] = getattr(message, "deserialize", None) or message.FromString
    return read  # of proto-plus, or plain


def _writer(message: Any) -> Callable[[Any], bytes]:
    serialize = getattr(message, "serialize", None)

    def write(answer: Any) -> bytes:
        if isinstance(answer, bytes):
            return answer
        return bytes(serialize(answer) if serialize else answer.SerializeToString())

    return write
