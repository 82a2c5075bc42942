"""A broken or hostile source of alerts, which sends a new alert every millisecond."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from core.tables import GroupedAlert, Incident
from tests.attacks.deployment import DATA_OPS, WEB_CHANNEL, WEB_OPS, Deployment


def alert(number: int, *, status: str = "firing", severity: str = "low", title: str = "") -> dict[str, Any]:
    labels = {"alertname": title or f"Alert{number}", "severity": severity, "team": "web"}
    return {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{number}"}}',
        "status": status,
        "groupLabels": {},
        "commonLabels": labels,
        "commonAnnotations": {},
        "alerts": [{"status": status, "labels": labels, "annotations": {}}],
    }


def sends(deployment: Deployment, body: dict[str, Any], person: str = WEB_OPS) -> Any:
    answer = deployment.rest(person).post("/api/alerts/alertmanager", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def incidents(deployment: Deployment) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = deployment.rest(WEB_OPS).get("/api/incidents?limit=100").json()["incidents"]
    return found


def a_minute_passes(deployment: Deployment) -> None:
    with deployment.unit_of_work.begin() as work:
        for table in (Incident, GroupedAlert):
            work.session.execute(update(table).values(created_at=table.created_at - timedelta(minutes=2)))


def test_a_hundred_alerts_at_once_are_not_a_hundred_incidents(deployment: Deployment) -> None:
    # red before: 120 incidents in 1.8 s, each with a channel to be made
    client = deployment.rest(WEB_OPS)
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda n: client.post("/api/alerts/alertmanager", json=alert(n)).json(), range(120))
        )

    outcomes = [answer["outcome"] for answer in answers]
    assert (outcomes.count("opened"), outcomes.count("grouped")) == (10, 110)
    assert len(incidents(deployment)) == 11
    [storm] = [each for each in incidents(deployment) if "storm" in each["title"]]
    assert storm["title"] == "Alert storm: 110 alerts from alertmanager (web)"
    assert storm["labels"]["alerts"] == "110"


def test_what_is_grouped_is_known_counted_down_and_never_opened_again(deployment: Deployment) -> None:
    for number in range(13):
        sends(deployment, alert(number))
    [storm] = [each for each in incidents(deployment) if "storm" in each["title"]]

    known = sends(deployment, alert(12))
    assert (known["outcome"], known["incident"]["id"]) == ("known", storm["id"])
    a_minute_passes(deployment)
    assert sends(deployment, alert(12))["outcome"] == "known"
    for number, left in ((10, "open"), (11, "open"), (12, "resolved")):
        over = sends(deployment, alert(number, status="resolved"))
        assert (over["outcome"], over["incident"]["status"]) == ("resolved", left)
    assert over["incident"]["labels"]["alerts_resolved"] == "3"
    assert sends(deployment, alert(12, status="resolved"))["outcome"] == "ignored"
    assert len(incidents(deployment)) == 11
    lines = (
        deployment.rest(WEB_OPS).get(f"/api/incidents/{storm['id']}/timeline?limit=100").json()["timeline"]
    )
    said = [line["text"] for line in lines]
    assert "another alert: Alert12 (low), 3 in total" in said
    assert "alert resolved: Alert12 (3 of 3)" in said


def test_the_worst_alert_of_a_storm_is_not_hidden_by_it(deployment: Deployment) -> None:
    for number in range(12):
        sends(deployment, alert(number))

    storm = sends(deployment, alert(99, severity="critical"))["incident"]

    assert (storm["severity"], sends(deployment, alert(100))["incident"]["severity"]) == (
        "critical",
        "critical",
    )


def test_the_storm_of_one_team_hides_nothing_of_another(deployment: Deployment) -> None:
    for number in range(12):
        sends(deployment, alert(number))
    body = alert(200)
    body["commonLabels"]["team"] = body["alerts"][0]["labels"]["team"] = "data"

    assert sends(deployment, body, DATA_OPS)["outcome"] == "opened"


def test_when_it_is_over_alerts_open_incidents_of_their_own_again(deployment: Deployment) -> None:
    for number in range(12):
        sends(deployment, alert(number))
    a_minute_passes(deployment)

    assert sends(deployment, alert(50))["outcome"] == "opened"


def test_after_somebody_resolved_a_storm_the_next_one_is_another(deployment: Deployment) -> None:
    for number in range(12):
        storm = sends(deployment, alert(number))["incident"]
    deployment.rest(WEB_OPS).post(f"/api/incidents/{storm['id']}/resolve")

    again = sends(deployment, alert(11))

    assert again["outcome"] == "grouped"
    assert again["incident"]["id"] != storm["id"]


def test_a_storm_is_seen_in_slack(deployment: Deployment) -> None:
    for number in range(12):
        storm = sends(deployment, alert(number))["incident"]
    with deployment.unit_of_work.begin() as work:
        work.session.get_one(Incident, storm["id"]).slack_channel = WEB_CHANNEL

    said = deployment.slack.types(WEB_OPS, WEB_CHANNEL, "incident show")

    assert "Alert storm: 2 alerts from alertmanager (web)" in said
    assert "Alert11" in said
