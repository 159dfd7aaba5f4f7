"""Terraform's state: what is kept of it, and what is said of one that cannot be read."""

import json
from pathlib import Path
from typing import Any

import pytest

from checks.terraform.model import Sensitive
from checks.terraform.state import address
from tests.checks.terraform.place import (
    BUCKET,
    connector,
    infrastructure,
    instance,
    managed,
    read,
    said,
    stored,
    text,
)

CONNECTOR = managed(
    "google_vpc_access_connector", "connector", instance(connector()), module="module.network"
)


def shown(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A state as `terraform show -json` prints it, with the resources in a module of a module."""
    inner = {"address": "module.a.module.b", "resources": list(resources)}
    root = {"resources": [], "child_modules": [{"address": "module.a", "child_modules": [inner]}]}
    return {
        "format_version": "1.0",
        "terraform_version": "1.9.8",
        "values": {"outputs": {}, "root_module": root},
        **more,
    }


def shown_connector(**more: Any) -> dict[str, Any]:
    """The connector in it."""
    return {
        "address": "module.a.module.b.google_vpc_access_connector.c[0]",
        "mode": "managed",
        "type": "google_vpc_access_connector",
        "name": "c",
        "index": 0,
        "values": connector(),
        "sensitive_values": {},
        **more,
    }


async def test_stored_state_gives_resources_with_their_addresses(tmp_path: Path) -> None:
    """Module, type, name and index make Terraform's own address."""
    each = managed(
        "google_cloud_run_v2_service",
        "service",
        instance({"name": "netra-backend-staging", "project": "netra-staging"}, index_key="backend"),
        instance({"name": "netra-auth-staging", "project": "netra-staging"}, index_key="auth"),
    )
    found = infrastructure(await read(tmp_path, state=BUCKET, bucket=text(stored(CONNECTOR, each))))
    assert [resource.address for resource in found.recorded or ()] == [
        "module.network.google_vpc_access_connector.connector",
        'google_cloud_run_v2_service.service["backend"]',
        'google_cloud_run_v2_service.service["auth"]',
    ]
    assert found.resources == found.recorded
    assert (found.serial, found.version, found.projects) == (57, "1.9.8", ("netra-staging",))
    assert found.sources["state"].resource == BUCKET
    assert found.sources["state"].url is not None


async def test_shown_state_says_the_same(tmp_path: Path) -> None:
    """`terraform show -json` of a state, with modules in modules."""
    found = infrastructure(await read(tmp_path, state=BUCKET, bucket=text(shown(shown_connector()))))
    (resource,) = found.recorded or ()
    assert resource.address == "module.a.module.b.google_vpc_access_connector.c[0]"
    assert resource.values["ip_cidr_range"] == "10.1.0.0/28"


async def test_keys_in_another_order_do_not_matter(tmp_path: Path) -> None:
    """A state that another tool has sorted is the same state."""
    data = json.dumps(stored(CONNECTOR), sort_keys=True).encode()
    found = infrastructure(await read(tmp_path, state=BUCKET, bucket=data, part=7))
    assert len(found.recorded or ()) == 1
    assert found.serial == 57


async def test_data_sources_deposed_objects_and_other_types_are_left_out(tmp_path: Path) -> None:
    """Only what is managed, is there and matters to whybot."""
    state = stored(
        {**CONNECTOR, "mode": "data"},
        managed("google_storage_bucket", "b", instance({"name": "x"})),
        managed(
            "google_compute_network",
            "vpc",
            instance({"name": "old"}, deposed="a1b2"),
            instance({"name": "new"}),
        ),
    )
    found = infrastructure(await read(tmp_path, state=BUCKET, bucket=text(state)))
    assert [resource.values["name"] for resource in found.resources] == ["new"]


async def test_empty_state_holds_nothing(tmp_path: Path) -> None:
    """Nothing recorded is an empty tuple: known, and not the same as no state."""
    for document in (stored(), {"format_version": "1.0"}):
        found = infrastructure(await read(tmp_path, state=BUCKET, bucket=text(document)))
        assert found.recorded == ()


async def test_marked_attributes_are_not_kept(tmp_path: Path) -> None:
    """By path in a stored state, by mask in a shown one; a mark that is not understood hides all."""
    secret = {"host": "10.166.204.83", "auth": [{"value": "hunter2"}], "list": ["a", "hunter2"]}
    marks = [
        [
            {"type": "get_attr", "value": "auth"},
            {"type": "index", "value": {"value": 0, "type": "number"}},
            {"type": "get_attr", "value": "value"},
        ],
        [{"type": "get_attr", "value": "list"}, {"type": "index", "value": {"value": 1, "type": "number"}}],
        [{"type": "get_attr", "value": "not there"}],
    ]
    state = stored(managed("google_redis_instance", "r", instance(secret, sensitive_attributes=marks)))
    (resource,) = infrastructure(await read(tmp_path, state=BUCKET, bucket=text(state))).resources
    assert resource.values == {
        "host": "10.166.204.83",
        "auth": [{"value": Sensitive()}],
        "list": ["a", Sensitive()],
    }

    masks = {"auth": [{"value": True}], "list": [False, True]}
    kept = shown_connector(values=secret, sensitive_values=masks)
    (resource,) = infrastructure(await read(tmp_path, state=BUCKET, bucket=text(shown(kept)))).resources
    assert resource.values == {
        "host": "10.166.204.83",
        "auth": [{"value": Sensitive()}],
        "list": ["a", Sensitive()],
    }

    strange = stored(
        managed("google_redis_instance", "r", instance(secret, sensitive_attributes=[[{"step": "?"}]]))
    )
    (resource,) = infrastructure(await read(tmp_path, state=BUCKET, bucket=text(strange))).resources
    assert set(map(type, resource.values.values())) == {Sensitive}


async def test_attributes_with_secretive_names_are_not_kept_without_a_mark(tmp_path: Path) -> None:
    """Older Terraform marks nothing, and nobody marks a container's variables."""
    state = stored(
        managed(
            "google_redis_instance",
            "r",
            instance({"auth_string": "hunter2", "auth_enabled": True, "host": "h"}),
        ),
        managed(
            "google_cloud_run_v2_service",
            "s",
            instance(
                {"template": [{"containers": [{"image": "i", "env": [{"name": "A", "value": "hunter2"}]}]}]}
            ),
        ),
    )
    redis, service = infrastructure(await read(tmp_path, state=BUCKET, bucket=text(state))).resources
    assert redis.values == {"auth_string": Sensitive(), "auth_enabled": True, "host": "h"}
    assert service.values["template"][0]["containers"] == [
        {"image": "i", "env": [{"name": "A", "value": Sensitive()}]}
    ]


STATE = text(stored(CONNECTOR))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty."),
        (STATE[: len(STATE) // 2], "it is truncated."),
        (STATE + b"}", "is no JSON"),
        (STATE.replace(b'"serial": 57', b'"serial": NaN'), "is no JSON"),
        (STATE.replace(b"staging-vpc", b"staging\xff"), "is no JSON"),
        (b"\x1f\x8b\x08\x00rest", "is compressed (gzip); store it as plain JSON."),
        (b"<!DOCTYPE html><html>", "is a web page (HTML)"),
        (b"PK\x03\x04", "is a saved plan in Terraform's own form"),
        ('{"version": 4}'.encode("utf-16"), "is UTF-16"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a pointer of Git LFS"),
        (b"hello", "is no JSON document of Terraform."),
        (b"[]", "is no JSON document of Terraform."),
        (b"{}", "it has neither a version nor a format."),
        (
            b'{"version": 5, "resources": []}',
            "is a state of version 5, which is newer than whybot knows (4); upgrade whybot.",
        ),
        (
            b'{"version": 3, "modules": []}',
            "is a state of version 3, of a Terraform before 0.12; any apply with a newer one upgrades it.",
        ),
        (b'{"version": "four"}', "is a state of version four, which is newer"),
        (
            b'{"format_version": "2.0", "values": {}}',
            "has format 2.0 of `terraform show -json`; whybot knows 1.x.",
        ),
        (
            b'{"format_version": "1.2", "planned_values": {}}',
            "is a plan, not a state; name it as `terraform.plan`.",
        ),
        (b'{"meta": {}, "encrypted_data": "eA==", "encryption_version": "v0"}', "is encrypted"),
        (b'{"version": 4, "resources": ' + b"[" * 600 + b"]" * 600 + b"}", "is nested more than 500 deep."),
        (b'{"version": 4, "resources": ["' + b"x" * 9_000_000 + b'"]}', "holds one value of more than 8 MB."),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
async def test_state_that_cannot_be_read_is_told(tmp_path: Path, data: bytes, sentence: str) -> None:
    """One sentence that names the state and says what it is instead."""
    message = said(await read(tmp_path, state=BUCKET, bucket=data, part=100_000))
    assert message.startswith(f"Terraform's state {BUCKET} ")
    assert sentence in message


async def test_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Some editors put one there."""
    assert infrastructure(await read(tmp_path, state=BUCKET, bucket=b"\xef\xbb\xbf" + STATE)).serial == 57


async def test_resource_without_instances_is_incomplete(tmp_path: Path) -> None:
    """A list that is missing is not an empty one."""
    broken = {**CONNECTOR, "instances": None}
    found = infrastructure(await read(tmp_path, state=BUCKET, bucket=text(stored(broken))))
    assert found.resources == ()
    assert "has no list of instances" in found.incomplete[0]


async def test_huge_resource_is_left_out_and_told(tmp_path: Path) -> None:
    """One resource with a million values does not fill the memory; the others are read."""
    huge = managed("google_compute_network", "huge", instance({"many": list(range(250_000))}))
    found = infrastructure(
        await read(tmp_path, state=BUCKET, bucket=text(stored(huge, CONNECTOR)), part=100_000)
    )
    assert [resource.type for resource in found.resources] == ["google_vpc_access_connector"]
    assert "google_compute_network.huge is too large to be read." in found.incomplete[0]


def test_address_quotes_keys_as_terraform_does() -> None:
    """Numbers bare, texts in quotes with escapes."""
    assert address("a.b") == "a.b"
    assert address("a.b", 0) == "a.b[0]"
    assert address("a.b", 1.0) == "a.b[1]"
    assert address("a.b", 'x"y') == 'a.b["x\\"y"]'
