"""Requests to the job."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.vantage.request import (
    SKEW,
    BadRequest,
    digest,
    is_signed,
    new_request,
    read_token,
    signature,
    token,
)
from tests.checks.vantage.place import AT, KEY, environment

FILE = environment()
SPECS = list(FILE.checks.values())


def test_what_was_signed_is_read_back() -> None:
    """The request comes out of its token as it went in."""
    request = new_request(FILE, SPECS, 30, AT)
    assert read_token(token(request, KEY), KEY, AT) == request
    assert request.checks == {"redis": 20_000, "postgres": 20_000, "backend": 20_000}


def test_no_two_requests_are_alike() -> None:
    """Not even those for the same checks at the same time."""
    one, other = (new_request(FILE, SPECS, 30, AT) for _ in range(2))
    assert (one.id, one.nonce) != (other.id, other.nonce)


@given(st.data())
def test_nothing_in_a_token_can_be_changed(data: st.DataObject) -> None:
    """Whatever byte of the body or of the signature is another one, it is refused."""
    body, _, signed = token(new_request(FILE, SPECS, 30, AT), KEY).partition(".")
    text = urlsafe_b64decode(body) + signed.encode()
    place = data.draw(st.integers(0, len(text) - 1))
    byte = data.draw(st.integers(0, 127).filter(lambda value: value != text[place]))
    changed = text[:place] + bytes([byte]) + text[place + 1 :]
    cut = len(text) - len(signed)
    with pytest.raises(BadRequest) as caught:
        read_token(f"{urlsafe_b64encode(changed[:cut]).decode()}.{changed[cut:].decode()}", KEY, AT)
    assert caught.value.code in ("not_signed", "not_understood")


@given(st.text(max_size=60))
def test_any_text_is_no_request(text: str) -> None:
    """Nonsense is refused with a sentence, never with a crash."""
    with pytest.raises(BadRequest):
        read_token(text, KEY, AT)


def test_another_key_is_told_as_such() -> None:
    """With what the request claims to be, so that the refusal can name it."""
    request = new_request(FILE, SPECS, 30, AT)
    with pytest.raises(BadRequest, match="another key") as caught:
        read_token(token(request, KEY), KEY + "!", AT)
    assert caught.value.request == request


def test_a_request_ends() -> None:
    """After its time and what clocks may be apart it is refused, and not before."""
    request = new_request(FILE, SPECS, 30, AT)
    last = AT + timedelta(seconds=30) + SKEW
    read_token(token(request, KEY), KEY, last)
    with pytest.raises(BadRequest, match="5 s after its end") as caught:
        read_token(token(request, KEY), KEY, last + timedelta(seconds=5))
    assert caught.value.code == "expired"


def test_digest_is_of_the_checks_that_are_asked() -> None:
    """Another budget or range makes another digest; a check that is not asked makes none."""
    before = digest(FILE, ["redis"])
    spec = FILE.checks["redis"].model_copy(update={"budget": 1.0})
    postgres = FILE.checks["postgres"].model_copy(update={"budget": 1.0})
    assert digest(FILE.model_copy(update={"checks": FILE.checks | {"redis": spec}}), ["redis"]) != before
    assert (
        digest(FILE.model_copy(update={"checks": FILE.checks | {"postgres": postgres}}), ["redis"]) == before
    )
    wider = FILE.network.model_copy(update={"ranges": ()})
    assert digest(FILE.model_copy(update={"network": wider}), ["redis"]) != before
    assert digest(FILE, ["redis", "no such check"]) != before


def test_a_request_is_no_answer() -> None:
    """A signature is over its purpose, and keeps its parts apart."""
    assert not is_signed(signature(KEY, "request", "a"), KEY, "answer", "a")
    assert signature(KEY, "answer", "ab", "c") != signature(KEY, "answer", "a", "bc")
