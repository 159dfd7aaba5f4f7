"""Terraform's state of staging, as applying `environments/terraform/staging` would have left it."""

import json
from collections.abc import Iterator
from typing import Any

from google.cloud import compute_v1, redis_v1, run_v2, sqladmin_v1, vpcaccess_v1

from sandbox import baseline
from sandbox.cloud.resources import Resources
from sandbox.fabric import short

PROVIDER = 'provider["hashicorp/google"]'
LINEAGE = "6d0a9c1e-55ad-4b0c-8f39-481516234210"
SERIAL = 57
NETWORK = "module.network"
JSON = dict[str, Any]


def state_document(resources: Resources) -> bytes:
    """A state of version 4 (Terraform 1.x) that says of these resources what Terraform would say."""
    state = {
        "version": 4,
        "terraform_version": "1.9.8",
        "serial": SERIAL,
        "lineage": LINEAGE,
        "outputs": {},
        "resources": list(_resources(resources)),
        "check_results": None,
    }
    return json.dumps(state, indent=2).encode()


def _resources(resources: Resources) -> Iterator[JSON]:
    yield _one("google_compute_network", "vpc", _network(), module=NETWORK)
    yield _one("google_compute_subnetwork", "subnet", _subnetwork(), module=NETWORK)
    connector = resources.connectors[baseline.connector_name(baseline.CONNECTOR)]
    yield _one("google_vpc_access_connector", "connector", _connector(connector), module=NETWORK)
    yield _resource(
        "google_compute_firewall", "internal", [{"index_key": 0, **_instance(_firewall())}], module=NETWORK
    )
    redis = resources.redis[f"{baseline.PARENT}/instances/{baseline.REDIS}"]
    yield _one("google_redis_instance", "staging", _redis(redis), sensitive=("auth_string",))
    sql = resources.sql[f"projects/{baseline.PROJECT}/instances/{baseline.SQL}"]
    yield _one("google_sql_database_instance", "staging", _sql(sql))
    yield _one("google_sql_user", "whybot", _sql_user(), sensitive=("password",))
    yield _one("google_compute_instance", "clickhouse", _clickhouse())
    keyed = {site.image: site for site in baseline.SITES}
    services = {
        key: resources.services[f"{baseline.PARENT}/services/{keyed[key].service}"] for key in sorted(keyed)
    }
    yield _each("google_service_account", {key: _account(keyed[key]) for key in services})
    yield _each("google_cloud_run_v2_service", {key: _service(each) for key, each in services.items()})
    yield _one(
        "google_cloud_run_v2_job", "whybot", _job(resources.jobs[f"{baseline.PARENT}/jobs/{baseline.JOB}"])
    )


# what a state is made of


def _one(
    kind: str, name: str, attributes: JSON, *, module: str = "", sensitive: tuple[str, ...] = ()
) -> JSON:
    return _resource(kind, name, [_instance(attributes, sensitive)], module=module)


def _each(kind: str, by_key: dict[str, JSON]) -> JSON:
    instances = [{"index_key": key, **_instance(attributes)} for key, attributes in by_key.items()]
    return _resource(kind, "service", instances)


def _resource(kind: str, name: str, instances: list[JSON], *, module: str = "") -> JSON:
    where = {"module": module} if module else {}
    return {
        **where,
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider": PROVIDER,
        "instances": instances,
    }


def _instance(attributes: JSON, sensitive: tuple[str, ...] = ()) -> JSON:
    marked = [[{"type": "get_attr", "value": name}] for name in sensitive]
    return {"schema_version": 0, "attributes": attributes, "sensitive_attributes": marked}


def _placed(name: str, **more: Any) -> JSON:
    return {"name": name, "project": baseline.PROJECT, **more}


# networks


def _network() -> JSON:
    return _placed(
        baseline.VPC,
        id=f"projects/{baseline.PROJECT}/global/networks/{baseline.VPC}",
        self_link=baseline.network_url(baseline.VPC),
        auto_create_subnetworks=False,
        routing_mode="REGIONAL",
        mtu=0,
    )


def _subnetwork() -> JSON:
    path = f"projects/{baseline.PROJECT}/regions/{baseline.REGION}/subnetworks/{baseline.SUBNET}"
    return _placed(
        baseline.SUBNET,
        id=path,
        network=baseline.network_url(baseline.VPC),
        region=baseline.REGION,
        ip_cidr_range="10.20.0.0/24",
        private_ip_google_access=True,
        secondary_ip_range=[],
    )


def _connector(connector: vpcaccess_v1.Connector) -> JSON:
    return _placed(
        short(connector.name),
        id=connector.name,
        self_link=connector.name,
        region=baseline.REGION,
        network=short(connector.network),
        ip_cidr_range=connector.ip_cidr_range,
        machine_type=connector.machine_type,
        min_instances=connector.min_instances,
        max_instances=connector.max_instances,
        min_throughput=connector.min_throughput,
        max_throughput=connector.max_throughput,
        state="READY",
        subnet=[],
        connected_projects=[],
    )


def _firewall() -> JSON:
    return _placed(
        "staging-allow-internal",
        id=f"projects/{baseline.PROJECT}/global/firewalls/staging-allow-internal",
        network=baseline.network_url(baseline.VPC),
        direction="INGRESS",
        priority=1000,
        disabled=False,
        source_ranges=["10.1.0.0/28", "10.20.0.0/24"],
        destination_ranges=[],
        allow=[{"protocol": "tcp", "ports": ["5432", "8123"]}],
        deny=[],
        target_tags=[],
    )


def with_firewall(state: bytes, rule: compute_v1.Firewall) -> bytes:
    """A state to which Terraform has added a rule, with its next serial number."""
    read = json.loads(state)
    traffic = {
        name: [{"protocol": each.I_p_protocol, "ports": list(each.ports)} for each in getattr(rule, kind)]
        for name, kind in (("allow", "allowed"), ("deny", "denied"))
    }
    attributes = _placed(
        rule.name,
        id=f"projects/{baseline.PROJECT}/global/firewalls/{rule.name}",
        network=rule.network,
        direction=rule.direction,
        priority=rule.priority,
        disabled=rule.disabled,
        source_ranges=list(rule.source_ranges),
        destination_ranges=list(rule.destination_ranges),
        target_tags=list(rule.target_tags),
        **traffic,
    )
    name = rule.name.replace("-", "_")
    read["resources"].append(_one("google_compute_firewall", name, attributes, module=NETWORK))
    read["serial"] += 1
    return json.dumps(read, indent=2).encode()


# stores


def _redis(instance: redis_v1.Instance) -> JSON:
    return _placed(
        short(instance.name),
        id=instance.name,
        region=baseline.REGION,
        tier="BASIC",
        memory_size_gb=instance.memory_size_gb,
        redis_version=instance.redis_version,
        host=instance.host,
        port=instance.port,
        authorized_network=instance.authorized_network,
        connect_mode="DIRECT_PEERING",
        reserved_ip_range=instance.reserved_ip_range,
        auth_enabled=instance.auth_enabled,
        auth_string="in-the-state-as-terraform-keeps-it",
        transit_encryption_mode="DISABLED",
        current_location_id=instance.current_location_id,
    )


def _sql(instance: sqladmin_v1.DatabaseInstance) -> JSON:
    settings = instance.settings
    return _placed(
        instance.name,
        id=instance.name,
        region=baseline.REGION,
        database_version=instance.database_version.name,
        connection_name=instance.connection_name,
        private_ip_address=baseline.SQL_ADDRESS,
        public_ip_address="",
        ip_address=[{"ip_address": baseline.SQL_ADDRESS, "type": "PRIVATE", "time_to_retire": ""}],
        settings=[
            {
                "tier": settings.tier,
                "activation_policy": "ALWAYS",
                "availability_type": "ZONAL",
                "ip_configuration": [
                    {
                        "ipv4_enabled": False,
                        "private_network": settings.ip_configuration.private_network,
                        "authorized_networks": [],
                    }
                ],
            }
        ],
    )


def _sql_user() -> JSON:
    return _placed(
        "whybot",
        id=f"whybot//{baseline.SQL}",
        instance=baseline.SQL,
        password="in-the-state-as-terraform-keeps-it",
        type="",
    )


def _clickhouse() -> JSON:
    zone = f"{baseline.REGION}-a"
    return _placed(
        "staging-clickhouse",
        id=f"projects/{baseline.PROJECT}/zones/{zone}/instances/staging-clickhouse",
        zone=zone,
        machine_type="e2-standard-2",
        tags=["clickhouse"],
        network_interface=[
            {
                "network": baseline.network_url(baseline.VPC),
                "subnetwork": f"{baseline.COMPUTE}/regions/{baseline.REGION}/subnetworks/{baseline.SUBNET}",
                "network_ip": baseline.CLICKHOUSE_ADDRESS,
                "access_config": [],
            }
        ],
    )


# Cloud Run


def _account(site: baseline.Site) -> JSON:
    account = site.account.partition("@")[0]
    return {
        "account_id": account,
        "project": baseline.PROJECT,
        "email": site.account,
        "display_name": f"netra {site.image} (staging)",
        "id": f"projects/{baseline.PROJECT}/serviceAccounts/{site.account}",
        "disabled": False,
    }


def _service(service: run_v2.Service) -> JSON:
    template = service.template
    return _placed(
        short(service.name),
        id=service.name,
        location=baseline.REGION,
        uid=service.uid,
        generation=str(service.generation),
        ingress="INGRESS_TRAFFIC_ALL",
        labels={},
        latest_ready_revision=service.latest_ready_revision,
        uri=service.uri,
        traffic=[],
        template=[
            {
                "service_account": template.service_account,
                "timeout": "300s",
                "revision": "",
                "containers": [{"image": template.containers[0].image, "args": None}],
                "vpc_access": [_vpc_access(template.vpc_access)],
            }
        ],
    )


def _job(job: run_v2.Job) -> JSON:
    task = job.template.template
    container = {"image": task.containers[0].image, "args": list(task.containers[0].args)}
    return _placed(
        short(job.name),
        id=job.name,
        location=baseline.REGION,
        labels={"whybot-follows": job.labels["whybot-follows"]},
        template=[{"template": [{"containers": [container], "vpc_access": [_vpc_access(task.vpc_access)]}]}],
    )


def _vpc_access(vpc: run_v2.VpcAccess) -> JSON:
    return {"connector": vpc.connector, "egress": vpc.egress.name, "network_interfaces": []}
