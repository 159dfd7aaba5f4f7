"""Text from outside stays text: property tests with a real Markdown parser."""

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from runbooks.report.markdown import block, code, escaped, link, table
from runbooks.said import one_line

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = (
    "# heading",
    "- [ ] a task",
    "1. one",
    "===",
    "---",
    "```\nrm -rf /\n```",
    "`code` and ``more``",
    "[click](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "<https://evil.example>",
    "<img src=x onerror=alert(1)>",
    "<!-- hidden",
    "&lt;script&gt;",
    "a | b | c",
    "a \\| b",
    "trailing \\",
    "@here and @channel, fixes #12, GH-7",
    "https://evil.example www.evil.example",
    "**bold** _it_ ~~gone~~ $x$",
    "> quoted",
    "\u202egnp.exe\u200b",
    "line\nbreak\r\n\r\n# heading",
    "    indented code",
    "[x]: https://evil.example",
)
MARKS = st.text("#-+=*_`[]()<>|\\!&@~:1. \nawh/", max_size=30)
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60), MARKS)


def text_of(tokens: list[Token]) -> str:
    """What a reader sees of inline tokens; nothing but text may be among them."""
    said = []
    for token in tokens:
        assert token.type in ("text", "text_special"), token
        said.append(token.content)
    return "".join(said).replace("\u200b", "")


def only_inline(source: str) -> list[Token]:
    """The inline tokens of a source that is one paragraph."""
    tokens = PARSER.parse(source)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"], source
    return tokens[1].children or []


@given(TEXTS)
def test_escaped_text_is_one_paragraph_of_the_same_text(words: str) -> None:
    """Neither headings, lists, links, code nor HTML come of it, and nothing of it is lost."""
    seen = one_line(words)
    if seen:
        assert text_of(only_inline(escaped(words))) == seen


@given(TEXTS)
def test_escaped_text_neither_mentions_nor_links_by_itself(words: str) -> None:
    """What GitHub links in plain text is parted, since it looks at what is shown."""
    # A parser takes `\\:` and `\\.` for text before it looks for addresses.
    parted = re.sub(r"\\([:.])", "\u200b\\1", escaped(words))
    shown = html.unescape(re.sub(r"\\(?=[^\w\s])", "", parted))
    assert not re.search(r"@\w|#\d|\bGH-\d|\w://|\bwww\.", shown, re.ASCII | re.IGNORECASE)


@given(TEXTS, TEXTS)
def test_a_list_item_holds_its_text_alone(first: str, second: str) -> None:
    """No item becomes a list, a heading or a task of its own."""
    lines = [escaped(words) for words in (first, second)]
    tokens = PARSER.parse("".join(f"- x {line}\n- {line}\n" for line in lines if line))
    kinds = {token.type for token in tokens}
    allowed = ("bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close")
    assert kinds <= {*allowed, "paragraph_open", "paragraph_close", "inline"}
    assert sum(token.type == "bullet_list_open" for token in tokens) <= 1


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2), min_size=1, max_size=3))
def test_a_table_keeps_its_cells(rows: list[list[str]]) -> None:
    """No cell breaks out of its place, neither as text nor as code."""
    source = table(["as text", "as code"], [[first, code(second)] for first, second in rows])
    tokens = PARSER.parse(source)
    cells = [tokens[n + 1] for n, token in enumerate(tokens) if token.type == "td_open"]
    assert len(cells) == 2 * len(rows)
    for (first, second), text_, coded in zip(rows, cells[::2], cells[1::2], strict=True):
        assert text_of(text_.children or []) == one_line(first)
        children = coded.children or []
        assert [child.type for child in children] == (["code_inline"] if one_line(second) else [])
        if children:
            assert children[0].content.strip() == one_line(second).replace("\\|", "\\ |").strip()


@given(TEXTS)
@example("`")
@example("a``b```c")
def test_code_is_one_code_span(words: str) -> None:
    """However many backticks are in it."""
    if seen := one_line(words):
        (token,) = only_inline(f"x {code(words)}")[1:]
        assert token.type == "code_inline"
        assert token.content.strip() == seen.replace("\\|", "\\ |").strip()


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_a_block_is_one_fence(lines: list[str]) -> None:
    """No line ends it early."""
    (token,) = PARSER.parse(block(lines))
    assert token.type == "fence"
    assert token.content.splitlines() == [one_line(line) for line in lines]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://evil.example/", "https://console.cloud.google.com/x> [y](z", ""]
)
def test_only_pages_of_the_console_are_linked(url: str) -> None:
    """Any other address is left out."""
    assert link("logs", url) == "logs"


def test_a_page_of_the_console_is_a_link() -> None:
    """With its words escaped."""
    url = "https://console.cloud.google.com/run/detail/us-central1/backend?project=netra-staging"
    children = only_inline(link("a [b]", url))
    assert (children[0].type, children[-1].type) == ("link_open", "link_close")
    assert text_of(children[1:-1]) == "a [b]"
    assert children[0].attrs["href"] == url
