"""Grafana: https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/."""

from core.alerts.alert import Alert
from core.alerts.alertmanager import Webhook as AlertmanagerWebhook
from core.alerts.alertmanager import alert_of
from core.alerts.shape import read

VENDOR = "Grafana"


class Webhook(AlertmanagerWebhook):
    """Alertmanager's shape, with a title and the organisation."""

    orgId: int  # noqa: N815 as Grafana writes it
    title: str = ""


def parse(body: object) -> Alert:
    """Raises InvalidInput for another shape."""
    webhook = read(Webhook, body, VENDOR)
    return alert_of(webhook, webhook.title)
