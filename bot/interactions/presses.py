"""A press on a button, read: who, where, and which card. Its value is an id and nothing that is trusted."""

from typing import Any

from bot.services import Asker


def pressed_card(body: dict[str, Any]) -> str:
    """The id of the card that was pressed."""
    return str(body["actions"][0].get("value", ""))


def asker(body: dict[str, Any]) -> Asker:
    """Who pressed, and where."""
    channel = (body.get("channel") or {}).get("id") or (body.get("container") or {}).get("channel_id") or ""
    team = body.get("team") or {}
    return Asker(
        delivery=f"press/{body['trigger_id']}",
        workspace=team.get("id") or body["user"].get("team_id", ""),
        channel=channel,
        person=body["user"]["id"],
        response_url=body.get("response_url"),
    )
