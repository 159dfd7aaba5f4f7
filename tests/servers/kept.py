"""A sandbox server for a whole test module, on an event loop of its own."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import TypeVar

Server = TypeVar("Server", bound=contextlib.AbstractAsyncContextManager[object])


@contextlib.contextmanager
def kept(server: Server) -> Iterator[Server]:
    """Enters the server on a loop in a thread, for the loop of a test ends with the test."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result()
        try:
            yield server
        finally:
            asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
