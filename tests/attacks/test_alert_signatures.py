"""Forged alerts: somebody sends alerts in a vendor's name."""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.pages.links import RunLinks
from bot.pages.routes import PageSettings
from bot.rest.settings import RestSettings
from bot.web import create_web
from tests.attacks.deployment import DATA_OPS, PLATFORM, Deployment
from tests.unit.core.alerts.test_parsers import sample

SECRETS = {"pagerduty": ("pd-secret",), "grafana": ("gr-secret",), "sentry": ("se-secret",)}


@pytest.fixture
def web(deployment: Deployment) -> TestClient:
    """The vendors' secrets are set; nobody has a token."""
    settings = RestSettings(alert_secrets=SECRETS)
    app = create_web(
        deployment.unit_of_work,
        slack=None,
        rest=settings,
        pages=PageSettings(RunLinks("", "")),
        newest_revision=None,
    )
    return TestClient(app, raise_server_exceptions=False)


def digest(secret: str, signed: str) -> str:
    return hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()


def signed(vendor: str, body: str, secret: str | None = None, at: float | None = None) -> dict[str, str]:
    secret = secret or SECRETS[vendor][0]
    if vendor == "pagerduty":
        return {"X-PagerDuty-Signature": f"v1={digest('replaced', body)},v1={digest(secret, body)}"}
    if vendor == "sentry":
        return {"Sentry-Hook-Signature": digest(secret, body)}
    moment = str(int(time.time() if at is None else at))
    return {
        "X-Grafana-Alerting-Timestamp": moment,
        "X-Grafana-Alerting-Signature": digest(secret, f"{moment}:{body}"),
    }


def send(web: TestClient, vendor: str, body: str, headers: dict[str, str]) -> Any:
    given = {"Content-Type": "application/json", **headers}
    return web.post(f"/api/alerts/{vendor}?team=data", content=body, headers=given)


def incidents(deployment: Deployment) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = deployment.rest(PLATFORM).get("/api/incidents").json()["incidents"]
    return found


@pytest.mark.parametrize("vendor", SECRETS)
def test_a_vendor_that_signs_needs_no_token_and_is_nobody(
    deployment: Deployment, web: TestClient, vendor: str
) -> None:
    """Red before: its webhook was refused, so that a person's token had to be put into the vendor's settings."""
    body = json.dumps(sample(vendor))

    answer = send(web, vendor, body, signed(vendor, body))

    assert (answer.status_code, answer.json()["outcome"]) == (200, "opened")
    assert [each["opened_by"] for each in incidents(deployment)] == [f"service:{vendor}"]


@pytest.mark.parametrize("vendor", SECRETS)
def test_without_the_vendors_signature_a_token_does_not_do(
    deployment: Deployment, web: TestClient, vendor: str
) -> None:
    """Red before: any responder's token sent alerts in the vendor's name, and resolved what the vendor opened."""
    body = json.dumps(sample(vendor))
    token = {"Authorization": deployment.rest(DATA_OPS).headers["Authorization"]}
    other = signed(vendor, body, secret="guessed")

    for headers in ({}, token, token | other, signed(vendor, body + " ")):
        assert send(web, vendor, body, headers).status_code == 401
    assert incidents(deployment) == []


def test_an_old_request_is_not_sent_again(deployment: Deployment, web: TestClient) -> None:
    """Red before: nothing was signed, so everything could be."""
    body = json.dumps(sample("grafana"))

    for moment in (time.time() - 330, time.time() + 330):
        assert send(web, "grafana", body, signed("grafana", body, at=moment)).status_code == 401
    assert incidents(deployment) == []


def test_one_vendors_signature_is_good_for_nothing_else(deployment: Deployment, web: TestClient) -> None:
    """Red before: there was none."""
    body = json.dumps(sample("pagerduty"))
    headers = signed("pagerduty", body)

    assert send(web, "sentry", body, headers).status_code == 401
    assert send(web, "alertmanager", body, headers).status_code == 401
    assert web.post("/api/incidents", content=body, headers=headers).status_code == 401
    assert web.get("/api/incidents", headers=headers).status_code == 401
    assert incidents(deployment) == []


def test_a_vendor_whose_secret_is_not_set_still_needs_a_token(
    deployment: Deployment, web: TestClient
) -> None:
    body = json.dumps(sample("datadog"))
    token = {"Authorization": deployment.rest(DATA_OPS).headers["Authorization"]}

    assert send(web, "datadog", body, {}).status_code == 401
    assert send(web, "datadog", body, token).json()["outcome"] == "opened"
