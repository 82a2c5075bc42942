"""A REST client that repeats unanswered requests with the same idempotency key."""

import time
from collections.abc import Mapping

import httpx2

from chaos.environment import Environment

SECONDS = 10.0
PATIENCE = 60.0  # seconds for which an unanswered request is repeated
PAUSE_SECONDS = 0.3


class Rest:
    """A client of the load balancer in front of the web processes."""

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
        """Return the answer, which may be a refusal; None if there was none within PATIENCE seconds."""
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
