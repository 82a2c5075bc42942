"""Simulated people who see a message with buttons and press them: once, twice, or several people at once."""

import re
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx2

from chaos.definitions import APPROVERS, REQUESTERS
from chaos.driver.entering import Entering
from chaos.driver.retrying import Retrying
from chaos.environment import Environment
from chaos.slack import Button, buttons_of

ATTEMPTS = 40  # to deliver a press that Slack could not deliver
RUN_ID = re.compile(r"\brbx_[0-9a-z]+")
ANNA, ABEL, AMOS = APPROVERS
REJECT = "approval.reject"  # opens a form, in which the reason is given


@dataclass(frozen=True)
class Press:
    """A person who presses a button, named by its action id, or makes the same request over REST."""

    user: str
    action: str


Fates = Sequence[tuple[int, tuple[Press, ...]]]

# Possible fates of a gate, with weights; the presses of a fate happen at the same moment.
GATE_FATES: Fates = (
    (40, (Press(ANNA, "approval.approve"), Press(ABEL, "approval.approve"))),
    (15, (Press(ANNA, "approval.approve"), Press(ANNA, "approval.approve"), Press(AMOS, "approval.approve"))),
    (15, (Press(ABEL, "approval.approve"), Press(AMOS, REJECT))),
    (10, (Press(ANNA, "approval.approve"), Press(ANNA, REJECT))),
    (10, (Press(AMOS, REJECT), Press(AMOS, REJECT))),
    (5, (Press(REQUESTERS[0], "approval.approve"), Press(REQUESTERS[1], "approval.approve"))),
    (5, ()),
)
BY_AGENT = (
    "Written by agent"  # in the card of a gate whose run an agent proposed; it expires only after an hour
)
AGENT_FATES: Fates = (
    (60, (Press(ANNA, "approval.approve"), Press(REQUESTERS[0], "approval.approve"))),
    (20, (Press(ABEL, "approval.approve"), Press(AMOS, REJECT))),
    (20, (Press(AMOS, REJECT), Press(REQUESTERS[0], "approval.approve"))),
)
RACE = (*(Press(user, "approval.approve") for user in APPROVERS), Press(ABEL, REJECT))
VERDICT_FATES: Fates = (
    (40, (Press(ANNA, "verdict.ran"),)),
    (20, (Press(ABEL, "verdict.run_again"), Press(AMOS, "verdict.run_again"))),
    (20, (Press(REQUESTERS[0], "verdict.did_not_run"),)),
    (20, (Press(ANNA, "verdict.ran"), Press(ABEL, "verdict.run_again"))),
)
RUN_FATES: Fates = (
    (90, ()),
    (7, (Press(REQUESTERS[1], "run.cancel"),)),
    (3, (Press(ANNA, "run.cancel"), Press(REQUESTERS[0], "run.cancel"))),
)
BUTTON, REST, REST_FROM = "run.retry", "over REST", "over REST, from a step"
RETRY_FATES: Fates = (
    (30, ()),
    (20, (Press(REQUESTERS[0], REST),)),
    (15, (Press(ANNA, REST_FROM),)),
    (20, (Press(REQUESTERS[0], BUTTON), Press(REQUESTERS[1], REST))),
    (15, (Press(REQUESTERS[1], REST), Press(AMOS, REST_FROM))),
)
ANSWER, ENTER_REST = "input.answer", "values over REST"
INPUT_FATES: Fates = (
    (30, (Press(REQUESTERS[0], ANSWER),)),
    (25, (Press(ANNA, ENTER_REST),)),
    (20, (Press(REQUESTERS[1], ENTER_REST), Press(ABEL, ENTER_REST))),
    (20, (Press(ANNA, ANSWER), Press(REQUESTERS[0], ENTER_REST))),
    (5, ()),
)
FATES = {
    ANSWER: INPUT_FATES,
    "approval.approve": GATE_FATES,
    "verdict.ran": VERDICT_FATES,
    "run.cancel": RUN_FATES,
    BUTTON: RETRY_FATES,
}


class Responding:
    """Follows the sandbox's messages and draws the fate of each one once."""

    def __init__(self, environment: Environment, seed: int) -> None:
        self._environment, self.retrying = environment, Retrying(environment, seed)
        self._entering = Entering(environment)
        self._chance = {action: Random(f"{seed}/fate/{action}") for action in FATES}
        self._met: set[str] = set()
        self._lock = threading.Lock()
        self._races = 0
        self._over = threading.Event()
        self._pressing = 0
        self.channels: dict[str, str] = {}  # by incident id

    def start(self) -> None:
        for number, user in enumerate(REQUESTERS):
            self._environment.slack.follow(user, self._hear if number == 0 else self._hear_told)

    def stop(self) -> None:
        """Press nothing from now on."""
        self._over.set()

    @property
    def is_quiet(self) -> bool:
        """Return whether no press is pending."""
        with self._lock:
            return self._pressing == 0

    def race_for(self, gates: int) -> None:
        """Make people race for the next `gates` gates that open."""
        with self._lock:
            self._races = gates

    def _hear(self, event: Mapping[str, Any]) -> None:
        self._hear_told(event)
        if event["type"] not in ("message", "message_changed"):
            return
        channel, message = str(event["channel"]), event["message"]
        block_id = str((message.get("blocks") or [{}])[0].get("block_id", ""))
        if block_id.startswith("incident."):
            self.channels[block_id.removeprefix("incident.")] = channel
        buttons = buttons_of(channel, message)
        if ANSWER in buttons:
            self._entering.see(buttons[ANSWER].value, message)
        for action, fates in FATES.items():
            if action in buttons and (action != BUTTON or self._may_retry(message)):
                is_agents = fates is GATE_FATES and BY_AGENT in str(message.get("blocks"))
                chosen = AGENT_FATES if is_agents else fates
                self._meet(f"{action} {block_id}", buttons, self._chance[action], chosen)

    def _may_retry(self, message: Mapping[str, Any]) -> bool:
        """Return whether to retry: not poison or races, and nothing once the driver has finished."""
        payload = (message.get("metadata") or {}).get("event_payload") or {}
        return not (self.retrying.is_over or str(payload.get("runbook", "long-")).startswith("long-"))

    def _hear_told(self, event: Mapping[str, Any]) -> None:
        if event["type"] == "ephemeral":
            for execution_id in RUN_ID.findall(str(event["message"].get("text", ""))):
                self._environment.journal.was_told(execution_id, "an ephemeral message")

    def _meet(self, what: str, buttons: Mapping[str, Button], chance: Random, fates: Fates) -> None:
        """Draw a message's fate and its delay, once per message."""
        with self._lock:
            if what in self._met:
                return
            self._met.add(what)
            presses = chance.choices([fate for _, fate in fates], [weight for weight, _ in fates])[0]
            delay = chance.uniform(0, 3)
            if fates is GATE_FATES and self._races:
                self._races, presses = self._races - 1, RACE
            self._pressing += len(presses)
        barrier = threading.Barrier(max(len(presses), 1))
        for press in presses:
            work = (
                press,
                buttons.get(press.action, buttons.get(BUTTON, buttons.get(ANSWER))),
                delay,
                barrier,
            )
            threading.Thread(target=self._press, args=work, daemon=True).start()

    def _press(self, press: Press, button: Button, delay: float, barrier: threading.Barrier) -> None:
        """Wait for the other people of the same fate, then press at the same moment."""
        self._over.wait(delay)
        barrier.wait()
        try:
            if press.action in (REST, REST_FROM):
                self.retrying.retry(press.user, button.value, choose=press.action == REST_FROM)
            elif press.action == ENTER_REST:
                self._entering.over_rest(press.user, button.value)
            elif press.action == ANSWER:
                with suppress(httpx2.HTTPError):
                    self._entering.in_form(press.user, button)
            else:
                self._insist(press.user, button)
                if press.action == REJECT:
                    with suppress(httpx2.HTTPError):
                        self._entering.reason(press.user, button)
        finally:
            with self._lock:
                self._pressing -= 1

    def _insist(self, user: str, button: Button) -> None:
        """Press, and repeat while Slack says that the app could not be reached, as people do."""
        for _ in range(ATTEMPTS):
            if self._over.is_set():
                return
            self._environment.journal.clicked(button.action_id)
            try:
                answer = self._environment.slack.press(user, button)
            except httpx2.HTTPError:
                return
            if answer.get("error") not in ("dispatch_failed", "operation_timeout"):
                return
            self._over.wait(1)
