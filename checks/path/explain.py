"""The steps of a path, asked in order."""

from checks.observations import CloudState, VpcAccess
from checks.path.model import Path, Target


def explain(
    state: CloudState, service: str, target: Target, *, planned: VpcAccess | None = None
) -> tuple[Path, ...]:
    """The paths from every serving revision of a service to every address of a target, busiest revision
    first.

    `service` is the Cloud Run name. With `planned`, one path per address for that VPC access, as if a
    revision with it
    served. Always at least one path: where the serving revisions cannot be told, one whose verdict is
    unknown. Never
    raises.
    """
    raise NotImplementedError
