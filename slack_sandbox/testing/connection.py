"""The people's side of a running sandbox: doing, looking, and waiting for a change without polling."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic
from typing import Any, TypeVar

import httpx2

from slack_sandbox.certificates import trusted
from slack_sandbox.interactions.suggestions import EXTERNAL
from slack_sandbox.testing.failures import NotShown, Refused
from slack_sandbox.testing.transcript import transcript
from slack_sandbox.testing.values import options_of, texts_of
from slack_sandbox.values import Json

REQUEST_SECONDS = 30.0
Found = TypeVar("Found")


class Connection:
    """`patience`: the seconds that a test waits for what an app shall show."""

    def __init__(self, url: str, patience: float) -> None:
        self.patience = patience
        self._http = httpx2.Client(
            base_url=f"{url}/sandbox/api", trust_env=False, timeout=REQUEST_SECONDS, verify=trusted()
        )

    def close(self) -> None:
        self._http.close()

    def look(self, path: str, **query: Any) -> Json:
        answer: Json = self._http.get(path, params=query).json()
        return answer

    def state(self, user: str) -> Json:
        """Everything that one person sees."""
        return self.look("/state", user=user)

    def ask(self, path: str, **body: Any) -> Json:
        """POST, and return the answer whatever it is."""
        answer: Json = self._http.post(path, json=body).json()
        return answer

    def do(self, what: str, path: str, **body: Any) -> Json:
        """POST. `what`: the deed as the start of a sentence, for the failure. Raises Refused."""
        answer = self.ask(path, **body)
        if not answer.get("ok"):
            sentence = f"{what}: {answer.get('message') or answer['error']}"
            raise Refused(answer["error"], f"{sentence}\n\n{self.transcript()}")
        return answer

    def options(self, query: Json, element: Json, wanted: object) -> list[Json]:
        """The options of a menu; for one that the app fills while one types, those that it offers for `wanted`.

        `query`: who types, and where. Raises Refused.
        """
        if element["type"] not in EXTERNAL:
            return options_of(element)
        answers = [
            self.do("Searching in a menu", "/suggestions", **query, value=text) for text in texts_of(wanted)
        ]
        return [option for answer in answers for option in options_of(answer)]

    def wait(self, user: str, what: str, find: Callable[[Json], Found | None]) -> Found:
        """Return what `find` finds in this person's state, as soon as it does. `what`: in words. Raises NotShown."""
        state = self.state(user)
        found = find(state)
        if found is not None:
            return found
        seen = state["seq"]
        for number in self._changes(user, seen, monotonic() + self.patience):
            if number <= seen:
                continue
            state = self.state(user)
            seen, found = state["seq"], find(state)
            if found is not None:
                return found
        raise NotShown(f"{what} did not appear within {self.patience:g} seconds.\n\n{self.transcript()}")

    def _changes(self, user: str, after: int, deadline: float) -> Iterator[int]:
        """Yield the number of each change that this person may see, until the deadline."""
        timeout = httpx2.Timeout(REQUEST_SECONDS, read=max(deadline - monotonic(), 0.01))
        query: dict[str, str | int] = {"user": user, "after": after}
        with (
            suppress(httpx2.ReadTimeout),
            self._http.stream("GET", "/stream", params=query, timeout=timeout) as response,
        ):
            for line in response.iter_lines():
                if monotonic() > deadline:
                    return
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))["seq"]

    def transcript(self) -> str:
        """What was said in every channel, and what went between Slack and the app, for a person to read."""
        return transcript(self.state(""), self.look("/log"))
