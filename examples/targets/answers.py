"""Answers as values, and the memory that gives the same answer to the same idempotency key."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.responses import JSONResponse, Response

from examples.targets.clusters import RefusedError


class UnknownNameError(LookupError):
    """Nothing has this name. The message lists the names that exist."""


@dataclass(frozen=True)
class Answer:
    """A status and a JSON body."""

    status: int
    body: dict[str, object]

    def response(self) -> Response:
        """Return the Starlette response."""
        return JSONResponse(self.body, self.status)


def ok(body: dict[str, object]) -> Answer:
    """Return 200 with this body."""
    return Answer(200, body)


def problem(status: int, sentence: str) -> Answer:
    """Return an error with a sentence for people."""
    return Answer(status, {"error": sentence})


Operation = Callable[[], Awaitable[Answer]]


async def answer_of(operation: Operation) -> Answer:
    """Return the operation's answer, or 409 if it is refused, or 404 for an unknown name."""
    try:
        return await operation()
    except RefusedError as error:
        return problem(409, str(error))
    except UnknownNameError as error:
        return problem(404, str(error))


class Memory:
    """The operations so far, by path and Idempotency-Key (draft-ietf-httpapi-idempotency-key-header)."""

    def __init__(self) -> None:
        self._keyed: dict[tuple[str, str], asyncio.Task[Answer]] = {}
        self._running: set[asyncio.Task[Answer]] = set()  # the event loop itself holds tasks only weakly

    def _begin(self, operation: Operation) -> "asyncio.Task[Answer]":
        task = asyncio.create_task(answer_of(operation))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def once(self, path: str, key: str | None, operation: Operation) -> Answer:
        """Run the operation once per key, and return the same answer for every request with that key.

        A started operation finishes even if the caller disconnects.
        """
        if key is None:
            return await asyncio.shield(self._begin(operation))
        if (path, key) not in self._keyed:
            self._keyed[path, key] = self._begin(operation)
        return await asyncio.shield(self._keyed[path, key])
