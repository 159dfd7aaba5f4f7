"""Opens an environment's eyes: the readers of Google Cloud and Terraform, built of real clients."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from bot.settings import Settings
from checks.dialer import Dialer
from checks.environment import Environment, load_overlay
from checks.eyes import Eyes, ReadTerraform, Resolve
from checks.failures import CheckFailed
from checks.observe.google import GoogleCloud
from checks.runner import utc_now
from checks.terraform.reader import read_terraform

RESOLVE_SECONDS = 3.0


@asynccontextmanager
async def open_eyes(
    settings: Settings, environment: Environment, *, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[Eyes | None]:
    """The eyes of an environment; None where its file names no project and region to look at.

    Nothing is read and no library of Google's imported before the first question. Raises
    `EnvironmentFileError` for a wrong overlay.
    """
    if not environment.project or not environment.region:
        yield None
        return
    overlay = load_overlay(settings.overlay) if settings.overlay else None
    cloud = GoogleCloud(environment.project, environment.region, overlay=overlay)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(cloud.close)
        dialer = Dialer(environment.hosts(), environment.network.ranges, overlay)
        stack.callback(dialer.close)
        yield Eyes(environment, cloud, _resolving(dialer), _terraform(environment, cloud), now)


def _resolving(dialer: Dialer) -> Resolve:
    async def addresses(host: str) -> tuple[str, ...]:
        try:
            return tuple(map(str, await dialer.resolve(host, RESOLVE_SECONDS)))
        except CheckFailed:
            return ()

    return addresses


def _terraform(environment: Environment, cloud: GoogleCloud) -> ReadTerraform | None:
    named = environment.terraform
    if named is None:
        return None
    return lambda: read_terraform(environment.folder, named, cloud.open_object, project=environment.project)
