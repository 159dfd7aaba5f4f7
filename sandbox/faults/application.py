"""Faults of the application: it is reached, and answers wrongly."""

from contextlib import AbstractAsyncContextManager

from sandbox.faults.kind import Effect, FaultKind, Option, Order
from sandbox.staging import Staging
from sandbox.targets import SITES

ONLY_BACKEND = ("backend",)
ANSWER = "answer"


def _kind(
    fault: str,
    title: str,
    description: str,
    *options: Option,
    targets: tuple[str, ...] = SITES,
    effect: Effect = "impaired",
    slot: str = ANSWER,
) -> FaultKind:
    def enter(staging: Staging, order: Order) -> AbstractAsyncContextManager[None]:
        return staging.sites.misbehaving(order.target, fault, order.options)

    return FaultKind(fault, title, description, targets, enter, options, effect=effect, slot=slot)


FAULTS = (
    _kind(
        "app_error",
        "Bug in the application",
        "Every request is answered with HTTP 500.",
        Option("log", "text", ""),
        effect="closed",
    ),
    _kind(
        "app_unavailable",
        "Application gives up",
        "Every request is answered with HTTP 503, whatever its dependencies do.",
        Option("log", "text", ""),
        effect="closed",
    ),
    _kind(
        "app_slow",
        "Slow application",
        "Every request takes long before it is answered.",
        Option("ms", "ms", 3000.0),
        slot="app_slow",
    ),
    _kind(
        "app_wrong_body",
        "Unexpected body",
        "The answer is 200, but its body says something else.",
        Option("body", "text", '{"status": "starting"}'),
    ),
    _kind("app_endless_body", "Endless body", "The answer is 200 and never ends."),
    _kind(
        "redirect_elsewhere",
        "Redirect to elsewhere",
        "Requests are redirected to a host that is not ours.",
        Option("to", "URL", "https://elsewhere.example/login"),
    ),
    _kind(
        "websocket_refused",
        "WebSocket refused",
        "The upgrade is answered with an HTTP error.",
        Option("status", "HTTP status", 403),
        targets=ONLY_BACKEND,
        effect="closed",
        slot="websocket",
    ),
    _kind(
        "websocket_closes",
        "WebSocket closes",
        "The connection is opened, and closed at the first message.",
        Option("code", "close code", 1011),
        targets=ONLY_BACKEND,
        slot="websocket",
    ),
)
