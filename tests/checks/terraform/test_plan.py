"""Plans, as `terraform show -json` prints them."""

from pathlib import Path
from typing import Any

import pytest

from checks.terraform.model import Sensitive, Unevaluated
from tests.checks.terraform.place import BUCKET, connector, infrastructure, read, said, stored, text


def change(name: str, actions: list[str], after: Any, **more: Any) -> dict[str, Any]:
    """What a plan does to one connector."""
    return {
        "address": f"google_vpc_access_connector.{name}",
        "mode": "managed",
        "type": "google_vpc_access_connector",
        "name": name,
        "change": {"actions": actions, "before": connector(), "after": after, "after_unknown": {}, **more},
    }


def plan(*changes: dict[str, Any], planned: tuple[dict[str, Any], ...] = (), **more: Any) -> dict[str, Any]:
    """A plan."""
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "variables": {"password": {"value": "hunter2"}},
        "planned_values": {"root_module": {"resources": list(planned)}},
        "resource_changes": list(changes),
        "prior_state": {
            "format_version": "1.0",
            "values": {"root_module": {"resources": [change("old", [], {})]}},
        },
        "configuration": {"provider_config": {"google": {"name": "google"}}},
        **more,
    }


async def planned(folder: Path, document: dict[str, Any]) -> dict[str, Any]:
    """Values by address of what the plan would make."""
    found = infrastructure(await read(folder, plan=BUCKET, bucket=text(document)))
    return {each.address: each.values for each in found.planned or ()}


async def test_plan_says_what_will_be_there(tmp_path: Path) -> None:
    """What it makes, changes and keeps; not what it destroys."""
    found = await planned(
        tmp_path,
        plan(
            change("new", ["create"], connector(name="new")),
            change("same", ["no-op"], connector(name="same")),
            change("moved", ["delete", "create"], connector(name="moved")),
            change("gone", ["delete"], None),
        ),
    )
    assert {address: values["name"] for address, values in found.items()} == {
        "google_vpc_access_connector.new": "new",
        "google_vpc_access_connector.same": "same",
        "google_vpc_access_connector.moved": "moved",
    }


async def test_what_is_known_after_the_apply_is_unevaluated(tmp_path: Path) -> None:
    """Also where `after` does not mention it, and inside of blocks."""
    unknown = {"id": True, "subnet": [{"name": True}], "connected_projects": [True]}
    after = connector(subnet=[{"project": "p"}])
    del after["id"]
    found = await planned(tmp_path, plan(change("c", ["create"], after, after_unknown=unknown)))
    values = found["google_vpc_access_connector.c"]
    assert isinstance(values["id"], Unevaluated)
    assert values["id"].expression == "(known after apply)"
    assert values["subnet"][0]["project"] == "p"
    assert isinstance(values["subnet"][0]["name"], Unevaluated)
    assert isinstance(values["connected_projects"][0], Unevaluated)
    assert values["ip_cidr_range"] == "10.1.0.0/28"


async def test_what_is_sensitive_after_the_plan_is_not_kept(tmp_path: Path) -> None:
    """By mask, whole or in part."""
    part = change("part", ["update"], connector(network="hunter2"), after_sensitive={"network": True})
    whole = change("whole", ["update"], connector(network="hunter2"), after_sensitive=True)
    found = await planned(tmp_path, plan(part, whole))
    assert found["google_vpc_access_connector.part"]["network"] == Sensitive()
    assert set(map(type, found["google_vpc_access_connector.whole"].values())) == {Sensitive}
    assert "hunter2" not in repr(found)


async def test_resources_that_a_target_left_out_stay(tmp_path: Path) -> None:
    """With -target, changes hold only some of what is planned."""
    kept = {**change("kept", [], None), "values": connector(name="kept"), "sensitive_values": {}}
    found = await planned(tmp_path, plan(planned=(kept,)))
    assert found["google_vpc_access_connector.kept"]["name"] == "kept"


async def test_state_is_better_known_than_a_plan(tmp_path: Path) -> None:
    """`resources` are of the state where there is one."""
    (tmp_path / "plan.json").write_bytes(text(plan(change("c", ["create"], connector()))))
    found = infrastructure(await read(tmp_path, state=BUCKET, plan="plan.json", bucket=text(stored())))
    assert found.resources == ()
    assert len(found.planned or ()) == 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (text(stored()), "is a state, not a plan; name it as `terraform.state`."),
        (b'{"format_version": "1.0", "values": {}}', "is a state, not a plan"),
        (b'{"format_version": "2.1", "planned_values": {}}', "has format 2.1 of `terraform show -json`"),
        (b'{"a": 1}', "is JSON, but no plan of Terraform"),
        (
            b'{"@level":"info","@message":"Terraform 1.9.8"}\n{"@level":"info"}\n',
            "is the log of a run (`plan -json`)",
        ),
        (
            b"PK\x03\x04",
            "is a saved plan in Terraform's own form; name what `terraform show -json` prints of it.",
        ),
        (b'{"format_version": "1.2", "planned_values": {', "is truncated."),
    ],
)
async def test_plan_that_cannot_be_read_is_told(tmp_path: Path, data: bytes, sentence: str) -> None:
    """One sentence that names the plan and says what it is instead."""
    message = said(await read(tmp_path, plan=BUCKET, bucket=data))
    assert message.startswith(f"Terraform's plan {BUCKET} ")
    assert sentence in message
