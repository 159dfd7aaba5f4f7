"""Opens the places from which an environment's checks are asked: this one, and its Cloud Run job."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bot.settings import Settings, load_secrets
from checks.environment import Environment
from checks.eyes import Eyes
from checks.observe.clients import Clients
from checks.observe.running import GoogleJobs
from checks.overlay import Overlay
from checks.runner import Runner
from checks.secrets import Secrets
from checks.vantage.job import JobProber
from checks.vantage.mixed import Choice, Vantages

NO_KEY = (
    "WHYBOT_VANTAGE_KEY is not set, so the job {job} cannot be asked; `whybot doctor {environment}` says "
    "what it needs"
)


@asynccontextmanager
async def open_vantages(
    settings: Settings,
    environment: Environment,
    overlay: Overlay | None,
    eyes: Eyes | None,
    choice: Choice = Choice.BEST,
    secrets: Secrets | None = None,
) -> AsyncIterator[Vantages]:
    """Ready for many sweeps. No library of Google's is imported before the job is asked.

    `secrets` are those of the process where none are given.
    """
    known = secrets or load_secrets()
    runner = Runner(environment, known, settings.vantage, overlay=overlay, eyes=eyes)
    async with AsyncExitStack() as stack:
        prober = await _prober(stack, settings, environment, overlay, eyes)
        vantages = Vantages(
            environment,
            runner,
            settings.vantage,
            prober,
            absent=_absent(environment),
            choice=choice,
            prepare=eyes.cloud.prepare if eyes is not None else None,
        )
        yield await stack.enter_async_context(vantages)


async def _prober(
    stack: AsyncExitStack,
    settings: Settings,
    environment: Environment,
    overlay: Overlay | None,
    eyes: Eyes | None,
) -> JobProber | None:
    job, key = environment.vantages.job, settings.vantage_key
    if job is None or key is None or eyes is None or not environment.project or not environment.region:
        return None
    jobs = GoogleJobs(environment.project, environment.region, Clients(environment.project, overlay))
    stack.push_async_callback(jobs.close)
    return JobProber(environment, job, eyes.cloud, jobs, key.get_secret_value())


def _absent(environment: Environment) -> str:
    job = environment.vantages.job
    return NO_KEY.format(job=job.name, environment=environment.name) if job is not None else ""
