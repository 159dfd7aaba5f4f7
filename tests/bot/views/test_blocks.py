import html

from hypothesis import given
from hypothesis import strategies as st

from bot.views import blocks as kit


@given(st.text(), st.integers(8, 100))
def test_escape_cuts_between_escapes(text: str, limit: int) -> None:
    """What is left after cutting is within the limit and reads back as the beginning of the text."""
    escaped = kit.escape(text, limit)
    assert len(escaped) <= limit
    assert "<" not in escaped
    assert ">" not in escaped
    shown = html.unescape(escaped) if "&" in escaped else escaped
    if "&" not in text:
        assert text.startswith(shown.removesuffix("…")) or shown == text


def test_escape_never_splits_an_escape() -> None:
    """An ampersand at the edge is left out whole."""
    assert kit.escape("abcde&&&", 10) == "abcde…"
    assert kit.escape("a&b", 7) == "a&amp;b"


def test_one_line_leaves_no_control_character() -> None:
    """Line breaks, tabs, terminal escapes and direction marks become single spaces."""
    assert kit.one_line(" a\n\tb\x1b[31m\u202ec ") == "a b [31m c"


def test_aligned_columns_begin_at_the_same_place() -> None:
    """Text stands left, numbers right, and no line has trailing space."""
    assert kit.aligned([("redis", "3 s", ""), ("postgres", "109 ms", "x")], right=(1,)) == [
        "redis        3 s",
        "postgres  109 ms  x",
    ]
    assert kit.aligned([]) == []


@given(st.lists(st.text(max_size=2_000), max_size=12))
def test_code_is_fenced_and_within_a_section(lines: list[str]) -> None:
    """However long the lines, each section has its own fences and fits."""
    for block in kit.code(lines):
        text = block["text"]["text"]
        assert len(text) <= kit.SECTION
        assert text.startswith("```\n")
        assert text.endswith("\n```")
        assert text.count("```") == 2


def test_chart_labels_are_cut_and_kept_apart() -> None:
    """Two labels that would be the same once cut get numbers, since Slack wants categories unique."""
    chart = kit.bar_chart("t", ["a" * 30, "a" * 40, "b"], {"time": [1, 2, 3]})["chart"]
    names = chart["axis_config"]["categories"]
    assert names == ["a" * 19 + "…", "a" * 17 + "… 2", "b"]
    assert [point["label"] for point in chart["series"][0]["data"]] == names
