"""What is repeated, and how it is marked."""

from chaos.strikes.repeated_envelope import TIMES, repetition
from slack_sandbox.delivery.http import retry_headers

DELIVERY = {"kind": "events_api", "payload": {"event_id": "Ev1"}, "retry": 0, "retry_reason": ""}


def test_every_repetition_carries_the_same_thing() -> None:
    again = [repetition(DELIVERY, number) for number in range(TIMES)]
    assert {(each.kind, each.payload["event_id"]) for each in again} == {("events_api", "Ev1")}


def test_half_of_them_say_that_they_are_repeated() -> None:
    headers = [retry_headers(repetition(DELIVERY, number)) for number in range(TIMES)]
    marked = [each for each in headers if each]
    assert len(marked) == TIMES // 2
    assert {each["X-Slack-Retry-Num"] for each in marked} == {"1", "2", "3"}
