"""Terraform's configuration: files, modules, variables, instances."""

from pathlib import Path

import pytest

from checks.terraform.configuration import MOST_RESOURCES, read_configuration
from checks.terraform.errors import TerraformUnreadable
from checks.terraform.model import Sensitive, Unevaluated
from tests.checks.terraform.place import NOW, configured, network

STAGING = Path(__file__).parents[3] / "environments" / "terraform" / "staging"
MODULE = 'module "net" {\n  source = "./net"\n  name   = "staging"\n}\n'
NET = {
    "net/main.tf": 'variable "name" {}\n'
    'resource "google_compute_network" "vpc" {\n  name = "${var.name}-vpc"\n}\n'
    'output "id" {\n  value = google_compute_network.vpc.id\n}\n'
}
PROVIDER = 'provider "google" {\n  project = "netra-staging"\n  region  = "us-central1"\n}\n'


def test_resource_has_its_attributes_its_address_and_its_line(tmp_path: Path) -> None:
    """What a file says plainly comes out plainly, with where it stands."""
    found = configured(
        tmp_path, {"main.tf": '\nresource "google_redis_instance" "r" {\n  name = "x"\n  port = 6379\n}'}
    )
    (resource,) = found.resources
    assert (resource.address, resource.type, resource.name) == (
        "google_redis_instance.r",
        "google_redis_instance",
        "r",
    )
    assert resource.values == {"name": "x", "port": 6379}
    assert resource.source.resource == "infra/main.tf:2"
    assert not found.incomplete


def test_blocks_are_lists_of_mappings(tmp_path: Path) -> None:
    """One block or several of a type: a list, as in `terraform show -json`."""
    found = configured(
        tmp_path,
        network('  allow {\n    protocol = "tcp"\n  }\n  allow {\n    protocol = "udp"\n  }\n  one {}'),
    )
    assert found.resources[0].values == {"allow": [{"protocol": "tcp"}, {"protocol": "udp"}], "one": [{}]}


def test_module_gets_its_arguments_and_gives_its_outputs(tmp_path: Path) -> None:
    """A reference over a module's output ends at the resource in it."""
    redis = 'resource "google_redis_instance" "r" {\n  authorized_network = module.net.id\n}\n'
    found = configured(tmp_path, {"main.tf": PROVIDER + MODULE + redis, **NET})
    by_address = {each.address: each.values for each in found.resources}
    assert by_address["module.net.google_compute_network.vpc"]["name"] == "staging-vpc"
    network_id = "projects/netra-staging/global/networks/staging-vpc"
    assert by_address["google_redis_instance.r"]["authorized_network"] == network_id
    assert found.projects == {"netra-staging"}


def test_provider_gives_project_and_region_where_the_resource_has_none(tmp_path: Path) -> None:
    """A connector without a region is where its provider is; another provider by its alias."""
    other = 'provider "google" {\n  alias = "host"\n  project = "netra-host"\n}\n'
    body = 'resource "google_vpc_access_connector" "%s" {\n  name = "c"\n%s}\n'
    files = {"main.tf": PROVIDER + other + body % ("a", "") + body % ("b", "  provider = google.host\n")}
    first, second = configured(tmp_path, files).resources
    assert (first.values["project"], first.values["region"]) == ("netra-staging", "us-central1")
    assert second.values["project"] == "netra-host"
    assert "region" not in second.values


def test_count_and_for_each_make_instances(tmp_path: Path) -> None:
    """Each instance has an address of its own and knows its key."""
    files = {
        "main.tf": 'resource "google_compute_network" "n" {\n  count = 2\n  name = "n-${count.index}"\n}\n'
        'resource "google_compute_network" "e" {\n  for_each = { a = "x", b = "y" }\n'
        '  name = "${each.key}-${each.value}"\n}\n'
        'resource "google_compute_network" "s" {\n  for_each = toset(["only"])\n  name = each.value\n}\n'
    }
    found = {each.address: each.values["name"] for each in configured(tmp_path, files).resources}
    assert found == {
        "google_compute_network.n[0]": "n-0",
        "google_compute_network.n[1]": "n-1",
        'google_compute_network.e["a"]': "a-x",
        'google_compute_network.e["b"]': "b-y",
        'google_compute_network.s["only"]': "only",
    }


def test_module_with_for_each_has_instances(tmp_path: Path) -> None:
    """A module called twice makes its resources twice."""
    call = 'module "net" {\n  source = "./net"\n  for_each = toset(["a", "b"])\n  name = each.key\n}\n'
    pick = 'resource "google_redis_instance" "r" {\n  authorized_network = module.net["b"].id\n}\n'
    found = {
        each.address: each.values
        for each in configured(tmp_path, {"main.tf": PROVIDER + call + pick, **NET}).resources
    }
    assert found['module.net["a"].google_compute_network.vpc']["name"] == "a-vpc"
    assert found["google_redis_instance.r"]["authorized_network"].endswith("/b-vpc")


def test_number_of_instances_that_cannot_be_told_is_incomplete(tmp_path: Path) -> None:
    """Unknown is not none: the file, the line and the reason are told."""
    found = configured(tmp_path, network("  count = var.on ? 1 : 0", 'variable "on" {}'))
    assert found.resources == ()
    (sentence,) = found.incomplete
    assert sentence == (
        "infra/main.tf:2: resource google_compute_network vpc could not be told: "
        "variable on has no value here; give it one under terraform.variables."
    )


def test_variables_of_the_environment_file_win_over_tfvars_and_defaults(tmp_path: Path) -> None:
    """Default, terraform.tfvars, *.auto.tfvars, then the environment file."""
    variables = 'variable "a" {\n  default = "default"\n}\n' + "".join(
        f'variable "{name}" {{}}\n' for name in "bcd"
    )
    files = {
        **network("  name = [var.a, var.b, var.c, var.d]", variables),
        "terraform.tfvars": 'b = "tfvars"\nc = "tfvars"\nd = "tfvars"\n',
        "x.auto.tfvars": 'c = "auto"\nd = "auto"\n',
    }
    (resource,) = configured(tmp_path, files, d="file").resources
    assert resource.values["name"] == ["default", "tfvars", "auto", "file"]


def test_variables_may_be_in_json(tmp_path: Path) -> None:
    """`terraform.tfvars.json` holds plain values."""
    before = 'variable "a" {}\nvariable "b" {}\n'
    files = {
        **network("  name = [var.a, var.b]", before),
        "terraform.tfvars.json": '{"a": "json", "b": ["x"]}',
        "z.auto.tfvars.json": '{"a": "auto"}',
    }
    (resource,) = configured(tmp_path, files).resources
    assert resource.values["name"] == ["auto", ["x"]]


def test_dynamic_block_is_unrolled(tmp_path: Path) -> None:
    """Its blocks come after those that are written out; an iterator may be named."""
    body = """
  allow {
    protocol = "icmp"
  }
  dynamic "allow" {
    for_each = ["tcp", "udp"]
    iterator = each_one
    content {
      protocol = each_one.value
    }
  }"""
    (resource,) = configured(tmp_path, network(body)).resources
    assert resource.values["allow"] == [{"protocol": "icmp"}, {"protocol": "tcp"}, {"protocol": "udp"}]


def test_dynamic_block_over_something_unknown_is_unevaluated(tmp_path: Path) -> None:
    """How many blocks there are cannot be told, so the blocks cannot either."""
    body = '  dynamic "allow" {\n    for_each = var.ports\n    content {}\n  }'
    (resource,) = configured(tmp_path, network(body, 'variable "ports" {}')).resources
    assert isinstance(resource.values["allow"], Unevaluated)


def test_json_spelling_says_the_same(tmp_path: Path) -> None:
    """`.tf.json` is the same language: templates in strings, blocks as objects, maps as maps."""
    files = {
        "main.tf.json": (
            '{"variable": {"env": {"default": "staging"}}, "resource": {"google_cloud_run_v2_service": '
            '{"s": {"name": "netra-${var.env}", "labels": {"a": "b"}, '
            '"template": {"vpc_access": [{"egress": "ALL_TRAFFIC"}]}}}}}'
        )
    }
    (resource,) = configured(tmp_path, files).resources
    assert resource.values == {
        "name": "netra-staging",
        "labels": {"a": "b"},
        "template": [{"vpc_access": [{"egress": "ALL_TRAFFIC"}]}],
    }


def test_ignored_changes_are_told(tmp_path: Path) -> None:
    """What Terraform leaves to others is no drift of theirs."""
    body = "  lifecycle {\n    ignore_changes = [template[0].containers[0].image, client]\n  }"
    assert configured(tmp_path, network(body)).resources[0].ignored == (
        "template[0].containers[0].image",
        "client",
    )
    body = "  lifecycle {\n    ignore_changes = all\n  }"
    assert configured(tmp_path / "all", network(body)).resources[0].ignored == ("all",)


def test_what_whybot_does_not_look_at_is_left_out(tmp_path: Path) -> None:
    """A bucket is not part of a path."""
    assert (
        configured(
            tmp_path, {"main.tf": 'resource "google_storage_bucket" "b" {\n  name = "x"\n}\n'}
        ).resources
        == ()
    )


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"main.tf": 'resource "a" "b" {\n  x =\n}\n'}, "infra/main.tf:2: no value where one should be."),
        (
            {"main.tf": "a {\n  b = 1\n"},
            "infra/main.tf:3: the file ends inside of a block or an expression;",
        ),
        ({"main.tf": "a {\n}\n}\n"}, "infra/main.tf:3:"),
        ({"main.tf": "locals {\n  x = [1, 2\n  y = 3\n}\n"}, "infra/main.tf:3:"),
        (
            {"main.tf": "locals {\n  x = 1\n  x = 2\n}\n"},
            "infra/main.tf:3: x is set a second time (first in line 2).",
        ),
        ({"main.tf": "locals {\n  x = 'one'\n}\n"}, "infra/main.tf:2:"),
        ({"main.tf.json": '{\n "locals": 1,\n}'}, "infra/main.tf.json:3: is no JSON"),
        ({"main.tf.json": "[]"}, "infra/main.tf.json: is no JSON object."),
        ({"main.tf.json": '{"resource": []}'}, ""),
        (
            {"a.tf": 'variable "x" {}', "b.tf": '\nvariable "x" {}'},
            "infra/b.tf:2: variable x is there a second time (first in infra/a.tf:1).",
        ),
        ({"main.tf": MODULE.replace("./net", "."), **NET}, ""),
        ({"main.tf": "x = " + "(" * 20_000 + "\n"}, "infra/main.tf:"),
        ({"readme.md": "nothing"}, "Terraform's configuration infra has no .tf file"),
    ],
)
def test_wrong_file_is_told_with_its_line(tmp_path: Path, files: dict[str, str], sentence: str) -> None:
    """One sentence: the file, the line, what is wrong there. Or nothing is wrong with it for us."""
    if sentence:
        with pytest.raises(TerraformUnreadable, match="^" + _quoted(sentence)):
            configured(tmp_path, files)
    else:
        configured(tmp_path, files)


def _quoted(sentence: str) -> str:
    return "".join(f"\\{letter}" if letter in ".()[]*+?|^$" else letter for letter in sentence)


def test_cyclic_modules_are_told(tmp_path: Path) -> None:
    """Modules that lead to themselves end with a sentence, not with the stack."""
    call = 'module "%s" {\n  source = "%s"\n}\n'
    files = {
        "main.tf": call % ("a", "./a"),
        "a/main.tf": call % ("b", "../b"),
        "b/main.tf": call % ("a", "../a"),
    }
    with pytest.raises(
        TerraformUnreadable, match=r"infra/a/\.\./b/main\.tf:1: module a calls itself, over 2 module"
    ):
        configured(tmp_path, files)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("./gone", "which is no folder"),
        ("terraform-google-modules/network/google", "which whybot does not read"),
        ("git::https://example.org/net.git", "which whybot does not read"),
    ],
)
def test_module_that_cannot_be_read_is_incomplete(tmp_path: Path, source: str, why: str) -> None:
    """What is in it may be there all the same."""
    found = configured(tmp_path, {"main.tf": f'module "net" {{\n  source = "{source}"\n}}\n'})
    assert len(found.incomplete) == 1
    assert found.incomplete[0].startswith("infra/main.tf:1: module net ")
    assert why in found.incomplete[0]


def test_locals_that_depend_on_themselves_have_no_value(tmp_path: Path) -> None:
    """A circle is told at the attribute that needs it."""
    (resource,) = configured(
        tmp_path, network("  name = local.a", "locals {\n  a = local.b\n  b = local.a\n}")
    ).resources
    value = resource.values["name"]
    assert isinstance(value, Unevaluated)
    assert "depends on itself" in value.why


def test_sensitive_variable_stays_sensitive_through_expressions(tmp_path: Path) -> None:
    """A default that is marked never comes out, also not as part of a text."""
    before = 'variable "x" {\n  sensitive = true\n  default = "hunter2"\n}\n'
    (resource,) = configured(
        tmp_path, network('  name = "a-${var.x}"\n  list = [1, var.x]', before)
    ).resources
    assert resource.values["name"] == Sensitive()
    assert resource.values["list"] == [1, Sensitive()]


def test_overriding_file_is_told(tmp_path: Path) -> None:
    """override.tf changes blocks of other files, which whybot does not follow."""
    found = configured(tmp_path, {**network('  name = "x"'), "override.tf": "nonsense ("})
    assert found.incomplete == ("infra/override.tf overrides other files, which whybot does not follow.",)


def test_very_many_instances_are_bounded(tmp_path: Path) -> None:
    """A count of a million costs neither memory nor minutes."""
    found = configured(tmp_path, network("  count = 1000000\n  name = count.index"))
    assert len(found.resources) == MOST_RESOURCES or found.incomplete


@pytest.mark.parametrize(
    "before",
    [
        "locals {\n"
        + "\n".join(f'  a{n} = "${{local.a{n + 1}}}${{local.a{n + 1}}}"' for n in range(60))
        + '\n  a60 = "xxxxxxxxxx"\n}',
        "locals {\n"
        + "\n".join(f"  a{n} = [local.a{n + 1}, local.a{n + 1}]" for n in range(60))
        + "\n  a60 = [1]\n}",
        "locals {\n"
        + "\n".join(f"  a{n} = concat(local.a{n + 1}, local.a{n + 1})" for n in range(60))
        + "\n  a60 = [1]\n}",
        "locals {\n  a0 = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : c]]]\n}",
        (
            'locals {\n  a0 = replace(replace("aaaaaaaaaa", "a", "aaaaaaaaaa"), "a", '
            'join("", [for n in range(1000) : "aaaaaaaaaa"]))\n}'
        ),
        "locals {\n  a0 = " + "*".join(["999999999999"] * 90) + "\n}",
        "locals {\n  a0 = " + "-".join(["1"] * 3000) + "\n}",
    ],
)
def test_configuration_that_would_grow_without_end_is_not_evaluated(tmp_path: Path, before: str) -> None:
    """A few lines cannot ask for gigabytes."""
    (resource,) = configured(tmp_path, network("  name = local.a0\n  other = 1", before)).resources
    evaluated = repr(resource.values["name"])
    assert "Unevaluated" in evaluated
    assert len(evaluated) < 3_000_000
    assert resource.values["other"] in (
        1,
        Unevaluated("1", "the configuration is too large to be evaluated whole"),
    )


def test_sample_of_staging_is_evaluated_whole() -> None:
    """The configuration in the repository leaves nothing open."""
    found = read_configuration(STAGING, "terraform/staging", {}, NOW)
    assert not found.incomplete
    assert len(found.resources) == 11
    assert "Unevaluated" not in repr(found.resources)
    backend = next(
        each for each in found.resources if each.address == 'google_cloud_run_v2_service.service["backend"]'
    )
    assert backend.values["template"][0]["vpc_access"] == [
        {
            "connector": "projects/netra-staging/locations/us-central1/connectors/staging-connector",
            "egress": "ALL_TRAFFIC",
        }
    ]
