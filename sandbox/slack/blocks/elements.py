"""Interactive elements and composition objects, after docs.slack.dev/reference/block-kit/block-elements."""

from typing import Any

from sandbox.slack.blocks.inspector import Checker, Inspector
from sandbox.slack.errors import JSON

PLACEHOLDER = 150
BOTH = ("plain_text", "mrkdwn")


def check_element(inspector: Inspector, element: Any, at: str, allowed: frozenset[str]) -> None:
    """Checks one element where only the kinds in `allowed` may stand."""
    if not isinstance(element, dict):
        inspector.complain("must provide an object", at)
        return
    kind = str(element.get("type"))
    checker = ELEMENTS.get(kind) if kind in allowed else None
    if checker is None:
        inspector.complain(f"unsupported type: {kind}", f"{at}/type")
        return
    inspector.string(element, "action_id", at, most=255, least=1)
    action = element.get("action_id")
    if isinstance(action, str):
        inspector.unique(action, inspector.action_ids, "action_id", f"{at}/action_id")
    inspector.flag(element, "focus_on_load", at)
    checker(inspector, element, at)


def check_confirm(inspector: Inspector, node: JSON, at: str) -> None:
    """Checks a confirmation dialogue."""
    confirm = node.get("confirm")
    if confirm is None:
        return
    where = f"{at}/confirm"
    if not isinstance(confirm, dict):
        inspector.complain("must provide an object", where)
        return
    inspector.fields(confirm, where, {"confirm", "deny", "style"}, {"title", "text"})
    inspector.text(confirm, "title", where, most=100)
    inspector.text(confirm, "text", where, most=300, kinds=BOTH)
    inspector.text(confirm, "confirm", where, most=30)
    inspector.text(confirm, "deny", where, most=30)
    inspector.choice(confirm, "style", where, ("primary", "danger"))


def check_option(
    inspector: Inspector, option: Any, at: str, *, mrkdwn: bool = False, url: bool = False
) -> None:
    """Checks one option of a menu or group."""
    if not isinstance(option, dict):
        inspector.complain("must provide an object", at)
        return
    kinds = BOTH if mrkdwn else ("plain_text",)
    inspector.fields(option, at, {"description", "url"} if url else {"description"}, {"text", "value"})
    inspector.text(option, "text", at, most=75, kinds=kinds)
    inspector.string(option, "value", at, most=150, least=1)
    inspector.text(option, "description", at, most=75, kinds=kinds)
    if url:
        inspector.url(option, "url", at)


def _button(inspector: Inspector, element: JSON, at: str) -> None:
    optional = {"action_id", "url", "value", "style", "confirm", "accessibility_label", "agent_prompt"}
    inspector.fields(element, at, optional, {"text"})
    inspector.text(element, "text", at, most=75)
    inspector.url(element, "url", at)
    inspector.string(element, "value", at, most=2000)
    inspector.choice(element, "style", at, ("primary", "danger"))
    inspector.string(element, "accessibility_label", at, most=75)
    check_confirm(inspector, element, at)


def _options(inspector: Inspector, element: JSON, at: str, *, most: int, mrkdwn: bool = False) -> None:
    seen: set[str] = set()
    for option, where in inspector.items(element, "options", at, most=most):
        check_option(inspector, option, where, mrkdwn=mrkdwn)
        if isinstance(option, dict) and isinstance(option.get("value"), str):
            inspector.unique(option["value"], seen, "value", where)


def _initial_options(inspector: Inspector, element: JSON, at: str) -> None:
    """Initial choices must be exactly among the options."""
    groups = [group for group in _list(element, "option_groups") if isinstance(group, dict)]
    offered = [_plain(each) for each in _list(element, "options")]
    offered += [_plain(each) for group in groups for each in _list(group, "options")]
    name = "initial_options" if element.get("initial_options") is not None else "initial_option"
    chosen = _list(element, name) if name == "initial_options" else [element.get(name)]
    if any(_plain(each) not in offered for each in chosen if each is not None):
        inspector.complain("must match one of the provided options", f"{at}/{name}")
    elif name == "initial_options" and not chosen:
        inspector.complain("no fewer than 1 items allowed", f"{at}/{name}")


def _list(node: JSON, name: str) -> list[Any]:
    value = node.get(name)
    return value if isinstance(value, list) else []


def _plain(option: Any) -> tuple[str, str]:
    """What decides that two options are the same: text and value."""
    if not isinstance(option, dict) or not isinstance(option.get("text"), dict):
        return ("", "")
    return (str(option["text"].get("text")), str(option.get("value")))


def _select_fields(inspector: Inspector, element: JSON, at: str, names: set[str], required: set[str]) -> None:
    common = {"action_id", "placeholder", "confirm", "focus_on_load"}
    inspector.fields(element, at, common | names, required)
    inspector.text(element, "placeholder", at, most=PLACEHOLDER)
    check_confirm(inspector, element, at)


def _static_select(inspector: Inspector, element: JSON, at: str) -> None:
    multiple = element["type"].startswith("multi_")
    initial = {"initial_options", "max_selected_items"} if multiple else {"initial_option"}
    _select_fields(inspector, element, at, {"options", "option_groups"} | initial, set())
    if bool(element.get("options") is not None) == bool(element.get("option_groups") is not None):
        inspector.complain("must define either options or option_groups", at)
    _options(inspector, element, at, most=100)
    for group, where in inspector.objects(element, "option_groups", at, most=100):
        inspector.fields(group, where, set(), {"label", "options"})
        inspector.text(group, "label", where, most=75)
        _options(inspector, group, where, most=100)
    _initial_options(inspector, element, at)
    inspector.number(element, "max_selected_items", at, least=1)


def _external_select(inspector: Inspector, element: JSON, at: str) -> None:
    names = {"initial_option", "initial_options", "min_query_length", "max_selected_items"}
    _select_fields(inspector, element, at, names, set())
    inspector.number(element, "min_query_length", at, least=0)


def _workspace_select(inspector: Inspector, element: JSON, at: str) -> None:
    noun = element["type"].removeprefix("multi_").removesuffix("_select").removesuffix("s")
    names = {f"initial_{noun}", f"initial_{noun}s", "max_selected_items", "response_url_enabled", "filter"}
    _select_fields(inspector, element, at, names | {"default_to_current_conversation"}, set())
    inspector.number(element, "max_selected_items", at, least=1)


def _overflow(inspector: Inspector, element: JSON, at: str) -> None:
    inspector.fields(element, at, {"action_id", "confirm"}, {"options"})
    for option, where in inspector.items(element, "options", at, most=5):
        check_option(inspector, option, where, url=True)
    check_confirm(inspector, element, at)


def _group(inspector: Inspector, element: JSON, at: str) -> None:
    initial = "initial_options" if element["type"] == "checkboxes" else "initial_option"
    inspector.fields(element, at, {"action_id", "confirm", "focus_on_load", initial}, {"options"})
    _options(inspector, element, at, most=10, mrkdwn=True)
    _initial_options(inspector, element, at)
    check_confirm(inspector, element, at)


def _picker(inspector: Inspector, element: JSON, at: str) -> None:
    noun = {"datepicker": "date", "timepicker": "time", "datetimepicker": "date_time"}[element["type"]]
    names = {f"initial_{noun}", "timezone"}
    _select_fields(inspector, element, at, names, set())
    if noun == "date_time":
        inspector.number(element, "initial_date_time", at, least=1)
    else:
        inspector.string(element, f"initial_{noun}", at, most=10, least=5)


def _text_input(inspector: Inspector, element: JSON, at: str) -> None:
    names = {"action_id", "placeholder", "initial_value", "focus_on_load", "dispatch_action_config"}
    names |= {"multiline", "min_length", "max_length"} if element["type"] == "plain_text_input" else set()
    inspector.fields(element, at, names)
    inspector.text(element, "placeholder", at, most=PLACEHOLDER)
    inspector.string(element, "initial_value", at, most=3000)
    inspector.flag(element, "multiline", at)
    inspector.number(element, "min_length", at, least=0, most=3000)
    inspector.number(element, "max_length", at, least=1, most=3000)


def _number_input(inspector: Inspector, element: JSON, at: str) -> None:
    names = {"action_id", "initial_value", "min_value", "max_value", "placeholder", "focus_on_load"}
    inspector.fields(element, at, names | {"dispatch_action_config"}, {"is_decimal_allowed"})
    inspector.flag(element, "is_decimal_allowed", at)
    inspector.text(element, "placeholder", at, most=PLACEHOLDER)


def _rich_text_input(inspector: Inspector, element: JSON, at: str) -> None:
    names = {"action_id", "initial_value", "dispatch_action_config", "focus_on_load", "placeholder"}
    inspector.fields(element, at, names)
    inspector.text(element, "placeholder", at, most=PLACEHOLDER)


def check_image(
    inspector: Inspector, element: JSON, at: str, *, optional: frozenset[str] = frozenset()
) -> None:
    """Checks an image, as element or block: one source, and words for those who cannot see it."""
    inspector.fields(element, at, {"image_url", "slack_file", *optional}, {"alt_text"})
    if (element.get("image_url") is None) == (element.get("slack_file") is None):
        inspector.complain("must define either image_url or slack_file", at)
    inspector.url(element, "image_url", at)
    inspector.string(element, "alt_text", at, most=2000)


def _image(inspector: Inspector, element: JSON, at: str) -> None:
    check_image(inspector, element, at)


_SELECTS: dict[str, Checker] = {
    "static_select": _static_select,
    "multi_static_select": _static_select,
    "external_select": _external_select,
    "multi_external_select": _external_select,
    "users_select": _workspace_select,
    "multi_users_select": _workspace_select,
    "conversations_select": _workspace_select,
    "multi_conversations_select": _workspace_select,
    "channels_select": _workspace_select,
    "multi_channels_select": _workspace_select,
}
_PICKERS: dict[str, Checker] = {"datepicker": _picker, "timepicker": _picker, "datetimepicker": _picker}
_GROUPS: dict[str, Checker] = {"radio_buttons": _group, "checkboxes": _group}
_INPUTS: dict[str, Checker] = {
    "plain_text_input": _text_input,
    "email_text_input": _text_input,
    "url_text_input": _text_input,
    "number_input": _number_input,
    "rich_text_input": _rich_text_input,
}
ELEMENTS: dict[str, Checker] = {
    "button": _button,
    "overflow": _overflow,
    "image": _image,
    **_SELECTS,
    **_PICKERS,
    **_GROUPS,
    **_INPUTS,
}
IN_ACTIONS = frozenset({"button", "overflow", *_PICKERS, *_GROUPS, *_SELECTS})
IN_SECTION = IN_ACTIONS | {"image"}
IN_INPUT = frozenset({*_SELECTS, *_PICKERS, *_GROUPS, *_INPUTS})
