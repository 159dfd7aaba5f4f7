"""Rich text blocks, after docs.slack.dev/reference/block-kit/blocks/rich-text-block."""

from sandbox.slack.blocks.inspector import Inspector
from sandbox.slack.errors import JSON

INLINE: dict[str, tuple[str, ...]] = {
    "text": ("text",),
    "link": ("url",),
    "emoji": ("name",),
    "user": ("user_id",),
    "usergroup": ("usergroup_id",),
    "channel": ("channel_id",),
    "broadcast": ("range",),
    "color": ("value",),
    "date": ("timestamp", "format"),
}
INLINE_OPTIONAL = frozenset({"style", "text", "unsafe", "skin_tone", "unicode", "url", "fallback"})
STYLES = frozenset(
    {"bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"}
)
CONTAINERS = frozenset({"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"})


def check_rich_text(inspector: Inspector, block: JSON, at: str) -> None:
    """Checks the elements of a rich text block, or of a table's cell."""
    inspector.fields(block, at, {"block_id"}, {"elements"})
    for element, where in inspector.objects(block, "elements", at, most=1000, least=0):
        _container(inspector, element, where, CONTAINERS)


def _container(inspector: Inspector, element: JSON, at: str, allowed: frozenset[str]) -> None:
    kind = str(element.get("type"))
    if kind not in allowed:
        inspector.complain(f"unsupported type: {kind}", f"{at}/type")
        return
    if kind == "rich_text_list":
        inspector.fields(element, at, {"indent", "offset", "border"}, {"elements", "style"})
        inspector.choice(element, "style", at, ("bullet", "ordered"))
        inspector.number(element, "indent", at, least=0, most=8)
        for item, where in inspector.objects(element, "elements", at, most=1000):
            _container(inspector, item, where, frozenset({"rich_text_section"}))
        return
    inspector.fields(element, at, {"border", "language"}, {"elements"})
    for item, where in inspector.objects(element, "elements", at, most=1000, least=0):
        _inline(inspector, item, where)


def _inline(inspector: Inspector, item: JSON, at: str) -> None:
    kind = str(item.get("type"))
    required = INLINE.get(kind)
    if required is None:
        inspector.complain(f"unsupported type: {kind}", f"{at}/type")
        return
    inspector.fields(item, at, INLINE_OPTIONAL, required)
    if kind == "text":
        inspector.string(item, "text", at, most=12000, least=1)
    style = item.get("style")
    if isinstance(style, dict):
        for name in style:
            if name not in STYLES:
                inspector.complain(f"invalid additional property: {name}", f"{at}/style")
