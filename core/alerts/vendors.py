"""The vendors whose alerts are supported, and their parsers."""

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


# From a webhook's body to its alert; None if there is nothing to do. They raise InvalidInput for another format.
PARSERS: Mapping[Vendor, Callable[[object], Alert | None]] = {
    Vendor.ALERTMANAGER: alertmanager.parse,
    Vendor.PAGERDUTY: pagerduty.parse,
    Vendor.GRAFANA: grafana.parse,
    Vendor.SENTRY: sentry.parse,
    Vendor.DATADOG: datadog.parse,
}
