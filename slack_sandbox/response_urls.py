"""Response URLs: an app may answer an interaction without a token, 5 times within 30 minutes.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from slack_sandbox.values import SlackError, new_secret

RESPONSE_URL_USES = 5
RESPONSE_URL_LIFETIME = timedelta(minutes=30)


@dataclass(frozen=True)
class ResponseUrl:
    """The interaction that one URL belongs to: who acted, where, and on which message, if any."""

    user: str
    channel: str
    issued_at: datetime
    original_ts: str | None = None
    thread_ts: str | None = None
    uses: int = 0
    app_id: str | None = None


def refusal(url: ResponseUrl | None, now: datetime) -> str | None:
    """Return Slack's error code if this URL can no longer be used; otherwise None."""
    if url is None or now - url.issued_at > RESPONSE_URL_LIFETIME:
        return "expired_url"
    if url.uses >= RESPONSE_URL_USES:
        return "used_url"
    return None


class ResponseUrls:
    def __init__(self) -> None:
        self._urls: dict[str, ResponseUrl] = {}

    def issue(self, url: ResponseUrl) -> str:
        """Store the interaction. Returns the secret last part of the URL."""
        secret = new_secret()
        self._urls[secret] = url
        return secret

    def use(self, secret: str, now: datetime) -> ResponseUrl:
        """Count one use. Raises SlackError ``expired_url`` or ``used_url``."""
        url = self._urls.get(secret)
        error = refusal(url, now)
        if error or url is None:
            raise SlackError(error or "expired_url")
        self._urls[secret] = replace(url, uses=url.uses + 1)
        return url
