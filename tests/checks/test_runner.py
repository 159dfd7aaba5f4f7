"""The runner, with checks that hang, crash, block and disobey."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.environment import Environment
from checks.failures import CheckBlind, CheckFailed
from checks.kinds.http import HttpCheck
from checks.lateness import LatenessMeter
from checks.overlay import Overlay
from checks.probe import Probe
from checks.reasons import Reason
from checks.result import CheckResult, Status
from checks.runner import Runner
from checks.secrets import SecretRef, Secrets
from checks.spec import Finding
from tests.checks.specs import HERE, OK, acted, answer, environment, hang
from tests.servers.tcp import serving
from tests.servers.web import answering

NOW = datetime(2026, 11, 23, 2, 14, tzinfo=UTC)
PASSWORD = SecretRef(env="PASSWORD")


@pytest.fixture
async def runner() -> AsyncIterator[Runner]:
    """A runner whose clock stands still and whose references are known."""
    secrets = Secrets({"PASSWORD": "hunter2"})
    async with Runner(environment(), secrets, HERE, now=lambda: NOW, reference=lambda: "8KQ2") as made:
        yield made


async def one(runner: Runner, act: Callable[[Probe], Awaitable[Finding]], **times: float) -> CheckResult:
    """The result of one check that acts so."""
    return (await runner.run([acted("it", act, **times)])).results[0]


async def test_result_says_what_was_asked_and_from_where(runner: Runner) -> None:
    """A result carries its check's names, its vantage, the clock's time and what the probe noted."""

    async def noting(probe: Probe) -> Finding:
        with probe.phase("connect"):
            pass
        probe.note(version="7.2", tried=["a", "b"], clients=3)
        return OK

    result = await one(runner, noting)
    assert (result.name, result.kind, result.title, result.target) == ("it", "acted", "it", "203.0.113.10:1")
    assert (result.status, result.reason, result.attempts) == (Status.PASS, Reason.OK, 1)
    assert (result.vantage, result.started_at) == (HERE, NOW)
    assert result.facts == {"version": "7.2", "tried": ["a", "b"], "clients": 3}
    assert [phase.name for phase in result.phases] == ["connect"]


async def test_results_come_as_they_are_ready(runner: Runner) -> None:
    """A check that hangs keeps no other one's result back."""
    released = asyncio.Event()

    async def waiting(probe: Probe) -> Finding:
        await released.wait()
        return OK

    names = []
    async with aclosing(runner.sweep([acted("slow", waiting), acted("fast", answer)])) as results:
        async for result in results:
            names.append(result.name)
            released.set()
    assert names == ["fast", "slow"]


async def test_hanging_targets_do_not_use_up_the_places() -> None:
    """With one place only, a check past its budget gives it to the next."""
    released = asyncio.Event()

    async def waiting(probe: Probe) -> Finding:
        await released.wait()
        return OK

    async def releasing(probe: Probe) -> Finding:
        released.set()
        return OK

    hanging = [acted(f"hanging{n}", waiting, budget=20) for n in range(3)]
    async with Runner(environment(), Secrets({}), HERE, concurrency=1) as runner:
        sweep = await runner.run([*hanging, acted("last", releasing, budget=10)])
    assert {result.name for result in sweep.results} == {"hanging0", "hanging1", "hanging2", "last"}


async def test_places_bound_what_runs_at_once() -> None:
    """No more checks than places are within their budget at the same time."""
    running = most = 0

    async def counting(probe: Probe) -> Finding:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(20):
            await asyncio.sleep(0)
        running -= 1
        return OK

    async with Runner(environment(), Secrets({}), HERE, concurrency=3) as runner:
        await runner.run([acted(f"check{n}", counting) for n in range(20)])
    assert most == 3


@pytest.mark.parametrize(
    ("phase", "reason"),
    [
        ("resolve", Reason.DNS_TIMEOUT),
        ("connect", Reason.CONNECT_TIMEOUT),
        ("tls", Reason.READ_TIMEOUT),
        ("query", Reason.READ_TIMEOUT),
    ],
)
async def test_deadline_is_explained_by_the_phase_it_fell_in(
    runner: Runner, phase: str, reason: Reason
) -> None:
    """A check that is stopped says what it was waiting for, and has no time to compare."""

    async def stuck(probe: Probe) -> Finding:
        with probe.phase(phase):
            await asyncio.Event().wait()
        return OK

    result = await one(runner, stuck, budget=1, timeout=400)
    assert (result.status, result.reason, result.duration_ms) == (Status.FAIL, reason, None)
    assert "400 ms" in result.message


async def test_check_that_ignores_cancellation_is_left_behind() -> None:
    """The sweep ends without it, and says that it could not be told."""
    released = asyncio.Event()

    async def deaf(probe: Probe) -> Finding:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue
        return OK

    async with Runner(environment(), Secrets({}), HERE, grace=0.02) as runner:
        sweep = await runner.run([acted("deaf", deaf, budget=1, timeout=10), acted("well", answer)])
    deaf_one = next(result for result in sweep.results if result.name == "deaf")
    assert (deaf_one.status, deaf_one.reason) == (Status.UNKNOWN, Reason.DEADLINE)
    assert sweep.finished
    released.set()


async def test_crash_is_unknown_with_a_reference_and_no_stack(
    runner: Runner, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug of a check is not blamed on the target; its stack is in the log alone, without secrets."""

    async def crashing(probe: Probe) -> Finding:
        raise RuntimeError(f"cannot use {probe.secret(PASSWORD)}")

    with caplog.at_level(logging.ERROR):
        sweep = await runner.run([acted("bad", crashing), acted("good", answer)])
    result = next(each for each in sweep.results if each.name == "bad")
    assert (result.status, result.reason) == (Status.UNKNOWN, Reason.CHECK_CRASHED)
    assert result.message == "could not be told: the check itself failed (reference 8KQ2)"
    assert "8KQ2" in caplog.text
    assert "RuntimeError" in caplog.text
    assert "hunter2" not in caplog.text


async def test_library_that_cancels_itself_is_a_crash(runner: Runner) -> None:
    """A CancelledError that nobody asked for does not look like the end of the sweep."""

    async def cancelling(probe: Probe) -> Finding:
        raise asyncio.CancelledError

    assert (await one(runner, cancelling)).reason is Reason.CHECK_CRASHED


async def test_secrets_are_taken_out_of_messages_and_facts(runner: Runner) -> None:
    """Whatever a server says back, no secret that was looked up is in a result."""

    async def leaking(probe: Probe) -> Finding:
        password = probe.secret(PASSWORD)
        probe.note(said=f"bad password {password}", list=[f"<{password}>"])
        raise CheckFailed(Reason.AUTH_FAILED, f"WRONGPASS {password}")

    result = await one(runner, leaking)
    assert "hunter2" not in repr(result)
    assert (result.status, result.message) == (Status.FAIL, "WRONGPASS •••")
    assert result.facts == {"said": "bad password •••", "list": ["<•••>"]}


async def test_blind_check_is_unknown(runner: Runner) -> None:
    """A check that could not tell is never a pass."""

    async def blind(probe: Probe) -> Finding:
        raise CheckBlind(Reason.PERMISSION_DENIED, "INFO is not allowed")

    assert (await one(runner, blind)).status is Status.UNKNOWN


async def test_blocked_loop_is_not_blamed_on_the_target(runner: Runner) -> None:
    """Where whybot itself was late for longer than the budget, the result is unknown and says so."""

    async def blocking(probe: Probe) -> Finding:
        with probe.phase("connect"):
            time.sleep(0.12)  # noqa: ASYNC251 - the fault under test
        return OK

    result = await one(runner, blocking, budget=50)
    assert (result.status, result.reason) == (Status.UNKNOWN, Reason.PROBER_OVERLOADED)
    assert result.message.startswith("could not be told: the prober was ")
    assert float(str(result.facts["prober_late_ms"])) > 50


async def test_slow_target_is_over_budget(runner: Runner) -> None:
    """A target that is slow while whybot is not is degraded, with the time of each step."""

    async def slow(probe: Probe) -> Finding:
        with probe.phase("connect"):
            await asyncio.sleep(0.5)
        return OK

    result = await one(runner, slow, budget=5)
    assert (result.status, result.reason) == (Status.DEGRADED, Reason.OVER_BUDGET)
    assert result.message.startswith("connected in ")
    assert result.message.endswith("; budget 5 ms")


async def test_closing_a_sweep_cancels_what_runs(runner: Runner) -> None:
    """Nothing is left running after the iterator was closed."""
    before = asyncio.all_tasks()
    async with aclosing(runner.sweep([acted("well", answer), acted("stuck", hang)])) as results:
        async for _ in results:
            break
    assert asyncio.all_tasks() == before


async def test_progress_grows_by_one_answer_at_a_time(runner: Runner) -> None:
    """The first state is empty, the last one finished; titles are there from the start."""
    specs = [acted(f"check{n}", answer) for n in range(4)]
    async with aclosing(runner.progress(specs)) as states:
        seen = [state async for state in states]
    assert [len(state.results) for state in seen] == [0, 1, 2, 3, 4]
    assert [state.finished for state in seen] == [False, False, False, False, True]
    assert dict(seen[0].titles) == {spec.name: spec.label for spec in specs}


async def test_no_checks_is_an_unknown_sweep(runner: Runner) -> None:
    """Where nothing ran, nothing is claimed."""
    assert (await runner.run([])).status is Status.UNKNOWN


async def test_thousand_sweeps_leak_nothing(tmp_path: Path) -> None:
    """After a thousand sweeps, every other one broken off, there are no more sockets or tasks than before."""
    file = {
        "schema": "whybot/environment/1",
        "name": "staging",
        "network": {"ranges": ["203.0.113.0/24"]},
        "checks": {"web": {"kind": "http", "url": "http://203.0.113.10/"}},
    }
    described = Environment.model_validate(file)
    assert isinstance(described.checks["web"], HttpCheck)
    async with serving(answering(200, b"ok")) as port:
        overlay = Overlay({"203.0.113.10:80": f"127.0.0.1:{port}"})
        async with Runner(described, Secrets({}), HERE, overlay=overlay) as runner:
            specs = [*described.select(), acted("stuck", hang)]
            assert (await runner.run(described.select())).status is Status.PASS
            before = await settled()
            for turn in range(1000):
                chosen = specs if turn % 2 else specs[:1]
                async with aclosing(runner.sweep(chosen)) as results:
                    async for _ in results:
                        break
            assert await settled(at_most=before, looks=4000) <= before


async def settled(at_most: tuple[int, int] = (0, 0), looks: int = 100) -> tuple[int, int]:
    """Open descriptors and live tasks, once what is closing has closed (bounded: a leak does not settle)."""
    now = _counted()
    for _ in range(looks):
        if now <= at_most:
            break
        await asyncio.sleep(0.005)
        now = _counted()
    return now


def _counted() -> tuple[int, int]:
    return psutil.Process().num_fds(), len(asyncio.all_tasks())


@given(kinds=st.lists(st.sampled_from(["pass", "fail", "crash", "blind"]), min_size=1, max_size=30))
def test_every_check_answers_exactly_once(kinds: list[str]) -> None:
    """Whatever checks do, each gives one result of the right status, and unknown is never a pass."""

    async def act(kind: str) -> Finding:
        match kind:
            case "fail":
                raise CheckFailed(Reason.CONNECT_REFUSED, "refused")
            case "crash":
                raise ZeroDivisionError
            case "blind":
                raise CheckBlind(Reason.SECRET_MISSING, "no secret")
        return OK

    async def run() -> None:
        specs = [acted(f"check{n}", lambda _, kind=kind: act(kind)) for n, kind in enumerate(kinds)]
        async with Runner(environment(), Secrets({}), HERE) as runner:
            sweep = await runner.run(specs)
        found = {result.name: result.status for result in sweep.results}
        wanted = {"pass": Status.PASS, "fail": Status.FAIL, "crash": Status.UNKNOWN, "blind": Status.UNKNOWN}
        assert found == {f"check{n}": wanted[kind] for n, kind in enumerate(kinds)}
        assert (sweep.status is Status.PASS) == (set(kinds) == {"pass"})

    asyncio.run(run())


async def test_lateness_is_seen_before_its_own_timer_ran() -> None:
    """A reading right after the loop was blocked has the delay in it."""
    with LatenessMeter() as meter:
        before = meter.total_ms()
        time.sleep(0.05)  # noqa: ASYNC251 - the fault under test
        assert meter.total_ms() - before >= 30
