"""Whether the environment file means this project and region at all."""

from checks.drift.scope import KINDS, Scope
from checks.names import parse_ref
from checks.observations import Blind
from checks.reasons import Reason
from checks.terraform.model import Infrastructure


def misplaced(scope: Scope) -> Blind | None:
    """Why nothing is to be compared: no declared service is here, and Terraform has them elsewhere.

    Everything would be missing then, which is a slip in `region` or `project` rather than an outage.
    """
    wanted = {each.cloud_run for each in scope.environment.services.values() if each.cloud_run}
    live = scope.services
    if isinstance(live, Blind) or not wanted or wanted & set(live):
        return None
    places = _places(scope, wanted)
    home = scope.home
    if not places or any(project == home.project and region == home.region for project, region in places):
        return None
    regions = sorted({region for project, region in places if project == home.project})
    if regions:
        return _slip(home.region, " and ".join(regions), "region")
    projects = sorted({project for project, _ in places})
    return _slip(f"project {home.project}", " and ".join(projects), "project")


def _slip(here: str, there: str, named: str) -> Blind:
    said = f"none of the declared services is in {here}; Terraform has them in {there}: is `{named}` right?"
    return Blind(Reason.CLOUD_NOT_FOUND, said)


def _places(scope: Scope, wanted: set[str]) -> set[tuple[str, str]]:
    """Project and region of Terraform's services of these names, as far as it says."""
    home, terraform = scope.home, scope.terraform
    if not isinstance(terraform, Infrastructure):
        return set()
    found: set[tuple[str, str]] = set()
    for resource in (*(terraform.configured or ()), *terraform.resources):
        name, place = resource.values.get("name"), resource.values.get("location")
        if KINDS.get(resource.type) != "services" or not isinstance(name, str) or not isinstance(place, str):
            continue
        project = resource.values.get("project")
        if not isinstance(project, str) or project in ("", home.number):
            project = home.project
        if parse_ref(name).name in wanted:
            found.add((project, parse_ref(place).name))
    return found
