"""Names, pages and errors of the fake cloud: its pure parts."""

from collections.abc import Callable

import grpc
import pytest
from google.rpc import error_details_pb2
from hypothesis import given
from hypothesis import strategies as st

from sandbox.cloud.errors import HTTP, CloudError, error_info, invalid
from sandbox.cloud.names import number_of, page, parse, suffix


def refusal(work: Callable[[], object]) -> CloudError | None:
    """How something is refused; any other exception fails the test."""
    try:
        work()
    except CloudError as error:
        return error
    return None


@given(st.lists(st.integers()), st.integers(0, 7), st.integers(1, 5))
def test_pages_give_everything_once_and_in_order(items: list[int], size: int, usual: int) -> None:
    """However long the list and the page are."""
    found: list[int] = []
    token = ""
    while True:
        part, token = page(items, size, token, "scope", most=6, usual=usual)
        assert len(part) <= min(size or usual, 6)
        found += part
        if not token:
            break
    assert found == items


@given(st.text(max_size=20))
def test_a_token_of_something_else_is_refused(token: str) -> None:
    """Whatever a client sends as one; none means the first page."""
    error = refusal(lambda: page([1, 2, 3], 1, token, "scope"))
    assert error is None or token


@given(st.text(alphabet="projectslan/-1", max_size=40))
def test_a_name_is_read_or_refused(text: str) -> None:
    """Nothing else happens, whatever it is."""
    error = refusal(lambda: parse(text))
    assert error is None or error.code == grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("projects/p", ("p", "", "", "")),
        ("projects/p/locations/l", ("p", "l", "", "")),
        ("projects/p/locations/l/services/s", ("p", "l", "services", "s")),
        ("projects/p/locations/l/services/s/revisions/r", ("p", "l", "revisions", "r")),
        ("projects/p/instances/i", ("p", "", "instances", "i")),
    ],
)
def test_a_full_name_has_parts(text: str, parts: tuple[str, str, str, str]) -> None:
    """Project, location, and the last kind and id."""
    name = parse(text)
    assert (name.project, name.location, name.kind, name.id) == parts


def test_an_error_is_the_same_over_both_ways() -> None:
    """Code and details as a message of google.rpc, and as the JSON of REST."""
    error = CloudError(grpc.StatusCode.NOT_FOUND, "Not here.", [error_info("GONE", "example.com", a="b")])
    status, document = error.status(), error.document()["error"]
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (status.code, status.message, info.reason) == (5, "Not here.", "GONE")
    assert (document["code"], document["status"]) == (404, "NOT_FOUND")
    assert document["details"][0]["metadata"] == {"a": "b"}
    assert document["details"][0]["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"


def test_every_code_has_its_status_of_http() -> None:
    """After google/rpc/code.proto."""
    assert HTTP[grpc.StatusCode.ABORTED] == HTTP[grpc.StatusCode.ALREADY_EXISTS] == 409
    assert all(400 <= status < 600 for status in HTTP.values())
    assert invalid("No.", "name").document()["error"]["details"][0]["fieldViolations"][0]["field"] == "name"


def test_made_up_names_are_what_google_allows() -> None:
    """Lower case, a letter first; a number is the same for the same text."""
    assert all(suffix(5)[0].isalpha() and suffix(5).islower() for _ in range(50))
    assert number_of("a") == number_of("a") != number_of("b")
