"""Answers that are values, and the memory that gives the same key the same answer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.responses import JSONResponse, Response

from examples.targets.clusters import RefusedError


class UnknownNameError(LookupError):
    """There is nothing of that name. The message says what there is."""


@dataclass(frozen=True)
class Answer:
    """A status and a JSON body."""

    status: int
    body: dict[str, object]

    def response(self) -> Response:
        """As Starlette sends it."""
        return JSONResponse(self.body, self.status)


def ok(body: dict[str, object]) -> Answer:
    """200 with this body."""
    return Answer(200, body)


def problem(status: int, sentence: str) -> Answer:
    """An error for the person who reads it."""
    return Answer(status, {"error": sentence})


Operation = Callable[[], Awaitable[Answer]]


async def answer_of(operation: Operation) -> Answer:
    """The operation's answer; 409 where it is refused, 404 for a name that there is not."""
    try:
        return await operation()
    except RefusedError as error:
        return problem(409, str(error))
    except UnknownNameError as error:
        return problem(404, str(error))


class Memory:
    """Operations that were begun, by path and Idempotency-Key (draft-ietf-httpapi-idempotency-key-header)."""

    def __init__(self) -> None:
        self._keyed: dict[tuple[str, str], asyncio.Task[Answer]] = {}
        self._running: set[asyncio.Task[Answer]] = set()  # the event loop itself holds tasks only weakly

    def _begin(self, operation: Operation) -> "asyncio.Task[Answer]":
        task = asyncio.create_task(answer_of(operation))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def once(self, path: str, key: str | None, operation: Operation) -> Answer:
        """Do it once for each key, and answer the same to whoever comes with that key, meanwhile or later.

        What was begun is finished even when the caller hangs up.
        """
        if key is None:
            return await asyncio.shield(self._begin(operation))
        if (path, key) not in self._keyed:
            self._keyed[path, key] = self._begin(operation)
        return await asyncio.shield(self._keyed[path, key])
