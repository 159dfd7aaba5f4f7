from benchmarks.drift import DRIFTING, drift


def test_what_is_measured_is_drift() -> None:
    """A fifth of the services differ, and every one is compared; how fast is for `make bench` to say."""
    found = drift(50)
    differing = [each for each in found.differences if each.field.endswith("vpc_access.connector")]
    assert len(differing) == 50 // DRIFTING
    assert found.compared > 100
