"""Grafana webhooks, which extend Alertmanager's.

https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
"""

from core.alerts.alert import Alert, read
from core.alerts.alertmanager import Webhook as AlertmanagerWebhook
from core.alerts.alertmanager import alert_of

VENDOR = "Grafana"


class Webhook(AlertmanagerWebhook):
    """Alertmanager's format, with a title and the organisation."""

    orgId: int  # noqa: N815 as Grafana writes it
    title: str = ""


def parse(body: object) -> Alert:
    """Return the group as an alert. Raises InvalidInput for another format."""
    webhook = read(Webhook, body, VENDOR)
    return alert_of(webhook, webhook.title)
