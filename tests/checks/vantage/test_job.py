"""The job vantage, with real requests, checks and signatures; every bad end is told as such."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest

from checks.observe.jobs import State
from checks.output.headline import what
from checks.reasons import Reason
from checks.result import CheckResult, Status
from checks.runner import utc_now
from checks.spec import CheckSpec
from checks.vantage.job import JobProber, JobSilent, Waiting
from checks.vantage.request import read_token
from tests.bot.running import until
from tests.checks.vantage.place import AT, BAD, GOOD, KEY, Staging, refused, staging, state


def specs(place: Staging) -> list[CheckSpec]:
    """The two dependencies."""
    return place.file.select(["redis", "postgres"])


async def asked(place: Staging, *, key: str = KEY, prober: JobProber | None = None) -> list[CheckResult]:
    """The results of a request that is answered."""
    async with aclosing((prober or place.prober(key)).ask(specs(place))) as events:
        return [event async for event in events if isinstance(event, CheckResult)]


async def silence(place: Staging, *, key: str = KEY, prober: JobProber | None = None) -> str:
    """Why a request is not answered."""
    with pytest.raises(JobSilent) as caught:
        await asked(place, key=key, prober=prober)
    return str(caught.value)


async def test_results_are_those_of_the_jobs_network() -> None:
    """What fails there fails, what answers there answers, and each says that it is from there."""
    async with staging(broken=["redis"]) as place:
        results = {each.name: each for each in await asked(place)}
    assert {name: each.status for name, each in results.items()} == {
        "redis": Status.FAIL,
        "postgres": Status.PASS,
    }
    for each in results.values():
        assert (each.vantage.kind, each.vantage.label) == ("job", "Cloud Run job in us-central1")
        assert each.vantage.speaks
        assert isinstance(each.facts["cold_start_ms"], float)


async def test_the_request_asks_for_no_more_than_is_wanted() -> None:
    """Its argument is a signed request for these checks with their time-outs, and it ends."""
    async with staging(timeout="45s") as place:
        wanted = [spec.model_copy(update={"timeout": 3_000.0}) for spec in specs(place)[:1]]
        async with aclosing(place.prober().ask(wanted)) as events:
            assert [e.name async for e in events if isinstance(e, CheckResult)] == ["redis"]
        ((command, text),) = place.project.runs
    request = read_token(text, KEY, utc_now())
    assert command == "answer"
    assert dict(request.checks) == {"redis": 3_000.0}
    assert timedelta(seconds=90) < request.expires_at - utc_now() <= timedelta(seconds=105)


async def test_waiting_is_told() -> None:
    """Until the container says that it has begun it is the cold start that is waited for."""
    async with staging(timeout="20s") as place:
        place.project.trouble = "late"
        waited: list[Waiting] = []
        async with aclosing(place.prober().ask(specs(place))) as events:
            async for event in events:
                if isinstance(event, Waiting):
                    waited.append(event)
                    if len(waited) == 3:
                        place.project.release()
                        place.project.trouble = ""
    assert str(waited[0]).startswith("waiting for the Cloud Run job (cold start ")
    assert waited[2].seconds >= waited[0].seconds
    assert str(Waiting(4.02)) == "waiting for the Cloud Run job (cold start 4 s)"
    assert str(Waiting(7.2, begun=True)) == "waiting for the Cloud Run job (7.2 s)"


async def test_the_revision_is_named_where_others_serve_too() -> None:
    """What the job finds is said of the revision that it is like."""
    async with staging() as place:
        place.project.seen = state(GOOD, ("r1", 90, GOOD), ("r2", 10, BAD))
        labels = {each.vantage.label for each in await asked(place)}
    assert labels == {"Cloud Run job in us-central1, as r1 with 90 % of traffic"}


async def test_each_result_says_for_which_revision_it_speaks() -> None:
    """A failure in its sentence, a pass in its row; nothing is added where all that serve are alike."""
    async with staging(broken=["redis"]) as place:
        place.project.seen = state(GOOD, ("r1", 30, GOOD), ("r2", 70, BAD))
        found = {each.name: each for each in await asked(place)}
        place.project.seen = state(GOOD, ("r1", 30, GOOD), ("r2", 70, GOOD))
        all_of_it = await asked(place)
    assert found["redis"].message.endswith(" (of r1, which gets 30 % of the traffic)")
    assert what(found["postgres"]) == "of r1, which gets 30 % of the traffic"
    assert {what(each) for each in all_of_it if each.status is Status.PASS} == {""}
    assert {each.vantage.label for each in all_of_it} == {"Cloud Run job in us-central1"}


async def test_job_with_another_vpc_access_is_not_believed() -> None:
    """Although it answers."""
    async with staging() as place:
        place.project.seen = state(GOOD, ("r2", 100, BAD))
        why = await silence(place)
    assert "but the serving revision r2 through connector legacy-connector" in why


async def test_job_is_not_believed_where_its_vpc_access_cannot_be_read() -> None:
    """No evidence, no claim; the permission that is missing is named."""
    async with staging() as place:
        place.project.seen = state(jobs=refused(Reason.CLOUD_PERMISSION, "run.jobs.list is missing."))
        why = await silence(place)
    assert why.endswith("could not be told: run.jobs.list is missing")


async def test_job_that_is_missing() -> None:
    """With the command that says how to make it."""
    async with staging() as place:
        place.project.refuse["run"] = refused(Reason.CLOUD_NOT_FOUND, "NOT_FOUND")
        why = await silence(place)
    assert why == (
        "there is no job whybot-probe in us-central1; `whybot doctor staging` prints the command that makes "
        "it"
    )


@pytest.mark.parametrize("reason", [Reason.CLOUD_PERMISSION, Reason.CLOUD_UNREACHABLE, Reason.CLOUD_LOGIN])
async def test_job_that_cannot_be_run(reason: Reason) -> None:
    """What Google says of it is passed on at once."""
    async with staging() as place:
        place.project.refuse["run"] = refused(reason, "run.jobs.runWithOverrides is missing: grant a role.")
        why = await silence(place)
        assert place.project.read == 0
    assert why == (
        "the job whybot-probe could not be run: run.jobs.runWithOverrides is missing: grant a role"
    )


async def test_log_that_may_not_be_read_ends_it_at_once() -> None:
    """A permission does not come back by waiting."""
    async with staging() as place:
        place.project.refuse["answers"] = refused(
            Reason.CLOUD_PERMISSION, "logging.logEntries.list is missing."
        )
        why = await silence(place)
    assert why == "the answers of the job whybot-probe could not be read: logging.logEntries.list is missing"


async def test_quota_of_the_log_is_waited_for() -> None:
    """Reads that were refused are made again later."""
    async with staging() as place:
        place.project.refuse["answers"] = refused(Reason.CLOUD_QUOTA, "quota.")
        work = asyncio.create_task(asked(place))
        await until(lambda: place.project.read >= 3)
        place.project.refuse.clear()
        assert len(await work) == 2


async def test_log_that_stays_unreadable_is_the_reason() -> None:
    """At the time-out it is the log that is named, not the job."""
    async with staging(timeout="300ms") as place:
        place.project.refuse["answers"] = refused(Reason.CLOUD_UNREACHABLE, "logging does not answer.")
        why = await silence(place)
    assert why.endswith("and Cloud Logging could not be read: logging does not answer")


async def test_job_that_hangs() -> None:
    """Its execution is named as still running, with a link."""
    async with staging(timeout="300ms") as place:
        place.project.trouble = "hang"
        why = await silence(place)
    assert why == (
        "the job whybot-probe did not answer in 300 ms; its execution is still running "
        "(https://console.example/whybot-probe-1)"
    )


async def test_job_that_dies() -> None:
    """Told long before the time-out, with what Cloud Run says and a link."""
    async with staging() as place:
        place.project.trouble = "die"
        why = await silence(place)
    assert why == (
        "the execution whybot-probe-1 failed: The container exited with 1 (https://console.example/whybot-probe-1)"
    )


async def test_a_job_that_did_not_answer_is_waited_for_only_shortly_for_a_while() -> None:
    """A hanging job does not cost each sweep its whole time-out; after five minutes it gets it again."""
    async with staging(timeout="400ms") as place:
        place.project.trouble = "hang"
        now = [AT]
        prober = place.prober(now=lambda: now[0], shortly=0.2)
        assert (await silence(place, prober=prober)).startswith(
            "the job whybot-probe did not answer in 400 ms;"
        )
        now[0] += timedelta(minutes=4)
        again = await silence(place, prober=prober)
        assert again.startswith(
            "the job whybot-probe did not answer in 200 ms, nor in 400 ms at 02:14 UTC; its execution is"
        )
        now[0] += timedelta(minutes=2)
        assert (await silence(place, prober=prober)).startswith(
            "the job whybot-probe did not answer in 400 ms;"
        )


async def test_a_job_that_answers_again_gets_its_time_again() -> None:
    """As soon as one request is answered in time."""
    async with staging(timeout="2s") as place:
        place.project.trouble = "hang"
        prober = place.prober(shortly=1.5)
        await silence(place, prober=prober)
        place.project.trouble = ""
        assert len(await asked(place, prober=prober)) == 2
        place.project.trouble = "hang"
        assert (await silence(place, prober=prober)).startswith("the job whybot-probe did not answer in 2 s;")


async def test_job_that_answers_late() -> None:
    """It ended, but nothing came: so it is told, and again when the answers are there at the next request."""
    async with staging(timeout="2s") as place:
        place.project.trouble = "late"
        prober = place.prober()
        first = await silence(place, prober=prober)
        assert "it ended, but its answers have not come through Cloud Logging" in first
        place.project.release()
        place.project.trouble = "hang"
        second = await silence(place, prober=prober)
    assert second.endswith(
        "; the answers to the request before came after its time-out: raise vantages.job.timeout"
    )


async def test_late_answers_are_not_taken_for_the_next_request() -> None:
    """They are answers to another one."""
    async with staging(timeout="2s") as place:
        place.project.trouble = "late"
        prober = place.prober()
        await silence(place, prober=prober)
        place.project.release()
        place.project.trouble = "hang"
        results: list[CheckResult] = []
        with pytest.raises(JobSilent):
            async with aclosing(prober.ask(specs(place))) as events:
                results += [event async for event in events if isinstance(event, CheckResult)]
    assert results == []


async def test_forged_answers_are_not_believed() -> None:
    """They are counted, and nobody waits for the time-out once the job has ended."""
    async with staging(broken=["redis"]) as place:
        place.project.trouble = "forge"
        why = await silence(place)
    assert "ended without its own answers" in why
    assert "4 answers were not signed by this whybot's job and not believed" in why
    assert "is WHYBOT_VANTAGE_KEY the same in both?" in why


async def test_a_forger_beside_the_job_changes_nothing() -> None:
    """The true answers count; that there were others is a fact of the results that came with them."""
    async with staging(broken=["redis"]) as place:
        prober = place.prober()
        place.project.trouble = "late"
        work = asyncio.create_task(asked(place, prober=prober))
        await until(lambda: len(place.project.held) == 4)
        for entry in place.project.held[:]:
            told = dict(entry.payload["whybot"])
            told["body"] = told["body"].replace('"fail"', '"pass"')
            place.project.held.insert(0, type(entry)(f"lie {entry.id}", entry.at, {"whybot": told}))
        place.project.release()
        results = {each.name: each for each in await work}
    assert results["redis"].status is Status.FAIL
    assert results["redis"].facts["forged_answers"] == 1


async def test_other_keys_are_told() -> None:
    """The job refuses what it cannot verify; whoever asked cannot verify the refusal either, and says so."""
    async with staging() as place:
        why = await silence(place, key="the key of another whybot")
    assert "1 answer was not signed" in why


async def test_another_environment_file_is_refused() -> None:
    """The job's image has another budget for this check: it runs nothing."""
    async with staging() as place:
        redis = place.file.checks["redis"].model_copy(update={"budget": 5.0})
        place.project.file = place.file.model_copy(update={"checks": place.file.checks | {"redis": redis}})
        why = await silence(place)
    assert why == (
        "the job whybot-probe refused: the job's image has another environments/staging.yaml or another "
        "version of whybot: deploy the same image to whybot and to the job"
    )


async def test_clocks_that_differ_are_told() -> None:
    """A job whose clock is ahead sees every request as too old."""
    async with staging() as place:
        place.project.now = lambda: datetime.now(UTC) + timedelta(hours=1)
        why = await silence(place)
    assert "after its end: it was run again, or the clocks differ" in why


async def test_lost_answer_to_the_call_is_no_loss() -> None:
    """The job ran all the same: its answers are found by the request, and it is not run twice."""
    async with staging() as place:
        place.project.trouble = "lost"
        assert len(await asked(place)) == 2
        assert len(place.project.runs) == 1


async def test_job_that_was_started_again_answers_once() -> None:
    """Cloud Run may run a task again; each check counts once."""
    async with staging() as place:
        place.project.trouble = "twice"
        names = [each.name for each in await asked(place)]
    assert sorted(names) == ["postgres", "redis"]


async def test_execution_that_cannot_be_looked_at_is_no_matter() -> None:
    """The answers are what counts."""
    async with staging() as place:
        place.project.refuse["execution"] = refused(Reason.CLOUD_PERMISSION, "run.executions.get is missing.")
        assert len(await asked(place)) == 2


async def test_closing_leaves_nothing_behind() -> None:
    """A sweep that is stopped stops looking; the execution is left to Cloud Run."""
    async with staging() as place:
        place.project.trouble = "hang"
        async with aclosing(place.prober().ask(specs(place))) as events:
            async for event in events:
                assert isinstance(event, Waiting)
                break
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert [task for task in others if "vantage" in repr(task.get_coro())] == []
        assert place.project.ends == {"whybot-probe-1": State.RUNNING}
