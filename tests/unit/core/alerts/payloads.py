"""Bodies of webhooks, as the vendors' documentation shows them: of one group of alerts each vendor, as it goes on.

Alertmanager: prometheus.io/docs/alerting/latest/configuration/#webhook_config · Grafana: its webhook notifier ·
PagerDuty: developer.pagerduty.com/docs/webhooks-overview · Sentry: docs.sentry.io, integration platform, webhooks ·
Datadog: docs/alerts.md, filled in with docs.datadoghq.com/integrations/webhooks.
"""

import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from core.alerts.vendors import Vendor

FOLDER = Path(__file__).parent / "payloads"


@cache
def _all(vendor: Vendor) -> dict[str, Any]:
    known: dict[str, Any] = json.loads((FOLDER / f"{vendor}.json").read_text())
    return known


def payload(vendor: Vendor, name: str) -> Any:
    return deepcopy(_all(vendor)[name])


def names(vendor: Vendor) -> set[str]:
    return set(_all(vendor))
