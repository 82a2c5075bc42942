"""Fetches the choices of parameters when a form opens: at the same time, within two seconds, and only what is read.

The requests go through the HTTP port, so the rules for hosts and secrets are those of `http` steps, and an answer is
bounded. They belong to no run, and change nothing.
"""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from core.definitions.choices import MOST, NAME, Choice, Choices, Fetched, NotFetched, choices_in
from core.definitions.masking import Masker
from core.definitions.parameters import Schema
from core.definitions.secret import SecretUse
from core.effects.calls import prepare_call
from core.errors import RunbookError
from core.execution.preparation import Context, Ports
from core.execution.secrets import SecretScope
from core.values.execution import Json, Succeeded

MOST_CHOICES = 100  # https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
LONGEST_VALUE = 150  # https://docs.slack.dev/reference/block-kit/composition-objects/option-object
TYPE = "http"
THREADS = 4 * MOST
NO_LIST = "The answer has no list of choices."
TOO_MANY = f"There are more than {MOST_CHOICES} choices."
TOO_LONG = f"A choice is empty or longer than {LONGEST_VALUE} characters."
TWICE = "A choice is there twice."


@dataclass(frozen=True)
class Asking:
    """Whose form asks: the runbook's team (None: global), the incident as expressions see it, and the person."""

    team: str | None
    incident: Mapping[str, object]
    person: str


@dataclass(frozen=True)
class ChoiceFetcher:
    """Fetches with the ports of its process; `ports.processes` and the like are not used."""

    ports: Ports
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(THREADS, thread_name_prefix="choices")
    )

    def fetch(self, schema: Schema, asking: Asking) -> Fetched:
        """Return the choices of each parameter that has some of its own, or why they could not be fetched."""
        asked = choices_in(schema)
        pending: dict[str, Future[Sequence[Choice] | NotFetched]] = {
            name: self.threads.submit(self._one, choices, asking) for name, choices in asked.items()
        }
        return {name: future.result() for name, future in pending.items()}

    def _one(self, choices: Choices, asking: Asking) -> Sequence[Choice] | NotFetched:
        try:
            result = prepare_call(choices, self._context(asking)).act(threading.Event())
        except RunbookError as error:
            return NotFetched(Masker(self.ports.secrets.hidden()).mask(str(error)))
        if not isinstance(result, Succeeded):
            return NotFetched(getattr(result, "error", "") or "It failed.")
        return as_choices(result.saved.get(NAME))

    def _context(self, asking: Asking) -> Context:
        use, secrets = SecretUse(asking.team, TYPE, keeps_to_hosts=True), self.ports.secrets
        return Context(
            names={"incident": asking.incident},
            key="choices",
            execution_id="",
            incident_id=str(asking.incident.get("id", "")),
            requester=asking.person,
            team=asking.team or str(asking.incident.get("team", "")),
            position=0,
            attempt=1,
            now=datetime.now(UTC),
            ports=self.ports,
            masker=Masker(secrets.hidden()),
            secrets=SecretScope(lambda name: secrets.give(name, use)),
        )


def as_choices(found: Json) -> Sequence[Choice] | NotFetched:
    """Read what the expression gave."""
    if not isinstance(found, list) or not found:
        return NotFetched(NO_LIST)
    if len(found) > MOST_CHOICES:
        return NotFetched(TOO_MANY)
    read = [_choice(each) for each in found]
    if not all(0 < len(each.value) <= LONGEST_VALUE for each in read):
        return NotFetched(TOO_LONG)
    return read if len({each.value for each in read}) == len(read) else NotFetched(TWICE)


def _choice(found: Json) -> Choice:
    """Return a choice; one with an empty value for what is none."""
    if isinstance(found, dict):
        value = _text(found.get("value"))
        return Choice(value, _text(found.get("text")) or value)
    return Choice(_text(found), _text(found))


def _text(found: Json) -> str:
    is_plain = isinstance(found, str | int | float) and not isinstance(found, bool)
    return str(found) if is_plain else ""
