"""What a sender will not send again is read, whatever its text and however long it is; what cannot be is named."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.pages import guards
from bot.pages.guards import LARGEST_ALERT, LARGEST_BODY
from core.alerts.vendors import Vendor
from tests.acceptance.rest.test_alerts import incidents
from tests.unit.core.alerts.payloads import payload

JSON = {"Content-Type": "application/json"}


def post(client: TestClient, body: object, vendor: str = "alertmanager", **headers: str) -> Any:
    """`body`: bytes as they are, or what is made JSON of."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(f"/api/alerts/{vendor}?team=database", content=raw, headers=JSON | headers)


def group(size: int, **last: object) -> dict[str, Any]:
    """A group of alerts as a large outage makes them, each of 670 bytes; the last one differs."""
    common = {"alertname": "PodCrash", "severity": "warning"}
    alerts: list[dict[str, Any]] = [
        {
            "status": "firing",
            "labels": common | {"instance": f"pod-{number:05d}.shop.svc.cluster.local:8080"},
            "annotations": {"summary": "x" * 80, "description": "y" * 400},
        }
        for number in range(size)
    ]
    alerts[-1] |= last
    shared = {"groupLabels": {"alertname": "PodCrash"}, "commonLabels": {"alertname": "PodCrash"}}
    key = "{}:{alertname=PodCrash}"
    return {
        "version": "4",
        "groupKey": key,
        "status": "firing",
        **shared,
        "commonAnnotations": {},
        "alerts": alerts,
    }


TEXTS = [
    ("a NUL, escaped", b"log: \\u0000 end", "log: \ufffd end"),
    ("a NUL, as it is", b"log: \0 end", "log: \ufffd end"),
    ("half of a surrogate pair", b"log: \\ud83d end", "log: \ufffd end"),
    ("the other half", b"log: \\udc00 end", "log: \ufffd end"),
    ("a whole pair", b"log: \\ud83d\\ude00 end", "log: \U0001f600 end"),
    ("a byte that is no UTF-8", b"log: \xff end", "log: \ufffd end"),
    ("a line break as it is", b"log: \n end", "log: end"),
    ("a control character", b"log: \x1b[31mred", "log: \x1b[31mred"),
]


@pytest.mark.parametrize("vendor", Vendor)
@pytest.mark.parametrize(("_what", "written", "title"), TEXTS, ids=[text[0] for text in TEXTS])
def test_no_alert_is_lost_for_a_detail_of_its_text(
    responder: TestClient, vendor: Vendor, _what: str, written: bytes, title: str
) -> None:
    """Red before: 422, or 400, and no sender repeats those."""
    first = {"alertmanager": "warning", "grafana": "warning", "sentry": "created"}.get(vendor, "triggered")
    body: Any = payload(vendor, first)
    if vendor in (Vendor.ALERTMANAGER, Vendor.GRAFANA):
        body["commonAnnotations"] = {"summary": "MARK"}
        body["alerts"][0]["annotations"] = {"summary": "MARK"}
    elif vendor is Vendor.PAGERDUTY:
        body["event"]["data"]["title"] = "MARK"
    elif vendor is Vendor.SENTRY:
        body["data"]["issue"]["title"] = "MARK"
    else:
        body["title"] = "MARK"

    answer = post(responder, json.dumps(body).encode().replace(b"MARK", written), vendor)

    assert (answer.status_code, answer.json()["outcome"]) == (200, "opened"), answer.text
    assert answer.json()["incident"]["title"] == title


def test_labels_keys_and_numbers_are_kept_as_they_can_be(responder: TestClient) -> None:
    body = payload(Vendor.ALERTMANAGER, "nulls_and_numbers")
    raw = json.dumps(body).encode().replace(b'"shard": 7', b'"sh\\u0000rd": NaN, "big": 1' + b"0" * 40)

    labels = post(responder, raw).json()["incident"]["labels"]

    assert labels["big"] == "1" + "0" * 40
    assert not any("\0" in name for name in labels)
    assert "zone" not in labels


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b" \r\n"])
def test_what_stands_before_the_body_is_no_part_of_it(responder: TestClient, before: bytes) -> None:
    raw = before + json.dumps(payload(Vendor.ALERTMANAGER, "warning")).encode()

    assert post(responder, raw).json()["outcome"] == "opened"


@pytest.mark.parametrize("size", [1_600, 4_000, 10_000])
def test_a_large_group_is_read_to_its_last_alert(responder: TestClient, size: int) -> None:
    """Red before: 413 for more than 1 MiB; the larger the outage, the likelier was it not heard of."""
    labels = {"alertname": "PodCrash", "severity": "critical", "service": "shop"}
    answer = post(responder, group(size, labels=labels, annotations={"summary": "The last one"}))

    assert (answer.status_code, answer.json()["outcome"]) == (200, "opened"), answer.text[:200]
    incident = answer.json()["incident"]
    assert (incident["title"], incident["severity"]) == ("The last one", "critical")
    assert (incident["service"], incident["labels"]["alertname"]) == ("shop", "PodCrash")
    assert f"{size} alerts are firing." in incident["description"]
    assert (f"of {size} " in incident["description"]) is (size > 4_000)
    assert post(responder, group(size)).json()["outcome"] == "known"


def test_a_body_beyond_the_bound_is_refused_with_the_bound_and_what_to_do(responder: TestClient) -> None:
    for answer in (
        post(responder, b" " * (LARGEST_ALERT + 1)),
        responder.post("/api/alerts/grafana", content=iter([b" " * LARGEST_BODY] * 9), headers=JSON),
    ):
        assert answer.status_code == 413
        assert "at most 8388608 bytes" in answer.json()["detail"]
        assert "max_alerts" in answer.json()["detail"]


def test_only_so_many_large_bodies_are_held_at_once(
    responder: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sender is told to come again, which it does for a 503."""
    fresh = TestClient(guards.BodyLimit(responder.app), headers=dict(responder.headers))
    with monkeypatch.context() as full:
        full.setattr(guards, "MOST_LARGE", 0)
        answer = post(fresh, group(1_600))

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert post(fresh, group(100)).json()["outcome"] == "opened"
    assert all(post(responder, group(1_600)).json()["outcome"] == "known" for _ in range(5))


@pytest.mark.parametrize("vendor", Vendor)
@pytest.mark.parametrize(
    "media_type",
    ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", "application/xml"],
)
def test_a_wrong_content_type_is_named_and_not_the_body_blamed(
    responder: TestClient, vendor: Vendor, media_type: str
) -> None:
    answer = post(responder, b"{}", vendor, **{"Content-Type": media_type})

    assert answer.status_code == 415
    assert answer.json()["code"] == "unsupported_media_type"
    assert "Content-Type: application/json" in answer.json()["detail"]
    assert media_type in answer.json()["detail"]


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "application/cloudevents+json", "text/json"]
)
def test_other_names_of_json_are_json(responder: TestClient, media_type: str) -> None:
    body = payload(Vendor.ALERTMANAGER, "warning")

    assert post(responder, body, **{"Content-Type": media_type}).json()["outcome"] == "opened"


@pytest.mark.parametrize("vendor", ["nagios", "Alertmanager", "opsgenie", "x" * 300])
def test_an_unknown_vendor_is_named_with_those_that_there_are(responder: TestClient, vendor: str) -> None:
    for headers in (JSON, {"Content-Type": "text/plain"}):
        answer = post(responder, b"no json", vendor, **headers)

        assert (answer.status_code, answer.json()["field"]) == (422, "vendor")
        assert vendor[:60] in answer.json()["detail"]
        assert "alertmanager, pagerduty, grafana, sentry, datadog" in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"", b"{", b"nope", b'{"a": }'])
def test_what_is_no_json_is_called_that(responder: TestClient, body: bytes) -> None:
    answer = post(responder, body)

    assert (answer.status_code, answer.json()["field"]) == (422, "body")
    assert "is not JSON" in answer.json()["detail"]
    assert incidents(responder) == []
