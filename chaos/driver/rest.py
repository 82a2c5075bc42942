"""REST as people use it who repeat what got no answer, with its key."""

import time
from collections.abc import Mapping

import httpx2

from chaos.environment import Environment

SECONDS = 10.0
PATIENCE = 60.0  # how long a client repeats a request of which no answer came
PAUSE_SECONDS = 0.3


class Rest:
    """To the one address of all web processes."""

    def __init__(self, environment: Environment) -> None:
        self._tokens = environment.tokens
        limits = httpx2.Limits(max_keepalive_connections=0)  # a web process may die between two requests
        self._client = httpx2.Client(
            base_url=environment.web, timeout=SECONDS, limits=limits, trust_env=False
        )

    def close(self) -> None:
        self._client.close()

    def insist(
        self,
        person: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        key: str,
        method: str = "POST",
    ) -> httpx2.Response | None:
        """The answer, be it a refusal; None where none came."""
        headers = {"Authorization": f"Bearer {self._tokens[person]}", "Idempotency-Key": key}
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self._attempt(method, path, body, headers)
            if answer is not None and not answer.is_server_error:
                return answer
            time.sleep(PAUSE_SECONDS)
        return None

    def _attempt(
        self, method: str, path: str, body: Mapping[str, object] | None, headers: Mapping[str, str]
    ) -> httpx2.Response | None:
        try:
            return self._client.request(method, path, json=body, headers=headers)
        except httpx2.TransportError:
            return None
