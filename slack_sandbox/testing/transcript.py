"""What happened in a workspace, as text that a failed test shows. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence

from slack_sandbox.inspector import title_of
from slack_sandbox.testing.words import elements_in, words_of_message
from slack_sandbox.values import Json

MOST_MESSAGES = 20
MOST_TRAFFIC = 15


def transcript(state: Json, log: Json) -> str:
    """`state`: of any person, for the names; `log`: what the sandbox has logged."""
    names = {user["id"]: user["name"] for user in state["users"]} | {
        state["app"]["bot_user_id"]: state["app"]["name"]
    }
    channels = {channel["id"]: channel["name"] for channel in state["channels"]}
    lines = [
        *(
            line
            for channel, said in log["messages"].items()
            for line in _channel(channel, said, channels, names)
        ),
        *_traffic(log["deliveries"], log["calls"]),
    ]
    return "\n".join(lines)


def _channel(
    channel: str, messages: Sequence[Json], channels: Mapping[str, str], names: Mapping[str, str]
) -> Iterator[str]:
    if not messages:
        return
    yield f"#{channels.get(channel, channel)}"
    if len(messages) > MOST_MESSAGES:
        yield f"  … {len(messages) - MOST_MESSAGES} earlier"
    for message in messages[-MOST_MESSAGES:]:
        yield from _message(message, names)


def _message(message: Json, names: Mapping[str, str]) -> Iterator[str]:
    indent = "    ↳ " if message.get("thread_ts") not in (None, message["ts"]) else "  "
    first, *rest = words_of_message(message).splitlines() or [""]
    yield f"{indent}{names.get(message['user'], message['user'])}: {first}"
    yield from (f"{indent}  {line}" for line in rest)
    labels = [f"[{each.label}]" for each in elements_in(message.get("blocks", ()))]
    if labels:
        yield f"{indent}  {' '.join(labels)}"


def _traffic(deliveries: Sequence[Json], calls: Sequence[Json]) -> Iterator[str]:
    happened = sorted(
        [
            *((each["at"], _delivery(each)) for each in deliveries[-MOST_TRAFFIC:]),
            *((each["at"], _call(each)) for each in calls[-MOST_TRAFFIC:]),
        ]
    )
    if happened:
        yield "Between Slack and the app"
    yield from (f"  {line}" for _, line in happened)


def _delivery(entry: Json) -> str:
    payload = entry["delivery"]["payload"]
    outcome = (
        entry["outcome"] if entry["outcome"] == "acknowledged" else f"{entry['outcome']}: {entry['detail']}"
    )
    return f"to the app    {title_of(payload)[1]} → {outcome} ({entry['seconds']:.2f} s)"


def _call(entry: Json) -> str:
    said = "ok" if entry["ok"] else entry["error"]
    arguments = json.dumps(entry["arguments"], ensure_ascii=False)
    return f"from the app  {entry['method']} {arguments[:100]} → {said}"
