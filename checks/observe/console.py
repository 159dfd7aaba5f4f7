"""Pages of Google Cloud's console, for links."""

from urllib.parse import quote

CONSOLE = "https://console.cloud.google.com"


def service(project: str, region: str, name: str) -> str:
    """A Cloud Run service."""
    return f"{CONSOLE}/run/detail/{region}/{name}/metrics?project={project}"


def revisions(project: str, region: str, service_name: str) -> str:
    """The revisions of a service; one alone has no page."""
    return f"{CONSOLE}/run/detail/{region}/{service_name}/revisions?project={project}"


def job(project: str, region: str, name: str) -> str:
    """A Cloud Run job."""
    return f"{CONSOLE}/run/jobs/details/{region}/{name}/executions?project={project}"


def connectors(project: str) -> str:
    """The connectors of a project."""
    return f"{CONSOLE}/networking/connectors/list?project={project}"


def network(project: str, name: str) -> str:
    """A VPC network."""
    return f"{CONSOLE}/networking/networks/details/{name}?project={project}"


def subnet(project: str, region: str, name: str) -> str:
    """A subnet."""
    return f"{CONSOLE}/networking/subnetworks/details/{region}/{name}?project={project}"


def peering(project: str, network_name: str, name: str) -> str:
    """A peering of a network."""
    return f"{CONSOLE}/networking/peering/details/{network_name}/{name}?project={project}"


def route(project: str, name: str) -> str:
    """A route that has a name."""
    return f"{CONSOLE}/networking/routes/details/{name}?project={project}"


def router(project: str, region: str, name: str) -> str:
    """A Cloud Router."""
    return f"{CONSOLE}/hybrid/routers/details/{region}/{name}?project={project}"


def firewall(project: str, name: str) -> str:
    """A firewall rule."""
    return f"{CONSOLE}/networking/firewalls/details/{name}?project={project}"


def firewall_policies(project: str) -> str:
    """The firewall policies and rules of a project."""
    return f"{CONSOLE}/net-security/firewall-manager/firewall-policies/list?project={project}"


def redis(project: str, region: str, name: str) -> str:
    """A Memorystore instance."""
    return (
        f"{CONSOLE}/memorystore/redis/locations/{region}/instances/{name}/details/overview?project={project}"
    )


def sql(project: str, name: str) -> str:
    """A Cloud SQL instance."""
    return f"{CONSOLE}/sql/instances/{name}/overview?project={project}"


def secret(project: str, name: str) -> str:
    """A secret with its versions."""
    return f"{CONSOLE}/security/secret-manager/secret/{name}/versions?project={project}"


def logs(project: str, query: str) -> str:
    """A query in the Logs Explorer."""
    return f"{CONSOLE}/logs/query;query={quote(query, safe='')}?project={project}"
