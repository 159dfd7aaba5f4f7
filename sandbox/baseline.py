"""The Google Cloud project of staging as it is when all is well: what Terraform and the deploy pipeline made.

Messages of the official types; `sandbox/fabric.py` reads the network out of them. Import costs what Google's
libraries cost, so the world imports this in a thread.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from google.cloud import compute_v1, redis_v1, run_v2, sqladmin_v1, vpcaccess_v1

from sandbox.cloud.resources import Resources

PROJECT = "netra-staging"
NUMBER = "481516234200"
REGION = "us-central1"
VPC = "staging-vpc"
DEFAULT = "default"
CONNECTOR = "staging-connector"
LEGACY_CONNECTOR = "legacy-connector"
SUBNET = "staging-subnet"
REDIS = "staging-redis"
REDIS_HOST = "10.166.204.83"
REDIS_RANGE = "10.166.204.80/29"
PEERING = "redis-peer-481516234200"
SQL = "staging-postgres"
SQL_ADDRESS = "10.20.0.5"
CLICKHOUSE_ADDRESS = "10.20.0.9"
VPN = "legacy-vpn"
INTERCONNECT = "legacy-interconnect"
ROUTER = "legacy-router"
ROUTER_KEY = f"regions/{REGION}/routers/{ROUTER}"
FAR_ENDS = {VPN: VPC, INTERCONNECT: VPC}
"""The network at the far end of each tunnel of `default`."""
JOB = "whybot-probe"
JOB_SECRETS = (
    "WHYBOT_VANTAGE_KEY",
    "STAGING_REDIS_PASSWORD",
    "STAGING_POSTGRES_PASSWORD",
    "STAGING_CLICKHOUSE_PASSWORD",
)
"""Variables that the job has from Secret Manager."""
BACKEND = "netra-backend-staging"
BUCKET = "netra-staging-terraform"
STATE_OBJECT = "staging/default.tfstate"
PIPELINE = f"pipeline@{PROJECT}.iam.gserviceaccount.com"
DEPLOY_BOT = f"deploy-bot@{PROJECT}.iam.gserviceaccount.com"
TERRAFORM = f"terraform@{PROJECT}.iam.gserviceaccount.com"
WHYBOT = f"whybot@{PROJECT}.iam.gserviceaccount.com"
PARENT = f"projects/{PROJECT}/locations/{REGION}"
COMPUTE = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}"
GATEWAY = f"{COMPUTE}/global/gateways/default-internet-gateway"
ALL_TRAFFIC = run_v2.VpcAccess.VpcEgress.ALL_TRAFFIC
SUCCEEDED = run_v2.Condition.State.CONDITION_SUCCEEDED
REVISION_CONDITIONS = ("Ready", "ContainerReady", "ContainerHealthy", "ResourcesAvailable")
SERVICE_CONDITIONS = ("ConfigurationsReady", "RoutesReady")


@dataclass(frozen=True, slots=True)
class Site:
    """A Cloud Run service of staging: the number of its serving revision, and what its images are called."""

    service: str
    serving: int
    image: str
    url: str

    @property
    def account(self) -> str:
        """The service account that it runs as."""
        return f"{self.service.removesuffix('-staging')}@{PROJECT}.iam.gserviceaccount.com"


SITES = (
    Site(BACKEND, 41, "backend", "https://staging.netrasystems.ai"),
    Site("netra-auth-staging", 17, "auth", "https://auth.staging.netrasystems.ai"),
    Site("netra-frontend-staging", 23, "frontend", "https://app.staging.netrasystems.ai"),
)
OLD_REVISIONS = 4
SIGNING_KEY = "backend-signing-key"
SECRETS = {
    "whybot-vantage-key": 1,
    "staging-redis-password": 2,
    "staging-postgres-password": 2,
    "staging-clickhouse-password": 1,
    SIGNING_KEY: 3,
}
"""Secrets, and how many versions of each there are; the newest is enabled, the others are disabled."""
BACKEND_SECRETS = (
    ("REDIS_PASSWORD", "staging-redis-password", "latest"),
    ("POSTGRES_PASSWORD", "staging-postgres-password", "latest"),
    ("CLICKHOUSE_PASSWORD", "staging-clickhouse-password", "latest"),
    ("SIGNING_KEY", SIGNING_KEY, "3"),
)
"""Variables that the backend has from Secret Manager."""
GATE = "whybot-gate"
"""The label that a deploy pipeline sets on a revision which `whybot gate` has validated."""
MEMORY = "512Mi"
SUFFIXES = ("t2m", "k8w", "x5d", "h9q", "r4v")


def network_url(name: str) -> str:
    """A network as Compute spells it."""
    return f"{COMPUTE}/global/networks/{name}"


def connector_name(name: str, region: str = REGION) -> str:
    """A connector's full name."""
    return f"projects/{PROJECT}/locations/{region}/connectors/{name}"


def vpc_access(connector: str = CONNECTOR) -> run_v2.VpcAccess:
    """The VPC access that staging's services should have."""
    return run_v2.VpcAccess(connector=connector_name(connector), egress=ALL_TRAFFIC)


# Cloud Run


def services(now: datetime) -> Iterator[tuple[run_v2.Service, list[run_v2.Revision]]]:
    """Each service with its revisions, the newest first."""
    for site in SITES:
        made = [_revision(site, age, now) for age in range(OLD_REVISIONS + 1)]
        yield _service(site, made, now), made


def from_secret(name: str, secret: str = "", version: str = "latest") -> run_v2.EnvVar:
    """A variable from Secret Manager; the secret is called as the variable where nothing else is said."""
    asked = run_v2.SecretKeySelector(secret=secret or name.lower().replace("_", "-"), version=version)
    return run_v2.EnvVar(name=name, value_source=run_v2.EnvVarSource(secret_key_ref=asked))


def job(now: datetime) -> run_v2.Job:
    """The job that answers from the backend's network."""
    container = run_v2.Container(
        image=image("whybot", 7),
        args=["answer"],
        env=[
            run_v2.EnvVar(name="WHYBOT_ENVIRONMENTS", value="environments"),
            *map(from_secret, JOB_SECRETS),
        ],
    )
    template = run_v2.TaskTemplate(
        containers=[container],
        vpc_access=vpc_access(),
        service_account=WHYBOT,
        timeout=timedelta(seconds=120),
        max_retries=0,
    )
    return run_v2.Job(
        name=f"{PARENT}/jobs/{JOB}",
        uid="7d0b2f5e-8d3e-4c62-9d1a-481516234207",
        generation=3,
        observed_generation=3,
        labels={"whybot-follows": BACKEND, "managed-by": "terraform"},
        create_time=now - timedelta(days=40),
        update_time=now - timedelta(days=6),
        creator=TERRAFORM,
        last_modifier=PIPELINE,
        client="terraform",
        template=run_v2.ExecutionTemplate(template=template, task_count=1, parallelism=1),
        terminal_condition=_condition("Ready", now - timedelta(days=6)),
        etag='"job-3"',
    )


def _service(site: Site, made: list[run_v2.Revision], now: datetime) -> run_v2.Service:
    newest, when = made[0], made[0].create_time
    generation = site.serving
    return run_v2.Service(
        name=f"{PARENT}/services/{site.service}",
        uid=f"5b1c0a52-62f5-4a7b-8c3f-4815162342{site.serving:02d}",
        generation=generation,
        observed_generation=generation,
        labels={"managed-by": "terraform"},
        create_time=now - timedelta(days=200),
        update_time=when,
        creator=TERRAFORM,
        last_modifier=PIPELINE,
        client="gcloud",
        client_version="561.0.0",
        ingress=run_v2.IngressTraffic.INGRESS_TRAFFIC_ALL,
        launch_stage=3,
        template=_template(site, newest),
        traffic=[_to_latest()],
        traffic_statuses=[
            run_v2.TrafficTargetStatus(
                type_=run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST,
                revision=newest.name.rpartition("/")[2],
                percent=100,
            )
        ],
        latest_ready_revision=newest.name,
        latest_created_revision=newest.name,
        terminal_condition=_condition("Ready", when),
        conditions=[_condition(each, when) for each in SERVICE_CONDITIONS],
        uri=f"https://{site.service}-{NUMBER}.{REGION}.run.app",
        urls=[f"https://{site.service}-{NUMBER}.{REGION}.run.app", site.url],
        etag=f'"{site.service}-{generation}"',
    )


def _to_latest() -> run_v2.TrafficTarget:
    return run_v2.TrafficTarget(
        type_=run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST, percent=100
    )


def _template(site: Site, revision: run_v2.Revision) -> run_v2.RevisionTemplate:
    return run_v2.RevisionTemplate(
        vpc_access=revision.vpc_access,
        containers=revision.containers,
        service_account=site.account,
        timeout=timedelta(seconds=300),
        scaling=run_v2.RevisionScaling(min_instance_count=1, max_instance_count=10),
        max_instance_request_concurrency=80,
    )


def _revision(site: Site, age: int, now: datetime) -> run_v2.Revision:
    """The revision of so many deployments ago, each some days after the one before it."""
    number = site.serving - age
    when = now - timedelta(days=2 + 5 * age, hours=3 * (age % 2), minutes=17)
    short = f"{site.service}-{number:05d}-{SUFFIXES[(site.serving + number) % len(SUFFIXES)]}"
    return run_v2.Revision(
        name=f"{PARENT}/services/{site.service}/revisions/{short}",
        uid=f"0e9d71c4-11aa-4f0b-b1d2-{site.serving:04d}{number:08d}",
        generation=1,
        observed_generation=1,
        labels={"managed-by": "terraform", "commit": f"{0x9A3F00 + number * 7919:07x}", GATE: "passed"},
        create_time=when,
        update_time=when + timedelta(seconds=24),
        service=site.service,
        vpc_access=vpc_access(),
        containers=[
            run_v2.Container(
                image=image(site.image, number),
                ports=[run_v2.ContainerPort(container_port=8080)],
                env=[from_secret(*each) for each in BACKEND_SECRETS if site.service == BACKEND],
                resources=run_v2.ResourceRequirements(limits={"memory": MEMORY, "cpu": "1"}),
            )
        ],
        service_account=site.account,
        timeout=timedelta(seconds=300),
        scaling=run_v2.RevisionScaling(min_instance_count=1, max_instance_count=10),
        max_instance_request_concurrency=80,
        conditions=[_condition(each, when) for each in REVISION_CONDITIONS],
        log_uri=f"https://console.cloud.google.com/logs/viewer?project={PROJECT}",
        creator=TERRAFORM if age == OLD_REVISIONS else PIPELINE,
        etag=f'"{short}"',
    )


def image(name: str, number: int) -> str:
    """An image by its digest, as the pipeline deploys."""
    digest = f"{number * 2654435761 % 2**32:08x}" * 8
    return f"us-docker.pkg.dev/{PROJECT}/netra/{name}@sha256:{digest}"


def _condition(kind: str, when: datetime) -> run_v2.Condition:
    return run_v2.Condition(type_=kind, state=SUCCEEDED, last_transition_time=when)


# networks


def connectors() -> Iterator[vpcaccess_v1.Connector]:
    """Both connectors; nobody remembers why the older one is still there."""
    for name, network, block in ((CONNECTOR, VPC, "10.1.0.0/28"), (LEGACY_CONNECTOR, DEFAULT, "10.8.0.0/28")):
        yield vpcaccess_v1.Connector(
            name=connector_name(name),
            network=network,
            ip_cidr_range=block,
            state=vpcaccess_v1.Connector.State.READY,
            machine_type="e2-micro",
            min_instances=2,
            max_instances=3,
            min_throughput=200,
            max_throughput=300,
        )


def networks() -> Iterator[compute_v1.Network]:
    """`staging-vpc`, and `default`, which every project begins with."""
    yield compute_v1.Network(
        name=VPC,
        self_link=network_url(VPC),
        auto_create_subnetworks=False,
        routing_config=compute_v1.NetworkRoutingConfig(routing_mode="REGIONAL"),
        subnetworks=[f"{COMPUTE}/regions/{REGION}/subnetworks/{SUBNET}"],
        peerings=[peering()],
    )
    yield compute_v1.Network(
        name=DEFAULT,
        self_link=network_url(DEFAULT),
        auto_create_subnetworks=True,
        routing_config=compute_v1.NetworkRoutingConfig(routing_mode="REGIONAL"),
        subnetworks=[f"{COMPUTE}/regions/{REGION}/subnetworks/{DEFAULT}"],
    )


def peering() -> compute_v1.NetworkPeering:
    """The peering that Memorystore makes for an instance with direct peering."""
    return compute_v1.NetworkPeering(
        name=PEERING,
        network="https://www.googleapis.com/compute/v1/projects/p7c1f5a9-tp/global/networks/redis-tenant",
        state="ACTIVE",
        state_details="[2026-01-14T09:12:44Z]: Connected.",
        exchange_subnet_routes=True,
        auto_create_routes=True,
        import_custom_routes=False,
        export_custom_routes=False,
        stack_type="IPV4_ONLY",
    )


def peering_route() -> compute_v1.ExchangedPeeringRoute:
    """The route to Memorystore's range that `staging-vpc` imports."""
    return compute_v1.ExchangedPeeringRoute(
        dest_range=REDIS_RANGE,
        imported=True,
        next_hop_region=REGION,
        priority=0,
        type_="SUBNET_PEERING_ROUTE",
    )


def subnetworks() -> Iterator[compute_v1.Subnetwork]:
    """The subnets of both networks in the region."""
    for name, network, block in ((SUBNET, VPC, "10.20.0.0/24"), (DEFAULT, DEFAULT, "10.128.0.0/20")):
        yield compute_v1.Subnetwork(
            name=name,
            self_link=f"{COMPUTE}/regions/{REGION}/subnetworks/{name}",
            network=network_url(network),
            ip_cidr_range=block,
            region=f"{COMPUTE}/regions/{REGION}",
            purpose="PRIVATE",
            private_ip_google_access=network == VPC,
            stack_type="IPV4_ONLY",
        )


def routes() -> Iterator[compute_v1.Route]:
    """The routes that both networks are made with."""
    for network, block in ((VPC, "10.20.0.0/24"), (DEFAULT, "10.128.0.0/20")):
        yield route(f"default-route-{network}-internet", network, "0.0.0.0/0", 1000, next_hop_gateway=GATEWAY)
        yield route(
            f"default-route-{network}-subnet", network, block, 0, next_hop_network=network_url(network)
        )


def router() -> compute_v1.Router:
    """The router of the old lines of `default`."""
    return compute_v1.Router(
        name=ROUTER,
        self_link=f"{COMPUTE}/regions/{REGION}/routers/{ROUTER}",
        network=network_url(DEFAULT),
        region=f"{COMPUTE}/regions/{REGION}",
        bgp=compute_v1.RouterBgp(asn=64512),
    )


def learned_routes() -> list[compute_v1.Route]:
    """What that router has learned: parts of staging, over a VPN and an interconnect."""
    region = f"{COMPUTE}/regions/{REGION}"
    vpn = {"next_hop_vpn_tunnel": f"{region}/vpnTunnels/{VPN}"}
    line = {"next_hop_interconnect_attachment": f"{region}/interconnectAttachments/{INTERCONNECT}"}
    learned = {"route_type": "BGP", "route_status": "ACTIVE"}
    return [
        route("", DEFAULT, "10.20.0.4/30", 100, **vpn, **learned),
        route("", DEFAULT, "10.20.0.8/29", 100, **line, **learned),
    ]


def route(name: str, network: str, block: str, priority: int, **hop: str) -> compute_v1.Route:
    """A route of a network; `hop` has the fields that say where it leads."""
    return compute_v1.Route(
        name=name,
        self_link=f"{COMPUTE}/global/routes/{name}" if name else "",
        network=network_url(network),
        dest_range=block,
        priority=priority,
        **hop,
    )


def firewalls() -> Iterator[compute_v1.Firewall]:
    """What `staging-vpc` lets in. Without a rule for it, egress is allowed."""
    yield firewall(
        "staging-allow-internal",
        direction="INGRESS",
        priority=1000,
        source_ranges=["10.20.0.0/24", "10.1.0.0/28"],
        allowed=[compute_v1.Allowed(I_p_protocol="tcp", ports=["5432", "8123"])],
    )


def firewall(name: str, network: str = VPC, **fields: object) -> compute_v1.Firewall:
    """A firewall rule of a network."""
    return compute_v1.Firewall(
        {"name": name, "self_link": f"{COMPUTE}/global/firewalls/{name}", "network": network_url(network)}
        | fields
    )


# stores


def redis_instance(now: datetime) -> redis_v1.Instance:
    """Memorystore for Redis, peered directly with `staging-vpc`."""
    return redis_v1.Instance(
        name=f"{PARENT}/instances/{REDIS}",
        display_name="staging sessions",
        location_id=f"{REGION}-c",
        current_location_id=f"{REGION}-c",
        redis_version="REDIS_7_2",
        reserved_ip_range=REDIS_RANGE,
        host=REDIS_HOST,
        port=6379,
        create_time=now - timedelta(days=313),
        state=redis_v1.Instance.State.READY,
        tier=redis_v1.Instance.Tier.BASIC,
        memory_size_gb=1,
        authorized_network=f"projects/{PROJECT}/global/networks/{VPC}",
        connect_mode=redis_v1.Instance.ConnectMode.DIRECT_PEERING,
        transit_encryption_mode=redis_v1.Instance.TransitEncryptionMode.DISABLED,
        auth_enabled=True,
    )


def sql_instance(now: datetime) -> sqladmin_v1.DatabaseInstance:
    """Cloud SQL for PostgreSQL with a private address only."""
    return sqladmin_v1.DatabaseInstance(
        name=SQL,
        project=PROJECT,
        region=REGION,
        state=sqladmin_v1.DatabaseInstance.SqlInstanceState.RUNNABLE,
        database_version=sqladmin_v1.SqlDatabaseVersion.POSTGRES_16,
        connection_name=f"{PROJECT}:{REGION}:{SQL}",
        ip_addresses=[
            sqladmin_v1.IpMapping(type_=sqladmin_v1.SqlIpAddressType.PRIVATE, ip_address=SQL_ADDRESS)
        ],
        settings=sqladmin_v1.Settings(
            tier="db-custom-1-3840",
            activation_policy=sqladmin_v1.Settings.SqlActivationPolicy.ALWAYS,
            availability_type=sqladmin_v1.SqlAvailabilityType.ZONAL,
            ip_configuration=sqladmin_v1.IpConfiguration(
                private_network=f"projects/{PROJECT}/global/networks/{VPC}", ipv4_enabled=False
            ),
        ),
        create_time=now - timedelta(days=313),
    )


# all of it


def fill(resources: Resources, now: datetime) -> None:
    """Puts the healthy project into an empty fake, as of `now`."""
    for service, revisions in services(now):
        resources.services[service.name] = service
        resources.revisions.update({each.name: each for each in revisions})
    probe = job(now)
    resources.jobs[probe.name] = probe
    resources.connectors.update({each.name: each for each in connectors()})
    redis = redis_instance(now)
    resources.redis[redis.name] = redis
    resources.sql[f"projects/{PROJECT}/instances/{SQL}"] = sql_instance(now)
    resources.networks.update({f"global/networks/{each.name}": each for each in networks()})
    resources.subnetworks.update(
        {f"regions/{REGION}/subnetworks/{each.name}": each for each in subnetworks()}
    )
    resources.routes.update({f"global/routes/{each.name}": each for each in routes()})
    resources.firewalls.update({f"global/firewalls/{each.name}": each for each in firewalls()})
    resources.routers[ROUTER_KEY] = router()
    resources.router_routes[ROUTER_KEY] = learned_routes()
    resources.peering_routes[VPC, PEERING] = [peering_route()]
    for secret, newest in SECRETS.items():
        resources.secrets[secret] = {
            str(number): "ENABLED" if number == newest else "DISABLED" for number in range(1, newest + 1)
        }
