"""Commands, clicks and events are repeated ten times, out of order, to both web processes at once.

Half of them carry Slack's retry headers, half do not.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import cycle
from random import Random
from typing import Any

import httpx2

from chaos.environment import SECRET
from chaos.strikes.scene import Scene, Strike
from slack_sandbox.delivery.call_log import Delivery
from slack_sandbox.delivery.http import encode, retry_headers
from slack_sandbox.signatures import signed_headers

NAME = "repeated-envelope"
ENVELOPES, TIMES = 3, 10
LAST = 12  # how many of the latest deliveries to choose from
SECONDS = 10.0


def play(scene: Scene, chance: Random) -> None:
    met = [record["delivery"] for record in scene.environment.slack.log()["deliveries"]][-LAST:]
    chosen = chance.sample(met, min(ENVELOPES, len(met)))
    again = [repetition(each, number) for each in chosen for number in range(TIMES)]
    chance.shuffle(again)
    with (
        scene.struck(NAME),
        ThreadPoolExecutor(TIMES) as pool,
        httpx2.Client(timeout=SECONDS, trust_env=False) as client,
    ):
        list(
            pool.map(
                lambda pair: _send(client, *pair), zip(again, cycle(scene.environment.webs), strict=False)
            )
        )


def repetition(delivery: Mapping[str, Any], number: int) -> Delivery:
    """Return a repetition of the delivery; every second one carries retry headers."""
    retry = (number // 2) % 3 + 1 if number % 2 else 0
    return Delivery(delivery["kind"], delivery["payload"], retry, "http_timeout" if retry else "")


def _send(client: httpx2.Client, delivery: Delivery, web: str) -> None:
    """Send a delivery to a web process, which may be down."""
    body, content_type = encode(delivery)
    headers = {**signed_headers(SECRET, body, datetime.now(UTC)), **retry_headers(delivery)}
    try:
        client.post(f"{web}/slack/events", content=body, headers={**headers, "Content-Type": content_type})
    except httpx2.TransportError:
        return


STRIKE = Strike(NAME, play)
