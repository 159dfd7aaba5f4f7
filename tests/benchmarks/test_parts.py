from pathlib import Path

import httpx
import pytest

from benchmarks import sweep_wall
from benchmarks.place import environment, overlay, runner, swept
from benchmarks.processes import bare_bolt, slack
from benchmarks.slack_stub import send
from benchmarks.targets import ADDRESS, NAME, targets


async def test_targets_pass_every_kind_that_is_measured(tmp_path: Path) -> None:
    """The benchmark's own servers are healthy to the checks, or its figures would be those of failures."""
    async with targets(tmp_path) as at:
        made = environment(
            {
                "http": {"kind": "http", "url": f"http://{ADDRESS}:{at.http}/5", "budget": "5s"},
                "dns": {"kind": "dns", "host": NAME, "expect": [ADDRESS], "budget": "5s"},
                "tls": {"kind": "tls", "host": ADDRESS, "port": at.tls, "server_name": NAME, "budget": "5s"},
            }
        )
        async with runner(made, overlay(at)) as running:
            assert len((await swept(running, made.select())).results) == 3
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.get(f"http://127.0.0.1:{at.http}/")


async def test_a_row_has_a_figure_and_a_baseline(tmp_path: Path) -> None:
    """A part measures both sides; how they compare is for `make bench` to say."""
    async with targets(tmp_path) as at:
        row = await sweep_wall.row(at, 9, repeat=1, slowest_ms=60)
    assert row.ours > 0.05
    assert row.baseline > 0.05


async def test_bare_app_acknowledges_signed_commands_only(tmp_path: Path) -> None:
    """The baseline is a real Bolt app that verifies signatures as whybot does."""
    async with slack(tmp_path) as api, bare_bolt(api, tmp_path) as port:
        assert (await send(port, "/staging-health", 1))[0] == 200
        async with httpx.AsyncClient(trust_env=False) as client:
            unsigned = await client.post(f"http://127.0.0.1:{port}/slack/events", data={"command": "/x"})
        assert unsigned.status_code == 401
