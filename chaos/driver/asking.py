"""Asking for executions, by Slack and by REST, with repeated deliveries."""

import time
from collections.abc import Callable
from random import Random
from typing import Any

import httpx2

from chaos.definitions import ALWAYS, LOCKED, REQUESTERS, TEAM
from chaos.house import GENERAL, House
from chaos.journal import Request

SECONDS = 10.0
PATIENCE = 60.0  # how long a client repeats a request of which no answer came
LOCKS = ("one", "two")


class Asking:
    """`seed` and a request's number decide everything about it."""

    def __init__(self, house: House, seed: int) -> None:
        self._house, self._seed = house, seed
        limits = httpx2.Limits(max_keepalive_connections=0)  # a web process may die between two requests
        self._client = httpx2.Client(base_url=house.web, timeout=SECONDS, limits=limits, trust_env=False)

    def close(self) -> None:
        self._client.close()

    def open_incident(self, title: str, service: str) -> str:
        """The incident's id. Repeated until it is told, under one key."""
        body = {"title": title, "team": TEAM, "severity": "high", "service": service}
        answer = self._insist("/api/incidents", body, f"incident-{title}", REQUESTERS[0])
        if answer is None:
            raise TimeoutError(f"The incident {title} could not be opened.")
        return str(answer["incident"]["id"])

    def open_in_slack(self, title: str) -> None:
        self._house.slack.say(REQUESTERS[1], GENERAL, f'/runbook incident open "{title}" team={TEAM}')

    def ask(self, number: int, incident: str, channel: str | None, runbook: str = "") -> None:
        """Start something for the incident; by Slack where it has a channel and the seed says so."""
        chance = Random(f"{self._seed}/request/{number}")
        chosen = runbook or chance.choice(ALWAYS)
        tag = f"r{self._seed}-{number}"
        by_slack = channel is not None and chance.random() < 0.5
        request = Request(tag, "slack" if by_slack else "rest", chosen)
        self._house.journal.asked(request)
        parameters = {"tag": tag} | ({"lock": chance.choice(LOCKS)} if chosen == LOCKED else {})
        person = chance.choice(REQUESTERS)
        if by_slack and channel is not None:
            words = " ".join(f"{name}={value}" for name, value in parameters.items())
            self._house.slack.say(person, channel, f"/runbook run {chosen} {words}")
        else:
            self._by_rest(request, incident, parameters, person, again=chance.random() < 0.3)

    def _by_rest(
        self, request: Request, incident: str, parameters: dict[str, str], person: str, *, again: bool
    ) -> None:
        path, body = (
            f"/api/incidents/{incident}/runbooks/{request.runbook}/execute",
            {"parameters": parameters},
        )
        for _ in range(2 if again else 1):
            answer = self._insist(path, body, request.tag, person)
            if answer is not None:
                self._house.journal.answered(request.tag, str(answer["execution"]["id"]))

    def _insist(self, path: str, body: dict[str, Any], key: str, person: str) -> dict[str, Any] | None:
        """The answer; the request is repeated with its key while none comes. None for a refusal."""
        headers = {"Authorization": f"Bearer {self._house.tokens[person]}", "Idempotency-Key": key}
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            response = _attempt(lambda: self._client.post(path, json=body, headers=headers))
            if response is not None and response.status_code == httpx2.codes.CREATED:
                answer: dict[str, Any] = response.json()
                return answer
            if response is not None and response.is_client_error:
                return None
            time.sleep(0.3)
        return None


def _attempt(send: Callable[[], httpx2.Response]) -> httpx2.Response | None:
    try:
        return send()
    except httpx2.TransportError:
        return None
