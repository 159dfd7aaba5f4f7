"""Both places together: who is asked, and who is believed."""

import asyncio
from contextlib import aclosing

import pytest

from checks.output.text import text
from checks.overlay import Overlay
from checks.reasons import Reason
from checks.result import Status, Sweep, Vantage
from checks.runner import Runner
from checks.secrets import Secrets
from checks.vantage.job import JobSilent
from checks.vantage.joining import doubted
from checks.vantage.mixed import Choice, Vantages
from tests.bot.running import until
from tests.checks.results import result
from tests.checks.specs import acted, answer
from tests.checks.vantage.place import BAD, GOOD, HERE, Staging, refused, staging, state


async def swept(place: Staging, choice: Choice = Choice.BEST, *, absent: str = "") -> Sweep:
    """A whole sweep."""
    async with place.vantages(choice, absent=absent) as vantages:
        return await vantages.run(place.file.select())


def statuses(sweep: Sweep) -> dict[str, Status]:
    """By name."""
    return {each.name: each.status for each in sweep.results}


async def test_dependencies_are_asked_in_the_job_and_the_rest_from_here() -> None:
    """Each result says where it is from; the sweep names both places."""
    async with staging(broken=["redis"]) as place:
        sweep = await swept(place)
    places = {each.name: each.vantage.kind for each in sweep.results}
    assert places == {"redis": "job", "postgres": "job", "backend": "here"}
    assert all(each.vantage.speaks for each in sweep.results)
    assert statuses(sweep) == {"redis": Status.FAIL, "postgres": Status.PASS, "backend": Status.PASS}
    assert sweep.vantage == Vantage(
        "mixed", "dependencies from Cloud Run job in us-central1 · the rest from this machine (test)"
    )


async def test_the_same_sweep_differs_where_the_network_does() -> None:
    """From here Redis answers, from the job it does not; everything else is the same."""
    async with staging(broken=["redis"]) as place:
        here, job = await swept(place, Choice.HERE), await swept(place, Choice.JOB)
    differ = {name for name, status in statuses(here).items() if statuses(job)[name] is not status}
    assert differ == {"redis"}
    assert {each.name: each.vantage.kind for each in job.results} == {
        "redis": "job",
        "postgres": "job",
        "backend": "here",
    }
    assert {each.name: each.vantage.speaks for each in here.results} == {
        "redis": False,
        "postgres": False,
        "backend": True,
    }


async def test_what_answers_here_but_not_there_is_said() -> None:
    """It is the way that is to blame, so the message says that it answers from here."""
    async with staging(broken=["redis"]) as place:
        place.project.trouble = "late"
        async with place.vantages() as vantages:
            work = asyncio.create_task(vantages.run(place.file.select()))
            await until(lambda: len(place.project.held) == 4)
            place.project.release()
            results = {each.name: each for each in (await work).results}
    assert "; from here it answers in " in results["redis"].message
    assert results["redis"].facts["here_status"] == "pass"
    assert isinstance(results["redis"].facts["here_ms"], float)
    assert "from here" not in results["postgres"].message


async def test_what_fails_in_both_places_blames_nothing() -> None:
    """The target fails: no word of the way."""
    async with staging(broken=["redis"]) as place:
        place.here = place.project.overlay
        results = {each.name: each for each in (await swept(place)).results}
    assert "from here" not in results["redis"].message


async def test_without_the_job_a_pass_is_none() -> None:
    """What answers here says nothing of what the service reaches: unknown, with the reason."""
    async with staging() as place:
        place.project.refuse["run"] = refused(Reason.CLOUD_NOT_FOUND, "x")
        sweep = await swept(place)
    redis = next(each for each in sweep.results if each.name == "redis")
    assert statuses(sweep) == {"redis": Status.UNKNOWN, "postgres": Status.UNKNOWN, "backend": Status.PASS}
    assert (redis.reason, redis.duration_ms) == (Reason.VANTAGE_CANNOT_TELL, None)
    assert redis.message.startswith("answers here in ")
    assert redis.message.endswith("; the job could not tell")
    assert str(redis.facts["job_silent"]).startswith("there is no job whybot-probe in us-central1; ")
    assert text(sweep).count("there is no job whybot-probe") == 1
    assert redis.vantage == Vantage("here", "this machine (test)", speaks=False)
    assert redis.facts["here_status"] == "pass"


async def test_without_the_job_a_failure_stays_one() -> None:
    """And says that it is from here."""
    async with staging(broken=["redis"]) as place:
        place.here = place.project.overlay
        sweep = await swept(place, absent="WHYBOT_VANTAGE_KEY is not set")
    redis = next(each for each in sweep.results if each.name == "redis")
    assert (redis.status, redis.vantage.speaks) == (Status.FAIL, False)
    assert redis.message.endswith(" (from here; the job could not tell)")
    assert redis.facts["job_silent"] == "WHYBOT_VANTAGE_KEY is not set"


async def test_without_the_job_the_way_from_here_is_not_blamed_on_the_target() -> None:
    """A laptop that cannot reach Redis says nothing of the service: unknown, with what was seen from here."""
    async with staging() as place:
        place.here = Overlay(place.here.addresses | {"203.0.113.10:8001": "127.0.0.1:1"})
        sweep = await swept(place, absent="WHYBOT_VANTAGE_KEY is not set")
    redis = next(each for each in sweep.results if each.name == "redis")
    assert (redis.status, redis.reason) == (Status.UNKNOWN, Reason.VANTAGE_CANNOT_TELL)
    assert redis.message.startswith("from here: ")
    assert "refused" in redis.message
    assert redis.message.endswith("; the job could not tell")
    assert redis.facts["here_status"] == "fail"
    assert sweep.status is Status.UNKNOWN


@pytest.mark.parametrize("reason", Reason)
def test_only_a_failure_of_the_way_is_doubted(reason: Reason) -> None:
    """What the server itself answered is its failure from anywhere."""
    found = doubted(result("redis", Status.FAIL, reason, vantage=HERE), JobSilent("no key"))
    way = {"dns_", "connect_", "connection_reset", "read_timeout", "over_budget"}
    of_the_way = reason is not Reason.DNS_WRONG_RECORD and any(map(reason.value.startswith, way))
    assert (found.status is Status.UNKNOWN) is of_the_way


async def test_job_of_another_network_is_not_believed() -> None:
    """It finds Redis broken, but it does not leave as the service does."""
    async with staging(broken=["redis"]) as place:
        place.project.seen = state(GOOD, ("r2", 100, BAD))
        sweep = await swept(place)
    assert statuses(sweep) == {"redis": Status.UNKNOWN, "postgres": Status.UNKNOWN, "backend": Status.PASS}
    why = [str(each.facts["job_silent"]) for each in sweep.results if each.name != "backend"]
    assert all("legacy-connector" in each for each in why)


async def test_job_alone_says_what_it_did_not_ask() -> None:
    """With `job` nothing is asked from here in its place."""
    async with staging() as place:
        place.project.trouble = "die"
        sweep = await swept(place, Choice.JOB)
    assert statuses(sweep) == {"redis": Status.UNKNOWN, "postgres": Status.UNKNOWN, "backend": Status.PASS}
    assert {each.message for each in sweep.results if each.name != "backend"} == {
        "not asked; the job could not tell"
    }
    assert "dependencies could not be asked: the execution " in text(sweep)
    assert len(place.project.runs) == 1


async def test_half_an_answer_is_completed_from_here() -> None:
    """What the job told is believed; the rest is what is known from here."""
    async with staging(timeout="2s") as place:
        place.project.trouble = "late"
        async with place.vantages() as vantages:
            work = asyncio.create_task(vantages.run(place.file.select()))
            await until(lambda: len(place.project.held) == 4)
            place.project.entries += [
                each for each in place.project.held if "redis" in each.payload["whybot"]["body"]
            ]
            sweep = await work
    assert statuses(sweep) == {"redis": Status.PASS, "postgres": Status.UNKNOWN, "backend": Status.PASS}
    postgres = next(each for each in sweep.results if each.name == "postgres")
    assert "answered only 1 of 2 checks in 2 s" in str(postgres.facts["job_silent"])


async def test_services_do_not_wait_for_the_job() -> None:
    """They come at once; then it is told what is waited for, and for how long."""
    async with staging() as place, place.vantages() as vantages:
        place.project.trouble = "late"
        seen: list[Sweep] = []
        async with aclosing(vantages.progress(place.file.select())) as states:
            async for sweep in states:
                seen.append(sweep)
                if sweep.waiting and [each.name for each in sweep.results] == ["backend"]:
                    break
    assert seen[-1].waiting.startswith("waiting for the Cloud Run job (cold start ")
    assert not any(sweep.finished for sweep in seen)


async def test_a_sweep_without_dependencies_runs_no_job() -> None:
    """It would cost time and money for nothing."""
    async with staging() as place, place.vantages() as vantages:
        sweep = await vantages.run(place.file.select(["backend"]))
        assert place.project.runs == []
    assert statuses(sweep) == {"backend": Status.PASS}


async def test_only_what_is_missing_is_asked_again() -> None:
    """A sweep that was taken over makes a new request for the checks that have not answered."""
    async with staging() as place, place.vantages() as vantages:
        for names in (["redis", "postgres"], ["postgres"]):
            await vantages.run(place.file.select(names))
        first, second = place.project.runs
    assert first != second
    assert len(place.project.entries) == 4 + 3


async def test_checks_that_ask_no_host_stay_here() -> None:
    """What Google Cloud says is read here, whatever the choice."""
    async with staging() as place, place.vantages(Choice.JOB) as vantages:
        sweep = await vantages.run([acted("drift", answer), *place.file.select(["redis"])])
    assert {each.name: each.vantage.kind for each in sweep.results} == {"drift": "here", "redis": "job"}


async def test_an_environment_without_a_job_is_asked_from_here() -> None:
    """And nothing is doubted: nobody said that there is a better place."""
    async with staging() as place:
        alone = place.file.model_copy(update={"vantages": type(place.file.vantages)()})
        async with Vantages(alone, Runner(alone, Secrets({}), HERE, overlay=place.here), HERE) as vantages:
            sweep = await vantages.run(alone.select())
    assert {each.vantage for each in sweep.results} == {HERE}
    assert sweep.vantage == HERE


async def test_closing_early_stops_both_places() -> None:
    """No task is left that still asks."""
    async with staging() as place, place.vantages() as vantages:
        place.project.trouble = "hang"
        async with aclosing(vantages.sweep(place.file.select())) as results:
            async for _ in results:
                break
        names = [task.get_name() for task in asyncio.all_tasks()]
    assert not [name for name in names if name.startswith("check ")]


async def test_time_that_a_sweep_may_take() -> None:
    """The longest check, or the job's time-out where that is longer."""
    async with staging(timeout="45s") as place:
        assert place.vantages().seconds(place.file.select()) == 45
        assert place.vantages(absent="no key").seconds(place.file.select()) == 20
