"""No secret leaves the readers of Terraform, wherever it is planted."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.terraform.attributes import hide, hide_paths
from checks.terraform.errors import TerraformUnreadable
from tests.checks.terraform.place import BUCKET, configured, instance, managed, network, read, stored, text

SECRET = "hunter2-s3cr3t"
NAMES = st.sampled_from(["host", "port", "labels", "template", "x", "nested"])
SECRETIVE = st.sampled_from(
    [
        "password",
        "root_password",
        "auth_string",
        "shared_secret",
        "private_key",
        "api_key",
        "access_token",
        "server_ca_certs",
    ]
)
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(0, 9), st.sampled_from(["a", "b"]))
TREES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)


@st.composite
def planted(draw: st.DrawFn) -> tuple[dict[str, Any], list[str | int]]:
    """Attributes with a secret in them, and the path to it."""
    tree: Any = SECRET
    path: list[str | int] = []
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            before = draw(st.lists(TREES, max_size=2))
            tree, step = [*before, tree], len(before)
        else:
            name = draw(NAMES)
            tree, step = {**draw(st.dictionaries(NAMES, TREES, max_size=2)), name: tree}, name
        path.insert(0, step)
    return {"attribute": tree}, ["attribute", *path]


def mask_of(path: list[str | int]) -> Any:
    """`sensitive_values` for one path."""
    mask: Any = True
    for step in reversed(path):
        mask = {step: mask} if isinstance(step, str) else [False] * step + [mask]
    return mask


def steps_of(path: list[str | int]) -> list[dict[str, Any]]:
    """One of `sensitive_attributes`."""
    return [
        {"type": "get_attr", "value": step}
        if isinstance(step, str)
        else {"type": "index", "value": {"value": step, "type": "number"}}
        for step in path
    ]


@given(planted())
def test_marked_value_is_gone_and_no_other_place_is_changed(
    case: tuple[dict[str, Any], list[str | int]],
) -> None:
    """By mask and by path alike."""
    values, path = case
    by_mask, by_path = hide(values, mask_of(path)), hide_paths(values, [steps_of(path)])
    assert SECRET not in repr(by_mask)
    assert by_mask == by_path


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(planted(), SECRETIVE, st.booleans())
async def test_no_secret_of_a_state_is_in_what_is_read(
    case: tuple[dict[str, Any], list[str | int]], name: str, shown: bool
) -> None:
    """Marked at any depth, or under a name that says so."""
    values, path = case
    attributes = {**values, name: SECRET, "nested": [{name: SECRET}]}
    if shown:
        kept = {"mode": "managed", "type": "google_redis_instance", "name": "r", "values": attributes}
        kept |= {"address": "google_redis_instance.r", "sensitive_values": mask_of(path)}
        document: dict[str, Any] = {"format_version": "1.0", "values": {"root_module": {"resources": [kept]}}}
        document["values"]["outputs"] = {"o": {"sensitive": True, "value": SECRET}}
    else:
        marked = instance(attributes, sensitive_attributes=[steps_of(path)])
        document = stored(managed("google_redis_instance", "r", marked))
        document["outputs"] = {"o": {"value": SECRET, "type": "string"}}
    with tempfile.TemporaryDirectory() as folder:
        found = await read(Path(folder), state=BUCKET, bucket=text(document))
    assert SECRET not in repr(found)
    assert "google_redis_instance.r" in repr(found)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    SECRETIVE,
    st.sampled_from(
        [
            "var.marked",
            '"x-${var.marked}"',
            "upper(var.marked)",
            "[1, var.marked]",
            "file(var.marked)",
            "local.kept",
            "try(local.kept, 1)",
            "var.unknown == var.marked ? 1 : 2",
            "{ a = local.kept }",
            "[for x in [local.kept] : x]",
        ]
    ),
)
def test_no_secret_of_a_configuration_is_in_what_is_read(name: str, expression: str) -> None:
    """A sensitive variable, and a password that someone typed in."""
    before = (
        f'variable "marked" {{\n  sensitive = true\n  default = "{SECRET}"\n}}\nvariable "unknown" {{}}\n'
        f'variable "{name}" {{\n  default = "{SECRET}"\n}}\n'
        f"locals {{\n  kept = [var.marked, var.{name}]\n}}\n"
    )
    block = f'  block {{\n    {name} = "a${{file("{SECRET}")}}"\n  }}'
    body = f'  {name} = "{SECRET}"\n  seen = {expression}\n{block}'
    with tempfile.TemporaryDirectory() as folder:
        found = configured(Path(folder), network(body, before))
    assert SECRET not in repr(found)
    assert "google_compute_network.vpc" in repr(found)


@pytest.mark.parametrize(
    "broken", [f'  password = "{SECRET}" "', f"  password = {SECRET} {SECRET}", f'  {{ "{SECRET}"']
)
def test_secret_in_a_broken_file_is_not_quoted(tmp_path: Path, broken: str) -> None:
    """A syntax error names the line, not what stands there."""
    with pytest.raises(TerraformUnreadable) as raised:
        configured(tmp_path, network(broken))
    assert SECRET not in f"{raised.value!r}{raised.value}"
