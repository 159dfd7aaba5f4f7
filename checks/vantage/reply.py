"""The job's side: carries one request out and writes the answers as they come."""

from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime

from checks.document import FileError
from checks.environment import Environment, UnknownEnvironment
from checks.overlay import Overlay
from checks.result import Vantage
from checks.runner import Runner
from checks.secrets import Secrets
from checks.spec import CheckSpec
from checks.vantage.answer import Writer
from checks.vantage.request import BadRequest, Request, digest, read_token

ANOTHER_FILE = (
    "the job's image has another environments/{name}.yaml or another version of whybot: deploy the same "
    "image to whybot and to the job"
)


async def reply(
    text: str,
    key: str,
    find: Callable[[str], Environment],
    secrets: Secrets,
    write: Callable[[str], None],
    now: Callable[[], datetime],
    *,
    overlay: Overlay | None = None,
) -> None:
    """Runs the checks of a token and writes a signed line for each result.

    `find` gives the environment of a name. What is not carried out is refused in a signed line as well, and
    raised as `BadRequest`.
    """
    try:
        request = read_token(text, key, now())
        writer = Writer(request, key, write)
        writer.begun()
        environment, specs = _understood(request, find)
    except BadRequest as refused:
        if refused.request is not None:
            Writer(refused.request, key, write).refused(refused.code, str(refused))
        raise
    vantage = Vantage("job", f"Cloud Run job in {environment.region}")
    async with (
        Runner(environment, secrets, vantage, overlay=overlay) as runner,
        aclosing(runner.sweep(specs)) as results,
    ):
        async for result in results:
            writer.result(result)
    writer.end()


def _understood(request: Request, find: Callable[[str], Environment]) -> tuple[Environment, list[CheckSpec]]:
    """The checks of a request with its time-outs. Raises `BadRequest` where this image means other ones."""
    try:
        environment = find(request.environment)
        if digest(environment, list(request.checks)) != request.digest:
            raise BadRequest("another_file", ANOTHER_FILE.format(name=request.environment), request)
        specs = environment.select(request.checks)
    except UnknownEnvironment:
        raise BadRequest("another_file", ANOTHER_FILE.format(name=request.environment), request) from None
    except FileError as error:
        first = error.problems[0] if error.problems else error
        raise BadRequest(
            "wrong_file", f"the job cannot read its environment file: {first}", request
        ) from None
    return environment, [_limited(spec, request.checks[spec.name]) for spec in specs]


def _limited(spec: CheckSpec, timeout: float) -> CheckSpec:
    return spec.model_copy(update={"timeout": min(spec.timeout, timeout)})
