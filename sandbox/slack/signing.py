"""Slack's request signatures (docs.slack.dev/authentication/verifying-requests-from-slack)."""

import hashlib
import hmac


def signature_headers(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """`X-Slack-Request-Timestamp` and `X-Slack-Signature` of a request; `timestamp` in Unix seconds."""
    base = b"v0:%d:%s" % (timestamp, body)
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}
