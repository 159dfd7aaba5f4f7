"""What Google's provider derives from a resource's own arguments, so that references to it can be followed.

From "Attributes Reference" of each resource, https://registry.terraform.io/providers/hashicorp/google/latest/docs
"""

COMPUTE = "https://www.googleapis.com/compute/v1/"

_IDS = {
    "google_cloud_run_v2_job": "projects/{project}/locations/{location}/jobs/{name}",
    "google_cloud_run_v2_service": "projects/{project}/locations/{location}/services/{name}",
    "google_compute_address": "projects/{project}/regions/{region}/addresses/{name}",
    "google_compute_global_address": "projects/{project}/global/addresses/{name}",
    "google_compute_network": "projects/{project}/global/networks/{name}",
    "google_compute_router": "projects/{project}/regions/{region}/routers/{name}",
    "google_compute_subnetwork": "projects/{project}/regions/{region}/subnetworks/{name}",
    "google_redis_instance": "projects/{project}/locations/{region}/instances/{name}",
    "google_sql_database_instance": "{name}",
    "google_vpc_access_connector": "projects/{project}/locations/{region}/connectors/{name}",
}
_EMAIL = "{account_id}@{project}.iam.gserviceaccount.com"

DERIVED: dict[tuple[str, str], str] = {
    **{(kind, "id"): template for kind, template in _IDS.items()},
    **{
        (kind, "self_link"): (COMPUTE if kind.startswith("google_compute_") else "") + template
        for kind, template in _IDS.items()
    },
    ("google_service_account", "email"): _EMAIL,
    ("google_service_account", "id"): "projects/{project}/serviceAccounts/" + _EMAIL,
    ("google_service_account", "member"): "serviceAccount:" + _EMAIL,
    ("google_service_account", "name"): "projects/{project}/serviceAccounts/" + _EMAIL,
}

# Arguments that the provider's own block gives where the resource has none.
OF_PROVIDER = frozenset({"project", "region", "zone"})
REGIONAL = frozenset(
    {
        "google_compute_address",
        "google_compute_router",
        "google_compute_subnetwork",
        "google_compute_vpn_tunnel",
        "google_redis_instance",
        "google_sql_database_instance",
        "google_vpc_access_connector",
    }
)
