"""Enter the values that runs ask for, in Slack's form or over REST. Several people may do so at once."""

import time
from collections.abc import Mapping
from itertools import count
from typing import Any

from chaos.driver.rest import Rest
from chaos.environment import Environment
from chaos.journal import Entry
from chaos.slack import Button

PATH = "/api/runbooks/executions"
LOOK_SECONDS, PATIENCE = 0.2, 5.0  # until the form is open
ATTEMPTS = 5  # to submit a form that Slack could not deliver
LOST = ("dispatch_failed", "operation_timeout")


class Entering:
    """Enters values. Every note differs from all others, so that it shows whose values a run got."""

    def __init__(self, environment: Environment) -> None:
        self._slack, self._journal, self._rest = environment.slack, environment.journal, Rest(environment)
        self._notes = count(1)
        self._runs: dict[str, str] = {}  # by input id

    def see(self, asked: str, message: Mapping[str, Any]) -> None:
        """Remember which run asks, as its message says."""
        payload = (message.get("metadata") or {}).get("event_payload") or {}
        self._runs[asked] = str(payload.get("execution_id", ""))

    def over_rest(self, user: str, asked: str) -> None:
        """Enter a note over REST, repeated with one key until it is answered."""
        note, run = self._note(user, asked), self._runs[asked]
        body = {"values": {"note": note}}
        answer = self._rest.insist(user, f"{PATH}/{run}/input", body, key=f"enter-{asked}-{user}")
        if answer is not None and answer.is_success:
            self._journal.accepted(note)

    def in_form(self, user: str, button: Button) -> None:
        """Open the form and submit it. Raises httpx2.HTTPError."""
        self._slack.press(user, button)
        view = self._form(user, button)
        if view is not None:
            self._submit(user, view, {"parameter.note": self._note(user, button.value)})

    def reason(self, user: str, button: Button) -> None:
        """Submit the form that a button of a gate has opened. Raises httpx2.HTTPError."""
        view = self._form(user, button)
        if view is not None:
            self._submit(user, view, {"decision.reason": "It was decided by fate."})

    def _form(self, user: str, button: Button) -> str | None:
        """Return the id of the form that the button opens; None if it does not open in time."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            view = self._slack.open_form(user, button.value)
            if view is not None:
                return view
            time.sleep(LOOK_SECONDS)
        return None

    def _submit(self, user: str, view: str, texts: Mapping[str, str]) -> None:
        for _ in range(ATTEMPTS):
            if self._slack.submit(user, view, texts).get("error") not in LOST:
                return
            time.sleep(1)

    def _note(self, user: str, asked: str) -> str:
        """Return a new note, written down before it is sent."""
        note = f"note {next(self._notes)} of {user}"
        self._journal.entered(Entry(asked, user, note))
        return note
