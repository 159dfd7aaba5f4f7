"""The classic blocks, after docs.slack.dev/reference/block-kit/blocks."""

from sandbox.slack.blocks.elements import BOTH, IN_ACTIONS, IN_INPUT, IN_SECTION, check_element, check_image
from sandbox.slack.blocks.inspector import Checker, Inspector
from sandbox.slack.blocks.rich_text import check_rich_text
from sandbox.slack.errors import JSON


def _section(inspector: Inspector, block: JSON, at: str) -> None:
    inspector.fields(block, at, {"text", "fields", "accessory", "expand", "block_id"})
    if block.get("text") is None and block.get("fields") is None:
        inspector.complain("must define either `text` or `fields`", at)
    inspector.text(block, "text", at, most=3000, kinds=BOTH)
    for text, where in inspector.items(block, "fields", at, most=10):
        inspector.text_object(text, where, most=2000, kinds=BOTH)
    if block.get("accessory") is not None:
        check_element(inspector, block["accessory"], f"{at}/accessory", IN_SECTION)


def _header(inspector: Inspector, block: JSON, at: str) -> None:
    inspector.fields(block, at, {"block_id", "level"}, {"text"})
    inspector.text(block, "text", at, most=150)


def _context(inspector: Inspector, block: JSON, at: str) -> None:
    inspector.fields(block, at, {"block_id"}, {"elements"})
    for element, where in inspector.objects(block, "elements", at, most=10):
        if element.get("type") == "image":
            check_image(inspector, element, where)
        else:
            inspector.text_object(element, where, most=3000, kinds=BOTH)


def _actions(inspector: Inspector, block: JSON, at: str) -> None:
    inspector.fields(block, at, {"block_id"}, {"elements"})
    for element, where in inspector.items(block, "elements", at, most=25):
        check_element(inspector, element, where, IN_ACTIONS)


def _divider(inspector: Inspector, block: JSON, at: str) -> None:
    inspector.fields(block, at, {"block_id"})


def _image(inspector: Inspector, block: JSON, at: str) -> None:
    check_image(inspector, block, at, optional=frozenset({"block_id", "title"}))
    inspector.text(block, "title", at, most=2000)


def _input(inspector: Inspector, block: JSON, at: str) -> None:
    inspector.fields(block, at, {"block_id", "hint", "optional", "dispatch_action"}, {"label", "element"})
    inspector.text(block, "label", at, most=2000)
    inspector.text(block, "hint", at, most=2000)
    inspector.flag(block, "optional", at)
    if block.get("element") is not None:
        check_element(inspector, block["element"], f"{at}/element", IN_INPUT)


def _markdown(inspector: Inspector, block: JSON, at: str) -> None:
    """Slack ignores `block_id` here; all markdown blocks of a message share 12 000 characters."""
    inspector.fields(block, at, {"block_id"}, {"text"})
    inspector.string(block, "text", at, most=12000, least=1)
    used = inspector.counts.get("markdown text", 0) + len(str(block.get("text", "")))
    inspector.counts["markdown text"] = used
    if used > 12000 and len(str(block.get("text", ""))) <= 12000:
        inspector.complain("all markdown blocks together must be less than 12001 characters", f"{at}/text")


CLASSIC: dict[str, Checker] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "divider": _divider,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "rich_text": check_rich_text,
}
