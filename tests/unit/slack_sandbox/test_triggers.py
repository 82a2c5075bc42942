from datetime import timedelta

import pytest

from slack_sandbox.triggers import Triggers
from slack_sandbox.values import SlackError
from tests.unit.slack_sandbox.building import NOW


def test_a_trigger_is_good_for_three_seconds() -> None:
    triggers = Triggers()
    trigger_id = triggers.issue("U1", NOW)
    assert triggers.check(trigger_id, NOW + timedelta(seconds=3)).user == "U1"
    with pytest.raises(SlackError, match="expired_trigger_id"):
        triggers.check(trigger_id, NOW + timedelta(seconds=3.1))


def test_a_trigger_opens_once() -> None:
    triggers = Triggers()
    trigger_id = triggers.issue("U1", NOW)
    triggers.exchange(trigger_id)
    with pytest.raises(SlackError, match="exchanged_trigger_id"):
        triggers.check(trigger_id, NOW)


def test_a_made_up_trigger_is_refused() -> None:
    with pytest.raises(SlackError, match="invalid_trigger_id"):
        Triggers().check("1.2.3", NOW)
