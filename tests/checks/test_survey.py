"""Which paths of an environment are meant."""

from pathlib import Path

import pytest

from checks.environment import load_environment
from checks.survey import UnknownDependency, UnknownService, choose

STAGING = load_environment(Path(__file__).parents[2] / "environments" / "staging.yaml")
ALL = ("redis", "postgres", "clickhouse")


def test_without_names_every_service_to_all_that_it_uses() -> None:
    """Services that use nothing have no path."""
    assert choose(STAGING).paths == (("backend", ALL),)
    assert choose(STAGING, service="backend").paths == (("backend", ALL),)


def test_names_are_asked_of_the_services_that_use_them() -> None:
    """In any case and once each; a service that is named is asked whatever it uses."""
    assert choose(STAGING, ["Redis", "redis"]).paths == (("backend", ("redis",)),)
    assert choose(STAGING, ["redis"], "auth").paths == (("auth", ("redis",)),)


def test_a_dependency_that_no_service_uses_is_asked_of_all() -> None:
    """Else there would be no answer to what was asked."""
    services = {
        key: service.model_copy(update={"uses": ("postgres",)}) for key, service in STAGING.services.items()
    }
    lonely = STAGING.model_copy(update={"services": services})
    assert choose(lonely, ["redis"]).paths == tuple((key, ("redis",)) for key in services)


def test_wrong_names_give_the_nearest() -> None:
    """A check that is no dependency is none here; a service has to be on Cloud Run."""
    with pytest.raises(UnknownDependency) as wrong:
        choose(STAGING, ["frontend"])
    assert str(wrong.value).startswith('No path to "frontend" in staging.')
    with pytest.raises(UnknownService) as service:
        choose(STAGING, service="backnd")
    assert str(service.value) == 'No service on Cloud Run "backnd" in staging. Did you mean backend?'
