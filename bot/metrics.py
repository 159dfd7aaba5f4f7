"""What whybot counts about itself, for `/metrics`."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

REQUESTS = Counter("whybot_requests_total", "Commands, clicks and events taken.", ["kind"], registry=REGISTRY)
ACKNOWLEDGED = Histogram(
    "whybot_acknowledgement_seconds",
    "From the arrival of a command to its acknowledgement.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
    registry=REGISTRY,
)
SWEEPS = Counter("whybot_sweeps_total", "Sweeps that ended.", ["environment", "outcome"], registry=REGISTRY)
WHYS = Counter("whybot_whys_total", "Whys that ended.", ["environment", "outcome"], registry=REGISTRY)
CHECKS = Counter("whybot_checks_total", "Answers of checks.", ["environment", "status"], registry=REGISTRY)
SENT = Counter("whybot_messages_sent_total", "Calls that Slack took.", ["call"], registry=REGISTRY)
REFUSED = Counter("whybot_messages_refused_total", "Calls that Slack refused.", ["code"], registry=REGISTRY)
WAITING = Gauge("whybot_messages_waiting", "Messages behind their newest state.", registry=REGISTRY)
LAG = Gauge("whybot_messages_lag_seconds", "How long the oldest of them waits.", registry=REGISTRY)
ERRORS = Counter("whybot_errors_total", "Unforeseen errors, in the log by reference.", registry=REGISTRY)
