"""Retry runs that did not succeed, over REST: from where they ended, or from a step that an admin chooses."""

import threading
from random import Random

from chaos.driver.rest import Rest
from chaos.environment import Environment

ATTEMPTS, PAUSE_SECONDS = 3, 3.0
PATH = "/api/runbooks/executions"


class Retrying:
    """Retries runs; the seed determines which steps are chosen."""

    def __init__(self, environment: Environment, seed: int) -> None:
        self._rest, self._journal = Rest(environment), environment.journal
        self._chance = Random(f"{seed}/retry")
        self._over = threading.Event()

    def close(self) -> None:
        """Start no retry from now on."""
        self._over.set()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def retry(self, person: str, execution_id: str, *, choose: bool) -> None:
        """Retry a run; a refusal is repeated, since the team may be frozen. `choose`: from a random step."""
        body = {"from": self._step_of(person, execution_id)} if choose else {}
        key = f"retry-{execution_id}-{person}"
        for _ in range(ATTEMPTS):
            answer = self._rest.insist(person, f"{PATH}/{execution_id}/retry", body, key=key)
            self._journal.retried("none" if answer is None else str(answer.status_code))
            if answer is not None and answer.is_success:
                self._journal.was_told(str(answer.json()["execution"]["id"]), "a retry")
            if answer is None or answer.is_success or self._over.wait(PAUSE_SECONDS):
                return

    def _step_of(self, person: str, execution_id: str) -> str:
        """Return a random step's id, or one that does not exist if the steps cannot be read."""
        answer = self._rest.insist(person, f"{PATH}/{execution_id}", key="look", method="GET")
        steps = answer.json()["execution"]["steps"] if answer is not None and answer.is_success else []
        return str(self._chance.choice(steps)["id"]) if steps else "unknown"
