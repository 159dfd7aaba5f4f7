"""What the step of the target says beside its verdict."""

from checks.path.explain import explain
from checks.path.model import StepKey
from checks.result import Status
from tests.checks.path.place import BACKEND, CLICKHOUSE, staging


def test_a_server_of_ones_own_says_that_its_ingress_was_not_looked_at() -> None:
    """ClickHouse runs on a machine: neither its state nor what may come in to it was read."""
    (path,) = explain(staging(), BACKEND, CLICKHOUSE)
    step = next(each for each in path.steps if each.key is StepKey.TARGET)
    assert step.status is Status.SKIPPED
    assert "ingress rules of the target were not looked at" in step.message
