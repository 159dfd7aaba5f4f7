"""Where answers are from, and which to believe."""

from dataclasses import replace

from checks.output.headline import headline, sentence
from checks.output.json import document, sweep_from_document
from checks.output.origin import believed, origin, vantage_of
from checks.output.text import exit_code, text
from checks.reasons import Reason
from checks.result import CheckResult, Status, Sweep, Vantage
from tests.checks.results import HERE, result, sweep

JOB = Vantage("job", "Cloud Run job in us-central1")
MUTE = replace(HERE, speaks=False)


def from_job(name: str, status: Status = Status.PASS, **facts: str | float) -> CheckResult:
    """A dependency that the job asked."""
    return result(name, status, vantage=JOB, facts=facts)


def mixed() -> Sweep:
    """Redis fails in the job and answers from here; a service is asked from here."""
    redis = from_job("redis", Status.FAIL, here_status="pass", cold_start_ms=4_020.0)
    return sweep(redis, from_job("postgres", here_status="pass"), result("backend", layer="service"))


def test_one_place_is_named_alone() -> None:
    """With nothing to believe or not."""
    alone = sweep(result("redis"))
    assert (origin(alone), believed(alone), vantage_of(alone)) == ("from this machine (test)", "", HERE)


def test_both_places_are_named_with_what_they_answered() -> None:
    """And how long the container took to start."""
    assert origin(mixed()) == (
        "dependencies from Cloud Run job in us-central1 · the rest from this machine (test) · cold start 4 s"
    )
    assert vantage_of(mixed()).kind == "mixed"


def test_the_job_is_believed_where_they_differ() -> None:
    """Only those are named of which the two places say different things."""
    assert believed(mixed()) == (
        "redis says something else from here: believe the job, which is in the service's network"
    )


def test_answers_that_say_nothing_of_the_service_are_told_as_such() -> None:
    """With the advice to believe the job, unless it could not be asked."""
    asked_here = sweep(result("redis", vantage=MUTE), result("backend", layer="service"))
    assert believed(asked_here).endswith("believe the Cloud Run job where it says something else")
    facts = {"job_silent": "there is no job whybot-probe"}
    untold = [
        result(name, Status.UNKNOWN, Reason.VANTAGE_CANNOT_TELL, vantage=MUTE, facts=facts)
        for name in ("redis", "postgres")
    ]
    assert believed(sweep(*untold)) == (
        "dependencies were asked from here, which says nothing of what the service reaches: "
        "there is no job whybot-probe"
    )
    assert text(sweep(*untold)).count("there is no job") == 1


def test_a_pass_that_says_nothing_of_the_service_is_not_healthy() -> None:
    """Each result stays as it was measured, but the sweep as a whole could not be told: exit code 2."""
    redis, postgres = (result(name, vantage=MUTE) for name in ("redis", "postgres"))
    alone = sweep(redis, postgres)
    assert (alone.status, exit_code(alone)) == (Status.UNKNOWN, 2)
    assert headline(alone) == "⚪ staging: 2 ok from here, which says nothing of what the service reaches"
    assert text(alone).count("asked from here") >= 2
    backend = result("backend", layer="service")
    assert headline(sweep(redis, postgres, backend)) == (
        "⚪ staging: 1 ok; 2 more ok from here, which says nothing of what the service reaches"
    )
    assert exit_code(sweep(backend)) == 0
    failing = sweep(redis, result("backend", Status.FAIL, layer="service"))
    assert (failing.status, exit_code(failing)) == (Status.FAIL, 1)
    slow = sweep(redis, result("backend", Status.DEGRADED, layer="service"))
    assert slow.status is Status.DEGRADED
    assert sweep(redis, expected=("redis", "postgres")).status is Status.UNKNOWN


def test_half_of_the_dependencies_are_named_one_by_one() -> None:
    """Where the job told only some."""
    half = sweep(from_job("redis"), result("postgres", vantage=MUTE))
    assert origin(half) == "redis from Cloud Run job in us-central1 · the rest from this machine (test)"


def test_it_is_on_the_terminal_and_in_the_document() -> None:
    """The document says it of each check and of the whole; it comes back as it was."""
    assert "believe the job" in text(mixed())
    written = document(mixed())
    assert written["vantage"]["kind"] == "mixed"
    assert [check["vantage"]["kind"] for check in written["checks"]] == ["job", "job", "here"]
    assert document(sweep_from_document(written)) == written


def test_documents_of_before_speak() -> None:
    """One without `speaks` is of a vantage that was not in doubt."""
    written = document(sweep(result("redis")))
    del written["checks"][0]["vantage"]["speaks"]
    assert sweep_from_document(written).results[0].vantage == HERE


def test_a_running_sweep_says_what_it_waits_for() -> None:
    """In the line of progress."""
    running = replace(
        sweep(result("backend"), expected=("backend", "redis")),
        waiting="waiting for the Cloud Run job (cold start 4 s)",
    )
    assert sentence(running) == ("staging: 1 of 2 checked · waiting for the Cloud Run job (cold start 4 s)")
    assert running.adding(result("redis"), 1.0).waiting == ""
