"""Whether a vendor signed a webhook."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from core.alerts.signatures import is_signed
from core.alerts.vendors import Vendor

NOW = datetime(2026, 3, 4, 3, 12, tzinfo=UTC)
BODY = b'{"event": "x"}'
SECRETS = ("old", "new")


def digest(secret: str, signed: bytes = BODY) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def at(moment: datetime) -> dict[str, str]:
    time = str(int(moment.timestamp()))
    signature = digest("new", time.encode() + b":" + BODY)
    return {"x-grafana-alerting-timestamp": time, "x-grafana-alerting-signature": signature}


SIGNED = [
    (Vendor.PAGERDUTY, {"x-pagerduty-signature": f"v1={digest('new')}"}),
    (Vendor.PAGERDUTY, {"x-pagerduty-signature": f"v1={digest('other')}, v1={digest('old')}"}),
    (Vendor.SENTRY, {"sentry-hook-signature": digest("old")}),
    (Vendor.GRAFANA, {"x-grafana-alerting-signature": digest("new")}),
    (Vendor.GRAFANA, at(NOW)),
    (Vendor.GRAFANA, at(NOW - timedelta(minutes=4))),
    (Vendor.GRAFANA, at(NOW + timedelta(minutes=4))),
]
UNSIGNED = [
    *((vendor, {}) for vendor in (Vendor.PAGERDUTY, Vendor.SENTRY, Vendor.GRAFANA)),
    (Vendor.PAGERDUTY, {"x-pagerduty-signature": digest("new")}),
    (Vendor.PAGERDUTY, {"x-pagerduty-signature": f"v0={digest('new')}"}),
    (Vendor.PAGERDUTY, {"x-pagerduty-signature": f"v1={digest('other')}"}),
    (Vendor.PAGERDUTY, {"x-pagerduty-signature": "v1=,v1="}),
    (Vendor.PAGERDUTY, {"sentry-hook-signature": digest("new")}),
    (Vendor.SENTRY, {"sentry-hook-signature": digest("new").upper()}),
    (Vendor.SENTRY, {"sentry-hook-signature": "é"}),
    (Vendor.GRAFANA, {"x-grafana-alerting-signature": digest("new"), "x-grafana-alerting-timestamp": ""}),
    (Vendor.GRAFANA, at(NOW) | {"x-grafana-alerting-signature": digest("new")}),
    (Vendor.GRAFANA, at(NOW) | {"x-grafana-alerting-timestamp": str(int(NOW.timestamp()) + 1)}),
    (Vendor.GRAFANA, at(NOW) | {"x-grafana-alerting-timestamp": "-1"}),
    (Vendor.GRAFANA, at(NOW - timedelta(minutes=6))),
    (Vendor.GRAFANA, at(NOW + timedelta(minutes=6))),
]


@pytest.mark.parametrize(("vendor", "headers"), SIGNED)
def test_what_the_vendor_signed(vendor: Vendor, headers: dict[str, str]) -> None:
    assert is_signed(vendor, SECRETS, headers, BODY, NOW)
    assert not is_signed(vendor, SECRETS, headers, BODY + b" ", NOW)
    assert not is_signed(vendor, ("another",), headers, BODY, NOW)


@pytest.mark.parametrize(("vendor", "headers"), UNSIGNED)
def test_what_it_did_not(vendor: Vendor, headers: dict[str, str]) -> None:
    assert not is_signed(vendor, SECRETS, headers, BODY, NOW)
