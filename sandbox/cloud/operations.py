"""Long-running operations: they really take their time, and can be asked for, waited for and listed."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import grpc
from google.longrunning import operations_pb2
from google.protobuf import any_pb2

from sandbox.cloud.calls import Caller, Method
from sandbox.cloud.errors import CloudError, not_found
from sandbox.cloud.names import page

Work = Callable[[], Awaitable[Any]]
"""What an operation does; its answer is the operation's. A `CloudError` is its error."""

SERVICE = "/google.longrunning.Operations/"
LONGEST_WAIT = 60.0
KEPT = 1000
"""How many operations can be asked for."""


class Operations:
    """The operations of a project by name."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._operations: dict[str, Any] = {}
        self._ended: dict[str, asyncio.Event] = {}
        self._tasks: dict[asyncio.Task[None], bool] = {}

    def start(self, parent: str, metadata: Any, work: Work, *, lasting: bool = False) -> Any:
        """Starts work after the usual time; gives the operation.

        `lasting` work takes its own time, begins at once, and is not forgotten by `forget`.
        """
        operation = operations_pb2.Operation(
            name=f"{parent}/operations/{uuid.uuid4()}", metadata=packed(metadata)
        )
        self._make_room()
        self._operations[operation.name] = operation
        self._ended[operation.name] = asyncio.Event()
        task = asyncio.create_task(self._run(operation, work, 0 if lasting else self.seconds))
        self._tasks[task] = lasting
        task.add_done_callback(self._tasks.pop)
        task.add_done_callback(lambda _task: self._end(operation))  # also where it never began
        return _copy(operation)

    def _make_room(self) -> None:
        if len(self._operations) >= KEPT:
            done = [name for name, each in self._operations.items() if each.done]
            for name in done[: KEPT // 2]:
                del self._operations[name], self._ended[name]

    def finished(self, parent: str, response: Any) -> Any:
        """An operation that is done already, as `validate_only` gets."""
        operation = operations_pb2.Operation(name=f"{parent}/operations/{uuid.uuid4()}", done=True)
        operation.metadata.CopyFrom(packed(response))
        operation.response.CopyFrom(packed(response))
        return operation

    async def result(self, operation: Any) -> Any:
        """The operation when it is done, without a time limit."""
        if operation.name in self._ended:
            await self._ended[operation.name].wait()
            return _copy(self._operations[operation.name])
        return operation

    def forget(self) -> None:
        """Cancels the changes that are under way: what they were to change is not there any more."""
        for task, lasting in tuple(self._tasks.items()):
            if not lasting:
                task.cancel()

    async def close(self) -> None:
        """Cancels all that still runs."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def methods(self) -> list[Method]:
        """Google's Operations interface, which every API has."""
        return [
            self._method("GetOperation", operations_pb2.GetOperationRequest, self._get),
            self._method("WaitOperation", operations_pb2.WaitOperationRequest, self._wait),
            self._method(
                "ListOperations",
                operations_pb2.ListOperationsRequest,
                self._list,
                operations_pb2.ListOperationsResponse,
            ),
        ]

    @staticmethod
    def _method(name: str, request: Any, handler: Any, response: Any = operations_pb2.Operation) -> Method:
        verb = name.removesuffix("Operation").removesuffix("Operations").lower()
        return Method(
            name=f"operations.{verb}",
            api="run.googleapis.com",
            permission=f"run.operations.{'list' if verb == 'list' else 'get'}",
            handler=handler,
            scope=lambda request: request.name,
            path=SERVICE + name,
            request=request,
            response=response,
        )

    async def get(self, name: str) -> Any:
        """An operation as it is now; raises `CloudError`."""
        if name not in self._operations:
            raise not_found(f"Operation {name!r} was not found.")
        return _copy(self._operations[name])

    async def _get(self, request: Any, _caller: Caller) -> Any:
        return await self.get(request.name)

    async def _wait(self, request: Any, caller: Caller) -> Any:
        await self._get(request, caller)
        seconds = request.timeout.ToTimedelta().total_seconds() if request.HasField("timeout") else 0
        with suppress(TimeoutError):
            async with asyncio.timeout(min(seconds or LONGEST_WAIT, LONGEST_WAIT)):
                await self._ended[request.name].wait()
        return await self._get(request, caller)

    async def _list(self, request: Any, _caller: Caller) -> Any:
        under = [each for name, each in self._operations.items() if name.startswith(request.name + "/")]
        found, token = page(under, request.page_size, request.page_token, f"operations {request.name}")
        return operations_pb2.ListOperationsResponse(operations=found, next_page_token=token)

    async def _run(self, operation: Any, work: Work, delay: float) -> None:
        await asyncio.sleep(delay)
        try:
            operation.response.CopyFrom(packed(await work()))
        except CloudError as error:
            operation.error.CopyFrom(error.status())

    def _end(self, operation: Any) -> None:
        if operation.WhichOneof("result") is None:
            operation.error.CopyFrom(CloudError(grpc.StatusCode.CANCELLED, "Operation cancelled.").status())
        operation.done = True
        self._ended[operation.name].set()


def packed(message: Any) -> Any:
    """A message, of proto-plus or plain, in an `Any`."""
    wrapped = any_pb2.Any()
    pb = getattr(type(message), "pb", None)
    wrapped.Pack(pb(message) if pb else message)
    return wrapped


def _copy(operation: Any) -> Any:
    copied = operations_pb2.Operation()
    copied.CopyFrom(operation)
    return copied
