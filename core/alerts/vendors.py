"""Whose alerts are understood."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from core.alerts import alertmanager, datadog, grafana, pagerduty, sentry
from core.alerts.alert import Alert


class Vendor(StrEnum):
    ALERTMANAGER = "alertmanager"
    PAGERDUTY = "pagerduty"
    GRAFANA = "grafana"
    SENTRY = "sentry"
    DATADOG = "datadog"


# From the body of a webhook to its alert; None for what is understood and asks for nothing. InvalidInput otherwise.
PARSERS: Mapping[Vendor, Callable[[object], Alert | None]] = {
    Vendor.ALERTMANAGER: alertmanager.parse,
    Vendor.PAGERDUTY: pagerduty.parse,
    Vendor.GRAFANA: grafana.parse,
    Vendor.SENTRY: sentry.parse,
    Vendor.DATADOG: datadog.parse,
}
