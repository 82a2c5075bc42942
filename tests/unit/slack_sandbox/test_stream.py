import asyncio
from typing import Any

from slack_sandbox.stream import EventStream


async def _collect(stream: EventStream, user: str, after: int) -> list[dict[str, Any]]:
    return [event.as_seen_by(user) async for event in stream.follow(user, after) if event]


def test_who_comes_late_gets_what_they_missed() -> None:
    async def scene() -> list[dict[str, Any]]:
        stream = EventStream()
        stream.publish("message", {"n": 1}, None)
        stream.publish("message", {"n": 2}, None)
        following = asyncio.create_task(_collect(stream, "U1", after=1))
        await asyncio.sleep(0)
        stream.publish("message", {"n": 3}, None)
        await asyncio.sleep(0)
        stream.close()
        return await following

    assert [event["n"] for event in asyncio.run(scene())] == [2, 3]


def test_an_event_is_shown_only_to_its_audience() -> None:
    stream = EventStream()
    stream.publish("ephemeral", {}, frozenset(["U1"]))
    assert len(stream.since(0, "U1")) == 1
    assert stream.since(0, "U2") == []


def test_a_channel_says_to_each_whether_they_are_in_it() -> None:
    stream = EventStream()
    stream.publish("channel", {"channel": {"members": ["U1"]}}, None)
    [event] = stream.since(0, "U1")
    assert event.as_seen_by("U1")["channel"]["is_member"] is True
    assert event.as_seen_by("U2")["channel"]["is_member"] is False
