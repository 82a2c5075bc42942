"""The signature with which Slack proves that a request comes from Slack.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import hashlib
import hmac
from datetime import datetime

VERSION = "v0"


def sign(signing_secret: str, timestamp: int, body: bytes) -> str:
    """The value of ``X-Slack-Signature`` for this body at this second."""
    base = f"{VERSION}:{timestamp}:".encode() + body
    return f"{VERSION}={hmac.new(signing_secret.encode(), base, hashlib.sha256).hexdigest()}"


def signed_headers(signing_secret: str, body: bytes, now: datetime) -> dict[str, str]:
    timestamp = int(now.timestamp())
    return {
        "X-Slack-Request-Timestamp": str(timestamp),
        "X-Slack-Signature": sign(signing_secret, timestamp, body),
    }
