"""Inquiries with real runbooks: what Slack is drawn from, out of checks that really ran."""

from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from bot.inquiry import Found, Inquiries, Question, last
from bot.settings import load_settings
from bot.store.embedded import StoreUnavailable
from bot.vantages import open_vantages
from checks.environment import load_environments, load_overlay
from checks.secrets import Secrets
from runbooks.bundle import from_document
from runbooks.reader import load_library
from tests.bot.running import staging


async def no_past(_environment: str) -> list[Any]:
    raise StoreUnavailable("The store does not answer.")


async def inquire(folder: Path) -> tuple[list[Found], Found]:
    """An inquiry into three checks that pass, and one that shares their sweep."""
    async with staging(folder) as place:
        place.open()
        settings = load_settings(place.variables)
        (environment,) = load_environments(settings.environments).values()
        overlay = load_overlay(folder / "overlay.yaml")
        async with open_vantages(settings, environment, overlay, None) as vantages:
            inquiries = Inquiries(
                load_library(), {"staging": environment}, {"staging": vantages}, {}, Secrets({}), no_past
            )
            async with aclosing(inquiries.ask(Question("staging"))) as states:
                found = [state async for state in states]
            sweep = await vantages.run(environment.select())
            before = [target.asked for target in place.targets.values()]
            shared = await last(inquiries.ask(Question("staging", sweep=sweep)))
            assert [target.asked for target in place.targets.values()] == before
    return found, shared


async def test_an_inquiry_ends_with_its_evidence(tmp_path: Path) -> None:
    """States come as evidence does; the last has the bundle of it, and needs neither cloud nor store."""
    found, shared = await inquire(tmp_path)
    assert len(found) > 1
    assert not any(state.final for state in found[:-1])
    assert found[-1].final
    assert found[-1].waiting == ()
    assert found[-1].document["schema"] == "whybot/why/1"
    assert from_document(found[-1].bundle).sections["checks"].finished
    assert shared.document["status"] == found[-1].document["status"]


async def test_an_unknown_runbook_is_an_error() -> None:
    """Commands name only runbooks that there are; whoever else asks is told."""
    environments = load_environments(Path(__file__).parents[2] / "environments")
    inquiries = Inquiries(load_library(), environments, {"staging": None}, {}, Secrets({}), no_past)
    with pytest.raises(KeyError):
        await last(inquiries.ask(Question("staging", "no-such-runbook")))
