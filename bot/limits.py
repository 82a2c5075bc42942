"""How often people, tokens, addresses and alert sources may ask: core.limits, counted in token buckets.

They are counted in this process, not in Redis: a limit that needs Redis would fail with it, and would cost each request
a round trip, for a limit that guards one process's threads and connections against one client's loop. With several
`web` processes a client may reach each of them so often. Time is an argument here (`clock`), and what is remembered is
bounded.

Nothing that stops a run is ever counted: not its cancel, nor a freeze. A delivery that Slack repeats counts once.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.limits import STANDARD, Limits, Rate, too_many

MOST_BUCKETS = 10_000  # then those that are full again are forgotten


@dataclass
class _Bucket:
    level: float
    at: float


class RateLimit:
    """`burst` requests at once, `rate` a second in the long run. `clock` answers seconds that only grow."""

    def __init__(
        self, rate: float = 50.0, burst: int = 100, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, token_id: str) -> int:
        """0: go on. Otherwise the whole seconds after which to try again; nothing was taken."""
        return self._ask(token_id, 1)

    def ask(self, token_id: str) -> int:
        """What `take` would answer; nothing is taken."""
        return self._ask(token_id, 0)

    def _ask(self, token_id: str, taken: int) -> int:
        now = self._clock()
        with self._lock:
            if len(self._buckets) >= MOST_BUCKETS:
                self._forget_full(now)
            bucket = self._buckets.setdefault(token_id, _Bucket(self._burst, now))
            bucket.level, bucket.at = self._level(bucket, now), now
            if bucket.level < 1:
                return math.ceil((1 - bucket.level) / self._rate)
            bucket.level -= taken
            return 0

    def _level(self, bucket: _Bucket, now: float) -> float:
        return min(self._burst, bucket.level + (now - bucket.at) * self._rate)

    def _forget_full(self, now: float) -> None:
        self._buckets = {
            token_id: bucket
            for token_id, bucket in self._buckets.items()
            if self._level(bucket, now) < self._burst
        }


MOST_REMEMBERED = 10_000
STOPS = frozenset({"cancel", "freeze"})  # sub-commands
STOP_BUTTONS = frozenset({"run.cancel"})
Clock = Callable[[], float]


class Remembered:
    """The last `MOST_REMEMBERED` of some texts."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, text: str) -> bool:
        """Whether it is new."""
        with self._lock:
            is_new = text not in self._texts
            self._texts[text] = None
            self._texts.move_to_end(text)
            while len(self._texts) > MOST_REMEMBERED:
                self._texts.popitem(last=False)
            return is_new

    def __contains__(self, text: str) -> bool:
        with self._lock:
            return text in self._texts


class SlackLimits:
    """On what people type, click and submit."""

    def __init__(self, limits: Limits = STANDARD, clock: Clock = time.monotonic) -> None:
        self._commands = bucket(limits.commands_of_person, clock)
        self._clicks = bucket(limits.clicks_of_person, clock)
        self._suggestions = bucket(limits.suggestions_of_person, clock)
        self._deliveries = Remembered()

    def check(self, body: Mapping[str, Any]) -> None:
        """Count a request of Slack's. Raises TooMany."""
        if body.get("type") == "block_suggestion":
            self._check_suggestion(body)
            return
        asked = _click(body) if body.get("type") == "block_actions" else _typed(body)
        if asked is None or not self._deliveries.add(asked[1]):
            return
        person, _, is_click = asked
        wait = (self._clicks if is_click else self._commands).take(person)
        if wait:
            raise too_many("You clicked too often" if is_click else "You sent too many commands", wait)

    def _check_suggestion(self, body: Mapping[str, Any]) -> None:
        wait = self._suggestions.take(str(body["user"]["id"]))
        if wait:
            raise too_many("You searched too often", wait)


def _click(body: Mapping[str, Any]) -> tuple[str, str, bool] | None:
    """Who clicked, and what tells this click from others; None for what is not counted."""
    [action, *_] = body.get("actions") or [{}]
    if action.get("action_id") in STOP_BUTTONS:
        return None
    parts = (body.get("trigger_id"), action.get("action_id"), action.get("value"), action.get("action_ts"))
    return body["user"]["id"], "|".join(map(str, parts)), True


def _typed(body: Mapping[str, Any]) -> tuple[str, str, bool] | None:
    """The same of a command, a mention, a shortcut, or a form."""
    if "command" in body:
        first = str(body.get("text", "")).split(maxsplit=1)[:1]
        return (
            None
            if set(map(str.lower, first)) & STOPS
            else (body["user_id"], f"{body.get('trigger_id')}", False)
        )
    if body.get("type") == "view_submission":
        return body["user"]["id"], f"{body.get('trigger_id')}|{body['view'].get('id')}", False
    if body.get("type") in ("shortcut", "message_action"):
        return body["user"]["id"], f"{body.get('trigger_id')}", False
    return _mentioned(body)


def _mentioned(body: Mapping[str, Any]) -> tuple[str, str, bool] | None:
    """The same of a mention. Its first word is the app's name."""
    event = body.get("event") or {}
    if event.get("type") != "app_mention" or not event.get("user"):
        return None
    first = str(event.get("text", "")).split(maxsplit=2)[1:2]
    is_stop = bool(set(map(str.lower, first)) & STOPS)
    return None if is_stop else (str(event["user"]), str(body.get("event_id")), False)


class RestLimits:
    """On the requests of people, whatever tokens they have, on bad tokens, and on the alerts of a source."""

    def __init__(self, limits: Limits = STANDARD, clock: Clock = time.monotonic) -> None:
        self._persons = bucket(limits.requests_of_person, clock)
        self._alerts = bucket(limits.alerts_of_source, clock)
        self._bad_tokens = bucket(limits.bad_tokens_of_address, clock)
        self._good_lately = Remembered()

    def check_person(self, slack_user_id: str) -> None:
        """Raises TooMany."""
        wait = self._persons.take(slack_user_id)
        if wait:
            raise too_many("Your tokens made too many requests", wait)

    def check_alerts(self, source: str) -> None:
        """Raises TooMany."""
        wait = self._alerts.take(source)
        if wait:
            raise too_many("This source sent too many alerts", wait)

    def check_address(self, address: str, digest: str) -> None:
        """Before the database is asked for a token. Raises TooMany where the address had too many bad ones.

        Many may be behind one address: a token that was good lately is asked for all the same.
        """
        wait = 0 if digest in self._good_lately else self._bad_tokens.ask(address)
        if wait:
            raise too_many("Too many bad tokens came from this address", wait)

    def count_token(self, address: str, digest: str, *, is_good: bool) -> None:
        """After the database was asked."""
        if is_good:
            self._good_lately.add(digest)
        else:
            self._bad_tokens.take(address)


def bucket(rate: Rate, clock: Clock = time.monotonic) -> RateLimit:
    return RateLimit(rate.per_second, rate.burst, clock)
