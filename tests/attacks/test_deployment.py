"""The deployment works and its people are who they should be; otherwise attacks would fail for the wrong reason."""

from tests.attacks.deployment import DATA_OPS, NOBODY, WEB_OPS, Deployment
from tests.attacks.mutate import ROOT, all_guards


def test_everybody_has_a_token_and_sees_their_own(deployment: Deployment) -> None:
    incident = deployment.incident("data")

    assert deployment.rest(DATA_OPS).get(f"/api/incidents/{incident.id}").status_code == 200
    assert deployment.rest(WEB_OPS).get(f"/api/incidents/{incident.id}").status_code == 404
    assert deployment.rest(NOBODY).get(f"/api/incidents/{incident.id}").status_code == 404


def test_slack_brings_what_people_type(deployment: Deployment) -> None:
    deployment.incident("data")

    assert "inc-" in deployment.slack.types(DATA_OPS, "C0DATA", "incident show")


def test_each_guard_stands_where_its_table_says() -> None:
    """A guard that has moved could no longer be switched off, and nobody would notice that no test needs it."""
    guards = list(all_guards())
    elsewhere = [each.name for each in guards if (ROOT / each.file).read_text().count(each.find) != 1]
    assert elsewhere == []
    assert len({each.name for each in guards}) == len(guards)
