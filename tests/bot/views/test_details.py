from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.views.details import details, find, picture
from checks.reasons import WORDS, Reason
from checks.result import Phase, Status, Sweep
from tests.bot.views.sweeps import POSTGRES, SEED_503, any_sweep, result, sweep
from tests.bot.views.valid import assert_view_valid, drawn, markup, nodes


def menu(view: dict) -> dict:
    return next(node for node in nodes(view) if node.get("type") == "static_select")


def test_details_begin_with_the_worst_check() -> None:
    """The modal opens on what fails first, with the error decoded, what was seen, and what to try."""
    view = details("card-1", SEED_503)
    assert_view_valid(view)
    said = markup(view.view)
    assert "no answer in 3 s at 10.166.204.83:6379 (connect timed out)" in said
    assert "`connect_timeout`" in said
    assert WORDS[Reason.CONNECT_TIMEOUT].try_next.split(".")[0] in said
    assert "address  10.166.204.83" in drawn(view.view)
    assert view.view["private_metadata"] == "card-1"


def test_menu_offers_every_check_failing_first() -> None:
    """The menu groups the checks by status, worst first, and stands on the one that is shown."""
    chosen = menu(details("card-1", SEED_503, "postgres").view)
    assert [group["label"]["text"] for group in chosen["option_groups"]] == [
        "failing (2)",
        "over budget (1)",
        "ok (6)",
    ]
    assert chosen["initial_option"]["value"] == "postgres"


def test_choice_that_is_gone_shows_the_worst() -> None:
    """An option of an older card that this sweep does not have falls back to the worst check."""
    assert menu(details("card-1", SEED_503, "gone").view)["initial_option"]["value"] == "redis"


def test_phases_are_drawn_as_long_as_they_took() -> None:
    """Bars are in proportion, times stand in a column, and a failed phase has a cross."""
    lines = picture((*POSTGRES.phases, Phase("rollback", 1_450.0, Status.FAIL)))
    assert lines[0].count("█") == 2 * lines[3].count("█") == 14
    assert lines[1].count("▏") == 1
    assert lines[3].endswith("✕")


def test_details_of_a_healthy_check_do_not_say_what_to_try() -> None:
    """A check that is well needs no decoding; its phases and facts are there all the same."""
    view = details(
        "card-1", sweep(result("dns", phases=(Phase("resolve", 3.0),), facts={"answers": ["203.0.113.10"]}))
    )
    assert "What to try" not in drawn(view.view)
    assert "203.0.113.10" in drawn(view.view)


def test_details_of_a_sweep_without_answers_say_so() -> None:
    """A modal can be opened before the first answer."""
    view = details("card-1", sweep(expected=("redis",)))
    assert_view_valid(view)
    assert "No check has answered yet." in markup(view.view)


def test_two_hundred_checks_fit_into_the_menu() -> None:
    """Slack takes 100 options per group, so more of one status become several groups."""
    view = details("card-1", sweep(*(result(f"service-{n:03}") for n in range(200))))
    assert_view_valid(view)
    assert [len(group["options"]) for group in menu(view.view)["option_groups"]] == [100, 100]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_sweep(), st.data())
def test_any_sweep_gives_valid_details(of: Sweep, data: st.DataObject) -> None:
    """Whatever was found, the modal of each check is within Slack's limits, and its option finds it."""
    chosen = data.draw(st.sampled_from([each.name for each in of.results]) if of.results else st.none())
    view = details("card-1", of, chosen)
    assert_view_valid(view)
    if chosen is not None:
        found = find(of, menu(view.view)["initial_option"]["value"])
        assert found is not None
        assert found.name == chosen
