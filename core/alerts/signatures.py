"""Verification of the signatures on vendors' webhooks.

Each is an HMAC with SHA-256 over the body as it was sent, in hexadecimal.

PagerDuty: https://developer.pagerduty.com/docs/verifying-webhook-signatures
Grafana:
https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
Sentry: https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from core.alerts.vendors import Vendor

FRESH = timedelta(minutes=5)  # the maximum age of a signed timestamp; an older request may be a replay
TIMESTAMP = re.compile(r"[0-9]{1,11}")
GRAFANA, GRAFANA_TIME = "x-grafana-alerting-signature", "x-grafana-alerting-timestamp"
Headers = Mapping[str, str]


def is_signed(vendor: Vendor, secrets: Sequence[str], headers: Headers, body: bytes, now: datetime) -> bool:
    """Return whether the vendor signed this body with one of the secrets. `headers`: with names in lower case."""
    given, signed = READERS[vendor](headers, body, now)
    return any(_equal(_digest(secret, signed), signature) for secret in secrets for signature in given)


def _pagerduty(headers: Headers, body: bytes, _now: datetime) -> tuple[Iterable[str], bytes]:
    """Return the signatures: several (`v1=…,v1=…`) while a secret is being rotated."""
    entries = (entry.strip() for entry in headers.get("x-pagerduty-signature", "").split(","))
    return [entry.removeprefix("v1=") for entry in entries if entry.startswith("v1=")], body


def _grafana(headers: Headers, body: bytes, now: datetime) -> tuple[Iterable[str], bytes]:
    """Return the signature. A timestamp header (Unix, seconds), if configured, is signed as well: `TIME:BODY`."""
    given, timestamp = [headers.get(GRAFANA, "")], headers.get(GRAFANA_TIME)
    if timestamp is None:
        return given, body
    is_time = TIMESTAMP.fullmatch(timestamp) is not None
    if not is_time or abs(now.timestamp() - int(timestamp)) > FRESH.total_seconds():
        return [], body
    return given, timestamp.encode() + b":" + body


def _sentry(headers: Headers, body: bytes, _now: datetime) -> tuple[Iterable[str], bytes]:
    return [headers.get("sentry-hook-signature", "")], body


READERS: Mapping[Vendor, Callable[[Headers, bytes, datetime], tuple[Iterable[str], bytes]]] = {
    Vendor.PAGERDUTY: _pagerduty,
    Vendor.GRAFANA: _grafana,
    Vendor.SENTRY: _sentry,
}


def _digest(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _equal(digest: str, given: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(digest.encode(), given.encode())
