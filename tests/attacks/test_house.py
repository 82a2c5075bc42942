"""The house stands, and its people are who they say: without this, every attack would fail for the wrong reason."""

from tests.attacks.house import DATA_OPS, NOBODY, WEB_OPS, House
from tests.attacks.mutate import ROOT, all_guards


def test_everybody_has_a_token_and_sees_their_own(house: House) -> None:
    incident = house.incident("data")

    assert house.rest(DATA_OPS).get(f"/api/incidents/{incident.id}").status_code == 200
    assert house.rest(WEB_OPS).get(f"/api/incidents/{incident.id}").status_code == 404
    assert house.rest(NOBODY).get(f"/api/incidents/{incident.id}").status_code == 404


def test_slack_brings_what_people_type(house: House) -> None:
    house.incident("data")

    assert "inc-" in house.slack.types(DATA_OPS, "C0DATA", "incident show")


def test_each_guard_stands_where_its_table_says() -> None:
    """A guard that moved would be switched off nowhere, and nobody would see that it is not missed."""
    guards = list(all_guards())
    elsewhere = [each.name for each in guards if (ROOT / each.file).read_text().count(each.find) != 1]
    assert elsewhere == []
    assert len({each.name for each in guards}) == len(guards)
