"""Reads the project's number, which some names are written with.

Field `name`: https://cloud.google.com/resource-manager/reference/rest/v3/projects
"""

from typing import Any
from urllib.parse import quote

from checks.observe.calls import Calls
from checks.observe.errors import NotUnderstood
from checks.observe.permissions import PROJECT

HOST = "cloudresourcemanager.googleapis.com"


async def read_number(calls: Calls) -> str:
    """The number. Raises `Unseen`."""
    session = await calls.clients.session()

    def attempt(seconds: float) -> str:
        return number_of(document(session.get(url(calls), timeout=seconds)))

    return await calls.blocking(PROJECT, attempt)


def url(calls: Calls) -> str:
    """The project's address in the API."""
    return f"{calls.clients.url(HOST)}/v3/projects/{quote(calls.place.project, safe='')}"


def number_of(answer: Any) -> str:
    """The number in the answer; raises `NotUnderstood`."""
    name = str(answer.get("name", "")) if isinstance(answer, dict) else ""
    number = name.removeprefix("projects/")
    if not number.isdigit():
        raise NotUnderstood("the project has no number")
    return number


def document(response: Any) -> Any:
    """The JSON of an answer of requests; raises what google.api_core raises for its status, or ValueError."""
    from google.api_core.exceptions import from_http_response

    if not response.ok:
        raise from_http_response(response)  # type: ignore[no-untyped-call]  # google.api_core is partly typed
    return response.json()
