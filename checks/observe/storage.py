"""Reads objects of Cloud Storage, of any size in bounded memory.

An object is read as it was when reading began (its generation), or not at all.
"""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from checks.observe.calls import Calls
from checks.observe.cloud import ObjectLost
from checks.observe.errors import Unseen
from checks.observe.permissions import OBJECT, Place

PART = 1024 * 1024
LARGEST_WHOLE = 16 * 1024 * 1024


async def find(calls: Calls, bucket: str, name: str) -> Any:
    """An object with its metadata. Raises `Unseen`."""
    calls.place = Place(calls.place.project, calls.place.region, calls.place.member, bucket)
    client = await calls.clients.storage()

    def attempt(seconds: float) -> Any:
        blob = client.bucket(bucket).blob(name)
        blob.reload(timeout=seconds, retry=None)
        return blob

    return await calls.blocking(OBJECT, attempt)


async def parts(calls: Calls, blob: Any) -> AsyncIterator[bytes]:
    """The bytes of an object in parts of 1 MB. Raises `ObjectLost`."""
    for start in range(0, int(blob.size or 0), PART):
        try:
            yield await calls.blocking(OBJECT, partial(_part, blob, start))
        except Unseen as unseen:
            raise ObjectLost(unseen.blind) from unseen


def _part(blob: Any, start: int, seconds: float) -> bytes:
    found: bytes = blob.download_as_bytes(
        start=start,
        end=min(start + PART, int(blob.size)) - 1,
        raw_download=True,  # as it is stored: a range of what is unpacked on the way makes no sense
        if_generation_match=blob.generation,
        checksum=None,  # a part has none
        timeout=seconds,
        retry=None,
    )
    return found
