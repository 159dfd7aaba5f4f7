"""What a person has entered in a view, and whether Slack's client would let it be submitted."""

from collections.abc import Iterator
from typing import Any

from sandbox.slack.errors import JSON, GestureRefused

INITIAL = {
    "plain_text_input": ("initial_value", "value"),
    "email_text_input": ("initial_value", "value"),
    "url_text_input": ("initial_value", "value"),
    "number_input": ("initial_value", "value"),
    "rich_text_input": ("initial_value", "rich_text_value"),
    "static_select": ("initial_option", "selected_option"),
    "external_select": ("initial_option", "selected_option"),
    "radio_buttons": ("initial_option", "selected_option"),
    "checkboxes": ("initial_options", "selected_options"),
    "multi_static_select": ("initial_options", "selected_options"),
    "multi_external_select": ("initial_options", "selected_options"),
    "users_select": ("initial_user", "selected_user"),
    "multi_users_select": ("initial_users", "selected_users"),
    "channels_select": ("initial_channel", "selected_channel"),
    "multi_channels_select": ("initial_channels", "selected_channels"),
    "conversations_select": ("initial_conversation", "selected_conversation"),
    "multi_conversations_select": ("initial_conversations", "selected_conversations"),
    "datepicker": ("initial_date", "selected_date"),
    "timepicker": ("initial_time", "selected_time"),
    "datetimepicker": ("initial_date_time", "selected_date_time"),
}
"""Kinds that have a state: where the initial value is in the element, and where the value is in the state."""

REQUIRED = "Please complete this required field."


def elements(blocks: list[JSON]) -> Iterator[tuple[JSON, JSON]]:
    """Every interactive element with its block."""
    for block in blocks:
        for name in ("accessory", "element"):
            if isinstance(block.get(name), dict) and block[name].get("action_id"):
                yield block, block[name]
        if block.get("type") == "actions":
            for element in block["elements"]:
                yield block, element


def state_of(blocks: list[JSON], entered: dict[str, dict[str, JSON]]) -> JSON:
    """`state.values`: what was entered, over the initial values."""
    state: JSON = {}
    for block, element in elements(blocks):
        kind = element["type"]
        if kind not in INITIAL:
            continue
        initial, name = INITIAL[kind]
        empty: Any = [] if name in ("selected_options", "selected_users") else None
        own = {"type": kind, name: element.get(initial, empty)}
        own |= entered.get(block["block_id"], {}).get(element["action_id"], {})
        state.setdefault(block["block_id"], {})[element["action_id"]] = own
    return state


def resolved(element: JSON, value: JSON) -> JSON:
    """What was chosen, with options that were named by their value alone replaced by the offered ones.

    Raises `GestureRefused` for an option that is not offered.
    """
    answer = dict(value)
    if isinstance(value.get("selected_option"), str):
        answer["selected_option"] = _option(element, value["selected_option"])
    if isinstance(value.get("selected_options"), list):
        answer["selected_options"] = [
            _option(element, each) if isinstance(each, str) else each for each in value["selected_options"]
        ]
    return answer


def _option(element: JSON, value: str) -> JSON:
    offered = list(element.get("options") or [])
    for group in element.get("option_groups") or []:
        offered += group["options"]
    for option in offered:
        if option.get("value") == value:
            return dict(option)
    raise GestureRefused("option_not_found", f"There is no option {value!r}.")


def missing_inputs(blocks: list[JSON], state: JSON) -> dict[str, str]:
    """What Slack's client says beside inputs before it submits anything: by `block_id`."""
    errors = {}
    for block in blocks:
        if block.get("type") != "input":
            continue
        element = block["element"]
        value = state[block["block_id"]][element["action_id"]].get(INITIAL[element["type"]][1])
        problem = _problem(block, element, value)
        if problem:
            errors[block["block_id"]] = problem
    return errors


def _problem(block: JSON, element: JSON, value: Any) -> str | None:
    if value in (None, "", []):
        return None if block.get("optional") else REQUIRED
    if element["type"] == "plain_text_input":
        least, most = element.get("min_length", 0), element.get("max_length", 3000)
        if len(value) < least:
            return f"Please enter at least {least} characters."
        if len(value) > most:
            return f"Please enter at most {most} characters."
    return None
