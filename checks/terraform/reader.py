"""Reads what an environment file names of Terraform: configuration, state and plan."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from checks.environment import Terraform
from checks.observations import Blind, Seen, Source
from checks.observe.cloud import ObjectLost
from checks.reasons import Reason
from checks.terraform.configuration import Configuration, read_configuration
from checks.terraform.errors import TerraformUnreadable
from checks.terraform.model import Infrastructure
from checks.terraform.plan import PlanReader
from checks.terraform.state import State, StateReader

BUCKET = "gs://"
LARGEST_DOCUMENT = 1_000_000_000  # bytes; the largest state that was measured has 200 MB
_PART = 1_000_000

Fetch = Callable[[str, str], Awaitable[Seen[AsyncIterator[bytes]]]]
"""Opens an object of a bucket, such as `Cloud.open_object`; its iterator may raise `ObjectLost`."""


def utc_now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


async def read_terraform(
    folder: Path,
    named: Terraform,
    fetch: Fetch,
    *,
    project: str | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Seen[Infrastructure]:
    """All that is named; paths start from `folder`. Raises nothing: what cannot be read is `Blind`.

    The whole is blind where the best that is named (state, then plan, then configuration) cannot be read,
    since the others say less; a lesser one that cannot be read is in `blind` of the answer. `project` is
    the environment's: files of other projects only are refused.
    """
    reading = _Reading(folder, fetch, project, now())
    state, plan, configuration = await asyncio.gather(
        reading.document(named.state, "state", StateReader),
        reading.document(named.plan, "plan", PlanReader),
        reading.configuration(named),
    )
    parts = [part for part in (state, plan, configuration) if part is not None]
    if not parts:
        return Infrastructure()
    if isinstance(parts[0], Blind):
        return parts[0]
    return _joined(state, plan, configuration, reading.sources)


def _joined(
    state: Seen[State] | None,
    plan: Seen[State] | None,
    configuration: Seen[Configuration] | None,
    sources: dict[str, Source],
) -> Infrastructure:
    parts = (state, plan, configuration)
    seen = [part for part in parts if part is not None and not isinstance(part, Blind)]
    recorded, planned = (part if isinstance(part, State) else None for part in (state, plan))
    configured = configuration if isinstance(configuration, Configuration) else None
    return Infrastructure(
        configured=configured.resources if configured else None,
        recorded=recorded.resources if recorded else None,
        planned=planned.resources if planned else None,
        incomplete=tuple(sentence for part in seen for sentence in part.incomplete),
        serial=recorded.serial if recorded else None,
        version=next((part.version for part in (recorded, planned) if part and part.version), ""),
        projects=tuple(sorted({project for part in seen for project in part.projects})),
        sources=dict(sources),
        blind=tuple(part for part in parts if isinstance(part, Blind)),
    )


@dataclass(slots=True)
class _Reading:
    """One reading of what a file names; `sources` fills as parts are read."""

    folder: Path
    fetch: Fetch
    project: str | None
    at: datetime
    sources: dict[str, Source] = field(default_factory=dict)

    async def document(
        self, spelling: str | None, what: str, reader: type[StateReader | PlanReader]
    ) -> Seen[State] | None:
        """A state or plan; None where none is named."""
        if spelling is None:
            return None
        where = f"Terraform's {what} {spelling}"
        source = Source("terraform", spelling, self.at, _console(spelling))
        try:
            found = await self._read(reader(where, source), where, what, spelling)
            self._refuse_other_projects(where, found.projects)
        except TerraformUnreadable as error:
            return error.blind
        self.sources[what] = source
        return found

    async def _read(self, reader: StateReader | PlanReader, where: str, what: str, spelling: str) -> State:
        size = 0
        parts = await self._open(where, what, spelling)
        try:
            async for part in parts:
                size += len(part)
                if size > LARGEST_DOCUMENT:
                    raise TerraformUnreadable(f"{where} is larger than {LARGEST_DOCUMENT // 10**9} GB.")
                await asyncio.to_thread(reader.feed, part)
        except ObjectLost as lost:
            raise TerraformUnreadable(lost.blind) from None
        finally:
            if isinstance(parts, AsyncGenerator):
                await parts.aclose()
        return await asyncio.to_thread(reader.finish)

    async def _open(self, where: str, what: str, spelling: str) -> AsyncIterator[bytes]:
        if spelling.startswith(BUCKET):
            return await self._object(where, what, spelling)
        return _file_parts(where, self.folder / spelling)

    async def _object(self, where: str, what: str, spelling: str) -> AsyncIterator[bytes]:
        bucket, _, name = spelling.removeprefix(BUCKET).partition("/")
        if not bucket or not name:
            raise TerraformUnreadable(f"{where} is no address of an object; write gs://BUCKET/OBJECT.")
        opened = await self.fetch(bucket, name)
        if isinstance(opened, Blind):
            raise TerraformUnreadable(_with_field(opened, what, spelling))
        return opened

    async def configuration(self, named: Terraform) -> Seen[Configuration] | None:
        """The folder of `.tf` files; None where none is named. Parsed in a thread: that takes a while."""
        if named.configuration is None:
            return None
        folder = self.folder / named.configuration
        try:
            if named.configuration.startswith(BUCKET):
                raise TerraformUnreadable(
                    f"Terraform's configuration {named.configuration} is in a bucket; name a folder."
                )
            found = await asyncio.to_thread(
                read_configuration, folder, named.configuration, named.variables, self.at
            )
            self._refuse_other_projects(f"Terraform's configuration {named.configuration}", found.projects)
        except TerraformUnreadable as error:
            return error.blind
        self.sources["configuration"] = Source("terraform", named.configuration, self.at)
        return found

    def _refuse_other_projects(self, where: str, found: Iterable[str]) -> None:
        """A number is no id, so it says nothing; resources of a host project beside ours are ordinary."""
        named = {project for project in found if not project.isdigit()}
        if self.project and named and self.project not in named:
            raise TerraformUnreadable(
                f"{where} is of project {', '.join(sorted(named)[:3])}, not of {self.project}."
            )


async def _file_parts(where: str, path: Path) -> AsyncGenerator[bytes, None]:
    try:
        file = await asyncio.to_thread(path.open, "rb")
    except FileNotFoundError:
        raise TerraformUnreadable(f"{where} does not exist (looked at {path}).") from None
    except IsADirectoryError:
        raise TerraformUnreadable(f"{where} is a folder; name a file.") from None
    except OSError as error:
        raise TerraformUnreadable(f"{where} cannot be read ({error.strerror}).") from None
    with file:
        while part := await asyncio.to_thread(file.read, _PART):
            yield part


def _console(spelling: str) -> str | None:
    if not spelling.startswith(BUCKET):
        return None
    return f"https://console.cloud.google.com/storage/browser/_details/{spelling.removeprefix(BUCKET)}"


def _with_field(blind: Blind, what: str, spelling: str) -> Blind:
    """Where there is nothing at an address, the field of the environment file that has it is named."""
    if blind.reason is not Reason.CLOUD_NOT_FOUND:
        return blind
    more = f"The environment file names {spelling} as `terraform.{what}`; compare it with the console."
    return replace(blind, message=f"{blind.message} {more}")
