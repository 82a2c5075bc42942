"""Deliveries as signed HTTP requests to the app's request URL.

https://docs.slack.dev/apis/events-api/using-http-request-urls
"""

import asyncio
import json
from urllib.parse import urlencode

import httpx2

from slack_sandbox.certificates import trusted
from slack_sandbox.delivery.call_log import Acknowledgement, Delivery
from slack_sandbox.signatures import signed_headers
from slack_sandbox.values import Clock, Json

FORM = "application/x-www-form-urlencoded"
USER_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


class HttpCarrier:
    """``request_url`` may change while it runs: an app that starts later says where it listens."""

    def __init__(
        self,
        request_url: str | None,
        signing_secret: str,
        clock: Clock,
        within: float,
        options_load_url: str | None = None,
    ) -> None:
        self.request_url = request_url
        self.options_load_url = options_load_url
        self._signing_secret = signing_secret
        self._clock = clock
        self._within = within
        # A kept connection could have died unnoticed, and the delivery with it.
        limits = httpx2.Limits(max_keepalive_connections=0)
        self._client = httpx2.AsyncClient(timeout=None, trust_env=False, limits=limits, verify=trusted())

    async def close(self) -> None:
        await self._client.aclose()

    async def deliver(self, delivery: Delivery) -> Acknowledgement:
        url = self._url_for(delivery)
        if not url:
            detail = "The app has no request URL, and no Socket Mode connection is open."
            return Acknowledgement("dispatch_failed", reason="connection_failed", detail=detail)
        body, content_type = encode(delivery)
        headers = signed_headers(self._signing_secret, body, self._clock()) | {
            "Content-Type": content_type,
            "User-Agent": USER_AGENT,
            **retry_headers(delivery),
        }
        return await self._post(url, body, headers)

    def _url_for(self, delivery: Delivery) -> str | None:
        """https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select"""
        asks_for_options = delivery.payload.get("type") == "block_suggestion"
        return (asks_for_options and self.options_load_url) or self.request_url

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> Acknowledgement:
        try:
            async with asyncio.timeout(self._within):
                response = await self._client.post(url, content=body, headers=headers)
        except TimeoutError:
            detail = f"The app did not answer within {self._within:g} seconds."
            return Acknowledgement("operation_timeout", reason="http_timeout", detail=detail)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            detail = f"The app could not be reached at {url}: {error}"
            return Acknowledgement("dispatch_failed", reason="connection_failed", detail=detail)
        return read_response(response)


def encode(delivery: Delivery) -> tuple[bytes, str]:
    """The body and its content type: a form for commands and clicks, JSON for events."""
    if delivery.kind == "events_api":
        return json.dumps(delivery.payload).encode(), "application/json"
    if delivery.kind == "interactive":
        return urlencode({"payload": json.dumps(delivery.payload)}).encode(), FORM
    return urlencode(delivery.payload).encode(), FORM


def retry_headers(delivery: Delivery) -> dict[str, str]:
    """https://docs.slack.dev/apis/events-api#retries"""
    if not delivery.retry:
        return {}
    return {"X-Slack-Retry-Num": str(delivery.retry), "X-Slack-Retry-Reason": delivery.retry_reason}


def read_response(response: httpx2.Response) -> Acknowledgement:
    """Any 2xx acknowledges. Its body is a JSON object, or plain text, or nothing."""
    if not response.is_success:
        return Acknowledgement(
            "dispatch_failed",
            reason="http_error",
            detail=f"The app answered with HTTP status {response.status_code}.",
            may_retry=response.headers.get("X-Slack-No-Retry") != "1",
            status=response.status_code,
        )
    return Acknowledgement("acknowledged", answer=read_answer(response.text), status=response.status_code)


def read_answer(text: str) -> Json | str | None:
    if not text.strip():
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, dict) else text
