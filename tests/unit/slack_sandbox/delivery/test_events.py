import pytest

from slack_sandbox.config import AppConfig, TeamConfig
from slack_sandbox.delivery.events import event_callback, subscription_of
from slack_sandbox.values import Json
from tests.unit.slack_sandbox.building import NOW


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ({"type": "message", "channel_type": "channel"}, "message.channels"),
        ({"type": "message", "channel_type": "group"}, "message.groups"),
        ({"type": "message", "channel_type": "im"}, "message.im"),
        ({"type": "app_mention", "channel_type": "channel"}, "app_mention"),
    ],
)
def test_messages_are_subscribed_to_by_the_kind_of_channel(event: Json, name: str) -> None:
    assert subscription_of(event) == name


def test_an_event_travels_in_an_envelope_with_an_id_of_its_own() -> None:
    team, app = TeamConfig(), AppConfig()
    first, second = (event_callback(team, app, {"type": "app_mention"}, NOW) for _ in range(2))
    assert first["event_id"] != second["event_id"]
    assert (first["type"], first["event_time"], first["team_id"]) == ("event_callback", 1763882000, "T0DEMO")
