"""Whether versions of secrets are there, read over REST out of the fake Secret Manager."""

import pytest

from checks.observations import Blind, SecretUse, SecretVersion
from checks.observe.cloud_run import revision_of
from checks.reasons import Reason
from sandbox import baseline
from tests.checks.observe.place import BACKEND, NUMBER, Staging, context, staging

KEY = baseline.SIGNING_KEY


async def state(at: Staging, secret: str, version: str) -> str | Blind:
    """The state of one version."""
    use = SecretUse(secret, version)
    found = (await at.cloud.secrets([use]))[use.key]
    return found if isinstance(found, Blind) else found.state


@pytest.mark.parametrize(
    ("secret", "version", "expected"),
    [
        (KEY, "latest", "ENABLED"),
        (KEY, "3", "ENABLED"),
        (KEY, "1", "DISABLED"),
        (KEY, "9", "MISSING"),
        ("no-such-secret", "latest", "MISSING"),
        (f"projects/{NUMBER}/secrets/{KEY}", "3", "ENABLED"),
    ],
)
async def test_a_version_has_its_state(secret: str, version: str, expected: str) -> None:
    """One that there is not is missing, which is known."""
    async with staging() as at:
        assert await state(at, secret, version) == expected


async def test_only_an_enabled_version_can_be_used() -> None:
    """Latest is the one made last, also where that is disabled."""
    async with staging() as at:
        at.fake.resources.secrets[KEY] = {"1": "ENABLED", "2": "DESTROYED"}
        use = SecretUse(KEY, "latest")
        found = (await at.cloud.secrets([use]))[use.key]
    assert isinstance(found, SecretVersion)
    assert (found.state, found.usable) == ("DESTROYED", False)
    assert found.source.resource.endswith(f"/secrets/{KEY}/versions/latest")


async def test_each_version_is_asked_for_once() -> None:
    """However many variables it is in; and nobody is asked for none."""
    async with staging() as at:
        await at.cloud.secrets([SecretUse(KEY, "3", "variable A"), SecretUse(KEY, "3", "variable B")])
        assert at.fake.count("secretmanager.versions.get") == 1
        assert await at.cloud.secrets([]) == {}


async def test_without_the_permission_it_is_blind() -> None:
    """A secret that may not be seen is not missing."""
    async with staging() as at:
        at.fake.deny("secretmanager.versions.get")
        found = await state(at, KEY, "3")
    assert isinstance(found, Blind)
    assert (found.reason, found.role) == (Reason.CLOUD_PERMISSION, "roles/secretmanager.viewer")


async def test_a_revision_says_which_secrets_it_asks_for_and_how_it_scales() -> None:
    """Variables and files, with the version; never what is in them."""
    async with staging() as at:
        place = f"{baseline.PARENT}/services/{BACKEND}/revisions/"
        message = next(each for name, each in at.fake.resources.revisions.items() if name.startswith(place))
        message.volumes = [
            {
                "name": "keys",
                "secret": {"secret": "projects/1/secrets/other", "items": [{"path": "k", "version": "2"}]},
            }
        ]
        found = revision_of(type(message).pb(message), context())
    assert SecretUse(KEY, "3", "variable SIGNING_KEY") in found.secrets
    assert SecretUse("staging-redis-password", "latest", "variable REDIS_PASSWORD") in found.secrets
    assert SecretUse("projects/1/secrets/other", "2", "volume keys/k") in found.secrets
    assert (found.min_instances, found.max_instances, found.concurrency) == (1, 10, 80)
