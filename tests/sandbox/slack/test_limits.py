"""Rate limits: bursts, refill, Retry-After, and the record of breaches."""

from hypothesis import given
from hypothesis import strategies as st

from sandbox.slack.limits import POST_BURST, TIERS, RateLimits


class Clock:
    """A clock that goes on when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_short_burst_of_posts_is_allowed_then_one_a_second() -> None:
    """The sixth post at once is refused with Retry-After 1; a second later one more goes."""
    clock = Clock()
    limits = RateLimits(clock)
    assert [limits.check("chat.postMessage", None, "C1") for _ in range(POST_BURST)] == [None] * POST_BURST
    assert limits.check("chat.postMessage", None, "C1") == 1
    clock.now = 1.0
    assert limits.check("chat.postMessage", None, "C1") is None
    assert limits.check("chat.postMessage", None, "C1") == 1
    assert [breach.channel for breach in limits.breaches] == ["C1", "C1"]


def test_channels_do_not_share_their_second() -> None:
    """A full channel leaves another free."""
    limits = RateLimits(Clock())
    for _ in range(POST_BURST + 1):
        limits.check("chat.postMessage", None, "C1")
    assert limits.check("chat.postMessage", None, "C2") is None


def test_a_tier_is_a_number_of_calls_a_minute() -> None:
    """Tier 3 takes 50 calls at once and answers the next with the seconds until there is room."""
    clock = Clock()
    limits = RateLimits(clock)
    assert all(limits.check("chat.update", 3) is None for _ in range(TIERS[3]))
    assert limits.check("chat.update", 3) == 2
    clock.now = 60.0
    assert all(limits.check("chat.update", 3) is None for _ in range(TIERS[3]))


def test_methods_without_a_tier_are_free() -> None:
    """`auth.test` and the like are not limited here."""
    limits = RateLimits(Clock())
    assert all(limits.check("auth.test", None) is None for _ in range(1000))


@given(st.lists(st.floats(0, 5), max_size=60))
def test_whoever_waits_as_told_is_served(pauses: list[float]) -> None:
    """After `Retry-After` seconds the same call goes through, whatever happened before."""
    clock = Clock()
    limits = RateLimits(clock)
    for pause in pauses:
        clock.now += pause
        wait = limits.check("chat.postMessage", None, "C1")
        if wait is not None:
            clock.now += wait
            assert limits.check("chat.postMessage", None, "C1") is None
