"""HTTP checks against real servers, for each reason that they can give."""

import asyncio
from typing import Any

import pytest
from pydantic import ValidationError

from checks.kinds.http import HttpCheck
from checks.reasons import Reason
from checks.result import Status
from tests.checks.place import ADDRESS, HOST, Place
from tests.servers import tcp, web

PASS, FAIL = Status.PASS, Status.FAIL


def check(url: str = f"http://{HOST}/health", **fields: Any) -> HttpCheck:
    """A check as an environment file would have it."""
    return HttpCheck.model_validate({"kind": "http", "url": url, "budget": "100ms", "timeout": "5s"} | fields)


async def test_passes_with_every_phase_timed(place: Place) -> None:
    """An answer as expected passes, with all five phases, and tells status, type, server and body."""
    body = b'{"status": "healthy"}'
    handler = web.answering(200, body, content_type="application/json")
    async with tcp.serving(handler, place.authority.server(HOST)) as port:
        place.map(443, port)
        found = await place.ask(check(f"https://{HOST}/health", expect={"json": {"status": "healthy"}}))
    assert (found.status, found.reason) == (PASS, Reason.OK)
    assert found.message.startswith("HTTP 200 from /health in ")
    assert [name for name, _ in found.steps] == ["resolve", "connect", "tls", "first_byte", "body"]
    expected = {"status": 200, "content_type": "application/json", "server": "test/1", "body": body.decode()}
    assert found.facts.items() >= expected.items()
    assert found.facts["address"] == f"{ADDRESS}:443"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (503, Reason.HTTP_503),
        (500, Reason.HTTP_5XX),
        (502, Reason.HTTP_5XX),
        (404, Reason.HTTP_4XX),
        (204, Reason.HTTP_STATUS),
    ],
)
async def test_names_an_unexpected_status(place: Place, status: int, reason: Reason) -> None:
    """A status that is not expected fails with its class and its number in words."""
    async with tcp.serving(web.answering(status)) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert (found.status, found.reason) == (FAIL, reason)
    assert found.message.startswith(f"HTTP {status} from /health after ")
    assert found.facts["status"] == status


async def test_says_how_long_a_503_took(place: Place) -> None:
    """The time of a slow 503 is in the message and in the phase that waited."""
    async with tcp.serving(web.slow_first_byte(0.2)) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert found.reason is Reason.HTTP_503
    waited = next(phase for phase in found.phases if phase.name == "first_byte")
    assert waited.duration_ms >= 200


async def test_a_list_of_statuses_is_accepted(place: Place) -> None:
    """Any status of the list passes, a redirect too, which is then not followed."""
    async with tcp.serving(web.answering(302, location="https://elsewhere.example/")) as port:
        place.map(80, port)
        found = await place.ask(check(expect={"status": [200, 302]}))
    assert found.status is PASS


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ({"contains": "<title>"}, "does not hold '<title>'"),
        ({"json": {"status": "healthy"}}, 'status is "degraded", expected "healthy"'),
        ({"json": {"queue.depth": {"at_most": 10}}}, "queue.depth is 99, expected at most 10"),
        ({"json": {"missing": True}}, "missing is missing, expected true"),
    ],
)
async def test_a_wrong_body_is_a_mismatch(place: Place, expect: dict[str, Any], words: str) -> None:
    """A body that is not as expected fails and says in which way."""
    body = b'{"status": "degraded", "queue": {"depth": 99}}'
    async with tcp.serving(web.answering(200, body)) as port:
        place.map(80, port)
        found = await place.ask(check(expect=expect))
    assert (found.status, found.reason) == (FAIL, Reason.BODY_MISMATCH)
    assert words in found.message


async def test_a_body_that_is_no_json_is_a_mismatch(place: Place) -> None:
    """HTML where JSON is expected fails and tells the type."""
    async with tcp.serving(web.answering(200, b"<html>", content_type="text/html")) as port:
        place.map(80, port)
        found = await place.ask(check(expect={"json": {"ok": True}}))
    assert found.reason is Reason.BODY_MISMATCH
    assert "no JSON (text/html)" in found.message


async def test_an_endless_body_is_given_up(place: Place) -> None:
    """Reading stops at the limit, and the body phase is the one that failed."""
    async with tcp.serving(web.web(web.endless)) as port:
        place.map(80, port)
        found = await place.ask(check(max_body=100_000))
    assert (found.status, found.reason) == (FAIL, Reason.BODY_TOO_LARGE)
    assert "100,000 bytes" in found.message
    assert found.steps[-1] == ("body", FAIL)


async def test_silence_after_the_request_times_out_in_first_byte(place: Place) -> None:
    """A server that takes the request and says nothing is a time-out while waiting for the first byte."""
    async with tcp.serving(tcp.silent) as port:
        place.map(80, port)
        found = await place.ask(check(timeout="1s"))
    assert (found.status, found.reason) == (FAIL, Reason.READ_TIMEOUT)
    assert "waiting for the first byte" in found.message
    assert found.steps[-1] == ("first_byte", FAIL)


async def test_a_body_that_stalls_times_out_in_body(place: Place) -> None:
    """A server that stops in the middle of the body is a read time-out while reading the body."""
    async with tcp.serving(web.web(web.stalling)) as port:
        place.map(80, port)
        found = await place.ask(check(timeout="1s"))
    assert (found.status, found.reason) == (FAIL, Reason.READ_TIMEOUT)
    assert "reading the body" in found.message
    assert found.steps[-1] == ("body", FAIL)


async def test_a_body_cut_short_is_told(place: Place) -> None:
    """A connection that ends before the promised length is a closed connection, not a short body."""
    async with tcp.serving(web.web(web.cut)) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert (found.status, found.reason) == (FAIL, Reason.CONNECTION_CLOSED)
    assert "in the middle of the body" in found.message


async def test_a_hang_up_without_an_answer_is_told(place: Place) -> None:
    """A server that reads the request and closes has given no answer."""
    async with tcp.serving(tcp.saying_and_closing(b"")) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert found.reason is Reason.CONNECTION_CLOSED
    assert "without" in found.message


async def test_a_reset_is_told(place: Place) -> None:
    """A reset while waiting for the answer is named as one."""
    async with tcp.serving(tcp.resetting) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert found.reason is Reason.CONNECTION_RESET


async def test_what_is_not_http_is_a_protocol_error(place: Place) -> None:
    """A server of another protocol on the port is named as such."""
    async with tcp.serving(tcp.saying(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert found.reason is Reason.PROTOCOL_ERROR
    assert "not HTTP" in found.message


async def test_a_header_without_end_is_a_protocol_error(place: Place) -> None:
    """A head that grows and grows is not read for ever."""
    async with tcp.serving(tcp.saying(b"HTTP/1.1 200 OK\r\nx: " + b"a" * 200_000)) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert found.reason is Reason.PROTOCOL_ERROR


async def test_a_redirect_within_the_file_is_followed(place: Place) -> None:
    """A redirect to a host of the file is followed, and the way is told."""
    async with (
        tcp.serving(web.answering(301, location="http://app.example.org/new?token=1")) as first,
        tcp.serving(web.answering(200, b"here")) as second,
    ):
        place.names.zone.append("app.example.org. 60 IN A 203.0.113.11")
        place.map(80, first)
        place.map(80, second, "203.0.113.11")
        found = await place.ask(check(), "app.example.org")
    assert found.status is PASS
    assert found.facts["redirects"] == ["http://app.example.org/new"]


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/",
        "http://169.254.169.254/computeMetadata/v1/",
        "http://metadata.google.internal/",
        "//127.0.0.1/",
        "http://2852039166/",
        "http://[::ffff:169.254.169.254]/",
    ],
)
async def test_a_redirect_to_elsewhere_is_refused(place: Place, location: str) -> None:
    """A redirect to a host that the file does not name is refused and says where it led; nobody is asked."""
    async with tcp.serving(web.answering(302, location=location)) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert (found.status, found.reason) == (FAIL, Reason.HTTP_REDIRECT_REFUSED)
    assert "the environment file does not name" in found.message
    assert set(place.names.asked) == {f"{HOST} A"}


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://staging.example.org/", "http://[", "https://"]
)
async def test_a_redirect_to_what_is_no_web_address_is_refused(place: Place, location: str) -> None:
    """A redirect to another scheme or to nonsense is refused."""
    async with tcp.serving(web.answering(302, location=location)) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert found.reason is Reason.HTTP_REDIRECT_REFUSED


async def test_a_redirect_out_of_tls_is_refused(place: Place) -> None:
    """A redirect from https to http is refused, within the file too."""
    handler = web.answering(302, location=f"http://{HOST}/")
    async with tcp.serving(handler, place.authority.server(HOST)) as port:
        place.map(443, port)
        found = await place.ask(check(f"https://{HOST}/"))
    assert found.reason is Reason.HTTP_REDIRECT_REFUSED
    assert "not encrypted" in found.message


async def test_a_redirect_loop_is_given_up(place: Place) -> None:
    """More than five redirects are refused."""
    async with tcp.serving(web.answering(302, location="/health")) as port:
        place.map(80, port)
        found = await place.ask(check())
    assert found.reason is Reason.HTTP_REDIRECT_REFUSED
    assert "more than 5 times" in found.message


async def test_a_secret_header_is_sent_and_never_shown(place: Place) -> None:
    """A header's secret reaches the server, is taken out of its echo, and stays at its origin."""
    seen: list[web.Asked] = []

    async def respond(asked: web.Asked, writer: asyncio.StreamWriter) -> None:
        seen.append(asked)
        location = {"location": "http://app.example.org/"} if asked.target == "/health" else {}
        writer.write(
            web.message(302 if location else 200, asked.headers.get("x-key", "").encode(), **location)
        )

    async with tcp.serving(web.web(respond)) as port:
        place.names.zone.append("app.example.org. 60 IN A 203.0.113.10")
        place.map(80, port)
        spec = check(headers={"X-Key": {"env": "KEY"}, "X-Plain": "plain"})
        found = await place.ask(spec, "app.example.org", variables={"KEY": "s3cret-value"})
        direct = await place.ask(
            check(f"http://{HOST}/echo", headers={"X-Key": {"env": "KEY"}}), variables={"KEY": "s3cret-value"}
        )
    assert found.status is PASS
    assert [asked.headers.get("x-key") for asked in seen] == ["s3cret-value", None, "s3cret-value"]
    assert seen[1].headers["x-plain"] == "plain"
    assert "s3cret-value" not in str(direct)
    assert direct.facts["body"] == "•••"


async def test_a_missing_secret_is_unknown(place: Place) -> None:
    """Without the secret of a header nobody is asked, and the result is unknown."""
    found = await place.ask(check(headers={"X-Key": {"env": "KEY"}}))
    assert (found.status, found.reason) == (Status.UNKNOWN, Reason.SECRET_MISSING)
    assert place.names.asked == []


async def test_a_secret_that_no_header_can_hold_is_unknown_and_not_shown(place: Place) -> None:
    """A secret with a line break is not sent, and the message does not quote it."""
    async with tcp.serving(web.answering(200)) as port:
        place.map(80, port)
        found = await place.ask(check(headers={"X-Key": {"env": "KEY"}}), variables={"KEY": "a\nb-secret"})
    assert found.status is Status.UNKNOWN
    assert "b-secret" not in found.message


async def test_head_asks_without_a_body(place: Place) -> None:
    """HEAD passes on the status alone."""
    seen: list[web.Asked] = []
    async with tcp.serving(web.answering(200, seen=seen)) as port:
        place.map(80, port)
        found = await place.ask(check(method="HEAD"))
    assert found.status is PASS
    assert seen[0].method == "HEAD"


async def test_an_invalid_certificate_is_decoded(place: Place) -> None:
    """TLS problems of an HTTP check have the reasons of TLS."""
    async with tcp.serving(web.answering(200), place.authority.server("other.example.org")) as port:
        place.map(443, port)
        found = await place.ask(check(f"https://{HOST}/"))
    assert found.reason is Reason.TLS_WRONG_NAME
    assert found.steps[-1] == ("tls", FAIL)


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "ftp://example.org"},
        {"url": "https://user:pass@example.org/"},
        {"url": "nonsense"},
        {"url": "https://example.org:99999/"},
        {"method": "HEAD", "expect": {"contains": "x"}},
        {"method": "POST"},
        {"expect": {"json": {"a": {}}}},
    ],
)
def test_wrong_fields_are_refused(fields: dict[str, Any]) -> None:
    """A file with a URL, method or expectation that cannot be is refused when it is read."""
    with pytest.raises(ValidationError):
        check(**fields)


def test_the_target_holds_no_query() -> None:
    """What people see of the URL leaves out its query, which may hold a token."""
    assert check("https://example.org/health?token=abc").target == "https://example.org/health"
