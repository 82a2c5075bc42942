"""The house stands, and its people are who they say: without this, every attack would fail for the wrong reason."""

from tests.attacks.house import DATA_OPS, NOBODY, WEB_OPS, House


def test_everybody_has_a_token_and_sees_their_own(house: House) -> None:
    incident = house.incident("data")

    assert house.rest(DATA_OPS).get(f"/api/incidents/{incident.id}").status_code == 200
    assert house.rest(WEB_OPS).get(f"/api/incidents/{incident.id}").status_code == 404
    assert house.rest(NOBODY).get(f"/api/incidents/{incident.id}").status_code == 404


def test_slack_brings_what_people_type(house: House) -> None:
    house.incident("data")

    assert "inc-" in house.slack.types(DATA_OPS, "C0DATA", "incident show")
