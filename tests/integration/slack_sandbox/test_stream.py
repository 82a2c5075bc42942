"""What a person's page receives, as it happens."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from slack_sdk import WebClient

from slack_sandbox.serving import RunningSandbox
from slack_sandbox.values import Json
from tests.integration.slack_sandbox.people import ALICE, BOB, GENERAL, People


@contextmanager
def watching(slack: RunningSandbox, user: str, after: int) -> Iterator[Iterator[Json]]:
    query = {"user": user, "after": str(after)}
    url = f"{slack.url}/sandbox/api/stream"
    with httpx2.stream("GET", url, params=query, timeout=10, trust_env=False) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.iter_lines()
        assert next(lines) == ": connected"
        yield (json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))


def test_what_happens_is_seen_in_order(slack: RunningSandbox, people: People, client: WebClient) -> None:
    with watching(slack, ALICE, after=people.state()["seq"]) as events:
        ts = str(client.chat_postMessage(channel=GENERAL, text="one")["ts"])
        client.chat_update(channel=GENERAL, ts=ts, text="two")
        client.chat_delete(channel=GENERAL, ts=ts)
        seen = [next(events) for _ in range(3)]
    assert [event["type"] for event in seen] == ["message", "message_changed", "message_deleted"]
    assert seen[1]["message"]["text"] == "two"
    assert [event["seq"] for event in seen] == [1, 2, 3]


def test_who_reconnects_misses_nothing(slack: RunningSandbox, people: People) -> None:
    people.say("one")
    seen = people.state()["seq"]
    people.say("two")
    with watching(slack, ALICE, after=seen) as events:
        assert next(events)["message"]["text"] == "two"


def test_ephemerals_and_notices_are_for_one_person(
    slack: RunningSandbox, people: People, client: WebClient
) -> None:
    people.do("/app", request_url="http://127.0.0.1:9/")
    client.chat_postEphemeral(channel=GENERAL, user=ALICE, text="psst")
    people.say("/runbook list", user=ALICE)
    people.say("for all")
    with watching(slack, BOB, after=0) as events:
        assert next(events)["type"] == "message"
    with watching(slack, ALICE, after=0) as events:
        assert [next(events)["type"] for _ in range(3)] == ["ephemeral", "notice", "message"]


def test_a_new_channel_says_to_each_whether_they_are_in_it(slack: RunningSandbox, people: People) -> None:
    people.do("/channels", user=ALICE, name="inc-12")
    for user, is_member in (ALICE, True), (BOB, False):
        with watching(slack, user, after=0) as events:
            channels = (event["channel"] for event in events if event["type"] == "channel")
            assert next(channels)["is_member"] is is_member


def test_a_stranger_sees_nothing(slack: RunningSandbox, people: People) -> None:
    assert people.look("/stream", user="U0NOBODY")["error"] == "user_not_found"
    assert people.state("U0NOBODY")["error"] == "user_not_found"


def test_a_page_that_does_not_say_who_it_is_begins_as_the_first_person(people: People) -> None:
    assert people.look("/state")["channels"] == people.state(ALICE)["channels"]


def test_the_server_stops_while_somebody_watches(slack: RunningSandbox) -> None:
    with watching(slack, ALICE, after=0) as events:
        slack.stop()
        assert list(events) == []
